"""A text as it is compared: its terms, and how it sounds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from faq.bm25 import grams
from faq.pinyin import encode

_TOKEN = re.compile(r"[a-z]+|\d+(?:\.\d+)?|\S")
_LATIN = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class View:
    """One normalised text: `form`, its terms, its sounds (one code point a syllable), and their terms."""

    form: str
    terms: list[str]
    sounds: str
    sound_terms: list[str]

    @property
    def all_terms(self) -> list[str]:
        """Terms of both kinds; a syllable's code point is never a character, so they do not mix."""
        return self.terms + self.sound_terms


def view(form: str) -> View:
    """Return the View of a normalised text."""
    sounds = encode(form)
    return View(form, _terms(form), sounds, grams(sounds.replace(" ", "")))


def _terms(form: str) -> list[str]:
    """Characters, numbers and Latin words with their neighbours; pieces of long Latin words, which are misspelt."""
    pieces = [word[at : at + 3] + "~" for word in _LATIN.findall(form) for at in range(len(word) - 2)]
    return grams(_TOKEN.findall(form)) + pieces
