"""What can be counted in a message: its pieces, its sounds, and the groups of words that stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import NamedTuple

from faq.normalise import clean
from faq.pinyin import encode

GAP = 8  # characters that may stand at a "…"
LOOKED_AT = 2000  # characters; nobody writes more while the house burns
WINDOW = 48  # characters read at once: a cry for help may stand in the middle of a long story
STRIDE = 24
WHOLE = 64  # characters up to which a text is read as one
CHARS, SOUNDS = (1, 2, 3), (2, 3)  # lengths of the pieces
MOST = 2  # how often one group counts
BROKEN = "|"  # where punctuation stood: no piece and no gap crosses it
_BREAK = re.compile(r"[^\w]+|_+")
Words = tuple[str, ...]


class Group(NamedTuple):
    """Words of a group as they stand in a text; no words when they were only heard."""

    at: int
    name: str
    words: str


class Stems:
    """Finds the words of all groups in one walk: by their first two characters, then what follows."""

    def __init__(self, words: Iterable[tuple[Words, str]]) -> None:
        """`words`: (parts of a word between its gaps, name of its group)."""
        self._by_first: dict[str, dict[str, list[tuple[Words, str]]]] = {}
        for (head, *tail), name in words:
            self._by_first.setdefault(head[:2], {}).setdefault(head, []).append((tuple(tail), name))

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, group) of every word in `text`."""
        known = self._by_first.get
        for at, char in enumerate(text):
            if heads := known(char):
                yield from _words_at(text, at, heads)
            if (heads := known(text[at : at + 2])) and at + 1 < len(text):
                yield from _words_at(text, at, heads)


def _words_at(text: str, at: int, heads: Mapping[str, list[tuple[Words, str]]]) -> Iterator[tuple[int, int, str]]:
    for head, tails in heads.items():
        if text.startswith(head, at):
            for tail, name in tails:
                if end := _after(text, at + len(head), tail):
                    yield at, end, name


def _after(text: str, end: int, tail: Words) -> int:
    """Where the last of `tail` ends, each within GAP characters of the one before; 0 when one is missing."""
    for part in tail:
        limit = end + GAP + len(part)
        stop = text.find(BROKEN, end, limit)
        at = text.find(part, end, limit if stop < 0 else stop)
        if at < 0:
            return 0
        end = at + len(part)
    return end


@dataclass(frozen=True)
class Lexicon:
    """Groups of words, each word as its parts between the gaps; `numbers` of those that speak of a danger."""

    groups: Mapping[str, tuple[Words, ...]]
    numbers: Mapping[str, str]

    @cached_property
    def written(self) -> Stems:
        """The words as they are written."""
        return Stems((parts, name) for name, words in self.groups.items() for parts in words)

    @cached_property
    def heard(self) -> Stems:
        """The words of danger as they sound; one syllable, or one with a gap, sounds like too much else."""
        whole = {(encode(parts[0]), name) for name in self.numbers for parts in self.groups[name] if len(parts) == 1}
        return Stems(((sound,), name) for sound, name in sorted(whole) if len(sound) > 1 and not sound.isascii())


@dataclass(frozen=True, slots=True)
class Features:
    """What a text of `length` holds: (place, piece) and the groups by place."""

    length: int
    pieces: list[tuple[int, str]]
    groups: list[Group]


def features(text: str, lexicon: Lexicon) -> Features:
    """What a text holds. The sound of a piece is a piece of its own; only heard, a group's name begins with "~"."""
    said = _BREAK.sub(_mark, clean(text[:LOOKED_AT])).strip(" " + BROKEN)
    sound = encode(said).replace(" ", "")
    last = max(len(said) - 1, 0)
    pieces = list(_once([*_pieces(said, CHARS, last), *_pieces(sound, SOUNDS, last)]))
    groups = [Group(at, name, said[at:end]) for at, end, name in lexicon.written.found(said)]
    known = {(group.at, group.name) for group in groups} if len(sound) == len(said) else set[tuple[int, str]]()
    heard = ((min(at, last), name) for at, _, name in lexicon.heard.found(sound) if (at, name) not in known)
    return Features(last + 1, pieces, [*groups, *(Group(at, "~" + name, "") for at, name in heard)])


def _mark(found: re.Match[str]) -> str:
    """A space between Latin words stays one, any other falls away; punctuation is a break."""
    if not found[0].isspace() or "\n" in found[0]:
        return BROKEN
    return " " if found.start() and found.string[found.start() - 1].isascii() else ""


def _pieces(text: str, sizes: Iterable[int], last: int) -> list[tuple[int, str]]:
    """(Place, piece) of every piece of these sizes; a text in pinyin has more letters than places."""
    found: list[tuple[int, str]] = []
    start = 0
    for part in text.split(BROKEN):
        for size in sizes:
            found += [(start + at, part[at : at + size]) for at in range(len(part) - size + 1)]
        start += len(part) + 1
    return found if len(text) <= last + 1 else [(min(at, last), piece) for at, piece in found]


def _once(pieces: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The pieces without their echoes: said ten times over, nothing is ten times as sure."""
    seen: dict[str, int] = {}
    for at, piece in pieces:
        if at - seen.get(piece, -WINDOW) >= WINDOW:
            seen[piece] = at
            yield at, piece


def windows(length: int) -> list[tuple[int, int]]:
    """The stretches a text is read in: the whole of a short one."""
    if length <= WHOLE:
        return [(0, length)]
    return [(at, min(at + WINDOW, length)) for at in range(0, length - WINDOW + STRIDE, STRIDE)]


def scale(length: int) -> float:
    """What one piece counts in a stretch: a long one holds many, and is not surer for it."""
    return 1 / sqrt(length + 4)


def group_features(found: Features, start: int, end: int) -> list[str]:
    """What the groups of a stretch add up to: "#fire" for the first word, "#fire#" for the second."""
    names = [name for at, name, _ in found.groups if start <= at < end]
    return [f"#{name}" + "#" * nth for name in dict.fromkeys(names) for nth in range(min(names.count(name), MOST))]
