"""What is masked stays masked: in a search, in every field, and after a look is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.office import StaffDoor
from bot.store import lists
from cases.case import Actor, Role
from handlers.staff.card import LOOK, CardQuery
from tests.review.town import Town

pytestmark = pytest.mark.asyncio

PHONE = "13800138000"
STORY = f"自来水黄得很没人修，打我电话{PHONE}"


async def numbers(door: StaffDoor, who: Actor, text: str) -> list[str]:
    """The cards a search finds."""
    return [card.no for card in (await door.cards(who, CardQuery(text=text))).cards]


@pytest.mark.parametrize(
    ("text", "found"),
    [("自来水", True), ("自来水 黄得很", True), ("MS2026", True), ("00", True), (PHONE, False), ("1380", False)],
)
async def test_a_search_finds_only_what_is_shown(town: Town, text: str, found: bool) -> None:
    """Digit by digit it would otherwise spell out a number that nobody is seen to look at."""
    held = await town.file("wu", story=STORY)
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    assert await numbers(town.door, clerk, text) == ([held.no] if found else [])


async def test_an_old_case_is_found_by_its_number(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LOOKED_THROUGH", 1)
    old, new = await town.file("wu"), await town.file("an")
    clerk = await town.hire("王芳", Role.CLERK, old.department)
    stranger = await town.hire("周强", Role.CLERK, "jiaotong")
    assert await numbers(town.door, clerk, "自来水") == [new.no]
    for typed in (old.no, old.no.lower(), f"编号 {old.no[2:]} 办了没"):
        assert await numbers(town.door, clerk, typed) == [old.no]
    assert await numbers(town.door, stranger, old.no) == []


async def test_numbers_are_masked_wherever_they_were_written(town: Town) -> None:
    await town.tell("wu")
    for said in ({"choice": "place:qingshan"}, {"choice": "anonymous"}, {"choice": "page:add"}, {"choice": "add:when"}):
        await town.say("wu", **said)
    await town.say("wu", f"昨天，问 {PHONE}")
    await town.say("wu", choice="submit")
    held = (await town.door.cards(await town.hire("李敏", Role.DISPATCHER, "zhiban"), CardQuery())).cards[0]
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    await town.press(clerk, "answer", held.no, "修好了")
    await town.press(clerk, "close", held.no, "好了", {"evidence": f"回访 {PHONE}"})
    file = await town.door.case(clerk, held.no)
    assert file
    assert (file.when, file.steps[-1].act) == ("昨天，问 *********00", "close")
    assert PHONE not in str(file)


async def test_every_look_is_kept(town: Town) -> None:
    """看一次记一次: the contact closes by itself, and opening it again is another event."""
    held = await town.file("wu", story=STORY)
    clerk = await town.hire("王芳", Role.CLERK, held.department)

    async def sees() -> tuple[bool, int]:
        file = await town.door.case(clerk, held.no)
        assert file
        return PHONE in file.story, [step.act for step in file.steps].count("reveal")

    assert await sees() == (False, 0)
    await town.press(clerk, "reveal", held.no, "要打电话")
    assert await sees() == (True, 1)
    town.now += LOOK
    assert await sees() == (False, 1)
    await town.press(clerk, "reveal", held.no, "再打一次")
    town.now += timedelta(minutes=1)
    assert await sees() == (True, 2)
