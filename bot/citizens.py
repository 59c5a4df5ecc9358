"""The citizens' door: what `bot.web.server.House` asks for, over the core."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO

from sqlalchemy import Connection

from bot.core import Core, person_topic
from bot.store import boards, files, letters, people
from bot.store.attachments import AttachmentError, AttachmentGone, disk_errors
from bot.store.engine import StoreError
from bot.stored import Damaged, Stored
from bot.web.uploads import Refused
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Taken

CHUNK = 1 << 16
SPOOL = 1 << 21
UNSENT_MOST = 60  # files of one person that belong to no case


class CitizenDoor:
    """A citizen's page, seen from inside. An address is the secret in the person's cookie."""

    def __init__(self, core: Core, public_url: str) -> None:
        self.core = core
        self._public_url = public_url

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        return self.core.site.county

    @property
    def public_url(self) -> str:
        """ "" or "https://…"."""
        return self._public_url

    def code_of(self, case_id: int) -> str:
        """The query code of a case."""
        return self.core.code_of(case_id)

    async def take(self, inbound: Inbound) -> Taken:
        """One turn. Raises StoreError: then nothing was taken."""
        taken = await self.core.take(inbound)
        self.core.bells.ring(("address", inbound.channel, inbound.sender))
        return taken

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        """Letters of a talk, oldest first. What waited for the person to come back is delivered by this."""

        def work(conn: Connection) -> tuple[tuple[Letter, ...], int]:
            known = people.find(conn, self.core.vault, channel, address, self.core.clock(), touch=False)
            if known is None:
                return (), 0
            person_id = known.citizen.id
            found = letters.of_person(conn, self.core.vault, person_id, after=after, before=before, limit=limit)
            return found, person_id if letters.has_unseen(conn, person_id) else 0

        found, unseen = await self.core.store.read(work)
        if unseen and found:
            first, last, now = found[0].id, found[-1].id, self.core.clock()
            with contextlib.suppress(StoreError):  # a full disk must not keep anybody from reading
                told = await self.core.store.write(lambda conn: _seen(conn, unseen, first, last, now))
                self.core.metrics.delivery(channel, "delivered", told)
        return found

    @asynccontextmanager
    async def listen(self, channel: str, address: str) -> AsyncGenerator[asyncio.Queue[str]]:
        """A queue that fills when there may be new letters for this person."""
        person_id = await self._person(channel, address)
        topics = [("address", channel, address), *([person_topic(person_id)] if person_id else [])]
        async with self.core.bells.listen(*topics) as queue:
            yield queue

    async def _person(self, channel: str, address: str) -> int:
        def work(conn: Connection) -> int:
            known = people.find(conn, self.core.vault, channel, address, self.core.clock(), touch=False)
            return known.citizen.id if known else 0

        return await self.core.store.read(work)

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file of this person. Raises Refused with the text that says why."""

        def own(conn: Connection, file: Attachment, secret: bytes) -> bool:
            known = people.find(conn, self.core.vault, channel, address, self.core.clock())
            if known is None:
                new_id = self.core.fresh()
                known = people.make(conn, self.core.vault, channel, address, new_id, self.core.clock())
            if files.unsent(conn, known.citizen.id) >= UNSENT_MOST:
                return False
            files.add(conn, self.core.vault, known.citizen.id, file, self.core.clock(), secret)
            return True

        return await keep_file(self.core, stream, name, mime, own)

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file this person sent, or one that was sent to them; None for any other."""

        def work(conn: Connection) -> Attachment | None:
            known = people.find(conn, self.core.vault, channel, address, self.core.clock(), touch=False)
            if known is None:
                return None
            person_id = known.citizen.id
            mine = files.of_person(conn, self.core.vault, person_id, attachment_id)
            return mine or files.told_to(conn, self.core.vault, person_id, attachment_id)

        return await opened(self.core, await self.core.store.read(work))

    async def ready(self) -> dict[str, str]:
        """What is not well. Never waits: the store's check is looked at, not awaited."""
        return {} if self.core.store_checked() else {"store": "being checked"}


def _seen(conn: Connection, person_id: int, first: int, last: int, now: datetime) -> int:
    """The page has shown them: staff groups may wait to hear it. How many."""
    if count := letters.seen(conn, person_id, first, last, now):
        boards.news_of_person(conn, person_id, now)
    return count


async def keep_file(
    core: Core, stream: AsyncIterator[bytes], name: str, mime: str, own: Callable[[Connection, Attachment, bytes], bool]
) -> Attachment:
    """A file sealed on the disk and the row that says whose it is, written by `own`. Raises Refused.

    What is nobody's in the end does not stay on the disk.
    """
    secret, owned = secrets.token_bytes(32), False
    file = await _received(core, stream, name, mime, secret)
    try:
        owned = await core.store.write(lambda conn: own(conn, file, secret))
    finally:
        if not owned:
            await asyncio.to_thread(core.files.delete, file.id)
    if not owned:
        raise Refused("report.photos.full", status=429)
    return file


async def _received(core: Core, stream: AsyncIterator[bytes], name: str, mime: str, secret: bytes) -> Attachment:
    """A stream to a checked, re-encoded file on the disk; the slow part in a thread."""
    with disk_errors(), tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        async for chunk in stream:
            spool.write(chunk)
        spool.seek(0)
        limits = core.site.county.office.limits
        try:
            return await asyncio.to_thread(core.files.receive, _chunks(spool), name, mime, limits, "", secret)
        except AttachmentError as error:
            raise Refused(error.key, {"mb": error.limit}) from error


def _chunks(spool: IO[bytes]) -> Iterator[bytes]:
    while chunk := spool.read(CHUNK):
        yield chunk


async def opened(core: Core, file: Attachment | None) -> tuple[Attachment, Stored] | None:
    """The file, to be read; None when it is nobody's, gone from the disk, or no longer to be opened."""
    if file is None:
        return None
    try:
        return file, await asyncio.to_thread(_open, core, file.id)
    except (AttachmentGone, Damaged):
        return None


def _open(core: Core, file_id: str) -> Stored:
    return Stored(core.files.open(file_id), files.secret_of(core.vault, file_id))
