"""What is swept out once an hour: keys of the erased, half-received files, files of no case, sessions that are over,
questions of the log that were kept long enough."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bot.core import Core
from bot.store import files, people, questions, staff
from bot.store.engine import StoreError
from bot.store.vault import person_owner

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0
HALF_RECEIVED = timedelta(hours=1)


async def run(core: Core) -> None:
    """Sweep for ever."""
    while True:
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
    before = now - timedelta(days=core.site.county.office.limits.draft_days)
    gone = await core.store.read(lambda conn: files.old_unsent(conn, before))
    for file_id in gone:  # before its row: a crash in between must not leave a file that nothing names
        await asyncio.to_thread(core.files.delete, file_id)
    if gone:
        await core.store.write(lambda conn: files.forget(conn, gone))
    return len(gone)


async def finish_erasing(core: Core) -> None:
    """Whoever was erased just before a crash or on a full disk: their keys go now."""
    gone = await core.store.read(people.erased)
    if gone:
        await asyncio.to_thread(core.vault.keys.drop, *(person_owner(person_id) for person_id in gone))
