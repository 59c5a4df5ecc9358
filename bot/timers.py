"""Obligations that fall due become inbound turns of their own: same road, same dedupe, same transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.store import cases
from bot.store.engine import Store, StoreError
from handlers.messages import Inbound, Taken

log = structlog.get_logger(__name__)

CHANNEL = "timer"
EVERY_SECONDS = 5.0
BATCH = 100
LATER = timedelta(hours=1)


class Timers:
    """Looks for duties that wake and sends each on its turn; a key per duty and step makes it happen once."""

    def __init__(
        self, store: Store, take: Callable[[Inbound], Awaitable[Taken]], clock: Callable[[], datetime]
    ) -> None:
        self._store, self._take, self._clock = store, take, clock

    async def run(self) -> None:
        """Look for ever. Whatever fails is tried again: a worker that ends would not be missed for days."""
        while True:
            try:
                await self._drain()
            except Exception as error:
                log.warning("timers.store", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def _drain(self) -> None:
        while await self.sweep() == BATCH:
            pass

    async def sweep(self) -> int:
        """Take the turns of all duties that wake now, once; how many there were."""
        now = self._clock()
        waking = await self._store.read(lambda conn: cases.waking(conn, now, BATCH))
        for obligation_id, step in waking:
            fields = {"obligation": str(obligation_id)}
            await self._wake(Inbound(CHANNEL, f"{obligation_id}:{step}", "clock", now, fields=fields))
        return len(waking)

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
