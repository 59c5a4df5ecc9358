"""What is owed to the world: lease, send, settle, retry, park.

A row is finished by `delivered_at` and by nothing else. Whoever dies with rows in hand loses only the lease:
the next sweep takes them again, and what was sent in between is marked 可能重复 by the channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from bot.bells import Bells
from bot.store import boards, letters
from bot.store.engine import Store
from bot.store.letters import Owed

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60.0
BATCH = 50
TRIES = 12  # with the delays below about a day, then the row is parked where staff see it
DELAYS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0)
SWEEP_SECONDS = 5.0
BELL = "outbox"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one row: delivered, waiting for the person to come back, held back by us, or failed."""

    result: Literal["delivered", "waiting", "held", "failed"]
    error: str = ""
    permanent: bool = False
    maybe: bool = False  # it may have arrived: a repeat must be marked
    after: float = 0.0  # seconds until what is held may be tried; holding back is no try


Sender = Callable[[Owed], Awaitable[Sent]]


class Outbox:
    """Delivers rows by kind. One runs in every process; leases keep them apart."""

    def __init__(
        self,
        store: Store,
        bells: Bells,
        senders: Mapping[str, Sender],
        clock: Callable[[], datetime],
        tell: Callable[[str], None] = lambda result: None,  # hears what became of each card
    ) -> None:
        self._tell = tell
        self._store, self._bells, self._senders, self._clock = store, bells, senders, clock
        self._kinds = tuple(senders)

    async def run(self) -> None:
        """Deliver for ever. Whatever fails is tried again: a worker that ends would not be missed for days."""
        async with self._bells.listen(BELL) as bell:
            while True:
                try:
                    await self._drain()
                except Exception as error:
                    log.warning("outbox.store", error=type(error).__name__)
                await _wait(bell, SWEEP_SECONDS)

    async def _drain(self) -> None:
        while await self.sweep() == BATCH:
            pass

    async def sweep(self) -> int:
        """Deliver what is due, once; how many rows were taken."""
        now = self._clock()
        if not await self._store.read(lambda conn: letters.any_due(conn, now, self._kinds)):
            return 0
        owed = await self._store.write(lambda conn: letters.lease(conn, now, LEASE_SECONDS, BATCH, self._kinds))
        results = await asyncio.gather(*(self._send(row) for row in owed))
        await self._settle(list(zip(owed, results, strict=True)))
        return len(owed)

    async def _send(self, row: Owed) -> Sent:
        try:
            sent = await self._senders[row.kind](row)
            if row.kind == "card":
                self._tell(sent.result)
            return sent
        except Exception as error:
            log.warning("outbox.failed", row=row.id, kind=row.kind, error=type(error).__name__)
            return Sent("failed", type(error).__name__)

    async def _settle(self, rows: Sequence[tuple[Owed, Sent]]) -> None:
        now = self._clock()
        done = [row.id for row, sent in rows if sent.result == "delivered"]
        rest = [(row, sent) for row, sent in rows if sent.result != "delivered"]
        if not rows:
            return
        told = [row.id for row, _ in rows if row.kind == "letter"]

        def work(conn: letters.Connection) -> None:
            write_results(conn, done, rest, now)
            boards.news_of_letters(conn, told, now)

        await self._store.write(work)


def write_results(conn: letters.Connection, done: list[int], rest: list[tuple[Owed, Sent]], now: datetime) -> None:
    """Settle rows that were tried: `done` by id, the others by what became of them."""
    if done:
        letters.delivered(conn, done, now)
    for row, sent in rest:
        maybe = row.maybe or sent.maybe
        if sent.result == "waiting":
            letters.put_off(conn, row.id, "waiting", now, sent.error, maybe)
        elif sent.result == "held":
            letters.hold(conn, row.id, now + timedelta(seconds=sent.after), maybe)
        elif is_last(row, sent):
            letters.put_off(conn, row.id, "parked", now, sent.error, maybe)
        else:
            letters.put_off(conn, row.id, "queued", now + backoff(row.tries), sent.error, maybe)


def is_last(row: Owed, sent: Sent) -> bool:
    """Whether a row that failed is given up: staff see it then. What is in doubt is repeated once, and marked."""
    return sent.permanent or row.tries >= TRIES or (row.maybe and sent.maybe)


def backoff(tries: int) -> timedelta:
    """How long a row rests after so many tries."""
    return timedelta(seconds=DELAYS[min(tries, len(DELAYS)) - 1])


async def _wait(bell: asyncio.Queue[str], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await bell.get()
    except TimeoutError:
        return
    while not bell.empty():
        bell.get_nowait()
