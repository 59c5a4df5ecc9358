"""全部资料: everything that is kept of a citizen, a page at a time: contact and cases, then the talk."""

from __future__ import annotations

from functools import reduce

from cases.case import Case
from handlers.citizen.progress import TOLD_ACTS, case_line, joined_line
from handlers.desk import Desk
from handlers.messages import Letter, Markdown, Reply, Say
from handlers.questions.base import spoken
from handlers.time_words import stamp

CASES = 4  # a page: a turn may not take long
LETTERS = 20


def pages(desk: Desk) -> int:
    """How many pages there are."""
    held = desk.holdings()
    return _case_pages(held["cases"]) + -(-held["letters"] // LETTERS)


def shown(desk: Desk, number: int) -> Say:
    """One page, from 0."""
    first = _case_pages(desk.holdings()["cases"])
    lines = _of_cases(desk, number) if number < first else _of_talk(desk, number - first)
    return reduce(_under, lines, Say("privacy.exported", {"n": number + 1, "of": pages(desk)}))


def _case_pages(cases: int) -> int:
    return max(-(-cases // CASES), 1)


def _of_cases(desk: Desk, number: int) -> list[Say]:
    told = [] if number else [f"{desk.citizen.name} {desk.citizen.phone}".strip()]
    for case in desk.my_cases(CASES, number * CASES):
        told += [case_line(desk, case), *_told(desk, case)]
    told += [] if number else [spoken(desk, joined_line(desk, case)) for case in desk.joined_cases()]
    return [Say("privacy.line", {"text": line}) for line in told if line]


def _told(desk: Desk, case: Case) -> list[str]:
    """All that is kept of a case and is its citizen's: what they gave, and what they were told."""
    files = desk.attachments(case.attachments)
    told = [case.story, case.when, case.place_text, f"{case.name} {case.phone}".strip()]
    told += [f"{ask} {answer}" for ask, answer in case.details] + [file.name for file in files]
    steps = [event for event in desk.events(case.id) if event.act in TOLD_ACTS and event.text]
    return [*told, *(f"{stamp(desk.county, event.at)} {event.text}" for event in steps)]


def _of_talk(desk: Desk, number: int) -> list[Say]:
    return [line for one in desk.old_letters(number * LETTERS, LETTERS) for line in _of_letter(desk, one)]


def _of_letter(desk: Desk, letter: Letter) -> list[Say]:
    """What was said; pages like this one are left out, or each would hold all before it."""
    when = stamp(desk.county, letter.at)
    if letter.reply is None:
        files = " ".join(file.name for file in letter.attachments)
        return [Say("privacy.heard", {"when": when, "text": f"{letter.said} {files}".strip()})]
    if any(isinstance(part, Say) and _is_page(part) for part in letter.reply.parts):
        return []
    return [Say("privacy.told", {"when": when, "text": part}) for part in _words(letter.reply)]


def _words(reply: Reply) -> list[str | Say]:
    return [part.text if isinstance(part, Markdown) else part for part in reply.parts]


def _is_page(part: Say) -> bool:
    above = part.args.get("above")
    return part.key == "privacy.exported" or (isinstance(above, Say) and _is_page(above))


def _under(above: Say, below: Say) -> Say:
    return Say("dialogue.lines", {"above": above, "below": below})
