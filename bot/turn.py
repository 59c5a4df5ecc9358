"""READ THIS FIRST. One inbound message, one transaction.

`take` is everything that a message causes: it is remembered under its key, the person's conversation is
loaded, a handler says what is to be done, `cases.lifecycle` decides whether it may be, and letters, events,
obligations and outbox rows are written (`bot.docket`). It runs inside one transaction of `bot.store`; only after
COMMIT does anybody hear the case number. A staff member's press and a waking clock are messages like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.docket import Docket, Ripples, Room
from bot.store import boards, people, questions, repeats, shreds, staff, tips
from bot.store import cases as case_rows
from bot.store import files as file_rows
from bot.store import letters as letter_rows
from bot.store.desk import StoreDesk
from bot.store.people import Known
from cases.case import Act, Actor, Command, Filing
from cases.lifecycle import Illegal
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
from handlers.staff import commands
from handlers.wording import number_cases

LEASE_SECONDS = 60.0  # for which an answer is left to the channel that asked, before the outbox takes it up
MISSED = timedelta(hours=1)  # what the clock says later than this is put on record, and groups are not disturbed
STAFF = "staff"  # the channels of the house itself; every other one is a citizen's
TIMER = "timer"


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
    turn.docket.count()
    return Turned(taken, turn.docket.ripples)


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
        self.docket = Docket(conn, inbound, room)
        self.writer = 0  # the citizen's person id

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
            self.docket.quiet = duty.wake_at is not None and self.now - duty.wake_at > MISSED
            self.docket.command(held, woken.command)
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
        replies = [number_cases(reply, self.docket.numbers) for reply in outcome.replies]
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
                self.docket.file(deed)
            case Command():
                held = case_rows.by_id(self.conn, self.vault, deed.case_id, lock=True)
                if held:
                    self.docket.command(held, self._for_all(deed))
            case Join() | Leave():
                self.docket.join(deed, self.writer)
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
                self.docket.ripples.dropped += people.withdraw(self.conn, self.vault, person_id, self.now)
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
                self.docket.ripples.dropped += senders
                self.docket.ripples.dropped += people.erase(self.conn, self.vault, person_id, self.now)

    def _for_all(self, command: Command) -> Command:
        """Who withdraws a case that others wait for too only steps out of it."""
        shared = command.act is Act.WITHDRAW and repeats.others(self.conn, command.case_id, self.writer)
        return replace(command, act=Act.STEP_OUT) if shared else command

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
