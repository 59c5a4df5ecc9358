"""提交: everything on one screen; any line can be changed, what was not asked can be added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say, Words
from handlers.questions.base import STALE, Drop, Got, Miss, More, Question, Shown, Sure, Take, Unfit, spoken
from handlers.talk import Answer
from handlers.words import SHORT, is_made_of, is_said, is_within, pick


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary: which answer it shows, its title and its words."""

    name: str
    title: Words
    words: Words


@dataclass(frozen=True)
class Summary(Question):
    """The last look. Its value is what was added, by name."""

    lines: tuple[Line, ...] = ()
    addable: tuple[Question, ...] = ()
    promise: Words = ""  # what 提交 does; "" is what it does to a complaint
    answers: Mapping[str, Answer] = field(default_factory=dict[str, Answer])

    @property
    def takes_no(self) -> bool:
        """没有 is neither 提交 nor 跳过."""
        return True

    @property
    def needed(self) -> Words:
        """There is nothing to skip here."""
        return Say("report.submit.choose")

    def with_answers(self, answers: Mapping[str, Answer]) -> Summary:
        """The summary that also shows what was added."""
        return replace(self, answers=answers)

    def addition(self, name: str) -> Question | None:
        """The addable question of that name."""
        return next((question for question in self.addable if question.name == name), None)

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The lines, with 提交; or the lines as buttons; or what may be added."""
        page = (partial or {}).get("page")
        if page == "edit":
            options = [Option(f"edit:{line.name}", line.title) for line in self._all(desk)]
            return Reply((Say("report.submit.which"),), (*options, _back()), wants="choice")
        if page == "add":
            options = [Option(f"add:{question.name}", question.title) for question in self._open()]
            return Reply((Say("report.submit.what"),), (*options, _back()), wants="choice")
        rows = "\n".join(
            spoken(desk, Say("report.line.row", {"title": line.title, "words": line.words})) for line in self._all(desk)
        )
        promise = self.promise or Say("report.submit.promise")
        return Reply((Say("report.submit.ask"), rows, promise), self._buttons(), wants="choice")

    def _buttons(self) -> tuple[Option, ...]:
        add = (Option("page:add", Say("report.submit.add")),) if self._open() else ()
        return (
            Option("submit", Say("word.submit"), "primary"),
            Option("page:edit", Say("report.submit.edit")),
            *add,
            Option("cancel", Say("word.cancel"), "quiet"),
        )

    def _all(self, desk: Desk) -> list[Line]:
        added = [question for question in self.addable if question.name in self.answers]
        lines = [Line(q.name, q.title, _shown(desk, q, self.answers[q.name])) for q in added]
        return [*self.lines, *(line for line in lines if line.words)]

    def _open(self) -> list[Question]:
        return [question for question in self.addable if question.name not in self.answers]

    def briefly(self, desk: Desk, partial: Answer | None) -> Reply:
        """Without the lines: they have just been read."""
        return Reply((Say("report.submit.choose"),), self._buttons(), wants="choice")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """提交, a line to change, something to add, or a page of those."""
        token, close = (inbound.choice, ()) if inbound.choice else self._typed(desk, inbound.text, shown)
        verb, _, name = token.partition(":")
        if verb == "submit":
            return Got({"token": "submit"})
        if verb == "page" and name in ("edit", "add"):
            return More({"page": name})
        if verb == "edit" and any(line.name == name for line in self._all(desk)):
            return Drop(name, add=self.addition(name) is not None)
        if verb == "add" and self.addition(name):
            return Drop(name, add=True)
        if not inbound.choice and is_within(desk.county.texts, "control.corrects", inbound.text[:200]):
            return More({"page": "edit"})
        labels = dict(shown)
        if near := [one for one in close if one != "cancel"]:
            return Sure(tuple(Option(one, labels[one]) for one in near))
        return STALE if inbound.choice else Miss(Say("report.submit.choose"))

    def _typed(self, desk: Desk, text: str, shown: Shown) -> tuple[str, tuple[str, ...]]:
        """The button that words stand for, or the buttons they are close to."""
        for word, token in (("submit", "submit"), ("edit", "page:edit"), ("add", "page:add")):
            if is_said(desk.county.texts, f"control.{word}", text):
                return token, ()
        if is_made_of(desk.county.texts, ("control.submit", "control.yes"), text):
            return "submit", ()
        token, close = pick(text, shown)
        return token or "", close if len(text) <= SHORT else ()

    def value(self, desk: Desk, answer: Answer) -> dict[str, Any]:
        """What was added, by the name of its question."""
        found: dict[str, Any] = {}
        for question in self.addable:
            given = self.answers.get(question.name)
            if given and not given.get("skip"):
                try:
                    found[question.name] = question.value(desk, given)
                except Unfit:
                    continue
        return found


def _shown(desk: Desk, question: Question, answer: Answer) -> Words:
    if answer.get("skip"):
        return ""
    if "files" in answer:
        return Say("report.photos.count", {"n": len(answer["files"])})
    if "text" in answer:
        return answer["text"]
    token = answer.get("token", "")
    options = getattr(question, "options", ())
    return next((option.label for option in options if option.token == token), token)


def _back() -> Option:
    return Option("back", Say("word.back"), "quiet")
