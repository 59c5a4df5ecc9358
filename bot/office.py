"""The staff's door: what `bot.web.staff_house.StaffHouse` asks for, over the core."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

from sqlalchemy import Connection

from bot.answers import Answers
from bot.citizens import CitizenDoor, keep_file, opened
from bot.core import STAFF_BELL, Core, left_topic
from bot.limits import Tries
from bot.store import cases, files, letters, lists, passwords, quotas, staff, stuck
from bot.store.engine import StoreError
from bot.store.keys import KeyGone
from bot.web.staff_house import TooMany, Weak
from cases.case import Actor, Case, Command
from cases.lifecycle import Illegal, decide, fold
from cases.visibility import Sight, sight
from handlers.messages import Attachment, Inbound
from handlers.notices import notice
from handlers.staff import commands
from handlers.staff.card import CardPage, CardQuery, CaseFile, case_file
from handlers.wording import render

LOGIN_TRIES = 5
LOGIN_SECONDS = 300.0


class StaffDoor(CitizenDoor):
    """The staff room, seen from inside. Everything is limited to what the viewer may see."""

    def __init__(self, core: Core, public_url: str) -> None:
        super().__init__(core, public_url)
        self._answers = Answers(core)
        self._logins = Tries(LOGIN_TRIES, LOGIN_SECONDS, LOGIN_TRIES * 40, time.monotonic)
        self._at_home = Tries(LOGIN_TRIES, LOGIN_SECONDS, inf, time.monotonic)
        self._homes: set[tuple[str, str]] = set()  # who has logged in from where since the start

    @property
    def answers(self) -> Answers:
        """The policy answers, to be worked on."""
        return self._answers

    # --- who is there --------------------------------------------------------------------------------

    async def staff_by_session(self, token: str) -> Actor | None:
        """Who is logged in with this token."""
        now = self.core.clock()

        def work(conn: Connection) -> tuple[Actor | None, bool]:
            row = staff.session_staff(conn, token, now)
            return (staff.as_actor(row) if row else None), staff.session_is_stale(conn, token, now)

        who, stale = await self.core.store.read(work)
        if who and stale:
            with contextlib.suppress(StoreError):  # a full disk must not keep anybody from reading
                await self.core.store.write(lambda conn: staff.touch_session(conn, token, now))
        return who

    async def log_in(self, name: str, password: str, source: str) -> str | None:
        """A session token, or None. A name and a source are slowed apart. Raises TooMany.

        Strangers' guesses lock nobody out of a network they have logged in from before.
        """
        account = passwords.clean_name(name).casefold()
        known = (account, source) in self._homes
        logins = self._at_home if known else self._logins
        sources = ((account, source),) if known else (("name", account), ("from", source))
        if waits := max(logins.wait(one) for one in sources):
            raise TooMany(waits)
        for one in sources:
            logins.note(one)  # before it is known to be wrong: a hundred at once are a hundred
        against = await self.core.store.read(lambda conn: staff.credential(conn, name))
        if not await asyncio.to_thread(passwords.verify, against, password):
            return None
        for one in sources:
            logins.forget(one)
        self._homes.add((account, source))
        with contextlib.suppress(staff.LoginRefused):
            now = self.core.clock()
            return await self.core.store.write(lambda conn: staff.open_session(conn, against, now))
        return None

    async def redeem(self, code: str, password: str) -> str | None:
        """Set the password a one-time code stands for, and log in. Raises Weak."""
        now = self.core.clock()
        row = await self.core.store.read(lambda conn: staff.code_staff(conn, code, now))
        if row is None:
            return None
        try:
            passwords.check_password(password, row.name)
        except passwords.PasswordWeak as weak:
            raise Weak(weak.key.rsplit(".", 1)[-1]) from weak
        hashed = await asyncio.to_thread(passwords.hash_password, password)

        def work(conn: Connection) -> str:
            found = staff.redeem(conn, code, hashed, now)
            return staff.open_session(conn, staff.credential(conn, found.name), now)

        with contextlib.suppress(staff.StaffError):
            return await self.core.store.write(work)
        return None

    async def log_out(self, token: str) -> None:
        """End this session."""
        await self.core.store.write(lambda conn: staff.end_session(conn, token))

    # --- cards and cases -----------------------------------------------------------------------------

    async def cards(self, viewer: Actor, which: CardQuery) -> CardPage:
        """A page of cards, with the counts of the rail."""
        now, county, vault = self.core.clock(), self.county, self.core.vault
        return await self.core.store.read(lambda conn: lists.page(conn, vault, county, viewer, which, now))

    async def case(self, viewer: Actor, no: str, lang: str = "zh") -> CaseFile | None:
        """The file of a case; None alike for one that does not exist and one out of sight."""

        def work(conn: Connection) -> CaseFile | None:
            held = cases.by_no(conn, self.core.vault, no.strip().upper())
            if held is None or sight(viewer, held, self.county) is Sight.NONE:
                return None
            happened = cases.events(conn, self.core.vault, held.id)
            kept, told = files.all_of_case(conn, held.id), letters.deliveries(conn, held.id)
            now = self.core.clock()
            reach = quotas.reach_of_case(conn, held.id, now)
            return case_file(held, happened, viewer, self.county, now, kept, told, lang, reach)

        return await self.core.store.read(work)

    async def preview(self, viewer: Actor, no: str, act: str, text: str, fields: Mapping[str, str]) -> str:
        """Exactly what the citizen will read if this is done; "" when nothing goes out or it may not be."""
        inbound = Inbound("staff", "preview", str(viewer.id), self.core.clock(), text, act, case=no, fields=fields)

        def work(conn: Connection) -> str:
            desk = self.core.desk(conn, viewer)
            outcome = commands.answer(desk, inbound)
            held = cases.by_no(conn, self.core.vault, no)
            if outcome.error or held is None:
                return ""
            return self._told(held, outcome)

        return await self.core.store.read(work)

    def _told(self, held: Case, outcome: commands.StaffOutcome) -> str:
        told: list[str] = []
        for deed in outcome.deeds:
            if not isinstance(deed, Command):
                continue
            try:
                events = decide(held, deed, self.core.clock(), self.county)
            except Illegal:
                return ""
            for event in events:
                held = fold(held, event)
                if reply := notice(held, event, self.county, "zh"):
                    told.append(render(reply, self.county.texts["zh"], self.code_of).text)
        return "\n\n".join(told)

    async def queue(self) -> Mapping[str, int]:
        """Messages given up (of ours, and theirs that nobody could take), and those that wait for somebody."""
        found = await self.core.store.read(letters.depth)
        untaken = await self.core.store.read(stuck.given_up)
        return {"parked": found.get("parked", 0) + untaken, "waiting": found.get("waiting", 0)}

    @asynccontextmanager
    async def listen_staff(self, viewer: Actor) -> AsyncGenerator[asyncio.Queue[str]]:
        """Numbers of cases that changed and that the viewer may see; "" when one has left their department."""
        async with self.core.bells.listen(STAFF_BELL, left_topic(viewer.unit)) as heard:
            seen: asyncio.Queue[str] = asyncio.Queue(maxsize=256)
            pump = asyncio.create_task(self._pump(viewer, heard, seen))
            try:
                yield seen
            finally:
                pump.cancel()

    async def _pump(self, viewer: Actor, heard: asyncio.Queue[str], seen: asyncio.Queue[str]) -> None:
        """What cannot be read now is told as "look again": a stream that goes deaf would not be noticed."""
        while True:
            number = await heard.get()
            try:
                if not number or await self._in_sight(viewer, number):
                    await seen.put(number)
            except (StoreError, KeyGone):
                await seen.put("")

    async def _in_sight(self, viewer: Actor, number: str) -> bool:
        held = await self.core.store.read(lambda conn: cases.by_no(conn, self.core.vault, number))
        return held is not None and sight(viewer, held, self.county) is not Sight.NONE

    # --- files ---------------------------------------------------------------------------------------

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file; for `staff` the address is the staff id. Raises Refused."""
        if channel != "staff":
            return await super().receive_file(channel, address, stream, name, mime)

        def own(conn: Connection, file: Attachment) -> bool:
            files.add(conn, -int(address), file, self.core.clock())
            return True

        return await keep_file(self.core, stream, name, mime, own)

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Path] | None:
        """A file this person or member of staff sent."""
        if channel != "staff":
            return await super().open_file(channel, address, attachment_id)
        mine = await self.core.store.read(lambda conn: files.of_person(conn, -int(address), attachment_id))
        return await opened(self.core, mine)

    async def case_file(self, viewer: Actor, no: str, attachment_id: str) -> tuple[Attachment, Path] | None:
        """A file of a case the viewer may see."""

        def work(conn: Connection) -> Attachment | None:
            held = cases.by_no(conn, self.core.vault, no)
            if held is None or sight(viewer, held, self.county) is Sight.NONE:
                return None
            return files.of_case(conn, held.id, attachment_id)

        return await opened(self.core, await self.core.store.read(work))
