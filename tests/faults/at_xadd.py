"""The usual outbox, which is wrong: a row counts as delivered once its id is in the Redis stream."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from bot.core import Core
from bot.outbox import BATCH, LEASE_SECONDS, Outbox, Sender
from bot.redis_bells import RedisBells
from bot.store import letters
from bot.store.letters import Owed

STREAM, GROUP = "flip:rows", "senders"
SLOW = 0.05


class AtXadd(Outbox):
    """Counts rows as delivered too early. The suite must notice."""

    def __init__(self, core: Core, senders: dict[str, Sender]) -> None:
        super().__init__(core.store, core.bells, senders, core.clock)
        assert isinstance(core.bells, RedisBells)
        self._core, self._by_kind = core, senders
        self._line: Any = core.bells._redis  # pyright: ignore[reportPrivateUsage]

    async def run(self) -> None:
        """Sweep into the stream, and send what is in it."""
        sending = asyncio.create_task(self._send_for_ever())
        try:
            await super().run()
        finally:
            sending.cancel()

    async def sweep(self) -> int:
        """Rows that are due go into the stream, and are called delivered."""
        now = self._core.clock()
        owed = await self._core.store.write(
            lambda conn: letters.lease(conn, now, LEASE_SECONDS, BATCH, tuple(self._by_kind))
        )
        for row in owed:
            await self._line.xadd(STREAM, {"id": row.id, "kind": row.kind, "case": row.case_id, "who": row.person_id})
        if owed:
            await self._core.store.write(lambda conn: letters.delivered(conn, [row.id for row in owed], now))
        return len(owed)

    async def _send_for_ever(self) -> None:
        while True:
            with suppress(Exception):
                await self._line.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            with suppress(Exception):
                while True:
                    found = await self._line.xreadgroup(GROUP, "one", {STREAM: ">"}, count=1, block=500)
                    for _, entries in found or ():
                        for _, told in entries:
                            await asyncio.sleep(SLOW)
                            whom, about = int(told["who"]), int(told["case"])
                            row = Owed(int(told["id"]), told["kind"], whom, "", about, 0, 1, False)
                            await self._by_kind[row.kind](row)
            await asyncio.sleep(SLOW)
