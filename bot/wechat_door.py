"""The door of the Official Account: what its channel asks of the house, over the core. The store ends here.

The channel hears `Busy` and no store's error, and gets addresses, never a person's id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from bot.channels.wechat.ports import CHANNEL, Busy, Full, Grant, Told, Waiting, Waits
from bot.channels.wechat.tokens import Held
from bot.citizens import UNSENT_MOST, CitizenDoor, opened
from bot.letter_links import id_of, token_of
from bot.outbox import BELL
from bot.store import boards, fetches, files, letters, people, quotas, waiting
from bot.store.attachments import AttachmentError
from bot.store.engine import StoreError
from bot.store.keys import KeyGone
from bot.stored import Stored
from bot.web.uploads import Refused
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Reply, Say, Taken

T = TypeVar("T")

WAITING_MOST = 20
MEDIA_LASTS = timedelta(days=3)  # how long Tencent keeps a file (channels.md §2)
FETCH_SECONDS = 120.0
FETCH_PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0)


class _FullUp(Exception):
    """Undoes a turn whose files are too many."""


class WeChatDoor:
    """What the Official Account needs of citizens' talks."""

    def __init__(self, door: CitizenDoor) -> None:
        self._door, self._core = door, door.core
        self._vault, self._store = self._core.vault, self._core.store

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        return self._core.site.county

    @property
    def public_url(self) -> str:
        """ "" or "https://…"."""
        return self._door.public_url

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock of the house."""
        return self._core.clock

    def code_of(self, case_id: int) -> str:
        """The query code of a case."""
        return self._core.code_of(case_id)

    # --- taking ---------------------------------------------------------------------------------------------

    async def take(self, inbound: Inbound, grant: Grant | None, waits: tuple[Waits, ...], within: float) -> Told:
        """One turn, with what it grants and the files it names. Raises Busy, Full: then nothing was taken."""
        found = list[Waiting]()

        def beside(conn: Connection, taken: Taken) -> None:
            if not taken.person:
                return
            if not taken.duplicate:
                self._note(conn, taken.person, grant, waits)
            owed = waiting.of_person(conn, self._vault, taken.person, WAITING_MOST)
            found[:] = [Waiting(row, letter) for row, letter in owed]

        async with _open():
            try:
                taken = await self._core.take(inbound, within, beside)
            except _FullUp:
                raise Full("files") from None
        return Told(taken, tuple(found))

    def _note(self, conn: Connection, person_id: int, grant: Grant | None, waits: tuple[Waits, ...]) -> None:
        now = self._core.clock()
        if grant:
            quotas.grant(conn, person_id, grant.name, grant.left, now + timedelta(seconds=grant.seconds))
        if waits and files.unsent(conn, person_id) + len(waits) > UNSENT_MOST:
            raise _FullUp
        for one in waits:
            file = Attachment(one.id, one.kind, one.name, one.mime, 0)
            files.add(conn, self._vault, person_id, file, now)
            fetches.wait_for(conn, CHANNEL, file, one.media, now, now + MEDIA_LASTS)

    async def owe(self, taken: Taken) -> None:
        """A turn's letters go by post."""
        now = self._core.clock()

        def work(conn: Connection) -> None:
            for letter in taken.letters:
                if letter.reply and letter.id:
                    letters.owe_letter(conn, taken.person, 0, letter.id, f"late:{letter.id}", now)

        await self._write(work)
        self._core.bells.ring(BELL)

    async def delivered(self, rows: tuple[int, ...]) -> None:
        """These rows went out with an answer."""
        now = self._core.clock()

        def work(conn: Connection) -> None:
            letters.delivered(conn, rows, now)
            boards.news_of_letters(conn, rows, now)

        await self._write(work)
        self._core.metrics.delivery("wechat", "delivered", len(rows))

    async def back(self, address: str) -> None:
        """What waited for this person is due."""
        now = self._core.clock()
        if await self._of_person(address, lambda conn, person_id: letters.wake(conn, person_id, now)):
            self._core.bells.ring(BELL)

    async def left(self, key: str, address: str) -> None:
        """Somebody no longer follows."""
        await self._once(key, address, quotas.shut)

    async def opted(self, key: str, address: str, accepted: int, refused: bool) -> None:
        """Somebody agreed to notices."""
        now = self._core.clock()

        def work(conn: Connection, person_id: int) -> None:
            quotas.opt(conn, person_id, accepted, refused, now)
            if accepted:
                letters.wake(conn, person_id, now)

        await self._once(key, address, work)
        self._core.bells.ring(BELL)

    async def unarrived(self, key: str, address: str, job: str) -> None:
        """A template message did not arrive."""
        now = self._core.clock()

        def work(conn: Connection, person_id: int) -> None:
            if waiting.unarrived(conn, CHANNEL, job, person_id, now):
                boards.news_of_person(conn, person_id, now)

        await self._once(key, address, work)

    async def _once(self, key: str, address: str, work: Callable[[Connection, int], object]) -> None:
        """An event that is no turn: under its key like any message."""
        now = self._core.clock()

        def once(conn: Connection, person_id: int) -> None:
            if letters.arrive(conn, CHANNEL, key, now):
                work(conn, person_id)

        await self._of_person(address, once)

    # --- sending --------------------------------------------------------------------------------------------

    async def spend(self, address: str, keep: int) -> str:
        """Take one of what may be sent to this person."""
        now = self._core.clock()
        return await self._of_person(address, lambda conn, who: quotas.spend(conn, who, keep, now)) or ""

    async def spend_notice(self, address: str) -> str:
        """Take one of the notices this person agreed to."""
        return await self._of_person(address, quotas.spend_notice) or ""

    async def give_back(self, address: str, grant: str) -> None:
        """What was taken was not used."""
        await self._of_person(address, lambda conn, who: quotas.give_back(conn, who, grant))

    async def shut(self, address: str) -> None:
        """Nothing may be sent."""
        await self._of_person(address, quotas.shut)

    async def sent_job(self, job: str, case_id: int) -> None:
        """A template message is under way."""
        await self._write(lambda conn: waiting.sent_as(conn, CHANNEL, job, case_id))

    # --- the access token -----------------------------------------------------------------------------------

    async def held_token(self) -> Held | None:
        """The token that was kept last."""
        async with _open():
            kept = await self._store.read(lambda conn: fetches.opens(conn, self._vault.ring, CHANNEL))
        return Held(*kept) if kept else None

    async def claim_token(self, seconds: float) -> bool:
        """Whether it is ours to fetch the next one."""
        now = self._core.clock()
        return await self._write(lambda conn: fetches.claim(conn, CHANNEL, now, seconds))

    async def keep_token(self, held: Held) -> None:
        """Keep it for all."""
        await self._write(lambda conn: fetches.keep(conn, self._vault.ring, CHANNEL, held.token, held.until))

    # --- media ----------------------------------------------------------------------------------------------

    async def due(self, limit: int) -> tuple[Waits, ...]:
        """Files to be fetched now."""
        now = self._core.clock()
        async with _open():
            if not await self._store.read(lambda conn: fetches.any_due(conn, CHANNEL, now)):
                return ()
        rows = await self._write(lambda conn: fetches.due(conn, CHANNEL, now, FETCH_SECONDS, limit))
        return tuple(Waits(r["attachment_id"], r["media"], r["kind"], r["mime"], r["name"]) for r in rows)

    async def keep(self, file: Waits, data: bytes) -> None:
        """A file that was fetched. Raises Refused."""
        limits, store = self.county.office.limits, self._core.files
        async with _open():
            try:
                secret = await asyncio.to_thread(files.secret_of, self._vault, file.id)
                kept = await asyncio.to_thread(
                    store.receive, iter((data,)), file.name, file.mime, limits, file.id, secret
                )
            except AttachmentError as error:
                raise Refused(error.key, {"mb": error.limit}) from error
        if not await self._write(lambda conn: fetches.arrived(conn, self._vault, file.id, kept)):
            await asyncio.to_thread(store.delete, file.id)

    async def later(self, file: Waits) -> bool:
        """Another time, if there is one."""
        now = self._core.clock()
        return await self._write(lambda conn: fetches.put_off(conn, file.id, now, FETCH_PAUSES))

    async def lose(self, file: Waits, why: str, gaps: dict[str, str]) -> None:
        """It will never come: its sender is told."""
        now = self._core.clock()

        def work(conn: Connection) -> None:
            person_id = fetches.lost(conn, file.id)
            if person_id > 0:
                reply = Reply((Say(why, gaps),), wants="nothing")
                letter = letters.say(conn, self._vault, person_id, reply, now)
                letters.owe_letter(conn, person_id, 0, letter.id, f"file:{file.id}", now)

        await self._write(work)
        self._core.bells.ring(BELL)

    # --- one letter in a browser ----------------------------------------------------------------------------

    def skewed(self, seconds: float) -> None:
        """How far our clock is from Tencent's."""
        self._core.metrics.skew.labels("wechat").set(seconds)

    def letter_token(self, letter_id: int) -> str:
        """What opens one letter, for whoever holds it."""
        return token_of(self._vault.ring, letter_id)

    async def letter(self, token: str) -> tuple[Letter, str] | None:
        """The letter a token opens."""
        letter_id = id_of(self._vault.ring, token)

        def work(conn: Connection) -> tuple[Letter, str] | None:
            try:
                found = letters.by_ids(conn, self._vault, (letter_id,))
            except KeyGone:
                return None
            return (found[0], people.lang_of(conn, letters.reader(conn, letter_id))) if found else None

        return await self._read(work) if letter_id else None

    async def file_of_letter(self, file: Attachment) -> Stored | None:
        """A file that goes out with a letter."""
        found = await opened(self._core, file)
        return found[1] if found else None

    # --- the store ------------------------------------------------------------------------------------------

    async def _of_person(self, address: str, work: Callable[[Connection, int], T]) -> T | None:
        """Do something about the person behind an address; None when there is nobody."""
        now = self._core.clock()

        def done(conn: Connection) -> T | None:
            known = people.find(conn, self._vault, CHANNEL, address, now, touch=False)
            return work(conn, known.citizen.id) if known else None

        return await self._write(done)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        async with _open():
            return await self._store.read(work)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        async with _open():
            return await self._store.write(work)


@asynccontextmanager
async def _open() -> AsyncGenerator[None]:
    try:
        yield
    except StoreError as error:
        raise Busy(type(error).__name__) from error
