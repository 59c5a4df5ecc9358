"""The day's deleting: what config/retention.yaml says has been kept long enough goes, with its keys, for good.

Once a day at `at_hour`. More than one case in a hundred (or `most_cases`) never goes without a human: then nothing of
the kind goes, the staff room and `zhitong check` say so, and `zhitong retention run --approve N` goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.core import Core
from bot.store import files, keeping, shreds
from cases.keeping import Plan

log = structlog.get_logger(__name__)

BATCH = 20  # cases a transaction: the writer is shared with citizens who wait
ORPHANED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run did. `waits` is how many stayed because nobody has said yes to so many."""

    plan: Plan
    cases: int
    people: int
    waits: int


async def daily(core: Core) -> Kept | None:
    """The day's run, if its hour has come and it has not been yet."""
    local = core.clock().astimezone(ZoneInfo(core.site.county.office.time_zone))
    today = local.date().toordinal()
    if local.hour < core.site.county.retention.at_hour:
        return None

    def claim(conn: Connection) -> bool:
        if keeping.number(conn, keeping.DAY) == today:
            return False
        keeping.set_number(conn, keeping.DAY, today)
        return True

    if not await core.store.write(claim):
        return None
    done = await run(core)
    if done.cases or done.people or done.waits:
        say = log.warning if done.waits else log.info
        say("keeping.run", cases=done.cases, people=done.people, waits=done.waits)
    return done


async def run(core: Core, approved: int = 0) -> Kept:
    """Delete what is due, up to what may go alone or was approved. Raises StoreError; run it again then."""
    now, terms = core.clock(), core.site.county.retention
    due = await core.store.read(lambda conn: keeping.plan(conn, terms, now))
    waits = due.waits(terms, approved)
    cases = due.cases if due.cases <= max(terms.allowed(due.of_cases), approved) else 0
    people = due.people if due.people <= max(terms.allowed(due.of_people), approved) else 0

    def some_cases(conn: Connection, most: int) -> int:
        return keeping.erase_cases(conn, keeping.due_cases(conn, terms, now, most), now)

    def some_people(conn: Connection, most: int) -> int:
        return keeping.erase_people(conn, core.vault, keeping.idle_people(conn, terms, now, most), now)

    gone = await _in_batches(core, some_cases, cases), await _in_batches(core, some_people, people)
    await _trim(core)
    await shred(core)
    await sweep_files(core)
    await core.store.write(lambda conn: keeping.set_number(conn, keeping.WAITING, waits))
    return Kept(due, gone[0], gone[1], waits)


async def _in_batches(core: Core, some: Callable[[Connection, int], int], most: int) -> int:
    gone = 0
    while gone < most:
        step = min(BATCH, most - gone)
        went = await core.store.write(lambda conn, step=step: some(conn, step))
        gone += went
        if went < step:
            break
    return gone


async def _trim(core: Core) -> None:
    """What needs nobody's word: letters, delivered rows, keys of messages, drafts."""
    now, terms = core.clock(), core.site.county.retention
    drafts = core.site.county.office.limits.draft_days
    talk, seen = now - timedelta(days=terms.talk_days), now - timedelta(days=max(terms.inbox_days, drafts))
    trims: tuple[Callable[[Connection], int], ...] = (
        lambda conn: keeping.old_letters(conn, talk),
        lambda conn: keeping.old_outbox(conn, seen),
        lambda conn: keeping.old_arrivals(conn, seen),
        lambda conn: keeping.old_drafts(conn, core.vault, now - timedelta(days=drafts)),
    )
    for trim in trims:
        while await core.store.write(trim):
            pass


async def shred(core: Core) -> None:
    """Drop the keys of what was deleted: also of what was deleted just before a crash or on a full disk."""
    owners = await core.store.read(shreds.owed)
    if owners:
        await asyncio.to_thread(core.vault.keys.drop, *owners)
        await core.store.write(lambda conn: shreds.settled(conn, owners))


async def sweep_files(core: Core) -> int:
    """Remove files of no case that are old or were taken away from their owner; how many."""
    now = core.clock()
    before = now - timedelta(days=core.site.county.office.limits.draft_days)
    gone = await core.store.read(lambda conn: files.old_unsent(conn, before))
    for file_id in gone:  # before its row: a crash in between must not leave a file that nothing names
        await asyncio.to_thread(core.files.delete, file_id)
    if gone:
        await core.store.write(lambda conn: files.forget(conn, gone, now))
        await shred(core)
    return len(gone)
