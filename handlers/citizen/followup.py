"""What a citizen may do to a case of theirs: 补充, 催办, 撤回, 评价. One short script each."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from cases.case import Act, Case, Command
from cases.lifecycle import Illegal, decide
from handlers.citizen.progress import citizen, status_reply
from handlers.desk import Deed, Desk
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import STALE, Got, Miss, Question, Shown, Take, Text, files
from handlers.questions.choice import YesNo
from handlers.scripts import Result, script
from handlers.talk import Answer
from handlers.words import is_said

SCORES = ("5", "4", "3", "2", "1")
PARTS = 20  # messages one 补充 may consist of


@dataclass(frozen=True)
class Addition(Question):
    """Words and files for a case. Each message is passed on at once: nobody has to press 完成 for it to count."""

    case: Case | None = None

    @property
    def takes_no(self) -> bool:
        """没有了 ends it."""
        return True

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """What is wanted, and 完成 once something came."""
        done = Option("skip", Say("word.done"), "primary")
        return Reply((self.prompt,), (done,) if self.optional else (_menu(),), wants="photos")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """One message of it; 完成 ends it."""
        words = inbound.text.strip()
        if self.optional and not inbound.choice and is_said(desk.county.texts, "control.done", words):
            return Got({"skip": True})
        if inbound.choice or not (words or inbound.attachments):
            return STALE if inbound.choice else Miss(Say("dialogue.words"))
        limits = desk.county.office.limits
        kept = [item["id"] for item in files(inbound)][: limits.photos]
        return Got({"text": words[: limits.story_max], "files": kept})

    def value(self, desk: Desk, answer: Answer) -> bool:
        """Something came."""
        return True

    def effect(self, desk: Desk, answer: Answer) -> tuple[Deed, ...]:
        """It is passed on."""
        return () if self.case is None or answer.get("skip") else (addition(desk, self.case, answer),)


def addition(desk: Desk, case: Case, told: Answer) -> Command:
    """The command that adds words and files (as ids) to a case."""
    return Command(Act.SUPPLEMENT, citizen(desk), case.id, text=told["text"], attachments=tuple(told["files"]))


@script("supplement")
def supplement(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """补充: more words or pictures on a case."""
    known = desk.case(case)
    if known is None:
        return _gone()
    if reason := _refused(desk, known, addition(desk, known, {"text": "+", "files": []})):
        return _told(desk, reason, known)
    yield Addition("words", Say("supplement.ask", {"no": known.no}), case=known)
    for part in range(1, PARTS):
        more = Addition(
            f"more{part}", Say("supplement.more", {"no": known.no}), optional=True, skipped=False, case=known
        )
        if not (yield more):
            break
    return _done(desk, "supplement.thanks", known)


@script("urge")
def urge(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """催办: asks the office to hurry, at most once in `urge_hours`."""
    known = desk.case(case)
    if known is None:
        return _gone()
    command = Command(Act.URGE, citizen(desk), known.id)
    if reason := _refused(desk, known, command):
        return _told(desk, reason, known)
    gaps = {"no": known.no, "hours": desk.county.office.limits.urge_hours}
    if not (yield YesNo.of("sure", Say("urge.sure", gaps), about=f"urge{known.id}")):
        return Result((status_reply(desk, known),))
    return _done(desk, "urge.thanks", known, command)


@script("withdraw")
def withdraw(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """撤回, after one question whether it is meant."""
    known = desk.case(case)
    if known is None:
        return _gone()
    if reason := _refused(desk, known, Command(Act.WITHDRAW, citizen(desk), known.id)):
        return _told(desk, reason, known)
    others = desk.others(known.id)
    sure = Say("withdraw.sure_shared" if others else "withdraw.sure", {"no": known.no})
    if not (yield YesNo.of("sure", sure, about=f"withdraw{known.id}")):
        return Result((status_reply(desk, known),))
    why = yield Text("why", Say("withdraw.why"), optional=True, skipped="", most=200)
    command = Command(Act.WITHDRAW, citizen(desk), known.id, text=why)
    if others:  # the turn makes it a stepping out: the case goes on for them
        menu = Reply((Say("withdraw.thanks_shared", {"no": known.no}),), (_menu(),))
        return Result((menu,), (command,))
    return _done(desk, "withdraw.thanks", known, command)


@script("rate")
def rate(desk: Desk, case: int, score: str = "") -> Generator[Question, Any, Result]:
    """评价: five levels; 1 and 2 send the case back to work, so they are asked why."""
    known = desk.case(case)
    if known is None:
        return _gone()
    if reason := _refused(desk, known, Command(Act.RATE_WELL, citizen(desk), known.id, score=5)):
        return _told(desk, reason, known)
    if score not in SCORES:
        return Result((Reply((Say("rate.ask", {"no": known.no}),), rate_options(known.id), case_id=known.id),))
    act = Act.RATE_BADLY if int(score) <= 2 else Act.RATE_WELL
    command = Command(act, citizen(desk), known.id, score=int(score))
    if act is Act.RATE_WELL:
        return _done(desk, "rate.thanks", known, command)
    why = yield Text("why", Say("rate.why"), optional=True, skipped="", most=500)
    return _done(desk, "rate.sorry", known, replace(command, text=why))


@script("recheck")
def recheck(desk: Desk, case: int, score: str = "") -> Generator[Question, Any, Result]:
    """回头看: after closing they are asked again whether it holds; no sends the case back to work."""
    known = desk.case(case)
    if known is None:
        return _gone()
    act = Act.CONFIRM if score == "holds" else Act.REOPEN
    command = Command(act, citizen(desk), known.id)
    if reason := _refused(desk, known, command):
        return _told(desk, reason, known)
    if act is Act.CONFIRM:
        return _done(desk, "recheck.thanks", known, command)
    why = yield Text("why", Say("recheck.why"), optional=True, skipped="", most=500)
    return _done(desk, "recheck.sorry", known, replace(command, text=why))


def _refused(desk: Desk, case: Case, command: Command) -> str:
    """Why the case does not allow it now; asked before the citizen is asked anything. "" when it does."""
    try:
        decide(case, command, desk.now, desk.county)
    except Illegal as illegal:
        return illegal.reason
    return ""


def rate_options(case_id: int) -> tuple[Option, ...]:
    """The five buttons under an answer; they work whenever they are pressed."""
    return tuple(Option(f"rate:{case_id}:{score}", Say(f"rate.level_{score}")) for score in SCORES)


def _told(desk: Desk, reason: str, case: Case) -> Result:
    """It may not be now: why, and where the case stands."""
    status = status_reply(desk, case)
    return Result((replace(status, parts=(Say(f"refusal.{reason}", {"no": case.no}), *status.parts)),))


def _gone() -> Result:
    return Result((Reply((Say("progress.no_match"),)),))


def _done(desk: Desk, key: str, case: Case, *commands: Command) -> Result:
    look = Option(f"case:{case.id}", Say("report.filed.look"))
    reply = Reply((Say(key, {"no": case.no}),), (look, _menu()), case_id=case.id)
    return Result((reply,), commands, remember={"recent": case.id, "recent_at": desk.now})


def _menu() -> Option:
    return Option("menu", Say("word.menu"), "quiet")
