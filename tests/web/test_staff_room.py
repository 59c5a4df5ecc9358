"""A case through the room over HTTP, as a transcript; two clerks at once; what no page of ours would send."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from bot.store.engine import StoreBusy, StoreFull
from cases.case import Act, Actor, Command, State
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import CHEN, LI, LIU, SUN, WANG, ZHAO, act, add, filing
from tests.web.fake_office_client import Hand, Json, answer, at_desk, find

pytestmark = pytest.mark.asyncio


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


@pytest.fixture
def fresh(office: Office) -> str:
    """A case that has just come in."""
    return add(office, filing("07.01", "三组停水两天了，请派人看看。", name="罗大勇", phone="13812345678")).no


async def step(hand: Hand, no: str, what: str, text: str = "", **more: Any) -> Json:
    """One act on the case as it is now, and the case after it."""
    now = await hand.ask(f"/staff/case/{no}")
    got = await hand.do(no, what, text, rev=now["card"]["rev"], **more)
    return got["file"]


async def test_a_case_from_claim_to_close(office: Office, fresh: str):
    async with at_desk(office, WANG) as (wang,):
        file = await wang.ask(f"/staff/case/{fresh}")
        assert (file["card"]["state"], file["card"]["claimedName"]) == ("filed", "")
        assert file["card"]["due"].startswith("还剩")
        assert file["card"]["acceptDue"]
        file = await step(wang, fresh, "claim")
        assert file["card"]["claimedName"] == "王芳"
        file = await step(wang, fresh, "accept")
        file = await step(wang, fresh, "note", "已派抢修班。")
        file = await step(wang, fresh, "ask", "请说说是哪条管。")
        assert file["card"]["state"] == "waiting"
        act(office, fresh, Actor("citizen", 900), Act.SUPPLEMENT, "村口那条。")
        file = await step(wang, fresh, "answer", "管子换好了。")
        assert file["card"]["state"] == "answered"
        assert file["card"]["due"] == ""
        file = await step(wang, fresh, "close", "已通水，回访满意。", fields={"evidence": "现场照片3张"})
    assert file["card"]["state"] == "closed"
    told = [(one["act"], one["who"], one["text"], one["delivery"]) for one in file["steps"]]
    assert told == [
        ("file", "", "", ""),
        ("claim", "王芳", "", ""),
        ("accept", "王芳", "", "delivered"),
        ("note", "王芳", "已派抢修班。", ""),
        ("ask", "王芳", "请说说是哪条管。", "delivered"),
        ("supplement", "", "村口那条。", ""),
        ("answer", "王芳", "管子换好了。", "delivered"),
        ("close", "王芳", "已通水，回访满意。", "delivered"),
    ]
    assert file["steps"][-1]["facts"] == [["办结依据", "现场照片3张"]]


async def test_refusal_names_ground_and_door(office: Office, fresh: str):
    async with at_desk(office, WANG) as (wang,):
        shown = await wang.preview(fresh, "refuse", "法院判过了。", fields={"ground": "susong"})
        assert "12368" in shown["text"]
        file = await step(wang, fresh, "refuse", "法院判过了。", fields={"ground": "susong"})
    assert file["card"]["state"] == "refused"
    assert [fact[0] for fact in file["steps"][-1]["facts"]] == ["理由", "应当找"]


async def test_transfer_return_and_assist(office: Office, fresh: str):
    async with at_desk(office, WANG, CHEN, ZHAO) as (wang, chen, zhao):
        await wang.do(fresh, "return", "不归我们，是物业的事。")
        assert fresh not in await wang.numbers()
        file = await step(chen, fresh, "transfer", fields={"department": "minzheng"})
        assert (file["card"]["departmentName"], file["steps"][-1]["department"]) == ("民政局", "民政局")
        assert fresh in await zhao.numbers(view="unclaimed")
        file = await step(chen, fresh, "assist", "请配合。", fields={"departments": "shuiwu,hekou"})
        assert file["steps"][-1]["facts"] == [["协办单位", "水务局、河口镇政府"]]
        assert fresh in await wang.numbers()
        assert (await wang.do(fresh, "answer", "我来答", status=403))["error"]["code"] == "role"
        await wang.do(fresh, "note", "水务局配合。")


async def test_supervisor(office: Office, fresh: str):
    async with at_desk(office, LIU, WANG) as (liu, wang):
        await wang.do(fresh, "accept")
        assert (await step(liu, fresh, "supervise", "三天内办。"))["card"]["supervised"]
        letter = (await liu.ask(f"/staff/case/{fresh}"))["steps"][-1]
        assert ["为什么", "督办人员决定"] in letter["facts"]
        assert "督办函" in await liu.text(letter["letter"])
        assert (await liu.do(fresh, "extend", "要等材料。", status=409))["error"]["code"] == "no_request"
        day = (await wang.ask(f"/staff/case/{fresh}"))["extendTo"]
        await step(wang, fresh, "request", "要等材料。", fields={"until": day})
        file = await liu.ask(f"/staff/case/{fresh}")
        assert (file["asked"]["text"], file["asked"]["until"]) == ("要等材料。", day)
        assert {"extend", "decline"} <= set(file["card"]["acts"])
        file = await step(liu, fresh, "extend", "要等材料。", fields={"until": day})
        assert file["steps"][-1]["facts"][0][0] == "延到"
        again = await liu.do(fresh, "extend", "还要等。", fields={"until": day}, status=409)
        assert again["error"]["code"] == "extended"
        today = await liu.ask("/staff/today")
        assert fresh not in str(today), "it has more time now"
        file = await step(liu, fresh, "escalate")
        assert file["card"]["departmentName"] == "县政府办"


async def test_preview_is_what_the_citizen_will_read(office: Office, fresh: str):
    async with at_desk(office, WANG) as (wang,):
        shown = await wang.preview(fresh, "answer", "管子换好了。")
        assert fresh in shown["text"]
        assert "管子换好了。" in shown["text"]
        assert (await wang.preview(fresh, "note", "内部的话"))["text"] == ""
    assert office.orders == []
    assert office.held[fresh].case.state is State.FILED


async def test_two_clerks_claim_at_once(office: Office, fresh: str):
    async with at_desk(office, WANG, LI) as (wang, li):
        orders = [
            hand.post_json("/staff/do", {"key": uuid.uuid4().hex, "act": "claim", "case": fresh}) for hand in (wang, li)
        ]
        responses = await asyncio.gather(*orders)
        assert sorted(response.status for response in responses) == [200, 409]
        lost = next(response for response in responses if response.status == 409)
        got = await answer(lost, 409)
    winner = office.held[fresh].case.claimed_name
    assert got["error"]["text"].startswith(f"{winner}已经认领了这件")
    assert got["file"]["card"]["claimedName"] == winner
    assert "answer" not in got["file"]["card"]["acts"]


async def test_stale_view_names_who_moved_the_case(office: Office, fresh: str):
    async with at_desk(office, WANG, CHEN) as (wang, chen):
        rev = (await wang.ask(f"/staff/case/{fresh}"))["card"]["rev"]
        await chen.do(fresh, "accept")
        got = await wang.do(fresh, "answer", "我写了很久的答复。", rev=rev, status=409)
        assert got["error"]["text"].startswith("陈伟刚刚做了「受理」")
        assert got["file"]["card"]["rev"] > rev
        early = await wang.preview(fresh, "answer", "我写了很久的答复。", rev=rev, status=409)
        assert early["error"] == got["error"]
        await wang.do(fresh, "note", "备注总是可以。", rev=rev)


async def test_preview_of_a_colleagues_case_names_them(office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with at_desk(office, LI) as (li,):
        got = await li.preview(no, "answer", "我来答。", status=409)
        assert got["error"]["text"].startswith("王芳已经认领")


async def test_same_key_is_one_act(office: Office, fresh: str):
    order = {"key": "a" * 32, "act": "note", "case": fresh, "text": "只记一次"}
    async with at_desk(office, WANG, LI) as (wang, li):
        for _ in range(3):
            async with await wang.post_json("/staff/do", order) as response:
                await answer(response, 200)
        async with await li.post_json("/staff/do", order) as response:
            assert not (await answer(response, 200))["duplicate"]
    notes = [event.by.name for event in office.held[fresh].events if event.act is Act.NOTE]
    assert notes == ["王芳", "李强"]


async def test_walk_in(office: Office):
    order = {
        "key": uuid.uuid4().hex,
        "act": "file",
        "text": "老人腿脚不便，说水管坏了三天。",
        "fields": {
            "topic": "07.04",
            "place": "qingshan",
            "name": "杨大娘",
            "phone": "13800000001",
            "source": "visit",
            "urgent": "yes",
            "consent": "yes",
        },
    }
    async with at_desk(office, WANG) as (wang,):
        async with await wang.post_json("/staff/do", order) as response:
            got = await answer(response, 200)
        async with await wang.post_json("/staff/do", order) as response:
            assert await answer(response, 200) == got
        file = await wang.ask(f"/staff/case/{got['case']}")
    assert got["code"]
    assert (file["card"]["place"], file["onBehalf"], file["card"]["urgent"]) == ("河口镇青山村", "clerk", True)


WALKINS: list[tuple[dict[str, str], str, int, str]] = [
    ({}, "水管坏了三天", 422, "topic"),
    ({"topic": "99.99"}, "水管坏了三天", 422, "topic"),
    ({"topic": "07.04"}, "短", 422, "text"),
    ({"topic": "07.04", "phone": "不知道"}, "水管坏了三天", 422, "phone"),
    ({"topic": "07.04", "source": "梦里"}, "水管坏了三天", 422, "source"),
    ({"topic": "07.04", "consent": ""}, "水管坏了三天", 422, "consent"),
    ({"topic": "07.04"}, "字" * 2001, 413, "too_long"),
]


@pytest.mark.parametrize(("fields", "story", "status", "code"), WALKINS)
async def test_walk_in_that_lacks_something(office: Office, fields: dict[str, str], story: str, status: int, code: str):
    given = {"source": "visit", "consent": "yes", **fields}
    async with at_desk(office, WANG) as (wang,):
        got = await wang.do("", "file", story, fields=given, status=status)
    assert got["error"]["code"] == code
    assert office.orders == []


async def test_views_counts_and_search(office: Office):
    async with at_desk(office, WANG) as (wang,):
        for view in ("unclaimed", "mine", "soon", "overdue", "supervised", "unreached", "all", "done"):
            page = await wang.cards(view=view)
            assert len(page["cards"]) == page["counts"][view], view
            assert page["counts"][view], view
        by_words = await wang.cards(text="漂白粉")
        by_place = await wang.cards(text="河口镇青山村")
        by_topic = await wang.cards(text="管网漏水")
    assert [card["topic"] for card in by_words["cards"]] == ["供水 · 水质差"]
    assert {card["place"] for card in by_place["cards"]} == {"河口镇青山村"}
    assert {card["topic"] for card in by_topic["cards"]} == {"供水 · 管网漏水"}


async def test_pages_of_cards_do_not_overlap(office: Office):
    async with at_desk(office, CHEN) as (chen,):
        whole = await chen.numbers()
        seen: list[str] = []
        page = await chen.cards(limit="3")
        while True:
            seen += [card["no"] for card in page["cards"]]
            if not page["next"]:
                break
            page = await chen.cards(limit="3", before=page["next"])
    assert seen == whole


async def test_department_view(office: Office):
    async with at_desk(office, CHEN) as (chen,):
        page = await chen.cards(department="minzheng")
        assert [card["department"] for card in page["cards"]] == ["minzheng"]
        assert page["groups"]["minzheng"] == 1


async def test_alarm_of_the_queue(office: Office):
    office.parked = 3
    async with at_desk(office, WANG) as (wang,):
        assert (await wang.cards())["queue"] == {"parked": 3, "waiting": 1, "away": 0, "staff_away": 0, "gap": 0}


async def test_read_only_case_has_no_buttons(office: Office):
    async with at_desk(office, SUN) as (sun,):
        page = await sun.cards()
    assert page["cards"]
    assert all(card["acts"] == [] for card in page["cards"])


@pytest.mark.parametrize(("trouble", "status"), [(StoreBusy, 503), (StoreFull, 507)])
async def test_store_in_trouble(office: Office, fresh: str, trouble: type[Exception], status: int):
    office.trouble = trouble
    async with (
        at_desk(office, WANG) as (wang,),
        await wang.post_json("/staff/do", {"key": "k" * 16, "act": "note", "case": fresh, "text": "x"}) as response,
    ):
        assert response.status == status
        assert int(response.headers["Retry-After"])


async def test_withdrawn_between_look_and_press(office: Office, fresh: str):
    async with at_desk(office, WANG) as (wang,):
        office.do(fresh, Command(Act.WITHDRAW, Actor("citizen", 900), office.held[fresh].case.id))
        got = await wang.do(fresh, "answer", "来晚了", status=409)
    assert got["error"]["text"].startswith("群众刚刚做了「撤回」")
    assert got["file"]["card"]["state"] == "withdrawn"
