"""Is somebody in danger right now, and which number helps?

Villagers in danger write what they see: in dialect, misheard by their phone, in two words or in fifty. A list of words
misses half of it, so this adds up evidence as `faq.grievance` does: groups of words (danger.yaml: a fire, somebody who
does not wake, the past, a subsidy), pieces of one to three characters, and pieces of two or three sounds. What each is
worth stands in danger_weights.tsv, learned from written-down examples by `python -m tests.bench.train_danger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from math import exp
from pathlib import Path

from faq.evidence import Features, Lexicon, features, group_features, scale, windows
from faq.learned import INTERCEPT, Row, read_weights
from faq.normalise import clean
from faq.site import SHIPPED, SiteFileError, number, read_mapping, site_file
from faq.strict_yaml import Plain

FILES = ("danger.yaml", "danger_weights.tsv")


@dataclass(frozen=True, slots=True)
class Danger:
    """What a text was read as: how likely somebody is in danger now (0..1), the number to call, the groups of
    words that say so, and these words. `now` is whether that is likely enough to warn."""

    likely: float = 0.0
    now: bool = False
    number: str = ""
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dangers:
    """The reader: an office's groups of words and the learned weights, one column a number."""

    lexicon: Lexicon
    above: float
    columns: tuple[str, ...]
    intercept: Row
    weights: Mapping[str, Row]

    def __call__(self, text: str) -> Danger:
        """Read a text; never raises. Only its first 2000 characters count, in stretches: the surest one does."""
        found = features(text, self.lexicon)
        if not found.pieces:
            return Danger()
        sums = self._sums(found)
        odds, start, end = max((self._odds(found, sums, *part), *part) for part in windows(found.length))
        total = sum(exp(min(one, 50.0)) for one in odds)
        likely = total / (1 + total)
        inside = [group for group in found.groups if start <= group.at < end and group.name in self.lexicon.numbers]
        kinds = tuple(dict.fromkeys(group.name for group in inside))
        words = tuple(dict.fromkeys(group.words for group in inside if group.words))
        return Danger(likely, likely >= self.above, self.columns[odds.index(max(odds))], kinds, words)

    def _sums(self, found: Features) -> list[list[float]]:
        """For every column, what the pieces before each place are worth together."""
        known, at_place = self.weights.get, [[0.0] * found.length for _ in self.columns]
        rows = [(at, row) for at, piece in found.pieces if (row := known(piece))]
        for place, column in enumerate(at_place):
            for at, row in rows:
                column[at] += row[place]
        return [[0.0, *accumulate(column)] for column in at_place]

    def _odds(self, found: Features, sums: list[list[float]], start: int, end: int) -> list[float]:
        """The logarithms of the odds of each number in one stretch."""
        worth = scale(end - start)
        odds = [base + worth * (column[end] - column[start]) for base, column in zip(self.intercept, sums, strict=True)]
        rows = [row for name in group_features(found, start, end) if (row := self.weights.get(name))]
        return [sum(column) for column in zip(odds, *rows, strict=True)]


def load_dangers(folder: Path | None = None) -> Dangers:
    """Return the reader by `folder`'s own danger.yaml and danger_weights.tsv, else the shipped; or SiteFileError."""
    lexicon, above = load_lexicon(folder)
    columns, weights = read_weights(site_file(FILES[1], folder))
    intercept = weights.pop(INTERCEPT, tuple(0.0 for _ in columns))
    return Dangers(lexicon, above, columns, intercept, weights)


def own(folder: Path | None) -> Dangers | None:
    """Return the reader by `folder`'s own files; None when they say the same as the shipped. Raises SiteFileError."""
    pairs = [(site_file(name, folder), SHIPPED / name) for name in FILES]
    try:
        same = all(one == other or one.read_bytes() == other.read_bytes() for one, other in pairs)
    except OSError:
        same = False
    return None if same else load_dangers(folder)


@cache
def shipped() -> Dangers:
    """Return the reader shipped with this package."""
    return load_dangers()


# --- the files ----------------------------------------------------------------------------------------------


def load_lexicon(folder: Path | None = None) -> tuple[Lexicon, float]:
    """Return the groups of danger.yaml, and from where on to warn; raises SiteFileError."""
    path = site_file("danger.yaml", folder)
    raw = read_mapping(path)
    value, line = raw.pop("from", ("", 1))
    above = number(path, line, "from", value)
    groups: dict[str, tuple[tuple[str, ...], ...]] = {}
    numbers: dict[str, str] = {}
    for name, (group, line) in raw.items():
        fields = group if isinstance(group, dict) else {}
        groups[name] = tuple(_words(path, line, name, fields.get("words", "")))
        if called := fields.get("number", ""):
            numbers[name] = str(called)
    return Lexicon(groups, numbers), above


def _words(path: Path, line: int, name: str, value: Plain) -> Iterable[tuple[str, ...]]:
    """The words of a group, each as its parts between the gaps; 甲/乙 makes two."""
    said = value if isinstance(value, str) else ""
    listed = [word.strip() for word in said.replace("，", ",").split(",") if word.strip()]
    if not listed:
        raise SiteFileError(path, line, f"{name} 的 words 应是一列词，用逗号隔开")
    for word in listed:
        for parts in product(*(part.split("/") for part in word.split("…"))):
            forms = tuple(clean(part).strip() for part in parts)  # not before: it takes "…" for three dots
            if not all(forms):
                raise SiteFileError(path, line, f"“{word}” 的 / 或 … 旁边少了字")
            yield forms
