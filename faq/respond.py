"""From a message to what is answered: usually one question, sometimes two in one breath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from faq.book import Book, Entry
from faq.decide import ASPECTS, Verdict, decide, usable
from faq.pinyin import encode
from faq.weights import DecideWeights

if TYPE_CHECKING:
    from faq.search import Hit, Index

LOOKED_AT = 8  # hits
MOST_PARTS = 4  # of a message that asks and asks
# An exact part is not an exact message: what stands around it may be a complaint.
_SUREST = 0.99
_GUESS = re.compile(r"(?:是不是|是否|对不对|是吧)")  # goes on with the question before, as in 没到账，是不是停了
_PARTS = re.compile(r"[，。！？；,!?;\n]+|还有(?:就是)?|另外|顺便|以及")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of an office on one day: what `respond` looks into. `asks`: whether words ask anything."""

    index: Index
    book: Book
    weights: DecideWeights
    asks: Callable[[str], bool]
    today: date
    region: str | None = None

    def respond(self, text: str) -> tuple[Verdict, Sequence[Hit]]:
        """Return what becomes of a message, and the hits for the whole of it.

        Of two questions that are each clear the Verdict holds both answers, in the order they were asked.
        """
        hits = self.index.search(text, LOOKED_AT, explained=False)
        whole = self._decide(text, hits)
        if whole.policy and whole.band == "choices" and self._is_bare(text, whole.policy):
            return replace(whole, ask_aspects=self._aspects(whole.policy)), hits
        if hits and hits[0].exact:
            return whole, hits
        return self._both(text) or whole, hits

    def parts(self, text: str) -> list[str]:
        """Return the first parts of a message that ask something."""
        return [part.strip() for part in _PARTS.split(text) if self.asks(part)][:MOST_PARTS]

    def _is_bare(self, text: str, policy: str) -> bool:
        """Whether a message is nothing but a policy's name, or a part of it, as it sounds."""
        said = encode(self.index.form(text))
        return len(said) > 1 and said in encode(self.index.form(policy))

    def _aspects(self, policy: str) -> tuple[Entry, ...]:
        """One entry for each side of a policy that may be answered today, in the order of its file: what people need
        first stands first there."""
        firsts: dict[str, Entry] = {}
        for entry in self.book.of_policy(policy):
            if usable(entry, self.today, self.region):
                firsts.setdefault(entry.aspect, entry)
        return tuple(firsts.values())[:ASPECTS]

    def _decide(self, text: str, hits: Sequence[Hit]) -> Verdict:
        return decide(text, hits, self.book, self.today, self.region, self.weights)

    def _both(self, text: str) -> Verdict | None:
        """The first two questions that have different answers; None when there is one question, however phrased."""
        parts = self.parts(text)
        if len(parts) < 2:
            return None
        found: dict[tuple[str, str], Verdict] = {}
        for verdict in self._each(parts):
            entry = verdict.entries[0]
            found.setdefault((entry.policy, entry.aspect), verdict)
        first, second, *_ = [*found.values(), None, None]
        if first is None or second is None:
            return None
        sure = min(first.confidence, second.confidence, _SUREST)
        common = first.policy if first.policy == second.policy else None
        return replace(first, entries=(*first.entries, *second.entries), confidence=sure, policy=common)

    def _each(self, parts: Sequence[str]) -> Iterator[Verdict]:
        """The answers to the parts; one that names no policy (要什么材料) is about the one before."""
        policy = ""
        for part in parts:
            verdict = self._decide(part, self.index.search(part, LOOKED_AT, explained=False))
            if verdict.band != "answer" and policy and not _GUESS.match(part):
                about = policy + part
                verdict = self._decide(about, self.index.search(about, LOOKED_AT, explained=False))
            if verdict.band == "answer":
                policy = verdict.policy or ""
                yield verdict
