"""我的资料: see, export, delete, take consent back (PIPL §15, §45, §47; 网络数据条例 §23)."""

from __future__ import annotations

from collections.abc import Generator
from functools import reduce
from typing import Any

from handlers.citizen.progress import case_line
from handlers.desk import Consent, Desk, EraseMe
from handlers.messages import Option, QueryCode, Reply, Say
from handlers.questions.base import Question
from handlers.questions.choice import Choice, YesNo
from handlers.questions.contact import shown_phone
from handlers.scripts import Result, script


@script("privacy")
def privacy(desk: Desk) -> Generator[Question, Any, Result]:
    """What we keep, and what may be done with it."""
    options = (
        Option("export", Say("privacy.export")),
        Option("revoke", Say("privacy.withdraw")),
        Option("erase", Say("privacy.erase")),
        Option("leave_it", Say("word.back"), "quiet"),
    )
    picked = yield Choice("what", _kept(desk), options=options)
    if picked == "export":
        return Result((_exported(desk),))
    if picked == "revoke":
        return Result((Reply((Say("privacy.withdrawn"),), _home()),), (Consent(0),))
    if picked == "erase" and (yield YesNo.of("sure", _sure(desk), about="erase")):
        return Result((Reply((Say("privacy.erased"),), _home()),), (EraseMe(),))
    return Result((Reply((Say("privacy.nothing"),), _home()),))


def _sure(desk: Desk) -> Say:
    """What goes and what stays; numbers and codes are shown once more, for afterwards nobody can."""
    running = [case for case in desk.my_cases() if case.open]
    rows = [Say("privacy.remember", {"no": case.no, "code": QueryCode(case.id)}) for case in running]
    return reduce(_under, rows, Say("privacy.sure"))


def _under(above: Say, below: Say) -> Say:
    return Say("dialogue.lines", {"above": above, "below": below})


def _kept(desk: Desk) -> Say:
    office = desk.county.office
    known = f"{desk.citizen.name} {shown_phone(desk.citizen.phone)}".strip()
    keep = office.retention if desk.lang == "zh" else office.retention_en
    gaps = {"cases": len(desk.my_cases()), "letters": len(desk.letters()), "keep": keep}
    gaps["days"] = office.limits.question_days
    return Say("privacy.kept", {**gaps, "contact": known or Say("privacy.none")})


def _exported(desk: Desk) -> Reply:
    lines = [f"{desk.citizen.name} {desk.citizen.phone}".strip()]
    for case in desk.my_cases():
        lines += [case_line(desk, case), case.story, f"{case.name} {case.phone}".strip(), ""]
    return Reply((Say("privacy.exported"), "\n".join(line for line in lines if line)), _home())


def _home() -> tuple[Option, ...]:
    return (Option("menu", Say("word.menu"), "quiet"),)
