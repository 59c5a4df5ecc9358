"""The questions a script may yield: how each is asked, how an answer is taken, what it is worth.

An answer is plain JSON. `take` reads one message; `value` turns the stored answer into what the script
receives, and raises Unfit when it no longer fits (the files may have changed since).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.desk import Deed, Desk
from handlers.messages import Attachment, Inbound, Option, Reply, Say, Wants, Words
from handlers.talk import Answer
from handlers.wording import fill
from handlers.words import is_said

Shown = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Got:
    """The message answers the question. `thanks` is said before the next one."""

    answer: Answer
    thanks: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class More:
    """A part of an answer; the same question stays open."""

    partial: Answer
    before: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Sure:
    """Close, but not the same: is one of these meant?"""

    options: tuple[Option, ...]
    partial: Answer | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """Not an answer, and why. After three that count a person is offered."""

    why: Words
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Drop:
    """Another answer is to be given anew: dropped, or asked for the first time (`add`).

    A question that drops itself goes back without an answer.
    """

    name: str
    add: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Show this and keep the question open: another page of its options."""

    reply: Reply


Take = Got | More | Sure | Miss | Drop | Ask

STALE = Miss(Say("dialogue.old_button"), counts=False)


class Unfit(Exception):
    """A stored answer that no longer fits; `reason` is told before the question is asked again."""

    def __init__(self, reason: Words) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Question(ABC):
    """Something to be asked, by name. Texts are under `<script>.<name>`."""

    name: str
    prompt: Words = ""
    optional: bool = False
    skipped: Any = None
    title: Words = ""

    @property
    def counted(self) -> bool:
        """Whether a bare number counts the buttons; not where a number may be the answer itself."""
        return True

    @property
    def offers_skip(self) -> bool:
        """Whether 跳过 stands among the buttons of an optional question; typed, it is always understood."""
        return True

    @property
    def takes_no(self) -> bool:
        """Whether 没有 is an answer here; elsewhere it skips."""
        return False

    @property
    def needed(self) -> Words:
        """What is said to somebody who skips what cannot be skipped."""
        return Say("dialogue.cannot_skip")

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The words and buttons of the question."""
        return Reply((self.prompt,), wants="text")

    def briefly(self, desk: Desk, partial: Answer | None) -> Reply:
        """The question again, where something was added to another answer meanwhile."""
        return self.ask(desk, partial)

    @abstractmethod
    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """What a message means as an answer."""

    def value(self, desk: Desk, answer: Answer) -> Any:
        """What the script receives for a stored answer."""
        return answer

    def knows(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> bool:
        """Whether a message that comes hours later is still clearly the answer to this."""
        return isinstance(self.take(desk, inbound, shown, partial), Got)

    def kept(self, partial: Answer) -> Answer | None:
        """The answer that a half-given one is worth when the person turns away; None for none."""
        return None

    def effect(self, desk: Desk, answer: Answer) -> tuple[Deed, ...]:
        """What is done at once when this is answered."""
        return ()

    def preset(self, desk: Desk) -> Answer | None:
        """An answer that is known without asking."""
        return None

    def addition(self, name: str) -> Question | None:
        """A question that may be added from this one, by name."""
        return None

    def with_answers(self, answers: Mapping[str, Answer]) -> Question:
        """This question knowing the answers so far; most do not care."""
        return self


def is_other_button(desk: Desk, text: str) -> bool:
    """Whether a text is the label of a button on another screen: 提交 is no name and no place."""
    return any(is_said(desk.county.texts, f"word.{word}", text) for word in _LABELS)


_LABELS = ("submit", "agree", "done", "anonymous", "named", "send", "more")


@dataclass(frozen=True)
class Text(Question):
    """Free words, in one message. Voice counts when `voice`."""

    least: int = 1
    most: int = 500
    options: tuple[Option, ...] = ()
    wants: Wants = "text"

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The prompt, with shortcuts as buttons."""
        return Reply((self.prompt,), self.options, wants=self.wants)

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """The words, cut at `most`; a shortcut's label when one is pressed."""
        if inbound.choice:
            label = dict(shown).get(inbound.choice)
            known = inbound.choice in {option.token for option in self.options}
            return Got({"text": label}) if known and label else STALE
        text = inbound.text.strip()
        if len(text) < self.least or is_other_button(desk, text):
            return Miss(Say("dialogue.words"))
        return Got({"text": text[: self.most]})

    def knows(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> bool:
        """Only a button: any words would do."""
        return bool(inbound.choice) and super().knows(desk, inbound, shown, partial)

    def value(self, desk: Desk, answer: Answer) -> str:
        """The words."""
        return answer["text"]


def files(inbound: Inbound) -> list[Answer]:
    """The attachments of a message as JSON."""
    return [{"id": a.id, "kind": a.kind, "name": a.name, "mime": a.mime, "size": a.size} for a in inbound.attachments]


def file_of(item: Answer) -> Attachment:
    """An attachment out of JSON."""
    return Attachment(item["id"], item["kind"], item["name"], item["mime"], item["size"])


def spoken(desk: Desk, words: Words) -> str:
    """Words in the language of the talk; a bare control word by its label. For what is stored as said."""
    texts = desk.county.texts.get(desk.lang, {})
    if isinstance(words, Say):
        return fill(texts, words.key, {name: str(_flat(desk, gap)) for name, gap in words.args.items()})
    return texts.get(f"word.{words}", words)


def _flat(desk: Desk, gap: Any) -> Any:
    return spoken(desk, gap) if isinstance(gap, Say) else gap
