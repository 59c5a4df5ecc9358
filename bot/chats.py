"""The door of chat platforms: what their channels ask of the house, over the core. The store ends here.

A channel hears `Busy` and no store's error, gets addresses and never a person's id, and sees of a case what
`cases.visibility` lets whoever reads there see.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from bot.channels import Busy
from bot.citizens import opened
from bot.lines import REACHED
from bot.office import StaffDoor
from bot.outbox import BELL, Sent
from bot.post import PostOffice
from bot.store import boards, letters, people, quotas, staff, stuck
from bot.store.engine import StoreError
from bot.store.upsert import keep_number, kept_number
from bot.stored import Stored
from bot.turn import STAFF
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Taken

T = TypeVar("T")


class ChatDoor:
    """What a channel of the Telegram kind needs of citizens' talks."""

    channel = "telegram"

    def __init__(self, door: StaffDoor, post: PostOffice) -> None:
        self.door, self.core, self.post = door, door.core, post

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        return self.core.site.county

    def now(self) -> datetime:
        """The house's clock."""
        return self.core.clock()

    def code_of(self, case_id: int) -> str:
        """The query code of a case."""
        return self.core.code_of(case_id)

    async def take(self, inbound: Inbound) -> Taken:
        """One turn. Raises Busy."""
        woken = False

        def back(conn: Connection, taken: Taken) -> None:
            nonlocal woken
            if taken.person and not taken.duplicate and quotas.is_gone(conn, taken.person, inbound.channel):
                woken = self._is_back(conn, taken.person, inbound.channel) > 0

        async with _open():
            taken = await self.core.take(inbound, beside=None if inbound.channel == STAFF else back)
        if woken:
            self.core.bells.ring(BELL)
        return taken

    def settle(self, letter_id: int, sent: Sent) -> None:
        """What became of an answer that was sent at once."""
        self.post.settle(letter_id, sent, self.channel)

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        """The last letters of a talk; looking at them delivers nothing."""

        def work(conn: Connection) -> tuple[Letter, ...]:
            known = people.find(conn, self.core.vault, channel, address, self.core.clock(), touch=False)
            if known is None:
                return ()
            who = known.citizen.id
            return letters.of_person(conn, self.core.vault, who, after=after, before=before, limit=limit)

        return await self.read(work)

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file. Raises Refused, Busy."""
        async with _open():
            return await self.door.receive_file(channel, address, stream, name, mime)

    async def file_of_letter(self, file: Attachment) -> Stored | None:
        """A file that goes out with a letter."""
        found = await opened(self.core, file)
        return found[1] if found else None

    async def back(self, channel: str, address: str) -> None:
        """Somebody can be reached again: what waited for that is due."""
        now = self.core.clock()

        def work(conn: Connection) -> int:
            known = people.find(conn, self.core.vault, channel, address, now, touch=False)
            return self._is_back(conn, known.citizen.id, channel) if known else 0

        if await self.write(work):
            self.core.bells.ring(BELL)

    def _is_back(self, conn: Connection, person_id: int, channel: str) -> int:
        """They can be written to again; how many letters had waited for it."""
        now = self.core.clock()
        quotas.back(conn, person_id, channel)
        boards.news_of_person(conn, person_id, now)
        return letters.wake(conn, person_id, now)

    async def left(self, channel: str, address: str) -> None:
        """Somebody has blocked us: staff see that before they write."""
        now = self.core.clock()

        def work(conn: Connection) -> None:
            known = people.find(conn, self.core.vault, channel, address, now, touch=False)
            if known:
                quotas.gone(conn, known.citizen.id, channel, now)
                boards.news_of_person(conn, known.citizen.id, now)

        await self.write(work)

    async def recall(self, channel: str) -> None:
        """Look up when a platform was spoken to last, before this process."""
        at = await self.read(lambda conn: kept_number(conn, f"{REACHED}{channel}"))
        if at:
            self.core.lines.noted(channel, datetime.fromtimestamp(at, UTC))
        self.core.lines.expect(channel, self.now())

    async def reached(self, channel: str, keep: bool) -> timedelta | None:
        """A platform is there; `keep` writes it down. How long it was not, when that was too long."""
        now = self.now()
        if keep:
            await self.write(lambda conn: keep_number(conn, f"{REACHED}{channel}", int(now.timestamp())))
        return self.core.lines.well(channel, now)

    def away(self, channel: str) -> timedelta:
        """How long a platform has been out of reach."""
        return self.core.lines.away(channel, self.now())

    async def unknown(self, channel: str, keys: tuple[str, ...]) -> frozenset[str]:
        """Keys under which nothing has arrived yet."""
        return await self.read(lambda conn: stuck.unknown(conn, channel, keys))

    async def failed(self, channel: str, key: str, error: str) -> int:
        """One more failure of a message."""
        now = self.core.clock()
        return await self.write(lambda conn: stuck.failed(conn, channel, key, error, now))

    async def give_up(self, channel: str, key: str) -> None:
        """A message is never taken."""
        now = self.core.clock()
        await self.write(lambda conn: stuck.give_up(conn, channel, key, now))

    async def bind(self, channel: str, address: str, code: str) -> str:
        """Tie an account to the member of staff who holds the code; their name, "" for a wrong one."""
        now, hashed = self.core.clock(), self.core.vault.ring.address_hash(channel, address)
        try:
            return (await self.write(lambda conn: staff.bind(conn, code, channel, hashed, now))).name
        except staff.StaffError:
            return ""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Look into the store. Raises Busy."""
        async with _open():
            return await self.core.store.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Change the store. Raises Busy."""
        async with _open():
            return await self.core.store.write(work)


@asynccontextmanager
async def _open() -> AsyncGenerator[None]:
    try:
        yield
    except StoreError as error:
        raise Busy(type(error).__name__) from error
