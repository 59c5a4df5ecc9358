"""Why a hit is a hit, in words an admin can check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from faq.pinyin import encode

# What follows costs the cube of the length: 2 000 times the same character took minutes.
_EXPLAINED = 120
_LONGEST_SOUND = 12


@dataclass(frozen=True, slots=True)
class Why:
    """What made an entry a hit: words in both, (typed, meant) synonyms, words alike in sound only."""

    shared: tuple[str, ...]
    synonym: tuple[tuple[str, str], ...]
    pinyin: tuple[str, ...]


def explain(
    form: str, rewritten: Sequence[tuple[str, str]], entry_texts: Sequence[str], entry_sounds: Sequence[str]
) -> Why:
    """Return what `form` (normalised) has in common with an entry's normalised texts and their sounds."""
    form, texts, sounds = form[:_EXPLAINED], "\n".join(entry_texts), "\n".join(entry_sounds)
    shared: list[str] = []
    rest: list[str] = []
    for piece, known in _runs(form, texts):
        (shared if known else rest).append(piece)
    meant = tuple(pair for pair in rewritten if pair[1] in texts)
    alike = (run for piece in rest for run in _alike(piece, sounds))
    return Why(tuple(dict.fromkeys(shared)), meant, tuple(dict.fromkeys(alike)))


def _runs(form: str, texts: str) -> Iterator[tuple[str, bool]]:
    """Cut `form` into longest runs of two characters or more that the texts hold, and what is between them."""
    at = start = 0
    while at < len(form):
        length = _longest(form, at, texts)
        if length < 2:
            at += 1
            continue
        if start < at:
            yield form[start:at], False
        yield form[at : at + length], True
        at = start = at + length
    if start < len(form):
        yield form[start:], False


def _longest(form: str, at: int, texts: str) -> int:
    length = 0
    while at + length < len(form) and form[at : at + length + 1] in texts:
        length += 1
    return length


def _alike(piece: str, sounds: str) -> Iterator[str]:
    """Yield the longest parts of `piece`, two syllables or more, that sound like part of the texts."""
    at = 0
    while at < len(piece):
        longest = min(len(piece) - at, _LONGEST_SOUND)
        length = next((n for n in range(longest, 1, -1) if _heard(piece[at : at + n], sounds)), 0)
        if length:
            yield piece[at : at + length].strip()
        at += length or 1


def _heard(part: str, sounds: str) -> bool:
    code = _code(part)
    return len(code) > 1 and not code.isascii() and code in sounds


@lru_cache(maxsize=2048)  # every hit of one question asks for the same parts
def _code(part: str) -> str:
    return encode(part).replace(" ", "")
