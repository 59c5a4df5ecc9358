"""The page of the answers over a real office: what clerks and clicks suggest gets into the file once it is accepted."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestServer

from bot.amending import PACKAGED
from bot.core import Core
from bot.site import load_site, reload_site
from bot.store import staff
from bot.store.passwords import hash_password
from bot.web.staff_session import proof_of
from cases.case import Actor, Case, Role
from handlers.messages import Inbound
from tests.bot.past import site as sample
from tests.faq.pages import GOOD
from tests.review.town import NOON, Town
from tests.web.visitor import Visitor, serve

pytestmark = pytest.mark.asyncio

HASHED = hash_password("good-soil-2026")
ASKED = "咋个才评得上低保户"
STORY = "咋个才评得上低保户？我电话13912345678"


@dataclass
class Office:
    """A town with files of its own, open on a port."""

    town: Town
    server: TestServer
    path: Path
    keys: list[int] = field(default_factory=list[int])

    @property
    def core(self) -> Core:
        """What everything stands on."""
        return self.town.core

    async def chosen(self, entry_id: str, text: str, *people: str) -> None:
        """Several people type the same and then press the same entry."""
        weights = re.sub(r"choices_above: [\d.]+", "choices_above: 0", (PACKAGED / "weights.yaml").read_text("utf-8"))
        (self.path.parent.parent / "weights.yaml").write_text(weights, "utf-8")
        self.core.site = reload_site(self.core.folder, self.core.site)
        for who in people:
            await self.asks(who, text)
            await self.asks(who, choice=f"faq:show:{entry_id}")

    async def asks(self, who: str, text: str = "", choice: str = "") -> None:
        """A citizen's message, with searching."""
        self.keys.append(1)
        inbound = Inbound("web", f"k{len(self.keys)}", who, NOON, text, choice)
        await self.core.take(inbound)

    async def answered(self, clerk: Actor, story: str = STORY, answer: str = "去村委会领表，再打13912345678") -> Case:
        """A case about a policy, with an answer."""
        held = await self.town.file("wu", story=story)
        for act, text in (("claim", ""), ("accept", ""), ("answer", answer)):
            taken = await self.town.press(clerk, act, held.no, text)
            assert "error" not in taken.data, taken.data
        return held

    def text(self) -> str:
        """The clerks' file."""
        return self.path.read_text("utf-8")


class Admin(Visitor):
    """A member of staff in front of the page."""

    proof = ""

    async def board(self) -> str:
        """The page, as text."""
        return html.unescape(await self.page("/staff/answers"))

    async def send(self, what: str, **fields: str) -> ClientResponse:
        """A form of the page, as the browser sends it; the answer is not followed."""
        data = {"form": self.proof, "kind": "alias", "suggestion": "0", **fields}
        return await self.post(f"/staff/answers/{what}", data=data, allow_redirects=False)

    async def told(self, what: str, **fields: str) -> tuple[int, str]:
        """The same: status, and where it leads or what is said."""
        async with await self.send(what, **fields) as response:
            if response.status == 303:
                return 303, response.headers["Location"]
            found = re.search(r'role="(?:alert|status)">(.*?)</p>', await response.text(), re.S)
            return response.status, html.unescape(found[1]) if found else ""


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    """One file of answers, in a folder of the office's own."""
    town = Town(tmp_path)
    folder = tmp_path / "site"
    path = folder / "faq" / "subsidies" / "dibao.md"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD, "utf-8")
    town.core.folder, town.core.site = folder, load_site(folder).warm()
    async with serve(town.door) as server:
        yield Office(town, server, path)
    await town.close()


@asynccontextmanager
async def working(office: Office, name: str, *roles: Role, unit: str = "zhiban") -> AsyncGenerator[tuple[Admin, Actor]]:
    """Somebody of the staff, logged in."""
    store = office.core.store
    code = await store.write(lambda conn: staff.add(conn, name, roles, unit, NOON))
    await store.write(lambda conn: staff.redeem(conn, code, HASHED, NOON))
    token = await store.write(lambda conn: staff.open_session(conn, staff.credential(conn, name), NOON))
    who = next(staff.as_actor(row) for row in await store.read(staff.list_staff) if row.name == name)
    async with Admin(office.server, cookie_jar=CookieJar(unsafe=True)) as someone:
        someone.session.cookie_jar.update_cookies({"zt_staff": token}, someone.make_url("/"))
        someone.proof = proof_of(token)
        yield someone, who


@pytest_asyncio.fixture
async def admin(office: Office) -> AsyncGenerator[Admin]:
    """王芳, who keeps the answers."""
    async with working(office, "王芳", Role.ADMIN) as (someone, _):
        yield someone


@pytest_asyncio.fixture
async def clerk(office: Office) -> AsyncGenerator[tuple[Admin, Actor]]:
    """A dispatcher, who sees every case."""
    async with working(office, "李敏", Role.CLERK, Role.DISPATCHER) as pair:
        yield pair


# --- who may, and what is there -------------------------------------------------------------------------------


async def test_the_page_is_for_admins(office: Office, clerk: tuple[Admin, Actor]) -> None:
    for method, path in (("GET", "/staff/answers"), ("POST", "/staff/answers/accept")):
        async with await clerk[0].request(method, path, headers={"Accept": "text/html"}) as response:
            assert response.status == 403
            assert "管理员" in await response.text()
    clerk[0].session.cookie_jar.clear()
    async with await clerk[0].get("/staff/answers", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/staff/login")


async def test_what_stands_on_it(office: Office, admin: Admin) -> None:
    async with await admin.get("/staff/answers") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        text = html.unescape(await response.text())
    assert f"正在用的版本 {office.core.site.book.version} · 答案 2 条 · 记下的问题 0 个" in text
    for heading in ("试一试", "等您决定的建议（0）", "没答好的问题（0）", "过期和六十天内到期的（0）"):
        assert heading in text
    assert "zhitong init" not in text
    assert "Answers" in await admin.page("/staff/answers?lang=en")


async def test_a_question_is_tried_and_not_kept(office: Office, admin: Admin) -> None:
    async with await admin.send("try", text="吃低保要啥条件？<b>") as response:
        raw = await response.text()
        assert response.status == 200
    assert '<b>"' not in raw
    assert "&lt;b&gt;" in raw
    async with await admin.send("try", text="吃低保要啥条件？") as response:
        text = html.unescape(await response.text())
    assert "直接回答" in text
    assert "低保要什么条件？" in text
    assert "相同的词" in text
    assert "记下的问题 0 个" in await admin.board()


async def test_what_ends_soon(office: Office, admin: Admin) -> None:
    office.path.write_text(GOOD.replace("2027-06-30", "2026-12-30"), "utf-8")
    office.core.site = reload_site(office.core.folder, office.core.site)
    text = await admin.board()
    assert "过期和六十天内到期的（1）" in text
    assert "<td>2026-12-30</td>" in text
    assert "已过期" not in text


# --- from clicks ----------------------------------------------------------------------------------------------


async def test_what_two_people_chose_is_suggested_and_written_into_the_file(office: Office, admin: Admin) -> None:
    await office.chosen("dibao-tiaojian", "低保户咋个弄", "wu", "li")
    text = await admin.board()
    assert "2 个人这样问过" in text
    fields = {"said": "低保户咋个弄", "text": "低保户咋个弄", "entry": "dibao-tiaojian", "proposed": "dibao-tiaojian"}
    assert await admin.told("accept", **fields) == (303, "/staff/answers?done=alias")
    assert "- 底保要咋个才评得上\n- 低保户咋个弄 <!-- 2026-11-23 王芳 -->\n\n主要看两条" in office.text()
    assert "等您决定的建议（0）" in await admin.board()
    assert office.core.site.book.entries[0].aliases[-1] == "低保户咋个弄"


async def test_a_rejected_one_does_not_come_back(office: Office, admin: Admin) -> None:
    await office.chosen("dibao-tiaojian", "低保户咋个弄", "wu", "li")
    fields = {"said": "低保户咋个弄", "text": "低保户咋个弄", "entry": "dibao-biaozhun", "proposed": "dibao-tiaojian"}
    assert await admin.told("reject", **fields) == (303, "/staff/answers?done=rejected")
    assert "等您决定的建议（0）" in await admin.board()
    assert office.text() == GOOD


# --- from a gap -----------------------------------------------------------------------------------------------


async def test_a_gap_is_closed_by_a_new_entry(office: Office, admin: Admin) -> None:
    for who in ("wu", "li"):
        await office.asks(who, "火化费国家报不报")
    text = await admin.board()
    assert "没答好的问题（1）" in text
    assert "2 个人问过，共 2 次" in text
    fields = {"kind": "entry", "said": "火化费国家报不报", "text": "火化费能报吗？", "policy": "农村低保"}
    assert await admin.told("accept", **fields, aspect="待遇", answer="报。") == (422, "没有这个政策或事项。")
    assert await admin.told("accept", **fields, aspect="标准", answer="报。") == (303, "/staff/answers?done=entry")
    assert office.text().endswith(
        "## 火化费能报吗？ {#dibao-1 aspect=标准}\n\n问法：\n- 火化费国家报不报 <!-- 2026-11-23 王芳 -->\n\n报。\n"
    )
    assert "没答好的问题（0）" in await admin.board()
    fields["text"] = "火化费要先垫吗？"
    assert (await admin.told("accept", **fields | {"said": ""}, aspect="标准", answer="要。"))[0] == 303
    assert "{#dibao-2 aspect=标准}" in office.text()


async def test_a_gap_like_nothing_there_is(office: Office, admin: Admin) -> None:
    await office.asks("wu", "ЖЖЖЖ？")
    text = await admin.board()
    assert "没答好的问题（1）" in text
    assert text.count("加到已有的答案") == 0
    assert text.count("写一条新的") == 1


async def test_what_the_admin_wrote_is_not_lost_when_it_is_refused(office: Office, admin: Admin) -> None:
    for who in ("wu", "li"):
        await office.asks(who, "火化费国家报不报")
    answer = "第一句\n## 这样写不行"
    fields = {"kind": "entry", "said": "火化费国家报不报", "text": "火化费？", "policy": "农村低保", "aspect": "标准"}
    async with await admin.send("accept", **fields, answer=answer) as response:
        text = html.unescape(await response.text())
    assert response.status == 422
    assert "没有改" in text
    assert answer in text
    assert office.text() == GOOD


# --- from a case ----------------------------------------------------------------------------------------------


async def suggests(clerk: Admin, no: str, kind: str) -> tuple[int, str]:
    """A press under a case."""
    headers = {"X-Zhitong-Form": clerk.proof}
    async with await clerk.post("/staff/suggest", json={"case": no, "kind": kind}, headers=headers) as response:
        got = await response.json()
        return response.status, got["text"] if response.status == 200 else got["error"]["text"]


async def test_a_clerk_saves_a_way_of_asking(office: Office, admin: Admin, clerk: tuple[Admin, Actor]) -> None:
    held = await office.answered(clerk[1])
    assert await suggests(clerk[0], held.no, "alias") == (200, "已经交给管理员，采纳后生效。")
    assert await suggests(clerk[0], held.no, "alias") == (200, "这一条已经有人存过了。")
    text = await admin.board()
    assert "李敏 11月23日存为问法" in text
    assert "139123456" not in text
    assert held.no not in text
    fields = {"suggestion": "1", "said": ASKED, "text": ASKED, "entry": "dibao-tiaojian"}
    assert (await admin.told("accept", **fields))[0] == 303
    assert f"- {ASKED} <!-- 2026-11-23 王芳 -->" in office.text()
    assert await admin.told("accept", **fields) == (409, "王芳 已经处理过这一条了。")
    assert office.text().count(ASKED) == 1


async def test_a_clerk_saves_an_answer(office: Office, admin: Admin, clerk: tuple[Admin, Actor]) -> None:
    held = await office.answered(clerk[1])
    assert (await suggests(clerk[0], held.no, "entry"))[0] == 200
    text = await admin.board()
    assert "存为新问答" in text
    assert "去村委会领表，再打*********78" in text
    assert await admin.told("reject", kind="entry", suggestion="1") == (303, "/staff/answers?done=rejected")
    assert "去村委会领表" not in await admin.board()
    assert (await suggests(clerk[0], held.no, "entry"))[1] == "这一条已经有人存过了。"


async def test_of_two_who_accept_at_once_one_is_told(office: Office, admin: Admin, clerk: tuple[Admin, Actor]) -> None:
    held = await office.answered(clerk[1])
    await suggests(clerk[0], held.no, "alias")
    async with working(office, "周平", Role.ADMIN) as (other, _):
        fields = {"suggestion": "1", "said": ASKED, "text": ASKED, "entry": "dibao-tiaojian"}
        found = await asyncio.gather(admin.told("accept", **fields), other.told("accept", **fields))
    assert sorted(status for status, _ in found) == [303, 409]
    assert office.text().count(ASKED) == 1


async def test_who_may_suggest_and_what(office: Office, admin: Admin, clerk: tuple[Admin, Actor]) -> None:
    held = await office.town.file("wu", story=STORY)
    assert (await suggests(clerk[0], held.no, "alias"))[0] == 422
    assert (await suggests(clerk[0], "MS20261123-9999", "alias"))[0] == 404
    assert (await suggests(clerk[0], held.no, "poem"))[0] == 422
    assert (await suggests(admin, held.no, "alias"))[0] == 404
    clerk[0].proof = "0" * 32
    assert (await suggests(clerk[0], held.no, "alias"))[0] == 403
    async with working(office, "何强", Role.CLERK, unit="weisheng") as (stranger, _):
        assert (await suggests(stranger, held.no, "alias"))[0] == 404


# --- what is not written to -----------------------------------------------------------------------------------

ALIAS = {"said": ASKED, "text": ASKED, "entry": "dibao-tiaojian"}


async def test_a_broken_file_is_named_and_left_alone(office: Office, admin: Admin) -> None:
    broken = GOOD.replace("valid_to: 2027-06-30", "valid_to: 2027-06-31")
    office.path.write_text(broken, "utf-8")
    version = office.core.site.book.version
    status, words = await admin.told("accept", **ALIAS)
    assert status in (303, 422)
    text = await admin.board()
    assert "有文件写错了" in text
    assert "dibao.md:8" in text
    assert f"上一次没有错的版本（{version}）" in text
    office.path.write_text(GOOD.replace("aspect=条件}", "aspect=条件"), "utf-8")
    status, words = await admin.told("accept", **ALIAS)
    assert status == 422
    assert "这个文件里有错，没有改" in words
    assert ASKED not in office.text()


async def test_a_broken_list_of_names_does_not_close_the_page(office: Office, admin: Admin) -> None:
    (office.path.parent.parent / "vocabulary.yaml").write_text("policies: [", "utf-8")
    text = await admin.board()
    assert "vocabulary.yaml:" in text
    assert str(office.path.parent) not in text


async def test_the_sample_is_not_edited(office: Office, admin: Admin) -> None:
    office.core.folder, office.core.site = None, sample()
    before = {path: path.stat().st_mtime_ns for path in PACKAGED.rglob("*.md")}
    assert "zhitong init" in await admin.board()
    status, words = await admin.told("accept", **ALIAS)
    assert status == 422
    assert "zhitong init" in words
    assert {path: path.stat().st_mtime_ns for path in PACKAGED.rglob("*.md")} == before


async def test_words_that_belong_to_another_entry(office: Office, admin: Admin) -> None:
    fields = {"said": "", "text": "低保一个月多少钱", "entry": "dibao-tiaojian"}
    assert await admin.told("accept", **fields) == (409, "这句话已经是「低保一个月多少钱？」的问法了。")


async def test_a_form_without_its_proof(office: Office, admin: Admin) -> None:
    admin.proof = "0" * 32
    status, words = await admin.told("accept", **ALIAS)
    assert (status, "没有改动" in words) == (403, True)
    assert office.text() == GOOD


ODD = [
    {},
    {"kind": "poem"},
    {"suggestion": "eins"},
    {"suggestion": "٣"},
    {"suggestion": "9" * 17, **ALIAS},
    {"text": "低" * 201, "entry": "dibao-tiaojian"},
    {"text": "\u202e\u200b", "entry": "dibao-tiaojian"},
    {"text": "低保 <!-- x -->", "entry": "dibao-tiaojian"},
    {"text": "低保", "entry": "../../etc/passwd"},
    {"kind": "entry", "text": "低保", "policy": "没有的", "aspect": "条件", "answer": "好"},
    {"kind": "entry", "text": "低保", "policy": "农村低保", "aspect": "条件", "answer": "字" * 8001},
    {"kind": "entry", "text": "低保", "policy": "农村低保", "aspect": "条件"},
]


@pytest.mark.parametrize("fields", ODD, ids=range(len(ODD)))
async def test_odd_forms_get_a_sentence(office: Office, admin: Admin, fields: dict[str, str]) -> None:
    for what in ("accept", "reject"):
        status, words = await admin.told(what, **fields)
        assert status < 500
        assert status == 303 or words, (what, status)
        assert status != 303 or what == "reject"
    assert office.text() == GOOD


async def test_a_form_that_is_too_large(admin: Admin) -> None:
    async with await admin.send("try", text="低" * 50_000) as response:
        assert response.status == 413
    async with await admin.send("try", text="低" * 7_000) as response:
        assert response.status == 200
