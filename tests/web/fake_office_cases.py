"""The people of the fake office, and the cases on their desks: one in every state the room can show."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from cases.case import Act, Actor, Case, Command, Filing, Role
from config.schema import Kind, Lane

if TYPE_CHECKING:
    from tests.web.fake_office import Office


def _actor(number: int, name: str, unit: str, *roles: Role) -> Actor:
    return Actor("staff", number, name, frozenset(roles), unit)


WANG = _actor(1, "王芳", "shuiwu", Role.CLERK)
LI = _actor(2, "李强", "shuiwu", Role.CLERK)
ZHAO = _actor(3, "赵敏", "minzheng", Role.CLERK)
CHEN = _actor(4, "陈伟", "zhiban", Role.CLERK, Role.DISPATCHER)
LIU = _actor(5, "刘洋", "xian-zhengfu", Role.SUPERVISOR)
SUN = _actor(6, "孙丽", "xian-zhengfu", Role.CLERK)
ZHOU = _actor(7, "周静", "xian-zhengfu", Role.CUSTODIAN)
HE = _actor(8, "何平", "xingzheng", Role.ADMIN)
CAST = (WANG, LI, ZHAO, CHEN, LIU, SUN, ZHOU, HE)


def filing(
    topic: str,
    story: str,
    *,
    department: str = "shuiwu",
    kind: Kind = Kind.COMPLAINT,
    place: str = "qingshan",
    person: int = 900,
    urgent: bool = False,
    attachments: tuple[str, ...] = (),
    details: tuple[tuple[str, str], ...] = (),
    when: str = "",
    name: str = "",
    phone: str = "",
) -> Filing:
    """What a citizen filed, with the unsaid parts filled in."""
    return Filing(
        case_id=0,
        by=Actor("citizen", person),
        kind=kind,
        lane=Lane.SERVICE,
        topic=topic,
        department=department,
        story=story,
        place=place,
        urgent=urgent,
        attachments=attachments,
        details=details,
        when=when,
        name=name,
        phone=phone,
        channel="web",
    )


def add(office: Office, filed: Filing) -> Case:
    """File it under the next id."""
    return office.file(replace(filed, case_id=len(office.held) + 1))


def act(
    office: Office,
    no: str,
    by: Actor,
    what: Act,
    text: str = "",
    *,
    delivery: str = "delivered",
    ground: str = "",
    departments: tuple[str, ...] = (),
    attachments: tuple[str, ...] = (),
) -> None:
    """One act, a little later than the last."""
    office.now += timedelta(minutes=7)
    command = Command(
        what,
        by,
        office.held[no].case.id,
        text=text,
        ground=ground,
        departments=departments,
        attachments=attachments,
    )
    office.do(no, command, delivery)


def photo(colour: str, mark: str) -> bytes:
    """A picture that can be told from the others."""
    image = Image.new("RGB", (480, 360), colour)
    draw = ImageDraw.Draw(image)
    draw.ellipse((130, 90, 350, 310), fill="#6d5a3f")
    draw.polygon(((240, 40), (170, 150), (310, 150)), fill="#e8e2d0")
    draw.text((16, 16), mark, fill="white")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def furnish(office: Office) -> None:
    """A month of an office's life, told up to now."""
    for story in (_overdue, _closed, _answered, _refused, _waiting, _supervised, _handling, _soon, _unclaimed):
        story(office)
    office.now = datetime.now(UTC)


def _at(office: Office, days: float) -> None:
    office.now = datetime.now(UTC) - timedelta(days=days)


def _overdue(office: Office) -> None:
    _at(office, 30)
    case = add(
        office, filing("07.04", "村口主管漏水漏了半个月，水都流到马路上了，打了几次电话没人来修。", phone="13900001234")
    )
    act(office, case.no, LI, Act.ACCEPT)
    _at(office, 3)
    act(office, case.no, Actor("citizen", 900), Act.URGE)
    _at(office, 2.9)
    act(office, case.no, LIU, Act.SUPERVISE, "超期了，三天内必须有结果，请局领导签字。")


def _closed(office: Office) -> None:
    _at(office, 20)
    case = add(
        office, filing("07.03", "水费这个月收了八块一吨，上个月才三块五，没有给票。", place="longwan", person=901)
    )
    act(office, case.no, WANG, Act.CLAIM)
    act(office, case.no, WANG, Act.ANSWER, "经核实，系抄表员多抄一位，多收的 45 元已退到您的缴费账户，已批评教育。")
    _at(office, 15)
    citizen = Actor("citizen", 901)
    office.do(case.no, Command(Act.RATE_WELL, citizen, case.id, text="退得快，满意。", score=5))


def _answered(office: Office) -> None:
    _at(office, 9)
    case = add(
        office, filing("07.02", "自来水黄得很，还有沙，娃儿喝了拉肚子。", place="mapo", person=902, kind=Kind.HELP)
    )
    act(office, case.no, WANG, Act.ACCEPT)
    words = "您好！已安排水厂冲洗管道并取样化验，3 天内出结果。化验出来前请先不要直接饮用，村上设了送水点。"
    act(office, case.no, WANG, Act.ANSWER, words, delivery="waiting")


def _refused(office: Office) -> None:
    _at(office, 8)
    case = add(
        office, filing("07.03", "我跟隔壁的井水纠纷法院已经判了，我不服，你们重新给我断。", place="huilong", person=903)
    )
    act(office, case.no, LI, Act.REFUSE, "法院已有生效判决。", ground="susong")


def _waiting(office: Office) -> None:
    _at(office, 4)
    case = add(office, filing("07.01", "我们这边又停水了。", place="", person=904, kind=Kind.HELP))
    act(office, case.no, WANG, Act.ASK, "请告诉我们具体是哪个村、哪个组停水，从什么时候开始的？")


def _supervised(office: Office) -> None:
    _at(office, 6)
    case = add(
        office,
        filing(
            "02.01",
            "低保无缘无故取消了，没有人通知我，去问说是系统里没得名字。",
            department="minzheng",
            person=905,
            name="何桂英",
        ),
    )
    act(office, case.no, ZHAO, Act.ACCEPT)
    act(office, case.no, ZHAO, Act.NOTE, "系统显示年审未通过，正在和镇上核对。")


def _handling(office: Office) -> None:
    _at(office, 2)
    file = office.keep(photo("#5b86a0", "1"), "水管.png", "image/png")
    other = office.keep(photo("#7a8f5b", "2"), "路面.png", "image/png")
    case = add(
        office,
        filing(
            "07.04",
            "青山村三组主水管爆了，水从路面冒出来，路都泡烂了，骑摩托的摔了两个。\n"
            "给村上说了几回，都说等水务局。麻烦快点派人来看，我电话 13812345678。",
            attachments=(file.id, other.id),
            details=(("大概漏了多久？", "三天"), ("影响多少户用水？", "二十几户")),
            when="前天下午开始的",
            name="罗大勇",
            phone="13812345678",
            person=906,
        ),
    )
    act(office, case.no, WANG, Act.CLAIM)
    act(office, case.no, WANG, Act.ACCEPT)
    act(office, case.no, WANG, Act.NOTE, "已派抢修班老周去现场，预计明天上午换管。镇上要配合封路。")
    act(
        office,
        case.no,
        Actor("citizen", 906),
        Act.SUPPLEMENT,
        "今天早上更大了，水都流进田里了。",
        attachments=(other.id,),
    )
    act(office, case.no, CHEN, Act.ASSIST, "请镇上安排人封路、放警示牌。", departments=("hekou",))


def _soon(office: Office) -> None:
    _at(office, 0.7)
    add(
        office,
        filing(
            "07.01",
            "停了三天水，老人娃儿都在挑水吃，什么时候能来水？",
            place="shuanghe-hekou",
            person=907,
            kind=Kind.HELP,
            urgent=True,
        ),
    )


def _unclaimed(office: Office) -> None:
    _at(office, 0.1)
    add(office, filing("07.02", "水里有股漂白粉味，烧开了还是有味。", place="town-hekou", person=908))
    _at(office, 0.05)
    add(office, filing("07.03", "水表走得比以前快一倍，请来校一下表。", place="longwan", person=909, kind=Kind.HELP))
