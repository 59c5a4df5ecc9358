"""Clocks that jump, and duties that cannot be done: nothing is lost, nobody waits for somebody else's trouble."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from bot import turn
from bot.app import open_core
from bot.core import Core
from bot.office import StaffDoor
from bot.site import Site, load_site
from bot.store import cases
from bot.store.vault import case_owner
from bot.timers import Timers
from bot.web.letters import message
from cases.case import Act, Case
from config.settings import Settings
from handlers.desk import Prepared
from handlers.messages import Inbound
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery
from tests.faults.promises import Promises
from tests.faults.townsfolk import SUBMIT, Citizen, Town, next_words

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.crash]


@pytest.fixture(scope="session")
def site() -> Site:
    """The sample county, read once."""
    return load_site(None)


@pytest_asyncio.fixture(loop_scope="session")
async def core(site: Site, tmp_path: Path) -> AsyncGenerator[Core]:
    """A core without workers, whose turns are taken by hand at any time."""
    made = open_core(Settings(data_dir=tmp_path), site)
    yield made
    await made.close()


async def file_case(core: Core, who: str, at: datetime) -> Case:
    """A whole talk at one moment."""
    said = {"choice": "report"}
    while True:
        inbound = Inbound("web", uuid.uuid4().hex, who, at, said.get("text", ""), said.get("choice", ""))
        turned = await core.store.write(lambda conn, one=inbound: turn.take(conn, one, Prepared(), core.room()))
        if said == SUBMIT:
            break
        said = next_words(dict(message(StaffDoor(core, ""), turned.taken.letters[-1], "zh")))
    return (await core.store.read(lambda conn: cases.of_person(conn, core.vault, turned.taken.person)))[0]


async def acts(core: Core, case: Case) -> list[str]:
    """What happened to a case."""
    return [event.act for event in await core.store.read(lambda conn: cases.events(conn, core.vault, case.id))]


async def test_numbers_stay_apart_when_the_clock_goes_back(core: Core) -> None:
    filed = [await file_case(core, f"citizen {n}", at) for n, at in enumerate((NOON, NOON - DAY, NOON, NOON - DAY))]
    assert [case.no for case in filed] == ["MS20261123-0001", "MS20261122-0001", "MS20261123-0002", "MS20261122-0002"]


async def test_a_talk_keeps_its_order_when_the_clock_goes_back(core: Core) -> None:
    for at in (NOON, NOON - DAY):
        await file_case(core, "citizen", at)
    letters = await StaffDoor(core, "").letters("web", "citizen", limit=200)
    assert [letter.id for letter in letters] == sorted(letter.id for letter in letters)
    assert [letter.at for letter in letters] == sorted((letter.at for letter in letters), reverse=True)


async def test_a_lease_of_a_house_whose_clock_was_ahead(houses: Nursery, tmp_path: Path) -> None:
    """It took the row until tomorrow and died. The next house, whose clock is right, does not wait for tomorrow."""
    (tmp_path / WORLD).touch()
    assert await houses.start(Order(str(tmp_path), point="outbox: before send", late=DAY.total_seconds()))
    async with ClientSession() as http:
        town = Town(houses, http, Promises())
        filing = asyncio.create_task(Citizen(town).file())
        assert await houses.gone(20)
        assert await houses.start(Order(str(tmp_path)))
        await filing
    async with asyncio.timeout(15):
        while not (tmp_path / WORLD).read_text(encoding="utf-8"):
            await asyncio.sleep(0.1)
    await houses.end(signal.SIGTERM)


async def test_a_duty_that_cannot_be_done_holds_up_no_other(core: Core) -> None:
    """The key of the first case is gone, so its reminder fails; the second case is reminded all the same."""
    broken, sound = [await file_case(core, f"citizen {n}", NOON + n * timedelta(seconds=1)) for n in (0, 1)]
    core.vault.keys.drop(case_owner(broken.id))
    late = Timers(core.store, core.take, lambda: NOON + 30 * DAY)
    first = await late.sweep()
    assert Act.REMIND in await acts(core, sound)
    for _ in range(10):
        if not await late.sweep():
            break
    assert await late.sweep() == 0, "the failing duty is tried again at once, for ever"
    assert first >= 2
    much_later = Timers(core.store, core.take, lambda: NOON + 31 * DAY)
    assert await much_later.sweep() > 0, "the failing duty was given up"
