"""How a tip stands: three words to whoever handed it in, the office's words to whoever has the query code.

Whatever is said here is wiped when it is left, like the tip itself: no talk may show that somebody handed one in.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from cases.case import Act, Actor, Case, Command
from cases.tips import stage
from handlers.desk import Desk, ForgetTalk
from handlers.messages import Inbound, Option, Reply, Say, Words
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Take, files
from handlers.scripts import Result, script
from handlers.talk import Answer
from handlers.time_words import day_words

SAID = frozenset({Act.ACCEPT, Act.REFUSE, Act.ASK, Act.ANSWER})  # of these the words are shown, to the code


def head(case: Case) -> Say:
    """Number and stage, and nothing else."""
    return Say("tip.head", {"no": case.no, "stage": Say(f"tip.stage.{stage(case)}")})


def locked(case: Case) -> Result:
    """What is shown without the code."""
    options = (Option("progress:other", Say("progress.other")), Option("menu", Say("word.menu"), "quiet"))
    return Result((Reply((head(case), Say("tip.locked")), options),))


@dataclass(frozen=True)
class Evidence(Question):
    """The tip as its code opens it. Words or files that follow are more evidence."""

    case: Case | None = None

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """Stage, what the office said, and the way to add something."""
        if partial:
            return Reply((Say("tip.ask_more"),), (_menu(),), wants="photos")
        more = (Option("tip_more:add", Say("tip.more")),) if self.case and self.case.open else ()
        return Reply(opened(desk, self.case), (*more, _menu()), wants="photos" if more else "choice")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """补充证据, or the evidence itself."""
        if inbound.choice == "tip_more:add":
            return More({"add": True})
        words = inbound.text.strip()
        if inbound.choice or not (words or inbound.attachments):
            return STALE if inbound.choice else Miss(Say("dialogue.words"))
        limits = desk.county.office.limits
        kept = [item["id"] for item in files(inbound)][: limits.photos]
        return Got({"text": words[: limits.story_max], "files": kept})


def opened(desk: Desk, case: Case | None) -> tuple[Words, ...]:
    """All that the code opens: the stage, and what the office had to say."""
    if case is None:
        return (Say("progress.no_match"),)
    told: list[Words] = []
    for event in desk.events(case.id):
        door = desk.county.door_by_id.get(str(event.data.get("door", "")))
        if event.act in SAID and event.text:
            told.append(Say("tip.said", {"day": day_words(desk.county, event.at, desk.lang), "text": event.text}))
        if event.act is Act.REFUSE and door:
            told.append(Say("tip.door", {"door": f"{door.label(desk.lang)} {door.phone}".strip()}))
    return (head(case), *told)


@script("tip_more", wiped=True)
def tip_more(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """A tip that was opened with its code."""
    known = desk.case(case)
    if known is None:
        return Result((Reply((Say("progress.no_match"),), (_menu(),)),), (ForgetTalk(desk.now),))
    told: Answer = yield Evidence("more", case=known)
    if not known.open:
        return Result((Reply(opened(desk, known), (_menu(),)),), (ForgetTalk(desk.now),))
    by = Actor("citizen", desk.citizen.id)
    command = Command(Act.SUPPLEMENT, by, known.id, text=told["text"], attachments=tuple(told["files"]))
    return Result((Reply((Say("tip.thanks"),), (_menu(),)),), (command, ForgetTalk(desk.now)))


def _menu() -> Option:
    return Option("menu", Say("word.menu"), "quiet")
