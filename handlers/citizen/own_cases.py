"""Words at the desk that may be about a case of the citizen's: its number, how it goes, more to say about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cases.case import Case, State
from cases.guards import reopenable
from handlers.citizen.followup import addition
from handlers.citizen.held import hold
from handlers.citizen.joining import joined_reply
from handlers.citizen.menu import menu_option
from handlers.citizen.progress import status_reply
from handlers.desk import Desk
from handlers.dialogue import Outcome, begin, proceed
from handlers.messages import Inbound, Option, Reply, Say
from handlers.talk import Talk
from handlers.words import case_number, is_said, is_within, plain, query_code

COMPLAINT = 0.5  # faq.grievance from which words are taken as a complaint
SHORT = 8  # characters around a number or a code that say nothing more
RECENT = timedelta(minutes=30)  # this long further words may belong to the case spoken of last


def about_a_case(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome | None:
    """A case number or code, a question how it goes, or more words for the case spoken of just now."""
    texts, text = desk.county.texts, inbound.text
    if case_number(text, desk.county.office.case_prefix):
        return _with_number(desk, talk, inbound)
    if (code := query_code(text)) and len(plain(text)) <= len(plain(code)) + SHORT:
        return proceed(desk, begin(desk, talk, "progress", {"other": True}).talk, inbound)
    verdict, grievance = desk.prepared.policy, desk.prepared.grievance
    sure = verdict is not None and verdict.band == "answer" and (grievance < COMPLAINT or verdict.confidence >= 1.0)
    if not sure and is_within(texts, "control.asks_progress", text[:200]) and (desk.my_cases() or desk.my_tips()):
        return begin(desk, talk, "progress")
    if verb := case_verb(desk, text):
        return _do_to_mine(desk, talk, verb)
    case = None if sure else recent_case(desk, talk) or _waiting_case(desk)
    if case is None or not _still_going(desk, case) or not _says_something(inbound):
        return None
    return _added_at_once(desk, talk, inbound, case) or _same_or_new(desk, talk, inbound, case)


def _says_something(inbound: Inbound) -> bool:
    """Not just 12, 😀 or ？？？."""
    return bool(inbound.attachments) or sum(char.isalpha() for char in inbound.text[:200]) >= 2


def _added_at_once(desk: Desk, talk: Talk, inbound: Inbound, case: Case) -> Outcome | None:
    """The office asked, nothing was said since, and this is the answer: it goes to the case without another word."""
    last = next(iter(desk.letters(1)), None)
    asked = last is not None and last.case_id == case.id and talk.at is not None and last.at > talk.at
    if not asked or case.state is not State.WAITING:
        return None
    ids = [file.id for file in inbound.attachments]
    told = {"text": inbound.text.strip()[: desk.county.office.limits.story_max], "files": ids}
    begun = begin(desk, talk, "supplement", {"case": case.id}, words=told)
    return replace(begun, deeds=(addition(desk, case, told), *begun.deeds))


def _still_going(desk: Desk, case: Case) -> bool:
    """Whether more can be said about a case: it is open, or it was closed and may be sent back."""
    return case.open or (
        case.state is State.CLOSED and not case.score and reopenable(case, desk.now, desk.county.office.limits)
    )


def case_verb(desk: Desk, text: str) -> str:
    """What a word or two ask to be done to a case: 催, 撤回, 补充, 评价; "" for nothing."""
    verbs = ("urge", "withdraw", "supplement", "rate")
    return next((verb for verb in verbs if is_said(desk.county.texts, f"control.{verb}", text)), "")


def _do_to_mine(desk: Desk, talk: Talk, verb: str) -> Outcome | None:
    """To the case spoken of just now, or to the only open one; else the citizen says which."""
    mine = desk.my_cases()
    running = [case for case in mine if case.open]
    case = recent_case(desk, talk) or (running[0] if len(running) == 1 else None)
    if case is None:
        return begin(desk, talk, "progress") if mine else None
    return begin(desk, talk, verb, {"case": case.id})


def recent_case(desk: Desk, talk: Talk) -> Case | None:
    """The case spoken of just now, or written about since the person last said something."""
    last = next(iter(desk.letters(1)), None)
    if last and last.case_id and talk.at and last.at > talk.at:
        return desk.case(last.case_id)
    late = talk.recent_at is None or desk.now - talk.recent_at > RECENT
    return None if late or not talk.recent else desk.case(talk.recent)


def _waiting_case(desk: Desk) -> Case | None:
    """A case whose office asked the citizen something: what they write is likely the answer."""
    return next((case for case in desk.my_cases() if case.state is State.WAITING), None)


def _same_or_new(desk: Desk, talk: Talk, inbound: Inbound, case: Case) -> Outcome:
    """Does this belong to that case, or is it another matter?"""
    topic = desk.county.topic_by_code.get(case.topic)
    gaps = {"no": case.no, "topic": topic.label(desk.lang) if topic else ""}
    settled = case.state in (State.ANSWERED, State.CLOSED)
    again = (Option(f"held:rate:{case.id}", Say("desk.not_solved"), "primary"),) if settled else ()
    add = (Option(f"held:add:{case.id}", Say("desk.same"), "plain" if settled else "primary"),) if case.open else ()
    rest = (Option("held:report", Say("desk.another")), Option("held:policy", Say("desk.ask_policy")), menu_option())
    words = Say("desk.answered_or_new" if settled else "desk.same_or_new", gaps)
    reply = Reply((words,), (*again, *add, *rest), wants="choice")
    return Outcome(hold(desk, talk, inbound, open_ended=True), (reply,))


def _with_number(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """A case number in the words: one of mine opens at once, another asks for its code."""
    no = case_number(inbound.text, desk.county.office.case_prefix)
    mine = next((case for case in desk.my_cases() if case.no == no), None)
    joined = next((case for case in desk.joined_cases() if case.no == no), None) if mine is None else None
    if joined and not query_code(inbound.text):
        return Outcome(talk, (joined_reply(desk, joined),))
    if mine is None:
        return proceed(desk, begin(desk, talk, "progress", {"other": True}).talk, inbound)
    talk = replace(talk, recent=mine.id, recent_at=desk.now)
    says_more = len(plain(inbound.text)) >= len(no) + SHORT and not query_code(inbound.text)
    if says_more and mine.open and not is_within(desk.county.texts, "control.asks_progress", inbound.text):
        return _same_or_new(desk, talk, inbound, mine)
    return Outcome(talk, (status_reply(desk, mine),))
