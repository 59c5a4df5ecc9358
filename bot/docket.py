"""What a turn does to cases: one is filed, a command is decided and written, and those concerned are owed word of it.

All of it happens in the turn's own transaction. `bot.turn` says who spoke; what may be is decided in `cases`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.site import Site
from bot.store import boards, people, repeats, tips
from bot.store import cases as case_rows
from bot.store import files as file_rows
from bot.store import letters as letter_rows
from bot.store.upsert import count_act, count_up
from bot.store.vault import Vault
from cases.case import Act, Actor, Case, Command, Event, Filing, is_tip
from cases.clocks import CARRIES, duties_after, settled_by, with_duties
from cases.lifecycle import decide, fold, opened
from cases.repeats import RUNNING, repeated
from cases.tips import day_of
from config.schema import Lane
from handlers.desk import Join, Leave
from handlers.messages import Inbound, Reply
from handlers.notices import (
    JOINERS_HEAR,
    MERGED_HEAR,
    blind_notice,
    notice,
    notice_of_joined,
    result_of_merged,
)
from handlers.time_words import local_day, local_month

NOBODY = Actor("citizen")  # who handed in a tip, as far as its rows know

# What the month's figures count.
COUNTED = frozenset(
    {Act.FILE, Act.ACCEPT, Act.REFUSE, Act.ANSWER, Act.CLOSE, Act.LAPSE, Act.RATE_WELL, Act.RATE_BADLY, Act.REMIND}
)


@dataclass(frozen=True)
class Room:
    """What a turn needs besides its connection: the files as they are now, keys, and a source of ids."""

    site: Site
    vault: Vault
    fresh: Callable[[], int]
    may_guess: Callable[[int, str], bool]
    has_group: Callable[[str], bool] = lambda department: False  # whether it sits in a group on a chat platform
    hot: tuple[str, ...] = ()  # ids of the answers that most people asked for, counted beforehand


@dataclass
class Ripples:
    """What has to happen after COMMIT: whom to wake, which keys to drop. Losing it loses nothing but time."""

    people: set[int] = field(default_factory=set[int])
    cases: set[str] = field(default_factory=set[str])
    left: set[str] = field(default_factory=set[str])  # departments that a case has gone from
    dropped: list[str] = field(default_factory=list[str])
    acts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # for the log: number and act, no tip's


class Docket:
    """The cases of one turn. `quiet`: on record only, the groups read of it in their next digest."""

    def __init__(self, conn: Connection, inbound: Inbound, room: Room) -> None:
        self.conn, self.inbound, self.room = conn, inbound, room
        self.vault, self.county, self.now = room.vault, room.site.county, inbound.at
        self.ripples = Ripples()
        self.quiet = False
        self.numbers: dict[int, str] = {}  # numbers given in this turn, by case id
        self._counted: list[tuple[str, str, str]] = []  # what the month's figures count: department, topic, act

    def join(self, deed: Join | Leave, writer: int) -> None:
        """附议 or its end: a row beside the case. What the person says of their own is an event, for staff only."""
        held = case_rows.by_id(self.conn, self.vault, deed.case_id, lock=True)
        if held is None:
            return
        if isinstance(deed, Leave):
            repeats.leave(self.conn, held.id, writer)
        elif held.state in RUNNING and held.person != writer:
            repeats.join(self.conn, held.id, writer, self.now)
            if deed.text.strip() or deed.attachments:
                by = Actor("citizen", writer)
                words = Command(Act.SECOND, by, held.id, text=deed.text, attachments=deed.attachments)
                self.command(held, words)
        self.ripples.cases.add(held.no)

    def file(self, filing: Filing) -> None:
        """A new case. From its number on the counter's row is held, until COMMIT."""
        if filing.lane is Lane.TIP:
            self._file_tip(filing)
            return
        filing = replace(filing, channel=filing.channel or self.inbound.channel)
        if filing.phone and filing.by.kind == "citizen":
            people.set_contact(self.conn, self.vault, filing.by.id, filing.name, filing.phone)
        again = self._repeated(opened(filing, "", self.now)[0])
        held, event = self._opened(filing, self._number(), self.now, repeat_of=again)
        self._show(held, event, frozenset())

    def _file_tip(self, filing: Filing) -> None:
        """A tip: who handed it in is locked away apart, and the rows that tell it name nobody and no moment."""
        day, prefix = day_of(self.now, self.county), self.county.office.tip_prefix
        tip = replace(filing, by=NOBODY, name="", phone="", channel="", attachments=())
        tips.adopt_files(self.conn, self.vault, filing.attachments, filing.case_id, day)
        held, _ = self._opened(
            replace(tip, attachments=filing.attachments),
            tips.fresh_number(self.conn, prefix),
            day,
            named=bool(filing.name or filing.phone),
        )
        tips.seal_identity(self.conn, self.vault, filing)
        self.ripples.cases.add(held.no)

    def _opened(self, filing: Filing, number: str, at: datetime, **more: Any) -> tuple[Case, Event]:
        """The case of a filing, written with its first event and duties."""
        held, event = opened(filing, number, at)
        duties = duties_after(event, held, self.county)
        held = replace(with_duties(held, duties), **more)
        case_rows.add(self.conn, self.vault, held)
        case_rows.add_event(self.conn, self.vault, event)
        case_rows.add_duties(self.conn, held.id, duties)
        self.numbers[held.id] = number
        return held, event

    def _repeated(self, held: Case) -> int:
        """The closed case that this new one brings up again; 0 for none."""
        rules = self.county.repeats
        since = self.now - timedelta(days=rules.repeat_days)
        earlier = repeated(held, repeats.closed_like(self.conn, self.vault, held, since), rules, self.now)
        return earlier.id if earlier else 0

    def _number(self) -> str:
        """ "MS20261122-0007": counted per day in the office's time zone; gaps are fine."""
        prefix = self.county.office.case_prefix
        day = f"{prefix}{local_day(self.county, self.now):%Y%m%d}"
        return f"{day}-{count_up(self.conn, day):04d}"

    def command(self, held: Case, command: Command) -> None:
        """Decide, then write each event with what follows from it. Raises Illegal before anything is written."""
        before, at = held, self._moment(held)
        if is_tip(held.id) and command.by.kind == "citizen":
            command = replace(command, by=NOBODY)
            tips.adopt_files(self.conn, self.vault, command.attachments, held.id, at)
        for event in decide(held, command, at, self.county):
            held = fold(held, event)
            duties = duties_after(event, held, self.county)
            held = with_duties(held, duties)
            case_rows.add_event(self.conn, self.vault, event)
            case_rows.settle(self.conn, held.id, settled_by(event, held), at)
            case_rows.add_duties(self.conn, held.id, duties)
            self._settle_beside(held, event)
            if event.act in (Act.CROSSCHECK, Act.CHECKED):
                repeats.note_check(self.conn, event)
            elif before.checker and not held.checker:
                repeats.drop_check(self.conn, held.id)
            if event.act is Act.STEP_OUT:
                case_rows.unfollow(self.conn, held.id)
            if event.act in (Act.MUTE, Act.UNMUTE):
                people.mute(self.conn, held.person, self.now + self._silence(event))
            self._notify(held, event)
            self._show(held, event, frozenset({before.department, *before.assist}))
        self.ripples.left |= {before.department, *before.assist} - {held.department, *held.assist}
        case_rows.save(self.conn, self.vault, held, at)
        if held.accused != before.accused:
            case_rows.keep_from(self.conn, held)

    def _moment(self, held: Case) -> datetime:
        """Now; of a tip only the day is kept."""
        return day_of(self.now, self.county) if is_tip(held.id) else self.now

    def _settle_beside(self, held: Case, event: Event) -> None:
        """Duties that are not the whole case's: a helper's own, and what somebody told the citizen."""
        if event.act is Act.TOLD:
            letter_rows.told(self.conn, held.id)
            case_rows.told(self.conn, held.id, str(event.data["about"]).split(","), self.now)
        elif event.act is Act.REPLY:
            case_rows.settle_helpers(self.conn, held.id, self.now, unit=event.by.unit)
        elif event.act in (Act.ASSIST, Act.TRANSFER, Act.RETURN, Act.ESCALATE, Act.ACCUSE):
            case_rows.settle_helpers(self.conn, held.id, self.now, gone_but=held.assist)

    def _silence(self, event: Event) -> timedelta:
        """For how long the writer is muted."""
        return timedelta(days=self.county.office.limits.mute_days if event.act is Act.MUTE else 0)

    def _notify(self, held: Case, event: Event) -> None:
        """Owe a letter to everybody who follows the case, with the files of the event; a result to the merged too."""
        if is_tip(held.id):
            self._notify_blindly(held, event)
            return
        files = file_rows.by_ids(self.conn, self.vault, event.attachments)
        for person_id in case_rows.followers(self.conn, held.id):
            reply = notice(held, event, self.county, people.lang_of(self.conn, person_id), files)
            if reply is None:
                break
            self._owe(person_id, reply, held, event)
        if event.act in MERGED_HEAR:
            for person_id, own in case_rows.merged_followers(self.conn, self.vault, held.id).items():
                reply = result_of_merged(own, held, event, self.county, people.lang_of(self.conn, person_id))
                self._owe(person_id, reply, held, event)
        if event.act in JOINERS_HEAR and repeats.has_joiners(self.conn, held.id):
            for person_id, own in repeats.joiners(self.conn, self.vault, held.id).items():
                reply = notice_of_joined(own, held, event, self.county, people.lang_of(self.conn, person_id))
                self._owe(person_id, reply, held, event, f"joined:{held.id}")

    def _notify_blindly(self, held: Case, event: Event) -> None:
        """There is news, to whoever handed the tip in: a letter that says nothing and belongs to no case."""
        reply = blind_notice(event)
        person_id = tips.sender_of(self.conn, self.vault, held.id) if reply else 0
        if reply and person_id:
            written = letter_rows.say(self.conn, self.vault, person_id, reply, self.now)
            idem = tips.notice_key(self.vault, held.id, event.seq)
            letter_rows.owe_letter(self.conn, person_id, None, written.id, idem, self.now)
            self.ripples.people.add(person_id)

    def _owe(self, person_id: int, reply: Reply, held: Case, event: Event, about: str = "") -> None:
        """Owe a letter. What became of one to somebody who joined is no fact of the case: `about` names it instead."""
        written = letter_rows.say(self.conn, self.vault, person_id, reply, self.now)
        idem = f"{about or f'notice:{held.id}'}:{event.seq}:{person_id}"
        letter_rows.owe_letter(self.conn, person_id, 0 if about else held.id, written.id, idem, self.now)
        if person_id == held.person and event.act in CARRIES and not about:
            case_rows.carry(self.conn, held.id, CARRIES[event.act], written.id)
        self.ripples.people.add(person_id)

    def _show(self, held: Case, event: Event, before: frozenset[str]) -> None:
        """Owe the card to every department concerned, and count the month's figures."""
        self.ripples.cases.add(held.no)
        if event.act is Act.REVEAL or is_tip(held.id):  # a tip has no card in any group, and is in no figures
            return
        self.ripples.acts.append((held.no, event.act))
        for department in sorted({held.department, *held.assist, *before}):
            idem = f"card:{held.id}:{event.seq}:{department}"
            letter_rows.owe_card(self.conn, department, held.id, idem, self.now)
            if self.room.has_group(department) and not self.quiet:
                boards.owe(self.conn, department, held.id, f"g:{held.id}:{event.seq}:{department}", self.now)
        if event.act in COUNTED:
            self._counted.append((held.department, held.topic, event.act))

    def count(self) -> None:
        """Last of all, and in order: many turns want these rows, and each holds them until COMMIT."""
        month = local_month(self.county, self.now) if self._counted else ""
        for department, topic, act in sorted(self._counted):
            count_act(self.conn, month, department, topic, act)
