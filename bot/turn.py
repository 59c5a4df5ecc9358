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

from sqlalchemy import Connection

from bot.site import Site
from bot.store import boards, people, questions, staff
from bot.store import cases as case_rows
from bot.store import files as file_rows
from bot.store import letters as letter_rows
from bot.store.desk import StoreDesk
from bot.store.people import Known
from bot.store.upsert import count_act, count_up
from bot.store.vault import Vault, person_owner
from cases.case import Act, Actor, Case, Command, Event, Filing
from cases.clocks import SETTLES, duties_after, with_duties
from cases.lifecycle import Illegal, decide, fold, opened
from config.schema import Lane
from handlers import clock
from handlers.citizen import front_desk
from handlers.desk import Asked, Citizen, Clicked, Consent, Deed, EraseMe, ForgetTalk, Prepared, Speak, Unsay
from handlers.dialogue import Outcome, shelve
from handlers.messages import Inbound, Letter, Reply, Say, Taken
from handlers.notices import RESULTS, notice, result_of_merged
from handlers.staff import commands
from handlers.time_words import local_day, local_month
from handlers.wording import number_cases

LEASE_SECONDS = 60.0  # for which an answer is left to the channel that asked, before the outbox takes it up
STAFF = "staff"  # the channels of the house itself; every other one is a citizen's
TIMER = "timer"

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


@dataclass
class Ripples:
    """What has to happen after COMMIT: whom to wake, which keys to drop. Losing it loses nothing but time."""

    people: set[int] = field(default_factory=set[int])
    cases: set[str] = field(default_factory=set[str])
    left: set[str] = field(default_factory=set[str])  # departments that a case has gone from
    dropped: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Turned:
    """A turn's answer and its ripples."""

    taken: Taken
    ripples: Ripples


def take(conn: Connection, inbound: Inbound, prepared: Prepared, room: Room) -> Turned:
    """Take one message. Raises nothing of its own: what may not be is answered in words."""
    if not letter_rows.arrive(conn, inbound.channel, inbound.key, inbound.at):
        return Turned(_again(letter_rows.arrived(conn, room.vault, inbound.channel, inbound.key), inbound), Ripples())
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
    letter_rows.answered(conn, inbound.channel, inbound.key, taken)
    return Turned(taken, turn.ripples)


def _again(taken: Taken, inbound: Inbound) -> Taken:
    """What a repeated message is told: what it was told before, or that this was forgotten as was promised."""
    if taken.letters or inbound.channel in (STAFF, TIMER):
        return taken
    return replace(taken, letters=(Letter(0, "out", inbound.at, reply=Reply((Say("dialogue.gone"),))),))


class _Turn:
    """One message on its way through the house."""

    def __init__(self, conn: Connection, inbound: Inbound, prepared: Prepared, room: Room) -> None:
        self.conn, self.inbound, self.prepared, self.room = conn, inbound, prepared, room
        self.vault, self.county, self.now = room.vault, room.site.county, inbound.at
        self.ripples = Ripples()
        self.writer = 0  # the citizen's person id
        self.numbers: dict[int, str] = {}  # numbers given in this turn, by case id

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
        """A duty woke: perhaps a reminder, perhaps the case moves by itself."""
        obligation_id = int(self.inbound.fields["obligation"])
        found = case_rows.duty(self.conn, obligation_id)
        if found is None:
            return Taken(())
        case_id, duty = found
        held = case_rows.by_id(self.conn, self.vault, case_id, lock=True)
        case_rows.step_on(self.conn, obligation_id, duty)
        woken = clock.wake(held, duty) if held else None
        if held and woken and woken.command:
            self._command(held, woken.command)
        return Taken(())

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
        )

    def _answered(self, known: Known, outcome: Outcome) -> Taken:
        """Letters and the conversation, unless the person has just asked to be forgotten."""
        person_id = known.citizen.id
        replies = [number_cases(reply, self.numbers) for reply in outcome.replies]
        lang = outcome.talk.lang
        unwritten = tuple(Letter(0, "out", self.now, reply=reply) for reply in replies)
        if any(isinstance(deed, EraseMe) for deed in outcome.deeds):
            return Taken(unwritten, lang=lang)
        people.save_talk(self.conn, self.vault, person_id, outcome.talk, self.now)
        if any(isinstance(deed, ForgetTalk) for deed in outcome.deeds):
            return Taken(unwritten, person_id, lang=lang)
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
                    self._command(held, deed)
            case Asked() | Clicked() | Unsay():
                questions.note(self.conn, self.vault, self.writer, deed, self.room.site.book.version)
            case _:
                self._do_to_person(deed)

    def _do_to_person(self, deed: Consent | Speak | ForgetTalk | EraseMe) -> None:
        known = people.find(self.conn, self.vault, self.inbound.channel, self.inbound.sender, self.now)
        if known is None:
            return
        person_id = known.citizen.id
        match deed:
            case Consent(version):
                people.set_consent(self.conn, person_id, version, self.now)
            case Speak(lang):
                people.set_lang(self.conn, person_id, lang)
            case ForgetTalk(since):
                letter_rows.forget_since(self.conn, person_id, since)
                questions.forget_since(self.conn, person_id, since)
                file_rows.disown_unsent(self.conn, person_id, since)
            case EraseMe():
                people.erase(self.conn, self.vault, person_id, self.now)
                self.ripples.dropped.append(person_owner(person_id))

    def _file(self, filing: Filing) -> None:
        """A new case. From its number on the counter's row is held, until COMMIT."""
        filing = replace(filing, channel=filing.channel or self.inbound.channel)
        if filing.phone and filing.by.kind == "citizen":
            people.set_contact(self.conn, self.vault, filing.by.id, filing.name, filing.phone)
        number = self._number(filing.lane)
        held, event = opened(filing, number, self.now)
        duties = duties_after(event, held, self.county)
        held = with_duties(held, duties)
        case_rows.add(self.conn, self.vault, held)
        case_rows.add_event(self.conn, self.vault, event)
        case_rows.add_duties(self.conn, held.id, duties)
        self.numbers[held.id] = number
        self._show(held, event, frozenset())

    def _number(self, lane: Lane) -> str:
        """ "MS20261122-0007": counted per day in the office's time zone; gaps are fine."""
        prefix = self.county.office.tip_prefix if lane is Lane.TIP else self.county.office.case_prefix
        day = f"{prefix}{local_day(self.county, self.now):%Y%m%d}"
        return f"{day}-{count_up(self.conn, day):04d}"

    def _command(self, held: Case, command: Command) -> None:
        """Decide, then write each event with what follows from it. Raises Illegal before anything is written."""
        before = held.department
        for event in decide(held, command, self.now, self.county):
            held = fold(held, event)
            duties = duties_after(event, held, self.county)
            held = with_duties(held, duties)
            case_rows.add_event(self.conn, self.vault, event)
            case_rows.settle(self.conn, held.id, SETTLES.get(event.act, frozenset()), self.now)
            case_rows.add_duties(self.conn, held.id, duties)
            if event.act is Act.TOLD:
                letter_rows.told(self.conn, held.id)
            if event.act in (Act.MUTE, Act.UNMUTE):
                people.mute(self.conn, held.person, self.now + self._silence(event))
            self._notify(held, event)
            self._show(held, event, frozenset({before}))
        self.ripples.left |= {before} - {held.department}
        case_rows.save(self.conn, self.vault, held, self.now)

    def _silence(self, event: Event) -> timedelta:
        """For how long the writer is muted."""
        return timedelta(days=self.county.office.limits.mute_days if event.act is Act.MUTE else 0)

    def _notify(self, held: Case, event: Event) -> None:
        """Owe a letter to everybody who follows the case, with the files of the event; a result to the merged too."""
        files = file_rows.by_ids(self.conn, event.attachments)
        for person_id in case_rows.followers(self.conn, held.id):
            reply = notice(held, event, self.county, people.lang_of(self.conn, person_id), files)
            if reply is None:
                return
            self._owe(person_id, reply, held, event)
        if event.act in RESULTS:
            for person_id, own in case_rows.merged_followers(self.conn, self.vault, held.id).items():
                reply = result_of_merged(own, held, event, self.county, people.lang_of(self.conn, person_id))
                self._owe(person_id, reply, held, event)

    def _owe(self, person_id: int, reply: Reply, held: Case, event: Event) -> None:
        written = letter_rows.say(self.conn, self.vault, person_id, reply, self.now)
        idem = f"notice:{held.id}:{event.seq}:{person_id}"
        letter_rows.owe_letter(self.conn, person_id, held.id, written.id, idem, self.now)
        self.ripples.people.add(person_id)

    def _show(self, held: Case, event: Event, before: frozenset[str]) -> None:
        """Owe the card to every department concerned, and count the month's figures."""
        self.ripples.cases.add(held.no)
        if event.act is Act.REVEAL:
            return
        for department in sorted({held.department, *held.assist, *before}):
            idem = f"card:{held.id}:{event.seq}:{department}"
            letter_rows.owe_card(self.conn, department, held.id, idem, self.now)
            if self.room.has_group(department):
                boards.owe(self.conn, department, held.id, f"g:{held.id}:{event.seq}:{department}", self.now)
        if event.act in COUNTED:
            month = local_month(self.county, self.now)
            count_act(self.conn, month, held.department, held.topic, event.act)

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

