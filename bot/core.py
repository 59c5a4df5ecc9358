"""The running core that the doors share: the store, the keys, the files of the office, and `take`."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bot import outbox, turn
from bot.bells import Bells
from bot.docket import Ripples, Room
from bot.limits import Guesses
from bot.lines import Lines
from bot.metrics import Metrics
from bot.site import Site
from bot.store import questions
from bot.store.attachments import Attachments
from bot.store.desk import CODE_VERSION, StoreDesk
from bot.store.engine import NotStarted, Store, StoreError
from bot.store.vault import Vault
from cases.case import Actor, is_tip
from handlers.desk import Citizen, Prepared
from handlers.messages import Inbound, Taken

log = structlog.get_logger(__name__)

STAFF_BELL = "staff"
GROUP_BELL = "groups"
PREPARE_THREADS = 2
HOT_DAYS = timedelta(days=30)  # of the question log, by which answers are ranked

Beside = Callable[[Connection, Taken], None]
"""What a channel wants done in the turn's own transaction, after the turn."""


def utc_now() -> datetime:
    """The clock of the house."""
    return datetime.now(UTC)


def fresh_id() -> int:
    """An id ordered by time: milliseconds, then 20 random bits. Two alike fail their turn, which is repeated."""
    return (time.time_ns() // 1_000_000 << 20) | secrets.randbits(20)


@dataclass
class Core:
    """What every door of the house stands on. `site` is swapped whole when the files change."""

    store: Store
    vault: Vault
    site: Site
    bells: Bells
    files: Attachments
    data_dir: Path
    clock: Callable[[], datetime] = utc_now
    fresh: Callable[[], int] = fresh_id
    has_group: Callable[[str], bool] = lambda department: False
    lines: Lines = field(default_factory=Lines)
    metrics: Metrics = field(default_factory=Metrics)
    folder: Path | None = None  # of the office's own files; None: the packaged sample

    def __post_init__(self) -> None:
        guesses = self.site.county.office.limits.code_guesses_per_minute
        self.guesses = Guesses(guesses, time.monotonic)
        self.guesses.share(self.bells)
        self.checked = False
        self.hot: tuple[str, ...] = self.site.lists.hot
        self.pool = ThreadPoolExecutor(PREPARE_THREADS, thread_name_prefix="prepare")

    def room(self) -> Room:
        """What a turn needs, with the files as they are at this moment."""
        return Room(self.site, self.vault, self.fresh, self.guesses.allow, self.has_group, self.hot)

    def desk(self, conn: Connection, staff: Actor | None = None) -> StoreDesk:
        """A desk outside a turn, for looking only."""
        return StoreDesk(
            conn,
            self.vault,
            self.site.county,
            self.site.book,
            self.clock(),
            "zh",
            Citizen(0),
            staff,
            Prepared(),
            self.fresh,
            self.guesses.allow,
        )

    async def count_questions(self) -> None:
        """Rank the answers by how many people asked for them lately, for the turns to come. Raises StoreError."""
        since = self.clock() - HOT_DAYS
        people = await self.store.read(lambda conn: questions.asked_most(conn, since))
        self.hot = self.site.ranked(people)

    def store_checked(self) -> bool:
        """Whether the store's file has been found sound."""
        return self.checked

    def code_of(self, case_id: int) -> str:
        """The query code of a case."""
        return self.vault.ring.query_code(case_id, CODE_VERSION, is_tip(case_id))

    async def take(self, inbound: Inbound, start_within: float | None = None, beside: Beside | None = None) -> Taken:
        """One turn: prepare, commit, then wake whom it concerns. Raises StoreError: then nothing was taken.

        `start_within` is in seconds from now: preparation may not use them up, and a turn that waits then is
        withdrawn (NotStarted). `beside` works after the turn in the same transaction; if it raises, nothing was taken.
        """
        began, result = time.monotonic(), "failed"
        try:
            turned = await self._turn(inbound, began, start_within, beside)
            result = "again" if turned.taken.duplicate else "taken"
        except StoreError as error:
            result = "late" if isinstance(error, NotStarted) else "refused"
            raise
        finally:
            self.metrics.turn(inbound.channel, result, time.monotonic() - began)
        _log(inbound.channel, turned.ripples)
        await self._ripple(turned)
        return self._with_code(turned.taken)

    async def _turn(
        self, inbound: Inbound, began: float, start_within: float | None, beside: Beside | None
    ) -> turn.Turned:
        room = self.room()
        try:
            async with asyncio.timeout(start_within):
                prepared = await self._prepare(inbound, room.site)
        except TimeoutError:
            raise NotStarted("its preparation did not end in time") from None

        def work(conn: Connection) -> turn.Turned:
            turned = turn.take(conn, inbound, prepared, room)
            if beside:
                beside(conn, turned.taken)
            return turned

        left = None if start_within is None else max(start_within - (time.monotonic() - began), 0.0)
        return await self.store.write(work, left)

    async def _prepare(self, inbound: Inbound, site: Site) -> Prepared:
        if not inbound.text or inbound.choice or inbound.channel in (turn.STAFF, turn.TIMER):
            return Prepared()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, site.prepare, inbound.text, inbound.at)

    async def prepared(self, words: str) -> Prepared:
        """What the files say to some words, outside any turn."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self.site.prepare, words, self.clock())

    async def _ripple(self, turned: turn.Turned) -> None:
        ripples = turned.ripples
        if ripples.dropped:
            with suppress(StoreError):  # the turn is committed; housekeeping drops them again
                await asyncio.to_thread(self.vault.keys.drop, *ripples.dropped)
        for person_id in ripples.people | {turned.taken.person}:
            self.bells.ring(person_topic(person_id))
        for number in ripples.cases:
            self.bells.ring(STAFF_BELL, number)
        for department in ripples.left:
            self.bells.ring(left_topic(department))
        if ripples.people or ripples.cases:
            self.bells.ring(outbox.BELL)
            self.bells.ring(GROUP_BELL)

    def _with_code(self, taken: Taken) -> Taken:
        """A clerk who registered a case for somebody reads the code out; it is computed, not stored."""
        if case_id := taken.data.get("case_id"):
            return replace(taken, data={**taken.data, "code": self.code_of(int(case_id))})
        return taken

    async def close(self) -> None:
        """Drain the writer, then let go of files and keys."""
        await self.store.close()
        await asyncio.to_thread(self.vault.keys.close)
        self.pool.shutdown()


def _log(channel: str, ripples: Ripples) -> None:
    """What became of which case, for whoever looks for one in the log; nothing of what was said, or by whom."""
    for number, act in ripples.acts:
        log.info("case", case=number, act=act, channel=channel)


def left_topic(department: str) -> tuple[str, str]:
    """The bell for those who may no longer see a case, so that nothing names it."""
    return (STAFF_BELL, department)


def person_topic(person_id: int) -> tuple[str, int]:
    """The bell of a person."""
    return ("person", person_id)
