"""A worker that met something nobody thought of goes on: its end would not be seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot import outbox, timers
from bot.outbox import Outbox, Sent
from bot.site import reload_site
from bot.store.engine import T, Work
from bot.store.inline import InlineStore
from bot.store.letters import Owed, owe_card
from bot.timers import Timers
from handlers.messages import Inbound, Taken
from tests.bot.past import site
from tests.review.town import Town

pytestmark = pytest.mark.asyncio


class Odd(InlineStore):
    """A store whose first look raises what no store should."""

    looks = 0

    async def read(self, work: Work[T]) -> T:
        """Odd once."""
        self.looks += 1
        if self.looks == 1:
            raise LookupError("odd")
        return await super().read(work)


@asynccontextmanager
async def at_work(worker: Outbox | Timers) -> AsyncGenerator[None]:
    """A worker in the background."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_outbox_goes_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SWEEP_SECONDS", 0.01)
    store, sent = Odd(), asyncio.Event()

    async def send(row: Owed) -> Sent:
        sent.set()
        return Sent("delivered")

    await store.write(lambda conn: owe_card(conn, "shuiwu", 1, "card:1:1:shuiwu", town.now))
    async with at_work(Outbox(store, town.core.bells, {"card": send}, lambda: town.now)):
        await asyncio.wait_for(sent.wait(), 5)
    await store.close()


async def test_the_timers_go_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "EVERY_SECONDS", 0.01)
    store = Odd()

    async def take(inbound: Inbound) -> Taken:
        return Taken(())

    async with at_work(Timers(store, take, lambda: town.now)):
        while store.looks < 3:
            await asyncio.sleep(0.01)
    await store.close()


async def test_a_file_that_breaks_even_its_checks_keeps_the_last_good_version(tmp_path: Path) -> None:
    office = tmp_path / "config" / "office.yaml"
    office.parent.mkdir()
    office.write_text("limits:\n  photos: " + "9" * 6000, "utf-8")
    assert reload_site(tmp_path, site()) is site()
