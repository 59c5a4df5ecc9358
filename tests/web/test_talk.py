"""The talk as JSON: what goes in, what comes out, and that it happens once."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.engine import StoreBusy, StoreFailed, StoreFull
from handlers.messages import Markdown, Reply
from tests.web.fake_house import FakeHouse
from tests.web.fake_talk import ANSWERED
from tests.web.visitor import Visitor

pytestmark = pytest.mark.asyncio


async def test_a_message_is_answered_with_both_sides_of_the_talk(visitor: Visitor) -> None:
    answer = await visitor.say("你好")
    mine, office = answer["messages"]
    assert (mine["from"], mine["paragraphs"]) == ("me", [{"text": "你好"}])
    assert office["from"] == "office"
    assert office["options"][0] == {"token": "report", "label": "反映问题", "style": "primary"}
    assert office["at"].endswith("+08:00")
    assert answer["duplicate"] is False


async def test_the_same_key_twenty_times_at_once_is_one_turn(visitor: Visitor, house: FakeHouse) -> None:
    house.pause = 0.02
    await visitor.cookie()
    message = {"key": uuid.uuid4().hex, "text": "村里停水三天了"}
    answers = await asyncio.gather(*(visitor.post_talk(message) for _ in range(20)))
    bodies = [await answer.json() for answer in answers]
    assert len(house.turns) == 1
    assert len({str(body["messages"]) for body in bodies}) == 1
    assert sum(body["duplicate"] for body in bodies) == 19


async def test_two_people_with_the_same_key_are_two_messages(
    visitor: Visitor, neighbour: Visitor, house: FakeHouse
) -> None:
    message = {"key": "11111111-1111", "text": "我是头一个"}
    await visitor.post_talk(message)
    async with await neighbour.post_talk({**message, "text": "我是第二个"}) as response:
        answer = await response.json()
    assert [turn.text for turn in house.turns] == ["我是头一个", "我是第二个"]
    assert answer["messages"][0]["paragraphs"] == [{"text": "我是第二个"}]


async def test_text_is_cleaned_and_what_is_shown_stays_text(visitor: Visitor, house: FakeHouse) -> None:
    answer = await visitor.say("<b>坏\x00的</b>\u202e路\u200b \ud800")
    assert house.turns[0].text == "<b>坏的</b>路 \ufffd"
    assert answer["messages"][0]["paragraphs"] == [{"text": "<b>坏的</b>路 \ufffd"}]


async def test_language_is_kept_in_the_cookie(visitor: Visitor) -> None:
    await visitor.say("你好")
    answer = await visitor.say(choice="lang:en")
    assert answer["lang"] == "en"
    page = await visitor.page()
    assert '<html lang="en">' in page
    assert "Report a problem" in page


async def test_history_goes_back_by_fifty(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    start = datetime(2026, 11, 1, tzinfo=UTC)
    ids = [house.hear(address, f"第 {n} 句", start + timedelta(minutes=n)).id for n in range(120)]
    seen: list[int] = []
    before = ""
    while True:
        async with await visitor.get(f"/talk/history{before}") as response:
            answer = await response.json()
        seen = [message["id"] for message in answer["messages"]] + seen
        if not answer["more"]:
            break
        before = f"?before={seen[0]}"
    assert seen == ids


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=1e9", "after=%00", "before=" + "9" * 30])
async def test_history_of_nonsense_is_declined(visitor: Visitor, query: str) -> None:
    async with await visitor.get(f"/talk/history?{query}") as response:
        assert response.status == 400


async def test_a_scene_link_leads_to_the_page_that_knows_it(visitor: Visitor, house: FakeHouse) -> None:
    page = await visitor.page("/s/qs-bridge")
    assert 'name="scene" value="qs-bridge"' in page
    await visitor.say(scene="qs-bridge")
    assert house.turns[0].scene == "qs-bridge"


@pytest.mark.parametrize("code", ['"><script>', "a" * 65, "a b", "%0d%0aX: 1", "村"])
async def test_a_scene_that_is_none_is_dropped(visitor: Visitor, code: str) -> None:
    async with await visitor.get("/", params={"scene": code}) as response:
        assert 'name="scene" value=""' in await response.text()


async def test_policy_text_is_markup_without_teeth(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    await visitor.say("你好")
    text = (
        "**620 元** <img src=x> ![x](https://e.org/x.png) [坏](javascript:alert(1)) [打](tel:12345) [看](https://e.org)"
    )
    house.write(address, Reply((Markdown(text),)))
    async with await visitor.get("/talk/history") as response:
        html = (await response.json())["messages"][-1]["paragraphs"][0]["html"]
    assert "<strong>620 元</strong>" in html
    assert 'href="tel:12345"' in html
    assert 'rel="noopener noreferrer"' in html
    assert "<img" not in html and 'href="javascript' not in html


async def test_only_the_last_question_can_be_answered_by_button(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    await visitor.say("你好")
    house.write(address, ANSWERED)
    page = await visitor.page()
    assert page.count('class="options') == 1
    assert 'value="rate:5"' in page and 'value="report"' not in page


async def test_place_and_files_arrive_as_such(visitor: Visitor, house: FakeHouse) -> None:
    async with await visitor.upload() as response:
        file = await response.json()
    await visitor.say("", attachments=[file["id"], file["id"]], place={"lat": 30.5, "lon": 104})
    turn = house.turns[0]
    assert [one.name for one in turn.attachments] == ["a.jpg"]
    assert turn.place and (turn.place.lat, turn.place.lon) == (30.5, 104.0)


async def test_a_busy_or_full_store_is_said_and_nothing_is_taken(visitor: Visitor, house: FakeHouse) -> None:
    troubles = {StoreBusy: 503, StoreFailed: 503, StoreFull: 507, ZeroDivisionError: 500}
    codes = {503: "busy", 507: "full", 500: "broken"}
    for trouble, status in troubles.items():
        house.trouble = trouble
        assert await visitor.declined({"key": "abcdefgh", "text": "路坏了"}) == (status, codes[status])
    house.trouble = None
    assert (await visitor.say("路坏了", key="abcdefgh"))["duplicate"] is False
