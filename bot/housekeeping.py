"""What is swept out once an hour: keys of the erased, half-received files, files of no case, sessions that are over,
questions of the log that were kept long enough; and once a day whatever has reached its term (`bot.keeping`)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot import keeping
from bot.core import Core
from bot.store import people, questions, staff
from bot.store.engine import StoreError
from cases.clocks import unpublished
from handlers.citizen.front_desk import IDLE

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0
HALF_RECEIVED = timedelta(hours=1)
LOOKED_BACK = timedelta(days=7)  # for what a house that was not running has missed


async def run(core: Core) -> None:
    """Sweep for ever. A year whose working calendar is missing is logged once, when duties first reach into it."""
    told = 0
    while True:
        year = unpublished(core.clock(), core.site.county)
        if year and year != told:
            log.warning("calendar.unpublished", year=year, counted="Monday to Friday")
        told = year
        try:
            await sweep(core)
        except (StoreError, OSError) as error:
            log.warning("housekeeping.failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep(core: Core) -> int:
    """Sweep once; how many files went. A file outlives the draft it was sent for, never a case's."""
    now = core.clock()
    await finish_erasing(core)
    await asyncio.to_thread(core.files.tidy, (now - HALF_RECEIVED).timestamp())
    await core.store.write(lambda conn: staff.forget_sessions(conn, now))
    asked_before = now - timedelta(days=core.site.county.office.limits.question_days)
    await core.store.write(lambda conn: questions.sweep(conn, asked_before))
    await wipe_left(core)
    await asyncio.to_thread(core.vault.keys.forget)
    await keeping.daily(core)
    return await keeping.sweep_files(core)


async def wipe_left(core: Core) -> int:
    """Talks about a tip that nobody came back to: what was said in them goes, as it would have. How many."""
    before = core.clock() - IDLE
    left = await core.store.read(lambda conn: people.idle_since(conn, before - LOOKED_BACK, before))
    return await core.store.write(lambda conn: sum(people.wipe(conn, core.vault, one, before) for one in left))


async def finish_erasing(core: Core) -> None:
    """Whoever was erased just before a crash or on a full disk: their keys go now."""
    await keeping.shred(core)
