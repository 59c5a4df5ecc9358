"""没送到: who has not been reached stands in a list of their own, until they look or somebody rings them."""

from __future__ import annotations

import pytest

from bot.app import build
from cases.case import Actor, Role
from config.settings import Settings
from handlers.staff.card import CardQuery
from tests.review.town import Town

pytestmark = pytest.mark.asyncio


async def unreached(town: Town, viewer: Actor) -> list[str]:
    """The numbers in the list, which are as many as the room says."""
    house = build(town.core, Settings(data_dir=town.core.data_dir))
    await house.outbox.sweep()
    page = await town.door.cards(viewer, CardQuery("unreached"))
    assert len(page.cards) == page.counts["unreached"]
    return [card.no for card in page.cards]


async def deliveries(town: Town, viewer: Actor, no: str) -> list[str]:
    """What became of what the citizen was sent, as the open case shows it."""
    file = await town.door.case(viewer, no)
    assert file
    return [step.delivery for step in file.steps if step.delivery]


async def test_until_they_look(town: Town) -> None:
    case, other = await town.file("an"), await town.file("bai")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    await town.press(wang, "accept", case.no)
    assert await unreached(town, wang) == [case.no]
    await town.heard("bai")
    assert await unreached(town, wang) == [case.no]
    await town.heard("an")
    assert await unreached(town, wang) == []
    assert await deliveries(town, wang, case.no) == ["delivered"]
    assert await deliveries(town, wang, other.no) == []


async def test_until_somebody_rings_them(town: Town) -> None:
    case = await town.file("an")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    await town.press(wang, "accept", case.no)
    assert await unreached(town, wang) == [case.no]
    await town.press(wang, "told", case.no, "本人知道了", {"how": "phone"})
    assert await unreached(town, wang) == []
    assert await deliveries(town, wang, case.no) == ["told"]
    await town.heard("an")
    assert await deliveries(town, wang, case.no) == ["delivered"]


async def test_only_letters_that_were_fetched_are_delivered(town: Town) -> None:
    """A page of old letters says nothing of a new one, nor a new one of those before the page."""
    case = await town.file("an")
    wang = await town.hire("王芳", Role.CLERK, case.department)
    await town.press(wang, "accept", case.no)
    letters = await town.door.letters("web", "an", limit=200)
    await town.press(wang, "note", case.no, "量过水压")
    await town.press(wang, "answer", case.no, "换了主管")
    await unreached(town, wang)
    await town.door.letters("web", "an", before=letters[-1].id)
    assert await deliveries(town, wang, case.no) == ["delivered", "waiting"]
    await town.door.letters("web", "an", limit=1)
    assert await deliveries(town, wang, case.no) == ["delivered", "delivered"]
