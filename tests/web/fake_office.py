"""An office for trying the staff room: a dozen cases in memory, moved by the real `cases.lifecycle`.

`python -m tests.web.fake_office [PORT]` serves it, for looking at the room without the rest of the machine.
Everybody's password is `PASSWORD`; the names are in `CAST`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from aiohttp import web

from bot.stored import Stored
from bot.web.server import make_app
from bot.web.staff_house import CHANNEL, TooMany, Weak
from cases import lifecycle
from cases.case import Actor, Case, Command, Event, Filing, State
from cases.clocks import duties_after
from cases.visibility import Sight, sight
from handlers.desk import Desk
from handlers.messages import Attachment, Inbound, Taken
from handlers.notices import notice
from handlers.staff import card as cards
from handlers.staff import commands, today
from handlers.staff.card import CardPage, CardQuery, CaseFile
from handlers.wording import render
from tests.web.fake_house import FakeHouse
from tests.web.fake_office_cases import CAST, WANG, furnish

PASSWORD = "河水清清过青山"
CODE = "K7QM-2XRD-9TPA"
TRIES = 5


@dataclass
class Held:
    """A case with its past and what became of its letters."""

    case: Case
    events: list[Event]
    moved_at: datetime
    delivered: dict[int, str] = field(default_factory=dict[int, str])


@dataclass
class SmallDesk:
    """As much of a Desk as commands of staff look at."""

    office: Office
    staff: Actor | None

    @property
    def county(self) -> object:
        """The office's files."""
        return self.office.county

    def fresh_id(self) -> int:
        """The next case id."""
        return len(self.office.held) + 1

    def case_by_no(self, no: str) -> Case | None:
        """A case by number."""
        held = self.office.held.get(no)
        return held.case if held else None


class Office(FakeHouse):
    """Satisfies House and StaffHouse. `now` stands still unless a test moves it."""

    def __init__(self, folder: Path, public_url: str = "") -> None:
        super().__init__(folder, public_url)
        self.folder = folder
        self.now = datetime.now(UTC)
        self.held: dict[str, Held] = {}
        self.staff = {one.id: one for one in CAST}
        self.passwords = {one.name: PASSWORD for one in CAST}
        self.codes = {CODE: WANG.name}
        self.sessions: dict[str, int] = {}
        self.parked = 0
        self.orders: list[Inbound] = []
        self._wrong = 0
        self._answers: dict[str, Taken] = {}
        self.rooms: dict[asyncio.Queue[str], Actor] = {}
        self._uploads: dict[str, tuple[str, Attachment]] = {}

    # who is there

    async def staff_by_session(self, token: str) -> Actor | None:
        """As StaffHouse says."""
        return self.staff.get(self.sessions.get(token, 0))

    def session_of(self, who: Actor) -> str:
        """A session without going through the door."""
        token = secrets.token_urlsafe(32)
        self.sessions[token] = who.id
        return token

    async def log_in(self, name: str, password: str, source: str) -> str | None:
        """As StaffHouse says; five wrong passwords in all are too many."""
        if self._wrong >= TRIES:
            raise TooMany(240)
        who = next((one for one in self.staff.values() if one.name == name), None)
        if who is None or self.passwords.get(name) != password:
            self._wrong += 1
            return None
        return self.session_of(who)

    async def redeem(self, code: str, password: str) -> str | None:
        """As StaffHouse says."""
        if code not in self.codes:
            return None
        if len(password) < 10:
            raise Weak("short")
        name = self.codes.pop(code)
        self.passwords[name] = password
        return await self.log_in(name, password, "")

    async def log_out(self, token: str) -> None:
        """As StaffHouse says."""
        self.sessions.pop(token, None)

    # cases

    async def cards(self, viewer: Actor, which: CardQuery) -> CardPage:
        """As StaffHouse says; the cursor is a place in the order."""
        mine = sorted(self._in_sight(viewer), key=lambda held: (held.moved_at, held.case.id), reverse=True)
        counts = {view: sum(in_view(held, view, viewer, self.now) for held in mine) for view in cards.VIEWS}
        groups: dict[str, int] = {}
        for held in mine:
            groups[held.case.department] = groups.get(held.case.department, 0) + held.case.open
        asked = [held for held in mine if self._asked(held, viewer, which)]
        start = int(which.before or 0)
        page = asked[start : start + which.limit]
        shown = [cards.card(held.case, viewer, self.county, self.now, which.lang) for held in page]
        end = start + which.limit
        return CardPage(tuple(filter(None, shown)), str(end) if end < len(asked) else "", counts, groups)

    def _asked(self, held: Held, viewer: Actor, which: CardQuery) -> bool:
        case = held.case
        words = f"{case.no} {case.story} {self.county.place_path(case.place)} {case.place_text}"
        words += cards.topic_path(self.county, case.topic, "zh")
        fits = in_view(held, which.view, viewer, self.now) and which.text.lower() in words.lower()
        return fits and which.department in ("", case.department)

    def _in_sight(self, viewer: Actor) -> list[Held]:
        return [held for held in self.held.values() if sight(viewer, held.case, self.county) is not Sight.NONE]

    async def case(self, viewer: Actor, no: str, lang: str = "zh") -> CaseFile | None:
        """As StaffHouse says."""
        held = self.held.get(no)
        if held is None:
            return None
        files = {one: self._uploads[one][1] for one in self._uploads}
        return cards.case_file(held.case, held.events, viewer, self.county, self.now, files, held.delivered, lang)

    async def today(self, viewer: Actor, lang: str = "zh") -> today.Digest:
        """As StaffHouse says; of the answers only."""
        held = [held.case for held in self._in_sight(viewer) if held.case.open and held.case.answer_by]
        wanted = [today.Wanted(case, "answer", case.answer_by, case.department) for case in held if case.answer_by]
        return today.digest(wanted, viewer, self.county, self.now, lang)

    async def preview(self, viewer: Actor, no: str, act: str, text: str, fields: Mapping[str, str]) -> str:
        """As StaffHouse says: decided and folded over a copy, then thrown away."""
        inbound = Inbound(CHANNEL, "", str(viewer.id), self.now, text, act, case=no, fields=fields)
        outcome = commands.answer(cast(Desk, SmallDesk(self, viewer)), inbound)
        case, words = self.held[no].case, list[str]()
        with contextlib.suppress(lifecycle.Illegal):
            for deed in outcome.deeds:
                for event in lifecycle.decide(case, cast(Command, deed), self.now, self.county):
                    case = lifecycle.fold(case, event)
                    letter = notice(case, event, self.county, "zh")
                    words += [render(letter, self.county.texts["zh"], self.code_of).text] if letter else []
        return "\n\n".join(words)

    async def queue(self) -> Mapping[str, int]:
        """As StaffHouse says."""
        waiting = sum(state == "waiting" for held in self.held.values() for state in held.delivered.values())
        return {"parked": self.parked, "waiting": waiting}

    async def take(self, inbound: Inbound) -> Taken:
        """A turn of staff; citizens' turns are those of the fake house."""
        if inbound.channel != CHANNEL:
            return await super().take(inbound)
        if self.trouble is not None:
            raise self.trouble
        if inbound.key in self._answers:
            return replace(self._answers[inbound.key], duplicate=True)
        self.orders.append(inbound)
        self._answers[inbound.key] = taken = self._turn(inbound)
        return taken

    def _turn(self, inbound: Inbound) -> Taken:
        viewer = self.staff.get(int(inbound.sender))
        outcome = commands.answer(cast(Desk, SmallDesk(self, viewer)), inbound)
        if outcome.error:
            return Taken((), data={"error": outcome.error})
        try:
            for deed in outcome.deeds:
                if isinstance(deed, Filing):
                    case = self.file(deed)
                    return Taken((), data={"case": case.no, "code": self.code_of(case.id)})
                if isinstance(deed, Command):
                    self.do(inbound.case, deed)
        except lifecycle.Illegal as illegal:
            return Taken((), data={"error": illegal.reason, **illegal.gaps})
        return Taken((), data={"case": inbound.case, "rev": str(self.held[inbound.case].case.rev)})

    # for tests: what happens without the room

    def file(self, filing: Filing) -> Case:
        """Open a case, as if it had just come in."""
        no = f"MS{self.now:%Y%m%d}-{len(self.held) + 1:04}"
        case, event = lifecycle.opened(filing, no, self.now)
        self.held[no] = Held(self._dated(case, event), [event], moved_at=self.now)
        self._tell(no)
        return self.held[no].case

    def do(self, no: str, command: Command, delivery: str = "delivered") -> Case:
        """Do `command`, whoever gives it. Raises Illegal."""
        held = self.held[no]
        for event in lifecycle.decide(held.case, command, self.now, self.county):
            held.case = self._dated(lifecycle.fold(held.case, event), event)
            held.events.append(event)
            held.moved_at = self.now
            if notice(held.case, event, self.county, "zh"):
                held.delivered[event.seq] = delivery if held.case.person else "parked"
        self._tell(no)
        return held.case

    def _dated(self, case: Case, event: Event) -> Case:
        for duty in duties_after(event, case, self.county):
            if duty.duty in ("accept", "answer"):
                case = replace(case, **{f"{duty.duty}_by": duty.due_at})
        return case

    def _tell(self, no: str) -> None:
        for queue, viewer in self.rooms.items():
            if sight(viewer, self.held[no].case, self.county) is not Sight.NONE:
                queue.put_nowait(no)

    def reload(self) -> None:
        """Tell every room to look at everything again."""
        for queue in self.rooms:
            queue.put_nowait("")

    @contextlib.asynccontextmanager
    async def listen_staff(self, viewer: Actor) -> AsyncGenerator[asyncio.Queue[str]]:
        """As StaffHouse says."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.rooms[queue] = viewer
        try:
            yield queue
        finally:
            del self.rooms[queue]

    # files

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """As both houses say."""
        file = await super().receive_file(channel, address, stream, name, mime)
        if channel == CHANNEL:
            self._uploads[file.id] = (address, file)
        return file

    def keep(self, body: bytes, name: str, mime: str) -> Attachment:
        """A citizen's file that is already there."""
        kind = "photo" if mime.startswith("image/") else "voice" if mime.startswith("audio/") else "file"
        file = Attachment(secrets.token_hex(8), kind, name, mime, len(body))
        (self.folder / file.id).write_bytes(body)
        self._uploads[file.id] = ("", file)
        return file

    async def case_file(self, viewer: Actor, no: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """As StaffHouse says."""
        file = await self.case(viewer, no)
        shown = [*file.attachments, *(one for step in file.steps for one in step.attachments)] if file else []
        found = next((one for one in shown if one.id == attachment_id), None)
        return (found, Stored(self.folder / found.id)) if found else None


def in_view(held: Held, view: str, viewer: Actor, now: datetime) -> bool:
    """Whether a case the viewer may see belongs in one of VIEWS."""
    case = held.case
    match view:
        case "unclaimed":
            return case.open and case.state is not State.ANSWERED and not case.claimed_by
        case "mine":
            return case.open and case.claimed_by == viewer.id
        case "soon" | "overdue":
            return cards.light(case, now) == view
        case "attention":
            return cards.light(case, now) == "overdue" and not case.supervised
        case "approve":
            return case.open and bool(case.pending)
        case "supervised":
            return case.open and case.supervised
        case "unreached":
            return case.open and bool({"waiting", "parked"} & set(held.delivered.values()))
        case "checks":
            return case.checker == viewer.unit
        case "done":
            return not case.open
        case _:
            return True


def open_office(folder: Path, public_url: str = "") -> Office:
    """An office at work."""
    office = Office(folder, public_url)
    furnish(office)
    return office


def main() -> None:
    """Serve the office until interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8091
    with tempfile.TemporaryDirectory() as folder:
        web.run_app(make_app(open_office(Path(folder))), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
