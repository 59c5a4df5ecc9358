"""The staff's door: what `bot.web.staff_house.StaffHouse` asks for, over the core."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from math import inf

from sqlalchemy import Connection

from bot import watch
from bot.answers import Answers
from bot.citizens import CitizenDoor, keep_file, opened
from bot.core import STAFF_BELL, Core, left_topic
from bot.limits import Tries
from bot.repeats import Repeats
from bot.store import cases, files, keeping, letters, lists, passwords, quotas, staff, stuck
from bot.store import repeats as repeat_rows
from bot.store.engine import StoreError
from bot.store.keys import KeyGone
from bot.stored import Stored
from bot.tips import FILE, Tips
from bot.web.staff_house import TooMany, Weak
from cases.case import Actor, Case, Command, is_tip
from cases.lifecycle import Illegal, decide, fold
from cases.redaction import mask
from cases.visibility import Sight, may_read, sight
from handlers.messages import Attachment, Inbound
from handlers.notices import notice
from handlers.staff import commands, today
from handlers.staff.around import ties
from handlers.staff.card import CardPage, CardQuery, CaseFile, case_file
from handlers.wording import render

LOGIN_TRIES = 5
LOGIN_SECONDS = 300.0


class StaffDoor(CitizenDoor):
    """The staff room, seen from inside. Everything is limited to what the viewer may see."""

    def __init__(self, core: Core, public_url: str) -> None:
        super().__init__(core, public_url)
        self._answers = Answers(core)
        self._tips = Tips(core)
        self._repeats = Repeats(core)
        self._logins = Tries(LOGIN_TRIES, LOGIN_SECONDS, LOGIN_TRIES * 40, time.monotonic)
        self._at_home = Tries(LOGIN_TRIES, LOGIN_SECONDS, inf, time.monotonic)
        self._logins.share(core.bells, "logins")
        self._at_home.share(core.bells, "logins at home")
        self._homes: set[tuple[str, str]] = set()  # who has logged in from where since the start

    @property
    def answers(self) -> Answers:
        """The policy answers, to be worked on."""
        return self._answers

    @property
    def tips(self) -> Tips:
        """The names behind tips."""
        return self._tips

    @property
    def repeats(self) -> Repeats:
        """What like cases and cross-checks come to."""
        return self._repeats

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
            kept, told = files.all_of_case(conn, self.core.vault, held.id), letters.deliveries(conn, held.id)
            now = self.core.clock()
            reach = quotas.reach_of_case(conn, held.id, now)
            owed = cases.duties_of(conn, held.id)
            recent = now - timedelta(days=self.county.repeats.recent_days)
            around = repeat_rows.around(conn, self.core.vault, held, recent)
            found = case_file(held, happened, viewer, self.county, now, kept, told, lang, *reach, owed)
            return replace(found, ties=ties(held, around, viewer, self.county, lang)) if found else None

        found = await self.core.store.read(work)
        if found and found.card.tip:
            await self._tips.seen(viewer, found.card.no)
        return found

    async def today(self, viewer: Actor, lang: str = "zh") -> today.Digest:
        """What is wanted of the viewer today, by section; read anew each time it is asked for."""
        now = self.core.clock()

        def work(conn: Connection) -> today.Digest:
            wanted = cases.wanted(conn, self.core.vault, now + today.AHEAD)
            mine = [one for one in wanted if sight(viewer, one.case, self.county) is Sight.WORK]
            return today.digest(mine, viewer, self.county, now, lang)

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
        """Messages given up (ours, and theirs that nobody could take), those that wait, platforms out of reach, and
        cases that are due to be deleted and wait for a word."""
        found = await self.core.store.read(letters.depth)
        untaken = await self.core.store.read(stuck.given_up)
        await watch.note_lines(self.core)
        lines = self.core.lines.standing(self.core.clock())
        due = await self.core.store.read(lambda conn: keeping.number(conn, keeping.WAITING))
        standing = {"parked": found.get("parked", 0) + untaken, "waiting": found.get("waiting", 0), "keeping": due}
        return {**standing, **lines}

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

        def own(conn: Connection, file: Attachment, secret: bytes) -> bool:
            files.add(conn, self.core.vault, -int(address), file, self.core.clock(), secret)
            return True

        return await keep_file(self.core, stream, name, mime, own)

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file this person or member of staff sent."""
        if channel != "staff":
            return await super().open_file(channel, address, attachment_id)
        mine = await self.core.store.read(
            lambda conn: files.of_person(conn, self.core.vault, -int(address), attachment_id)
        )
        return await opened(self.core, mine)

    async def case_file(self, viewer: Actor, no: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file of a case the viewer may see."""

        def work(conn: Connection) -> Attachment | None:
            held = cases.by_no(conn, self.core.vault, no)
            if held is None or not may_read(viewer, held, self.county):
                return None
            found = files.of_case(conn, self.core.vault, held.id, attachment_id)
            return replace(found, name=mask(found.name)) if found else None

        found = await self.core.store.read(work)
        if found and await self.core.store.read(lambda conn: is_tip(cases.id_of(conn, no))):
            await self._tips.seen(viewer, no, FILE)
        return await opened(self.core, found)
