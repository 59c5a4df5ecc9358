"""READ THIS FIRST. One inbound message, one transaction.

`take` is everything that a message causes: it is remembered under its key, the person's conversation is
loaded, a handler says what is to be done, `cases.lifecycle` decides whether it may be, and letters, events,
obligations and outbox rows are written. It runs inside one transaction of `bot.store`; only after COMMIT does
anybody hear the case number. A staff member's press and a waking clock are messages like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.site import Site
from bot.store import boards, people, questions, repeats, shreds, staff, tips
from bot.store import cases as case_rows
from bot.store import files as file_rows
from bot.store import letters as letter_rows
from bot.store.desk import StoreDesk
from bot.store.people import Known
from bot.store.upsert import count_act, count_up
from bot.store.vault import Vault
from cases.case import Act, Actor, Case, Command, Event, Filing, is_tip
from cases.clocks import CARRIES, duties_after, settled_by, with_duties
from cases.lifecycle import Illegal, decide, fold, opened
from cases.repeats import RUNNING, repeated
from cases.tips import day_of
from config.schema import Lane
from handlers import clock
from handlers.citizen import front_desk
from handlers.desk import (
    Asked,
    Citizen,
    Clicked,
    Consent,
    Correct,
    Deed,
    EraseMe,
    ForgetTalk,
    Join,
    Leave,
    Prepared,
    Speak,
    Unsay,
    Withdraw,
)
from handlers.dialogue import Outcome, shelve
from handlers.messages import Inbound, Letter, Reply, Say, Taken
from handlers.notices import (
    JOINERS_HEAR,
    MERGED_HEAR,
    blind_notice,
    notice,
    notice_of_joined,
    result_of_merged,
)
from handlers.staff import commands
from handlers.time_words import local_day, local_month
from handlers.wording import number_cases

LEASE_SECONDS = 60.0  # for which an answer is left to the channel that asked, before the outbox takes it up
MISSED = timedelta(hours=1)  # what the clock says later than this is put on record, and groups are not disturbed
STAFF = "staff"  # the channels of the house itself; every other one is a citizen's
TIMER = "timer"
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


@dataclass(frozen=True)
class Turned:
    """A turn's answer and its ripples."""

    taken: Taken
    ripples: Ripples


def take(conn: Connection, inbound: Inbound, prepared: Prepared, room: Room) -> Turned:
    """Take one message. Raises nothing of its own: what may not be is answered in words."""
    if not letter_rows.arrive(conn, inbound.channel, inbound.key, inbound.at):
        return Turned(_again(letter_rows.arrived(conn, room.vault, inbound), inbound), Ripples())
    for key in inbound.also:
        letter_rows.arrive(conn, inbound.channel, key, inbound.at)
    turn = _Turn(conn, inbound, prepared, room)
    match inbound.channel:
        case "staff":
            taken = turn.of_staff()
        case "timer":
            taken = turn.of_clock()
        case _:
            taken = turn.of_citizen()
    letter_rows.answered(conn, inbound, taken)
    turn.count()
    return Turned(taken, turn.ripples)


def _again(taken: Taken, inbound: Inbound) -> Taken:
    """What a repeated message is told: what it was told before, or that this was forgotten as was promised."""
    if taken.letters or inbound.channel in (STAFF, TIMER):
        return taken
    gone = Letter(0, "out", inbound.at, reply=Reply((Say("dialogue.gone"),)))
    return replace(taken, letters=(gone,), forgotten=True)


class _Turn:
    """One message on its way through the house."""

    def __init__(self, conn: Connection, inbound: Inbound, prepared: Prepared, room: Room) -> None:
        self.conn, self.inbound, self.prepared, self.room = conn, inbound, prepared, room
        self.vault, self.county, self.now = room.vault, room.site.county, inbound.at
        self.ripples = Ripples()
        self.writer = 0  # the citizen's person id
        self.quiet = False  # on record only: the groups read of it in their next digest
        self.numbers: dict[int, str] = {}  # numbers given in this turn, by case id
        self._counted: list[tuple[str, str, str]] = []  # what the month's figures count: department, topic, act

    # --- who speaks ----------------------------------------------------------------------------------

    def of_citizen(self) -> Taken:
        """A citizen's message: the front desk says what happens."""
        known = people.find(self.conn, self.vault, self.inbound.channel, self.inbound.sender, self.now)
        if known is None:
            known = people.make(
                self.conn, self.vault, self.inbound.channel, self.inbound.sender, self.room.fresh(), self.now
            )
        self.writer = known.citizen.id
        outcome = front_desk.answer(self._desk(known.citizen, known.talk.lang), known.talk, self.inbound)
        try:
            self._do_all(outcome.deeds)
        except Illegal as illegal:
            outcome = _refused(outcome, illegal, self.now)
        return self._answered(known, outcome)

    def of_staff(self) -> Taken:
        """A press in the staff room or a group: commands, or the reason why not."""
        actor = staff.actor(self.conn, self.inbound.sender)
        outcome = commands.answer(self._desk(Citizen(0), "zh", actor), self.inbound)
        if outcome.error:
            return Taken((), data={"error": outcome.error})
        try:
            self._do_all(outcome.deeds)
        except Illegal as illegal:
            return Taken((), data={"error": illegal.reason, **illegal.gaps})
        return Taken((), data=self._result(outcome.deeds))

    def of_clock(self) -> Taken:
        """A duty woke: perhaps a reminder, perhaps the case moves by itself. Or it is time for the digests."""
        if "digest" in self.inbound.fields:
            boards.owe_digests(self.conn, self._groups(), self.inbound.fields["digest"], self.now)
            return Taken(())
        obligation_id = int(self.inbound.fields["obligation"])
        found = case_rows.duty(self.conn, obligation_id)
        if found is None:
            return Taken(())
        case_id, duty = found
        held = case_rows.by_id(self.conn, self.vault, case_id, lock=True)
        if held is None:
            return Taken(())
        woken = clock.wake(held, duty, self.now, self.county)
        case_rows.step_on(self.conn, obligation_id, woken.after)
        if woken.command:
            self.quiet = duty.wake_at is not None and self.now - duty.wake_at > MISSED
            self._command(held, woken.command)
        return Taken(())

    def _groups(self) -> list[str]:
        """The departments that sit in a group on a chat platform."""
        return [unit.id for unit in self.county.departments if self.room.has_group(unit.id)]

    def _desk(self, citizen: Citizen, lang: str, actor: Actor | None = None) -> StoreDesk:
        return StoreDesk(
            self.conn,
            self.vault,
            self.county,
            self.room.site.book,
            self.now,
            lang,
            citizen,
            actor,
            self.prepared,
            self.room.fresh,
            lambda person: self.room.may_guess(person, self.inbound.source),
            self.room.hot,
        )

    def _answered(self, known: Known, outcome: Outcome) -> Taken:
        """Letters and the conversation, unless the person has just asked to be forgotten."""
        person_id = known.citizen.id
        replies = [number_cases(reply, self.numbers) for reply in outcome.replies]
        lang = outcome.talk.lang
        unwritten = tuple(Letter(0, "out", self.now, reply=reply) for reply in replies)
        if any(isinstance(deed, EraseMe) for deed in outcome.deeds):
            return Taken(unwritten, lang=lang, forgotten=True)
        people.save_talk(self.conn, self.vault, person_id, outcome.talk, self.now)
        if any(isinstance(deed, ForgetTalk) for deed in outcome.deeds):
            return Taken(unwritten, person_id, lang=lang, forgotten=True)
        heard: tuple[Letter, ...] = ()
        if outcome.said or self.inbound.attachments:
            files = self.inbound.attachments
            ref = self.inbound.ref
            heard = (letter_rows.hear(self.conn, self.vault, person_id, outcome.said, files, self.now, ref),)
        spoken = tuple(letter_rows.say(self.conn, self.vault, person_id, reply, self.now) for reply in replies)
        for letter in spoken if self.inbound.posted else ():
            letter_rows.owe_reply(self.conn, person_id, letter.id, self.now, LEASE_SECONDS)
        return Taken((*heard, *spoken), person_id, lang=lang)

    # --- what is done --------------------------------------------------------------------------------

    def _do_all(self, deeds: tuple[Deed, ...]) -> None:
        for deed in deeds:
            self._do(deed)

    def _do(self, deed: Deed) -> None:
        match deed:
            case Filing():
                self._file(deed)
            case Command():
                held = case_rows.by_id(self.conn, self.vault, deed.case_id, lock=True)
                if held:
                    self._command(held, self._for_all(deed))
            case Join() | Leave():
                self._join(deed)
            case Asked() | Clicked() | Unsay():
                questions.note(self.conn, self.vault, self.writer, deed, self.room.site.book.version)
            case _:
                self._do_to_person(deed)

    def _do_to_person(self, deed: Consent | Withdraw | Correct | Speak | ForgetTalk | EraseMe) -> None:
        known = people.find(self.conn, self.vault, self.inbound.channel, self.inbound.sender, self.now)
        if known is None:
            return
        person_id = known.citizen.id
        match deed:
            case Consent(version):
                people.set_consent(self.conn, person_id, version, self.now)
            case Withdraw():
                self.ripples.dropped += people.withdraw(self.conn, self.vault, person_id, self.now)
            case Correct(name, phone):
                people.set_contact(self.conn, self.vault, person_id, name, phone)
                case_rows.correct_contact(self.conn, self.vault, person_id, name, phone)
            case Speak(lang):
                people.set_lang(self.conn, person_id, lang)
            case ForgetTalk(since):
                letter_rows.forget_since(self.conn, person_id, since)
                questions.forget_since(self.conn, person_id, since)
                file_rows.disown_unsent(self.conn, person_id, since)
            case EraseMe():
                senders = tips.forget_sender(self.conn, self.vault, person_id)
                shreds.owe(self.conn, senders, self.now)
                self.ripples.dropped += senders
                self.ripples.dropped += people.erase(self.conn, self.vault, person_id, self.now)

    def _for_all(self, command: Command) -> Command:
        """Who withdraws a case that others wait for too only steps out of it."""
        shared = command.act is Act.WITHDRAW and repeats.others(self.conn, command.case_id, self.writer)
        return replace(command, act=Act.STEP_OUT) if shared else command

    def _join(self, deed: Join | Leave) -> None:
        """附议 or its end: a row beside the case. What the person says of their own is an event, for staff only."""
        held = case_rows.by_id(self.conn, self.vault, deed.case_id, lock=True)
        if held is None:
            return
        if isinstance(deed, Leave):
            repeats.leave(self.conn, held.id, self.writer)
        elif held.state in RUNNING and held.person != self.writer:
            repeats.join(self.conn, held.id, self.writer, self.now)
            if deed.text.strip() or deed.attachments:
                by = Actor("citizen", self.writer)
                words = Command(Act.SECOND, by, held.id, text=deed.text, attachments=deed.attachments)
                self._command(held, words)
        self.ripples.cases.add(held.no)

    def _file(self, filing: Filing) -> None:
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

    def _command(self, held: Case, command: Command) -> None:
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

    def _result(self, deeds: tuple[Deed, ...]) -> dict[str, str]:
        """What the pages need to know of a press: the case, its revision, a new case's id for its code."""
        for deed in deeds:
            case_id = getattr(deed, "case_id", 0)
            held = case_rows.by_id(self.conn, self.vault, case_id) if case_id else None
            if held:
                new = {"case_id": str(held.id)} if isinstance(deed, Filing) else {}
                return {"case": held.no, "rev": str(held.rev), **new}
        return {}


def _refused(outcome: Outcome, illegal: Illegal, now: datetime) -> Outcome:
    """What a citizen asked for may not be (the case has moved on): said in words, nothing done."""
    reply = Reply((Say(f"refusal.{illegal.reason}", {"no": illegal.case.no}),), case_id=illegal.case.id)
    return replace(outcome, talk=shelve(outcome.talk, now), replies=(reply,), deeds=())
