"""The questions of one topic, from categories.yaml to a Question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.schema import TopicQuestion
from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say, Words
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Sure, Take, is_other_button, spoken
from handlers.questions.choice import yes_or_no
from handlers.questions.contact import find_phone
from handlers.talk import Answer
from handlers.words import pick, plain

_LONGEST = 100
_PAGE = 8


@dataclass(frozen=True)
class Detail(Question):
    """One of a topic's own questions; its value is the words that stand in the case."""

    of: TopicQuestion | None = None
    options: tuple[Option, ...] = ()

    @property
    def counted(self) -> bool:
        """A number counts the options where there are some; else it is the answer: 几口人? 3."""
        return bool(self.options)

    @property
    def needed(self) -> Words:
        """Whoever does not know may say so."""
        return Say("report.detail.needed")

    @property
    def takes_no(self) -> bool:
        """Where no is one of the options."""
        return any(option.token.endswith(":no") for option in self.options)

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The question, with its options if it has some, a page at a time."""
        page = (partial or {}).get("page", 0)
        here = self.options[page * _PAGE : (page + 1) * _PAGE]
        if len(self.options) > _PAGE:
            following = (page + 1) % -(-len(self.options) // _PAGE)
            here = (*here, Option(f"{self.name}:page:{following}", Say("word.more"), "quiet"))
        return Reply((self.prompt,), here, wants="choice" if self.options else "text")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """A button's label, or words that pass the type's check."""
        labels = {option.token: spoken(desk, option.label) for option in self.options}
        if inbound.choice:
            return self._pressed(inbound.choice, {**labels, **dict(shown)}, partial or {})
        if not inbound.text.strip() or is_other_button(desk, inbound.text):
            return Miss(Say("dialogue.words"))
        if self.options and find_phone(inbound.text)[0]:
            return Miss(Say("dialogue.choose"))  # a name and number sent early: the contact's
        token, close = pick(inbound.text, list(labels.items())) if not inbound.text.strip().isdecimal() else (None, ())
        token = token or yes_or_no(desk, inbound.text, labels)
        if token:
            return Got({"text": labels[token]})
        named = len(close) == 1 and plain(labels[close[0]]) in plain(inbound.text)
        if close and not named and len(inbound.text) <= _LONGEST // 2:
            as_typed = Option(f"{self.name}:typed", Say("report.place.as_typed"), "quiet")
            return Sure((*(Option(one, labels[one]) for one in close), as_typed), {"typed": inbound.text.strip()})
        return self._checked(inbound.text.strip())

    def _pressed(self, choice: str, labels: dict[str, str], partial: Answer) -> Take:
        """A button: an option by the words it was shown with, the next page, or 就按我写的."""
        rest = choice.removeprefix(f"{self.name}:") if choice.startswith(f"{self.name}:") else ""
        verb, _, page = rest.partition(":")
        if verb == "page" and page.isdecimal() and int(page) * _PAGE < len(self.options):
            return More({"page": int(page)})
        if rest == "typed" and partial.get("typed"):
            return self._checked(partial["typed"])
        known = rest and verb != "page" and choice in labels
        return Got({"text": labels[choice]}) if known else STALE

    def _checked(self, text: str) -> Take:
        """Words that pass the check of the question's type. A whole card number is never kept (PIPL §28)."""
        kind, text = self.of.type if self.of else "text", text[:_LONGEST]
        if kind == "tail4":
            digits = re.fullmatch(r"\D*(\d{4})\D*", text)
            return Got({"text": digits.group(1)}) if digits else Miss(Say("report.detail.tail4"))
        if kind in ("amount", "number") and not _has_number(text):
            return Miss(Say("report.detail.number"))
        if self.counted and text.isdecimal():
            return Miss(Say("dialogue.choose"))
        return Got({"text": text})

    def knows(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> bool:
        """Only a button: any words would do."""
        return bool(inbound.choice) and super().knows(desk, inbound, shown, partial)

    def value(self, desk: Desk, answer: Answer) -> str:
        """The words."""
        return answer["text"]


def _has_number(text: str) -> bool:
    return bool(re.search(r"[\d一二三四五六七八九十百千万几半两]", text))


def detail_name(of: TopicQuestion) -> str:
    """The name of a topic's question in a script: never one of the script's own."""
    return f"q_{of.id}"


def detail_question(desk: Desk, of: TopicQuestion, likely: Sequence[str] = ()) -> Detail:
    """The Question for a topic's question in the language of the talk; `likely` policies come first."""
    name = detail_name(of)
    match of.type:
        case "yesno":
            options = (Option(f"{name}:yes", Say("word.yes")), Option(f"{name}:no", Say("word.no")))
        case "policy":
            known = desk.policies()
            order = sorted(known, key=lambda policy: likely.index(policy) if policy in likely else len(likely))
            options = tuple(Option(f"{name}:{known.index(policy)}", policy) for policy in order)
        case _:
            options = tuple(Option(f"{name}:{option.token}", option.label(desk.lang)) for option in of.options)
    label = of.label(desk.lang)
    return Detail(name, label, optional=not of.required, skipped="", title=label.rstrip("？?"), of=of, options=options)
