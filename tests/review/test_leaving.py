"""Somebody leaves the office, or only the department: no case of theirs stays in nobody's list."""

from __future__ import annotations

import pytest

from bot import leaving
from bot.store import cases
from bot.store.staff import NameUnknown
from cases.case import Actor, Role
from handlers.staff.card import CardQuery
from tests.review.town import Town

pytestmark = pytest.mark.asyncio


async def numbers(town: Town, who: Actor, view: str) -> list[str]:
    """What somebody sees in a view."""
    return [card.no for card in (await town.door.cards(who, CardQuery(view))).cards]


@pytest.mark.parametrize("how", ["let_go", "move"])
async def test_their_cases_are_on_the_pile_again(town: Town, how: str) -> None:
    li, wang = await town.hire("李强", Role.CLERK, "shuiwu"), await town.hire("王芳", Role.CLERK, "shuiwu")
    mine = [await town.file(f"farmer-{n}") for n in range(3)]
    for held in mine:
        await town.press(li, "claim", held.no)
    await town.press(wang, "note", mine[2].no, "看过了")
    assert len(await numbers(town, li, "mine")) == 3
    assert await numbers(town, wang, "unclaimed") == []

    leaves = leaving.let_go(town.core, "李强") if how == "let_go" else leaving.move(town.core, "李强", "jiaotong")
    assert await leaves == 3
    assert sorted(await numbers(town, wang, "unclaimed")) == sorted(held.no for held in mine)
    told = await town.read(lambda conn: cases.events(conn, town.core.vault, mine[0].id))
    assert [event.act for event in told][-2:] == ["claim", "release"]

    taken = await town.press(li, "claim", mine[0].no)
    assert taken.data["error"] in ("unknown", "role", "gone", "login"), "what they had open shows nothing any more"
    assert await numbers(town, wang, "mine") == []


async def test_nobody_of_that_name(town: Town) -> None:
    with pytest.raises(NameUnknown):
        await leaving.let_go(town.core, "没有此人")
