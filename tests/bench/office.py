"""Cores to measure, a citizen's talk to repeat, and offices with many cases."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, update

from bot import turn
from bot.app import DATABASE, open_core
from bot.core import Core
from bot.office import StaffDoor
from bot.serving import set_up_logs
from bot.site import Site, load_site
from bot.store import cases, letters, people
from bot.store.keystore import KeyStore
from bot.store.sqlite import open_store
from bot.store.tables import outbox
from bot.web.letters import message
from cases.case import Act, Actor, Case, Command, Event, Filing, Role
from cases.clocks import duties_after, with_duties
from cases.lifecycle import decide, fold, opened
from config.schema import County, Lane, Topic
from config.settings import Settings
from handlers.desk import Prepared
from handlers.messages import Inbound, Reply, Say
from tests.bench.bulk import copy
from tests.faults.townsfolk import STORY, SUBMIT, next_words

CACHE = "ZHITONG_BENCH_DIR"
BATCH = 1000
EACH = 3  # cases of a citizen
PATTERNS = 900  # cases that are copied when there are many
OPEN = 600  # so many of the newest cases are still open, however many are stored: offices grow old, not busier
NOW = datetime.now(UTC)
Step = tuple[str, str]  # (text, choice)

set_up_logs(logging.WARNING)  # a line a case would bury the figures


class Remembering(Site):
    """The files of an office, that search with the same words once only: what is measured is the turn."""

    def prepare(self, text: str, now: datetime) -> Prepared:
        """What is known of a message before its turn."""
        return _prepared(text)


@cache
def _prepared(text: str) -> Prepared:
    return sample().prepare(text, NOW)


@cache
def sample() -> Site:
    """The sample county, searching for every message."""
    return load_site(None).warm()


@cache
def remembering() -> Site:
    """The sample county, searching for every wording once."""
    site = sample()
    return Remembering(site.county, site.book, site.lists, site.stamp)


async def open_office(folder: Path, site: Site, *, safe: bool = True) -> Core:
    """A core over `folder`. `safe=False` never waits for the disk, and may lose what it promised."""
    core = open_core(Settings(data_dir=folder), site)
    if safe:
        return core
    await core.store.close()
    store = open_store(folder / DATABASE, synchronous="OFF")
    store.before_commit.append(core.vault.keys.commit)
    assert isinstance(core.vault.keys, KeyStore)
    core.vault.keys._writer.execute("PRAGMA synchronous=OFF")  # pyright: ignore[reportPrivateUsage]
    return replace(core, store=store)


async def take(core: Core, who: str, step: Step) -> turn.Taken:
    """One message of a citizen, as a channel hands it over."""
    return await core.take(Inbound("web", uuid.uuid4().hex, who, datetime.now(UTC), *step))


async def whole_talk(core: Core) -> list[Step]:
    """What a citizen says from the greeting to the number, and then to look at it; found out by saying it."""
    who, steps, step = uuid.uuid4().hex, list[Step](), ("你好", "")
    door = StaffDoor(core, "")
    while step[1] != SUBMIT["choice"]:
        taken = await take(core, who, step)
        steps.append(step)
        words = next_words(dict(message(door, taken.letters[-1], "zh")))
        step = ("", "report") if step[0] == "你好" else (words.get("text", ""), words.get("choice", ""))
    return [*steps, step, ("", "progress")]


@contextmanager
def cached() -> Generator[Path]:
    """The folder of this run for what takes long to make; made here when nobody has."""
    if given := os.environ.get(CACHE):
        yield Path(given)
        return
    with tempfile.TemporaryDirectory(prefix="zhitong-bench-") as made:
        os.environ[CACHE] = made
        try:
            yield Path(made)
        finally:
            del os.environ[CACHE]


def stored(n: int) -> Path:
    """The folder of an office with `n` cases, inside `cached()`; made when this run has not made it yet."""
    folder = Path(os.environ[CACHE]) / f"cases-{n}"
    if not (folder / "done").exists():
        asyncio.run(_fill(folder, n))
        (folder / "done").touch()
    return folder


async def _fill(folder: Path, n: int) -> None:
    """The first and the newest cases are written by the product; those between them are copies of the first."""
    few = n <= PATTERNS + OPEN
    await _write(folder, 0, n if few else PATTERNS, n)
    if not few:
        newest = (n - OPEN) // EACH * EACH
        await asyncio.to_thread(copy, folder, EACH, number, PATTERNS, newest)
        await _write(folder, newest, n, n)


async def _write(folder: Path, first: int, until: int, n: int) -> None:
    core = await open_office(folder, remembering(), safe=False)
    for start in range(first, until, BATCH):
        lot = range(start, min(start + BATCH, until))
        await core.store.write(lambda conn, lot=lot: _file_all(conn, core, lot, n))
    await core.close()


def _file_all(conn: Connection, core: Core, lot: range, n: int) -> None:
    topics = [topic for topic in core.site.county.topics() if topic.lane is Lane.SERVICE]
    for at in lot:
        who = at - at % EACH + 1
        if at % EACH == 0:
            people.make(conn, core.vault, "web", f"citizen {who}", who, NOW)
        _file(conn, core, topics[at % len(topics)], at, who, NOW - timedelta(minutes=n - at), at < n - OPEN)
    conn.execute(update(outbox).where(outbox.c.delivered_at.is_(None)).values(delivered_at=NOW))


def _file(conn: Connection, core: Core, topic: Topic, at: int, who: int, when: datetime, done: bool) -> None:
    """A case with its letters, answered and rated unless it is open."""
    vault, county = core.vault, core.site.county
    held, event = opened(_filing(topic, at + 1, who), number(at), when)
    events = [event]
    duties = duties_after(event, held, county)
    held = with_duties(held, duties)
    if done:
        held, more = _closed(held, who, when + timedelta(seconds=30), county)
        events += more
        duties = ()
    cases.add(conn, vault, held)
    for one in events:
        cases.add_event(conn, vault, one)
    cases.add_duties(conn, held.id, duties)
    letters.hear(conn, vault, who, STORY, (), when)
    letters.say(conn, vault, who, Reply((Say("report.filed.number", {"no": held.no}),), case_id=held.id), when)
    letters.owe_card(conn, held.department, held.id, f"card:{held.id}:1", when)


def _filing(topic: Topic, case_id: int, who: int) -> Filing:
    by = Actor("citizen", who)
    return Filing(case_id, by, topic.kind, Lane.SERVICE, topic.code, topic.department, STORY * 4, channel="web")


def _closed(held: Case, who: int, when: datetime, county: County) -> tuple[Case, list[Event]]:
    clerk = Actor("staff", 1, "王芳", frozenset({Role.CLERK}), held.department)
    done = list[Event]()
    for command in (
        Command(Act.ANSWER, clerk, held.id, text="已经修好。"),
        Command(Act.RATE_WELL, Actor("citizen", who), held.id, score=5),
    ):
        for event in decide(held, command, when, county):
            held, done = fold(held, event), [*done, event]
    return held, done


def number(at: int) -> str:
    """The number of the case at a place in the order of filing."""
    return f"MS2025{at // 2500 + 101:04}-{at % 2500:04}"
