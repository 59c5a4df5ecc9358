"""The post office: a letter owed to a person becomes one send to each of their addresses.

`outbox` names a person, never an address (design §8); here the addresses are opened, and the channel behind each
is asked to send. A channel knows nothing of the store: it gets an address, a letter and how to speak, and says
what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog
from sqlalchemy import Connection

from bot.core import Core, person_topic
from bot.outbox import BELL, Sent, is_last, write_results
from bot.store import letters, people
from bot.store.engine import StoreError
from bot.store.keys import KeyGone
from bot.store.letters import Owed
from handlers.messages import Letter

log = structlog.get_logger(__name__)

AFTER_SECONDS = 5.0  # a letter waits so long for the one before it
SETTLE_SECONDS = 0.02  # results of answers sent at once are written together


class Channel(Protocol):
    """A way to people outside."""

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """Send a letter of ours. `maybe`: it may have arrived before, and says so."""
        ...


class PostOffice:
    """Sends what the outbox owes to persons, and settles what channels sent at once."""

    def __init__(self, core: Core, channels: Mapping[str, Channel]) -> None:
        self._core, self.channels = core, dict(channels)
        self._lanes: dict[int, asyncio.Lock] = {}
        self._first: dict[int, int] = {}  # by person, the row that must go out before any later one
        self._results: dict[int, Sent] = {}
        self._settling: asyncio.Task[None] | None = None

    async def send(self, row: Owed) -> Sent:
        """One letter to every address of its person, in order. Whoever is reached at one address is reached."""
        lock = self._lanes.setdefault(row.person_id, asyncio.Lock())
        async with lock:
            if await self._is_behind(row):
                return Sent("held", after=AFTER_SECONDS)
            sent = await self._send_all(row)
            if sent.result == "held" or (sent.result == "failed" and not is_last(row, sent)):
                self._first[row.person_id] = row.id
            else:
                self._first.pop(row.person_id, None)
        if not lock.locked():
            self._lanes.pop(row.person_id, None)
        return sent

    async def _is_behind(self, row: Owed) -> bool:
        """Whether an earlier letter of the same person is still to go out: it may have got there another way."""
        first = self._first.get(row.person_id, row.id)
        if first >= row.id:
            return False
        if await self._core.store.read(lambda conn: letters.is_queued(conn, first)):
            return True
        self._first.pop(row.person_id, None)
        return False

    async def _send_all(self, row: Owed) -> Sent:
        found = await self._core.store.read(lambda conn: self._look(conn, row))
        self._core.bells.ring(person_topic(row.person_id))
        if found is None:
            return Sent("delivered")  # erased since: nothing is owed any more
        letter, lang, addresses = found
        sents = [await self._send(one, address, letter, lang, row.maybe) for one, address in addresses]
        return min(sents, key=lambda sent: _ORDER[sent.result], default=Sent("waiting"))

    def _look(self, conn: Connection, row: Owed) -> tuple[Letter, str, list[tuple[str, str]]] | None:
        try:
            found = letters.by_ids(conn, self._core.vault, (row.letter_id,))
            addresses = people.addresses(conn, self._core.vault, row.person_id)
        except KeyGone:
            return None
        return (found[0], people.lang_of(conn, row.person_id), addresses) if found else None

    async def _send(self, channel: str, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        way = self.channels.get(channel)
        sent = await way.send(address, letter, lang, maybe) if way else Sent("waiting")
        self._core.metrics.delivery(channel, sent.result)
        return sent

    # --- answers that their channel sends at once -----------------------------------------------------------

    def settle(self, letter_id: int, sent: Sent, channel: str) -> None:
        """What became of an answer its channel sent by itself. Losing it costs a repeat that is marked."""
        self._core.metrics.delivery(channel, sent.result)
        self._results[letter_id] = sent
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_soon())

    async def _settle_soon(self) -> None:
        while self._results:
            await asyncio.sleep(SETTLE_SECONDS)
            results, self._results = self._results, {}
            try:
                await self._core.store.write(lambda conn, results=results: self._write(conn, results))
            except StoreError as error:  # the lease runs out, and the outbox takes them up
                log.warning("post.settle", error=type(error).__name__)
            if any(sent.result != "delivered" for sent in results.values()):
                self._core.bells.ring(BELL)

    def _write(self, conn: Connection, results: Mapping[int, Sent]) -> None:
        now = self._core.clock()
        letters.replied(conn, [one for one, sent in results.items() if sent.result == "delivered"], now)
        rest = {one: sent for one, sent in results.items() if sent.result != "delivered"}
        if rest:
            rows = letters.reply_rows(conn, list(rest))
            write_results(conn, [], [(row, rest[row.letter_id]) for row in rows], now)
            for row in rows:
                self._first[row.person_id] = min(row.id, self._first.get(row.person_id, row.id))

    async def settled(self) -> None:
        """Return when nothing waits to be settled."""
        while self._settling and not self._settling.done():
            await asyncio.shield(self._settling)


_ORDER = {"delivered": 0, "held": 1, "failed": 2, "waiting": 3}
