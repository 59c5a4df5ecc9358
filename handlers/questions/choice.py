"""One of some options, by button, number, label or close wording; and the yes and no in people's own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say, Words
from handlers.questions.base import STALE, Got, Miss, Question, Shown, Sure, Take, Unfit
from handlers.talk import Answer
from handlers.words import is_made_of, is_said, is_within, pick, plain, variants

BRIEF = 8  # characters of an answer that begins with yes or no and needs no asking back


@dataclass(frozen=True)
class Choice(Question):
    """One of some options, by button, number, label or close wording."""

    options: tuple[Option, ...] = ()

    @property
    def takes_no(self) -> bool:
        """Where no is one of the options."""
        return any(option.token.rpartition(":")[2] == "no" for option in self.options)

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The prompt with its buttons."""
        return Reply((self.prompt,), self.options, wants="choice")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """Resolve against the options as shown."""
        return choose(desk, inbound, shown, {option.token for option in self.options})

    def value(self, desk: Desk, answer: Answer) -> Any:
        """The token, when it is still on offer."""
        if answer["token"] not in {option.token for option in self.options}:
            raise Unfit(Say("dialogue.option_gone"))
        return answer["token"]


def choose(desk: Desk, inbound: Inbound, shown: Shown, tokens: set[str]) -> Take:
    """A choice among `shown`; only `tokens` count as answers."""
    if inbound.choice:
        return Got({"token": inbound.choice}) if inbound.choice in tokens else STALE
    if not inbound.text.strip():
        return Miss(Say("dialogue.choose"))
    token, close = pick(inbound.text, shown)
    token = token or yes_or_no(desk, inbound.text, tokens) or _briefly_begins(desk, inbound.text, tokens)
    if token:
        return Got({"token": token}) if token in tokens else Miss(Say("dialogue.choose"))
    labels = dict(shown)
    if near := [
        token for token in close or begins_yes_or_no(desk, inbound.text, tokens) if token in tokens & set(labels)
    ]:
        return Sure(tuple(Option(token, labels[token]) for token in near))
    return Miss(Say("dialogue.choose"))


def yes_or_no(desk: Desk, text: str, tokens: Iterable[str]) -> str:
    """The token for 没得, 对头, 不晓得 and the like, where that is what is asked; "" when it is neither."""
    for token in sorted(tokens):
        word = token.rpartition(":")[2]
        key = f"control.{word}"
        known = word in ("yes", "no", "unsure")
        if known and (is_said(desk.county.texts, key, text) or is_made_of(desk.county.texts, (key,), text)):
            return token
    return ""


def _briefly_begins(desk: Desk, text: str, tokens: set[str]) -> str:
    """没得人受伤 is no, and needs no asking back."""
    begins = begins_yes_or_no(desk, text, tokens) if len(plain(text)) <= BRIEF else ()
    return begins[0] if len(begins) == 1 else ""


def begins_yes_or_no(desk: Desk, text: str, tokens: set[str]) -> tuple[str, ...]:
    """A yes or no with more words behind it: 有个老人摔伤了. Only a guess, so it is asked back."""
    asks = is_within(desk.county.texts, "control.not_an_answer", text[:4])
    for word in () if asks else ("no", "yes"):
        starts = {start for texts in desk.county.texts.values() for start in variants(texts, f"control.{word}_begins")}
        if plain(text[:20]).startswith(tuple(starts) or ("\0",)):
            return tuple(token for token in tokens if token.rpartition(":")[2] == word)
    return ()


@dataclass(frozen=True)
class YesNo(Choice):
    """Yes or no. The buttons carry what is asked, so that an old 是 never answers another question."""

    about: str = ""

    @classmethod
    def of(cls, name: str, prompt: Words, about: str = "") -> Self:
        """The question `name`; `about` tells it from others that are asked alike."""
        about = about or name
        options = (Option(f"{about}:yes", Say("word.yes")), Option(f"{about}:no", Say("word.no")))
        return cls(name, prompt, options=options, about=about)

    def value(self, desk: Desk, answer: Answer) -> bool:
        """Whether it is yes."""
        return super().value(desk, answer).endswith(":yes")
