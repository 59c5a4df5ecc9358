"""附议: others have said it too. The question before submitting, what comes of a yes, and what a joiner may do.

A joiner hears how the case goes and may add words for the office. The case is somebody else's: nothing of whose it
is, of what they said or of what they were asked is shown, and only they rate it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cases.case import OPEN, Act, Case, Command
from cases.repeats import RUNNING, Offer, heads, offer, said
from config.schema import Topic
from handlers.citizen.followup import Addition
from handlers.citizen.progress import citizen
from handlers.desk import Deed, Desk, Join, Leave
from handlers.messages import Option, Reply, Say, Words
from handlers.notices import RESULTS, veiled
from handlers.questions.base import Question
from handlers.questions.choice import Choice, YesNo
from handlers.scripts import Result, script
from handlers.staff.card import topic_path
from handlers.talk import Answer
from handlers.time_words import clock_words, day_words

NO: Answer = {"token": "join:no"}

# What a joiner hears of a case's history: where it went, never what was said between its filer and the office.
HEARD = frozenset(
    {Act.ACCEPT, Act.TRANSFER, Act.RETURN, Act.EXTEND, Act.REOPEN, Act.MERGE, Act.ESCALATE, Act.LAPSE, *RESULTS}
)


@dataclass(frozen=True)
class JoinOffer(Choice):
    """附近已有 12 人反映，是否附议？ Its value is (the case to join or 0, ids of photos sent meanwhile)."""

    topic: Topic | None = None
    place: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict[str, Answer])

    @classmethod
    def about(cls, topic: Topic, place: str) -> JoinOffer:
        """The offer for a topic at a place."""
        options = (Option("join:yes", Say("join.yes"), "primary"), Option("join:no", Say("join.no")))
        return cls("join", options=options, topic=topic, place=place)

    def with_answers(self, answers: Mapping[str, Answer]) -> JoinOffer:
        """The offer knowing what was answered."""
        return replace(self, answers=answers)

    def preset(self, desk: Desk) -> Answer | None:
        """No, without asking, where there is nothing to join. Looked up only until it was answered."""
        return None if self.name in self.answers or self._found(desk) else NO

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """How many there are, where so many may be spoken of."""
        found = self._found(desk)
        people = found.people if found else 0
        where = desk.county.place_by_id.get(self.place)
        gaps = {
            "n": people,
            "place": where.label(desk.lang) if where else "",
            "topic": self.topic.label(desk.lang) if self.topic else "",
        }
        words = Say("join.ask_count" if people else "join.ask", gaps)
        return Reply((words, Say("join.means")), self.options, wants="choice")

    def value(self, desk: Desk, answer: Answer) -> tuple[int, tuple[str, ...]]:
        """The case that is joined; 0 when it was not wanted, or is gone since."""
        found = self._found(desk) if answer.get("token") == "join:yes" else None
        photos = self.answers.get("photos", {}).get("files", ())
        return (found.case_id if found else 0), tuple(item["id"] for item in photos)

    def _found(self, desk: Desk) -> Offer | None:
        if self.topic is None or not self.topic.joinable or not self.place:
            return None
        voices = desk.voices(self.topic.code, self.place)
        return offer(self.topic, voices, desk.citizen.id, desk.county.repeats)


def joined(desk: Desk, case_id: int, story: str, files: tuple[str, ...]) -> Result:
    """Somebody joins instead of filing: their words go to the office, the number and the state to them."""
    case = desk.case(case_id)
    if case is None:
        return _gone()
    people = said(heads(desk.voices(case.topic, case.place)) + 1, desk.county.repeats)
    thanks = Say("join.done_count", {"no": case.no, "n": people}) if people else Say("join.done", {"no": case.no})
    shown = joined_reply(desk, case, joins=True)
    reply = replace(shown, parts=(thanks, *shown.parts))
    return Result((reply,), (Join(case_id, story, files),), remember={"scene": ""})


def joined_reply(desk: Desk, case: Case, joins: bool = False) -> Reply:
    """Where a case stands, for somebody who joined it."""
    now = _at_present(desk, case)
    unit = desk.county.department_by_id.get(now.department)
    gaps: dict[str, Words] = {
        "no": case.no,
        "state": Say(f"state.{now.state}"),
        "topic": topic_path(desk.county, case.topic, desk.lang),
        "unit": unit.label(desk.lang) if unit else "",
    }
    parts: list[Words] = [Say("join.head", gaps)]
    people = said(heads(desk.voices(now.topic, now.place)), desk.county.repeats)
    if people and not joins and now.state in RUNNING:
        parts.append(Say("join.people", {"n": people}))
    if now.answer_by and now.state in RUNNING:
        key = "progress.late" if desk.now > now.answer_by else "progress.due"
        parts.append(Say(key, {"day": day_words(desk.county, now.answer_by, desk.lang)}))
    steps = [] if joins else _steps(desk, now)
    return Reply((*parts, *steps), _buttons(case, now))


def _at_present(desk: Desk, case: Case) -> Case:
    """The case that goes on where this one was merged into another."""
    for _ in range(5):
        into = desk.case(case.merged_into) if case.merged_into else None
        if into is None:
            break
        case = into
    return case


def _steps(desk: Desk, case: Case) -> list[str]:
    texts = desk.county.texts[desk.lang]
    lines: list[str] = []
    for event in desk.events(case.id):
        if event.act in HEARD:
            line = f"{clock_words(desk.county, event.at, desk.lang)} {texts.get(f'step.{event.act}', '')}"
            told = event.text if event.act in RESULTS else ""
            lines.append(f"{line}\n　{veiled(told, case)}" if told else line)
    return ["\n".join(lines)] if lines else []


def _buttons(case: Case, now: Case) -> tuple[Option, ...]:
    menu = Option("menu", Say("word.menu"), "quiet")
    if now.state not in OPEN:
        return (menu,)
    more = Option(f"second:{case.id}", Say("progress.supplement"))
    return more, Option(f"unjoin:{case.id}", Say("join.leave"), "quiet"), menu


@dataclass(frozen=True)
class Seconding(Addition):
    """Words and files of a joiner, for the office only."""

    def effect(self, desk: Desk, answer: Answer) -> tuple[Deed, ...]:
        """They are passed on."""
        if self.case is None or answer.get("skip"):
            return ()
        files = tuple(answer["files"])
        return (Command(Act.SECOND, citizen(desk), self.case.id, text=answer["text"], attachments=files),)


@script("joined")
def look(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """How a case goes that the citizen joined."""
    known = desk.case(case)
    if known is None:
        return _gone()
    return Result((joined_reply(desk, known),))
    yield  # a script is a generator, also where it asks nothing


@script("second")
def second(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """More words or pictures to a case the citizen joined."""
    known = desk.case(case)
    now = _at_present(desk, known) if known else None
    if known is None or now is None:
        return _gone()
    if now.state not in OPEN:
        return Result((joined_reply(desk, known),))
    yield Seconding("words", Say("join.second_ask", {"no": known.no}), case=now)
    return _thanked("join.second_thanks", known)


@script("unjoin")
def unjoin(desk: Desk, case: int) -> Generator[Question, Any, Result]:
    """取消附议, after one question whether it is meant."""
    known = desk.case(case)
    if known is None:
        return _gone()
    if not (yield YesNo.of("sure", Say("join.leave_sure", {"no": known.no}), about=f"unjoin{known.id}")):
        return Result((joined_reply(desk, known),))
    menu = Option("menu", Say("word.menu"), "quiet")
    return Result((Reply((Say("join.left", {"no": known.no}),), (menu,)),), (Leave(known.id),))


def _thanked(key: str, case: Case) -> Result:
    options = (Option(f"joined:{case.id}", Say("report.filed.look")), Option("menu", Say("word.menu"), "quiet"))
    return Result((Reply((Say(key, {"no": case.no}),), options),))


def _gone() -> Result:
    return Result((Reply((Say("progress.no_match"),)),))
