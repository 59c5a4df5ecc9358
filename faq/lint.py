"""What is wrong with answers that load well: questions that get in each other's way, and ones nobody can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from rapidfuzz import fuzz, process

from faq.book import Book, Entry
from faq.decide import decide, usable
from faq.markdown import parse
from faq.normalise import Normaliser
from faq.respond import LOOKED_AT, Answers
from faq.search import Index
from faq.textfile import MARKDOWN_LIMIT, read_text
from faq.weights import SearchWeights

What = Literal["same", "source", "unreachable", "twins", "several", "elsewhere"]
ERRORS: frozenset[What] = frozenset({"same", "source", "unreachable"})
TWIN = 90  # per cent alike
_FOLDS = 3
_ROWS = 256


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: where (`line` from 1), what, and the `words` and the `other` entry it is about."""

    file: str
    line: int
    what: What
    words: str
    other: str = ""


@dataclass(frozen=True)
class Linter:
    """The answers to be looked through, as they would answer today."""

    answers: Answers
    normaliser: Normaliser
    weights: SearchWeights

    @property
    def _book(self) -> Book:
        return self.answers.book

    def findings(self) -> list[Finding]:
        """Return everything found, in the order of the files."""
        found = [*self._same(), *self._plain(), *self._twins(), *self._unreachable(), *self._elsewhere()]
        place = {file: number for number, file in enumerate(self._book.files)}
        return sorted(dict.fromkeys(found), key=lambda one: (place.get(one.file, 0), one.line))

    def _plain(self) -> Iterator[Finding]:
        """What can be seen of an entry by itself."""
        for entry in self._book.entries:
            if not entry.source:
                yield _of(entry, "source", entry.question)
            if len(self.answers.parts(entry.question)) > 1:
                yield _of(entry, "several", entry.question)

    def _same(self) -> Iterator[Finding]:
        """The same words, courtesies and synonyms aside, in two entries: whoever says them is always asked which."""
        first: dict[str, Entry] = {}
        for entry, text in self._texts:
            known = first.setdefault(self.normaliser(text), entry)
            if known is not entry:
                yield Finding(entry.file, self._line(entry, text), "same", text, _name(known))

    def _twins(self) -> Iterator[Finding]:
        """Questions so alike that a slip of the thumb takes one for the other."""
        entries = self._book.entries
        forms = [self.normaliser(entry.question) for entry in entries]
        for start in range(0, len(forms), _ROWS):
            alike = process.cdist(forms[start : start + _ROWS], forms, scorer=fuzz.ratio, score_cutoff=TWIN)
            for row, column in zip(*np.nonzero(alike), strict=True):
                one, other = entries[start + int(row)], entries[int(column)]
                told_apart = one.policy == other.policy and one.aspect != other.aspect
                if start + row > column and forms[start + row] != forms[column] and not told_apart:
                    yield _of(one, "twins", one.question, other)

    def _unreachable(self) -> Iterator[Finding]:
        """Entries that are not even among the choices when their own question is asked."""
        for entry in self._book.entries:
            if not usable(entry, self.answers.today, self.answers.region):
                continue  # that is said elsewhere, with its date
            verdict, _ = self.answers.respond(entry.question)
            if entry not in verdict.entries:
                shown = verdict.entries[0] if verdict.entries else None
                yield _of(entry, "unreachable", entry.question, shown)

    def _elsewhere(self) -> Iterator[Finding]:
        """Aliases that, were they not written here, would be answered with another entry."""
        for fold in range(_FOLDS):
            kept, asked = self._split(fold)
            index = Index(kept, self._labels, self.normaliser, self.weights)
            for entry, alias in asked:
                hits = index.search(alias, LOOKED_AT, explained=False)
                verdict = decide(alias, hits, self._book, self.answers.today, self.answers.region, self.answers.weights)
                if verdict.band == "answer" and entry not in verdict.entries:
                    yield Finding(entry.file, self._line(entry, alias), "elsewhere", alias, _name(verdict.entries[0]))

    def _split(self, fold: int) -> tuple[list[tuple[str, Sequence[str]]], list[tuple[Entry, str]]]:
        """What an index without every third alias is built from, and the aliases that it lacks."""
        kept: list[tuple[str, Sequence[str]]] = []
        asked: list[tuple[Entry, str]] = []
        for entry in self._book.entries:
            out = entry.aliases[fold::_FOLDS]
            kept.append((entry.id, (entry.question, *(one for one in entry.aliases if one not in out))))
            asked += [(entry, alias) for alias in out]
        return kept, asked

    @cached_property
    def _labels(self) -> Mapping[str, tuple[str, ...]] | None:
        labels = {one.id: (one.policy, one.aspect) for one in self._book.entries}
        return labels if all(policy and aspect for policy, aspect in labels.values()) else None

    @cached_property
    def _texts(self) -> list[tuple[Entry, str]]:
        return [(entry, text) for entry in self._book.entries for text in (entry.question, *entry.aliases)]

    def _line(self, entry: Entry, text: str) -> int:
        return self._lines.get((entry.id, text), entry.line)

    @cached_property
    def _lines(self) -> dict[tuple[str, str], int]:
        """Where each alias stands: (id of its entry, its words) → line."""
        return {where: line for file in self._book.files for where, line in _alias_lines(Path(file))}


def _alias_lines(path: Path) -> Iterable[tuple[tuple[str, str], int]]:
    read = read_text(path, MARKDOWN_LIMIT) if path.suffix == ".md" else None
    if isinstance(read, tuple):
        for section in parse(str(path), read[0]).sections:
            yield from (((section.id, alias), line) for line, alias in section.aliases)


def _of(entry: Entry, what: What, words: str, other: Entry | None = None) -> Finding:
    return Finding(entry.file, entry.line, what, words, _name(other) if other else "")


def _name(entry: Entry) -> str:
    return f"{entry.question}（{entry.id}）"
