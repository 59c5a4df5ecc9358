"""One text, one form: what two people mean alike should look alike before it is compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from faq.site import SiteFileError, read_mapping, site_file, word_list, words

# A question is in its first lines; the rest of a pasted letter only costs time.
HEAD = 2000
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile(r"[^\w%.]+|_|\.(?!\d)")
_LOOSE = re.compile(r"(?<![a-z0-9%.]) | (?![a-z0-9])")
_CLAUSE = re.compile(r"[，。！？；、,!?;\n]+|(?<!\d)\.|\.(?!\d)|\s{2,}")


class Phrases:
    """Rewrites phrases to one form, longest match first, left to right, in one pass."""

    def __init__(self, rewrites: Mapping[str, str]) -> None:
        self._by_first: dict[str, list[tuple[str, str]]] = {}
        for phrase in sorted(rewrites, key=len, reverse=True):
            self._by_first.setdefault(phrase[0], []).append((phrase, rewrites[phrase]))

    def apply(self, text: str) -> str:
        """Return `text` with every phrase replaced."""
        return "".join(form for _, form in self.pieces(text))

    def pieces(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield (as written, as rewritten) from left to right, single characters where no phrase begins."""
        at = 0
        while at < len(text):
            known = self._by_first.get(text[at])
            piece = next((one for one in known if text.startswith(one[0], at)), None) if known else None
            written, form = piece or (text[at], text[at])
            yield written, form
            at += len(written)


@dataclass(frozen=True, slots=True)
class Normaliser:
    """An office's word lists, ready to use."""

    polite: Phrases
    synonyms: Phrases

    def __call__(self, text: str) -> str:
        """Return the form texts are compared in: simplified, lower case, no courtesies, no punctuation.

        Never raises; only the first HEAD characters are read. A text of courtesies alone keeps them.
        """
        spaced = _spaced(clean(text))
        return self._finish(spaced) or _tight(self.synonyms.apply(spaced))

    def clauses(self, text: str) -> list[str]:
        """Return the normalised clauses of a message; those of courtesies alone are left out."""
        return [form for part in _CLAUSE.split(clean(text)) if (form := self._finish(_spaced(part)))]

    def rewritten(self, text: str) -> list[tuple[str, str]]:
        """Return (as written, as meant) for every synonym that was replaced, each once."""
        spaced = _spaced(self.polite.apply(_spaced(clean(text))))
        return list(dict.fromkeys(piece for piece in self.synonyms.pieces(spaced) if piece[0] != piece[1]))

    def _finish(self, spaced: str) -> str:
        return _tight(self.synonyms.apply(_spaced(self.polite.apply(spaced))))


def clean(text: str) -> str:
    """Return the head of a text in NFKC, lower case, simplified characters, invisible characters removed."""
    head = _INVISIBLE.sub("", text[: 2 * HEAD])[:HEAD]
    folded = unicodedata.normalize("NFKC", head)[:HEAD].lower()
    return _INVISIBLE.sub("", folded).translate(_simplified())


def _spaced(text: str) -> str:
    """Punctuation becomes one "|", which no phrase contains, so that no phrase is found across it."""
    joined = re.sub(r"(?<![a-z0-9])[ \t]+|[ \t]+(?![a-z0-9])", "", text)
    return re.sub(r"\|+", "|", _BREAKS.sub(_mark, joined)).strip("|")


def _mark(found: re.Match[str]) -> str:
    return " " if found[0].isspace() and "\n" not in found[0] else "|"


def _tight(text: str) -> str:
    return _LOOSE.sub("", text.replace("|", " ").strip())


def load_normaliser(folder: Path | None = None) -> Normaliser:
    """Return the Normaliser of `folder`'s own synonyms.yaml and politeness.yaml, else the shipped lists.

    Raises SiteFileError when a list is malformed or a word stands in two groups.
    """
    path = site_file("politeness.yaml", folder)
    raw = read_mapping(path)
    polite = {clean(word): "" for word in words(path, raw, "strip")}
    polite |= {clean(word): clean(word) for word in words(path, raw, "keep")}
    return Normaliser(Phrases(polite), Phrases(_rewrites(site_file("synonyms.yaml", folder))))


def _rewrites(path: Path) -> dict[str, str]:
    rewrites: dict[str, str] = {}
    for name, (variants, line) in read_mapping(path).items():
        form = clean(name)
        for word in [form, *map(clean, word_list(path, line, name, variants))]:
            if rewrites.setdefault(word, form) != form:
                message = f"“{word}” 既在“{rewrites[word]}”里，又在“{form}”里。请只留一处"
                raise SiteFileError(path, line, message)
    return rewrites


@cache
def shipped() -> Normaliser:
    """Return the Normaliser of the word lists shipped with this package."""
    return load_normaliser()


def normalise(text: str) -> str:
    """Return `text` as the shipped word lists normalise it; see Normaliser.__call__."""
    return shipped()(text)


@cache
def _simplified() -> dict[int, str]:
    # opencc's character table only: its converter would load 170 MB of phrase tables to do the same here.
    spec = find_spec("opencc")
    if spec is None or spec.origin is None:
        raise RuntimeError("opencc-python-reimplemented is not installed")
    table = (Path(spec.origin).parent / "dictionary" / "TSCharacters.txt").read_text("utf-8")
    return dict(_pairs(table.splitlines()))


def _pairs(rows: Iterable[str]) -> Iterable[tuple[int, str]]:
    for row in rows:
        traditional, _, simplified = row.partition("\t")
        if len(traditional) == 1 and simplified:
            yield ord(traditional), simplified.split(" ", 1)[0]
