"""Obligations that fall due become inbound turns of their own: same road, same dedupe, same transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.store import cases, leases
from bot.store.engine import Store, StoreError
from bot.store.locks import is_postgres, lock
from cases.clocks import digest_day
from config.schema import County
from handlers.messages import Inbound, Taken

log = structlog.get_logger(__name__)

CHANNEL = "timer"
EVERY_SECONDS = 5.0
BATCH = 100
LATER = timedelta(hours=1)
LEAP_SECONDS = 600.0
HOLD_SECONDS = 900.0
LEASE = "timers"
LEASE_SECONDS = 20.0  # until another process wakes what waits when the one that did has died


class Timers:
    """Looks for duties that wake and sends each on its turn; a key per duty and step makes it happen once."""

    def __init__(
        self,
        store: Store,
        take: Callable[[Inbound], Awaitable[Taken]],
        clock: Callable[[], datetime],
        county: Callable[[], County] | None = None,
        steady: Callable[[], float] | None = None,  # a clock that nobody sets; None: no leap is looked for
        leapt: Callable[[], None] = lambda: None,  # hears of each leap
    ) -> None:
        self._store, self._take, self._clock, self._county = store, take, clock, county
        self._tell_leapt = leapt
        self._holder = secrets.randbits(62)
        self._digested = ""  # the day whose digests have been asked for
        self._steady, self._held_until = steady, float("-inf")
        self._seen: tuple[datetime, float] | None = None

    async def run(self) -> None:
        """Look for ever. Whatever fails is tried again: a worker that ends would not be missed for days."""
        while True:
            try:
                if not self._leapt():
                    await self._digest()
                    await self._drain()
            except Exception as error:
                log.warning("timers.store", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    def _leapt(self) -> bool:
        """Whether the clock has leapt ahead just now: then nothing falls due for a while, in case it is put right.

        A clock that leapt back needs nothing: what has happened is behind its duty's step, and the rest waits.
        """
        if self._steady is None:
            return False
        now, steady = self._clock(), self._steady()
        before, then = self._seen or (now, steady)
        self._seen = now, steady
        ahead = (now - before).total_seconds() - (steady - then)
        if ahead > LEAP_SECONDS:
            self._held_until = steady + HOLD_SECONDS
            self._tell_leapt()
            log.error("timers.clock_leapt", seconds=round(ahead), held=HOLD_SECONDS)
        return steady < self._held_until

    async def _digest(self) -> None:
        """Once on a working day, from nine o'clock (ladder.yaml) until the office closes; never for a day gone by."""
        day = digest_day(self._clock(), self._county()) if self._county else ""
        if day and day != self._digested:
            await self._take(Inbound(CHANNEL, f"digest:{day}", "clock", self._clock(), fields={"digest": day}))
            self._digested = day

    async def _drain(self) -> None:
        while await self.sweep() == BATCH:
            pass

    async def sweep(self) -> int:
        """Take the turns of all duties that wake now, once; how many there were."""
        now = self._clock()
        waking = await self._store.read(lambda conn: cases.waking(conn, now, BATCH))
        if not waking or not await self._store.write(lambda conn: self._mine(conn, now)):
            return 0
        for obligation_id, key in waking:
            await self._wake(Inbound(CHANNEL, key, "clock", now, fields={"obligation": str(obligation_id)}))
        return len(waking)

    def _mine(self, conn: Connection, now: datetime) -> bool:
        """Whether this process is the one that wakes duties now. A key does each once, whoever tries: this only
        spares several processes the same turns, so that a clock that differs does no harm."""
        if not is_postgres(conn):
            return True
        lock(conn, LEASE)
        return leases.claim(conn, LEASE, self._holder, now, LEASE_SECONDS)

    async def _wake(self, inbound: Inbound) -> None:
        """One turn. A duty that fails is tried again later, and the others do not wait for it."""
        try:
            await self._take(inbound)
        except StoreError:
            raise
        except Exception as error:
            obligation_id = int(inbound.fields["obligation"])
            log.error("timers.failed", obligation=obligation_id, error=type(error).__name__)
            await self._store.write(lambda conn: cases.wake_again(conn, obligation_id, inbound.at + LATER))
