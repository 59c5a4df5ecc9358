"""两告知两反馈 and the rest of the clock's law, through real turns: what fulfils a duty, and what does not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.app import build
from bot.store import letters
from cases.case import Actor, Case, Role
from config.settings import Settings
from handlers.staff.card import CardQuery, CaseFile
from handlers.staff.document import supervision
from tests.review.town import Town

pytestmark = pytest.mark.asyncio
DAY = timedelta(days=1)
PHONE = {"how": "phone"}


async def delivers(town: Town) -> None:
    """The outbox does its round."""
    house = build(town.core, Settings(data_dir=town.core.data_dir))
    await house.outbox.sweep()


async def runs(town: Town, days: int) -> None:
    """Days go by, an hour at a time."""
    house = build(town.core, Settings(data_dir=town.core.data_dir))
    for _ in range(days * 24):
        town.now += timedelta(hours=1)
        while await house.timers.sweep():
            pass


async def opened(town: Town, viewer: Actor, no: str) -> CaseFile:
    """The open case."""
    file = await town.door.case(viewer, no)
    assert file
    return file


async def owed(town: Town, viewer: Actor, no: str) -> dict[str, str]:
    """What became of what the citizen is owed."""
    duties = (await opened(town, viewer, no)).duties
    return {one.duty: one.how or ("gone" if one.settled_at else "owed") for one in duties}


async def walk_in(town: Town, clerk: Actor) -> str:
    """Somebody without a phone, written down at the counter."""
    fields = {"topic": "07.02", "place": "qingshan", "source": "visit", "consent": "yes", "story": "水黄得很，没人来修"}
    return (await town.press(clerk, "file", "", "", fields)).data["case"]


@pytest_asyncio.fixture
async def cast(town: Town) -> tuple[Case, Actor, Actor, Actor]:
    """A case that Wang's bureau has, the dispatcher and the supervisor."""
    case = await town.file("an")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    chen = await town.hire("陈伟", Role.DISPATCHER, "zhiban")
    return case, wang, chen, await town.hire("刘洋", Role.SUPERVISOR, "xian-zhengfu")


Cast = tuple[Case, Actor, Actor, Actor]


async def test_a_notice_is_fulfilled_when_it_was_read_and_not_when_it_was_written(town: Town, cast: Cast) -> None:
    case, wang, *_ = cast
    await town.press(wang, "accept", case.no)
    await delivers(town)
    assert await owed(town, wang, case.no) == {"tell_accept": "owed"}
    await town.heard("an")
    assert await owed(town, wang, case.no) == {"tell_accept": "delivered"}
    await town.press(wang, "answer", case.no, "换了主管")
    assert (await owed(town, wang, case.no))["result"] == "owed"
    await delivers(town)
    await town.heard("an")
    assert (await owed(town, wang, case.no))["result"] == "delivered"


async def test_or_when_somebody_told_them_of_it(town: Town, cast: Cast) -> None:
    _, wang, *_ = cast
    no = await walk_in(town, wang)
    await town.press(wang, "accept", no)
    await delivers(town)
    assert await owed(town, wang, no) == {"tell_accept": "owed"}
    for broken in ({}, {"how": "pigeon"}, {**PHONE, "on": "2026-12-24"}, {**PHONE, "about": "answer"}):
        assert "error" in (await town.press(wang, "told", no, "说了", broken)).data
    told = await town.press(wang, "told", no, "说了", {**PHONE, "whom": "他儿子", "on": "2026-11-23"})
    assert "error" not in told.data
    assert await owed(town, wang, no) == {"tell_accept": "told"}
    step = (await opened(town, wang, no)).steps[-1]
    assert (step.data["how"], step.data["whom"], "on" in step.data) == ("phone", "他儿子", True)


async def test_a_refused_walk_in_is_a_task_until_somebody_tells_them(town: Town, cast: Cast) -> None:
    """没送到: nobody was reached for days, so it stands in the list, though the case has ended."""
    _, wang, *_ = cast
    no = await walk_in(town, wang)
    await town.press(wang, "refuse", no, "这是法院管的", {"ground": "susong"})
    assert (await town.door.cards(wang, CardQuery("unreached"))).counts["unreached"] == 0
    await runs(town, 4)
    page = await town.door.cards(wang, CardQuery("unreached"))
    assert [card.no for card in page.cards] == [no] and page.counts["unreached"] == 1
    assert [line.no for line in (await town.door.today(wang))["tell"]] == [no]
    assert (await opened(town, wang, no)).steps[-1].act == "remind"
    await town.press(wang, "told", no, "告诉了该找法院", {"how": "visit"})
    assert (await town.door.cards(wang, CardQuery("unreached"))).cards == ()


async def test_what_a_channel_takes_back_is_owed_again(town: Town, cast: Cast) -> None:
    case, wang, *_ = cast
    await town.press(wang, "accept", case.no)
    await delivers(town)
    await town.heard("an")
    last = (await town.door.letters("web", "an", limit=200))[-1].id
    await town.core.store.write(lambda conn: letters.not_delivered(conn, [last]))
    assert await owed(town, wang, case.no) == {"tell_accept": "owed"}


async def test_a_stage_feedback_is_owed_until_it_is_told(town: Town) -> None:
    case = await town.file("an", topic="21.01", story="跑了五趟都说缺资料，没人说清楚")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    await town.press(wang, "accept", case.no)
    assert (await owed(town, wang, case.no))["stage"] == "owed"
    await town.press(wang, "progress", case.no, "材料已经转给县上核")
    await delivers(town)
    await town.heard("an")
    assert (await owed(town, wang, case.no))["stage"] == "delivered"
    assert "notice.progress" in await town.heard("an")


async def test_more_time_is_asked_for_by_one_and_granted_by_another(town: Town, cast: Cast) -> None:
    case, wang, chen, liu = cast
    await town.press(wang, "accept", case.no)
    ask = await town.press(wang, "request", case.no, "要等配件", {"until": "2026-12-20"})
    assert "error" not in ask.data
    page = await town.door.cards(liu, CardQuery("approve"))
    assert [card.no for card in page.cards] == [case.no]
    assert [line.no for line in (await town.door.today(liu))["approve"]] == [case.no]
    assert (await town.press(chen, "extend", case.no, "同意")).data["error"] == "role"
    assert (await town.press(liu, "extend", case.no, "配件要从省上来")).data.get("error") is None
    await delivers(town)
    assert "notice.extend" in await town.heard("an")
    assert (await owed(town, wang, case.no))["tell_handling"] == "delivered"
    assert (await town.press(wang, "request", case.no, "还要等", {"until": "2026-12-30"})).data["error"] == "extended"


async def test_a_helper_has_a_deadline_of_its_own(town: Town, cast: Cast) -> None:
    case, wang, chen, _ = cast
    zhao = await town.hire("赵敏", Role.CLERK, "minzheng")
    await town.press(chen, "assist", case.no, "", {"departments": "minzheng"})
    assert (await owed(town, zhao, case.no)) == {"assist": "owed"}
    assert [line.no for line in (await town.door.today(zhao))["assist"]] == [case.no]
    assert "assist" not in await town.door.today(wang)
    await town.press(zhao, "reply", case.no, "低保没有停")
    assert (await owed(town, zhao, case.no)) == {"assist": "replied"}
    await town.press(chen, "assist", case.no, "", {"departments": "nongye"})
    duties = (await opened(town, wang, case.no)).duties
    assert [one.department for one in duties if not one.settled_at] == ["nongye"]


async def test_closing_by_a_second_person_where_the_category_says_so(town: Town) -> None:
    case = await town.file("an", topic="04.01", story="队上卖砂石的钱哪去了，账也不公开")
    wang, li = [await town.hire(name, Role.CLERK, case.department) for name in ("王芳", "李强")]
    closing = {"evidence": "公示照片"}
    await town.press(wang, "answer", case.no, "账已经公开")
    await town.press(wang, "close", case.no, "已公开", closing)
    assert (await opened(town, wang, case.no)).card.state == "answered"
    assert (await town.press(wang, "close", case.no, "已公开", closing)).data["error"] == "second"
    await runs(town, 9)
    assert (await opened(town, wang, case.no)).card.state == "answered", "the clock closes nothing here"
    await town.press(li, "close", case.no, "看过公示栏，属实", closing)
    assert (await opened(town, wang, case.no)).card.state == "closed"


async def test_after_closing_they_are_asked_again_and_no_reopens(town: Town, cast: Cast) -> None:
    case, wang, *_ = cast
    await town.press(wang, "answer", case.no, "换了主管")
    await town.say("an", choice=f"rate:{case.id}:5")
    assert (await opened(town, wang, case.no)).card.state == "closed"
    await town.say("an", choice=f"recheck:{case.id}:back")
    assert (await opened(town, wang, case.no)).card.state == "closed", "nobody has asked them yet"
    await runs(town, 33)
    assert "notice.recheck" in await town.heard("an")
    await town.say("an", choice=f"recheck:{case.id}:back")
    await town.say("an", "水又黄了")
    file = await opened(town, wang, case.no)
    assert (file.card.state, file.steps[-1].act, file.steps[-1].text) == ("handling", "reopen", "水又黄了")


async def test_or_they_say_that_all_is_well(town: Town, cast: Cast) -> None:
    case, wang, *_ = cast
    await town.press(wang, "answer", case.no, "换了主管")
    await town.say("an", choice=f"rate:{case.id}:4")
    await runs(town, 33)
    await town.say("an", choice=f"recheck:{case.id}:holds")
    assert (await opened(town, wang, case.no)).steps[-1].act == "confirm"
    await town.say("an", choice=f"recheck:{case.id}:back")
    assert (await opened(town, wang, case.no)).card.state == "closed"


async def test_the_answer_to_a_petition_names_where_it_may_be_reviewed(town: Town) -> None:
    case = await town.file("an", topic="04.01", story="队上卖砂石的钱哪去了，账也不公开")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    await town.press(wang, "answer", case.no, "账已经公开")
    assert "notice.review" in await town.heard("an")


async def test_nobody_sees_to_it(town: Town, cast: Cast) -> None:
    """Half, 80 %, due, attention, 督办 with its letter, and up: the local unit has lost it."""
    case, wang, _, liu = cast
    await runs(town, 40)
    file = await opened(town, liu, case.no)
    assert await town.door.case(wang, case.no) is None
    told = [(step.act, step.data.get("evidence", step.text)) for step in file.steps if step.text != "accept"]
    assert [one for one in told if one[0] != "file"][:7] == [
        ("remind", "50"),
        ("remind", "80"),
        ("remind", "due"),
        ("remind", "attention"),
        ("supervise", ""),
        ("remind", "due"),  # the reply that the letter asked for
        ("escalate", ""),
    ]
    number = next(at for at, step in enumerate(file.steps, 1) if step.act == "supervise")
    letter = supervision(file, number, town.core.site.county)
    assert letter
    title, text = letter
    assert title == "督办函" and case.no in text and "超过期限" in text and re.search(r"2026年12月\d+日 前向", text)
    assert [supervision(file, none, town.core.site.county) for none in (0, number + 1, 999)] == [None, None, None]
