"""我的资料: see, export, correct, take consent back, delete (PIPL §15, §45–47; 网络数据条例 §23)."""

from __future__ import annotations

from collections.abc import Generator
from functools import reduce
from typing import Any

from handlers.citizen.own_data import pages, shown
from handlers.desk import Correct, Desk, EraseMe, Withdraw
from handlers.messages import Option, QueryCode, Reply, Say
from handlers.questions.base import Question
from handlers.questions.choice import Choice, YesNo
from handlers.questions.contact import Contact, ContactChoice, shown_phone
from handlers.scripts import Result, script

# What of a talk was said under the consent that is taken back.
_UNSAID = {"drafts": (), "held": None, "asked": None, "scene": "", "opened": (), "recent": 0, "recent_at": None}


@script("privacy")
def privacy(desk: Desk) -> Generator[Question, Any, Result]:
    """What we keep, and what may be done with it."""
    options = (
        Option("export", Say("privacy.export")),
        Option("correct", Say("privacy.correct")),
        Option("revoke", Say("privacy.withdraw")),
        Option("erase", Say("privacy.erase")),
        Option("leave_it", Say("word.back"), "quiet"),
    )
    picked = yield Choice("what", _kept(desk), options=options)
    if picked == "export":
        return (yield from _export(desk))
    if picked == "correct":
        contact: Contact = yield ContactChoice("contact")
        told = Say("privacy.corrected", {"contact": _contact(contact.name, contact.phone)})
        return Result((Reply((told,), _home()),), (Correct(contact.name, contact.phone),))
    if picked == "revoke" and (yield YesNo.of("sure_revoke", _sure(desk, "privacy.sure_withdraw"), about="revoke")):
        return Result((Reply((Say("privacy.withdrawn"),), _home()),), (Withdraw(),), remember=_UNSAID)
    if picked == "erase" and (yield YesNo.of("sure", _sure(desk, "privacy.sure"), about="erase")):
        return Result((Reply((Say("privacy.erased"),), _home()),), (EraseMe(),))
    return Result((Reply((Say("privacy.nothing"),), _home()),))


def _export(desk: Desk) -> Generator[Question, Any, Result]:
    """All of it, a page after the other: messages are short, and a turn must be."""
    last = pages(desk) - 1
    for number in range(last):
        more = Option(f"page:{number + 1}", Say("privacy.more", {"n": number + 2, "of": last + 1}))
        enough = Option("enough", Say("word.done"), "quiet")
        picked = yield Choice(f"page{number}", shown(desk, number), options=(more, enough))
        if picked == "enough":
            return Result((Reply((Say("privacy.enough"),), _home()),))
    return Result((Reply((shown(desk, last),), _home()),))


def _sure(desk: Desk, words: str) -> Say:
    """What goes and what stays; numbers and codes are shown once more, for afterwards nobody can."""
    running = [case for case in desk.my_cases(limit=desk.holdings()["cases"]) if case.open]
    rows = [Say("privacy.remember", {"no": case.no, "code": QueryCode(case.id)}) for case in running]
    return reduce(_under, rows, Say(words))


def _under(above: Say, below: Say) -> Say:
    return Say("dialogue.lines", {"above": above, "below": below})


def _kept(desk: Desk) -> Say:
    office = desk.county.office
    keep = office.retention if desk.lang == "zh" else office.retention_en
    gaps: dict[str, Any] = {**desk.holdings(), "keep": keep, "days": office.limits.question_days}
    return Say("privacy.kept", {**gaps, "contact": _contact(desk.citizen.name, desk.citizen.phone)})


def _contact(name: str, phone: str) -> str | Say:
    return f"{name} {shown_phone(phone)}".strip() or Say("privacy.none")


def _home() -> tuple[Option, ...]:
    return (Option("menu", Say("word.menu"), "quiet"),)
