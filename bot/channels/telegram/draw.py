"""A reply as Telegram messages: plain text, marks that we set ourselves, buttons. No text is ever parsed as markup.

Lengths and places are counted in UTF-16 units, as Telegram does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from bot.markdown import Mark, marked
from handlers.wording import Rendered

TEXT_MOST = 4096
DATA_MOST = 64  # bytes of callback data
LABEL_MOST = 60
BUTTONS_MOST = 90
ROW_WIDTH = 16  # half-width characters that stand in one row of buttons on a small screen
PLAIN, HASHED = "=", "#"

_LIVE = re.compile(r"(?<=[@/#])(?=\w)|(?<=:)(?=//)")
_JOINER = "\u2060"  # a word joiner: seen by nobody, and what it stands in is no mention, command or address


class Asks(Enum):
    """What only a reply keyboard can ask for."""

    NOTHING = ""
    PLACE = "place"
    PHONE = "phone"

    def __bool__(self) -> bool:
        return self is not Asks.NOTHING


Row = tuple[tuple[str, str], ...]  # (label, callback data or address)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One message, ready to send."""

    text: str
    marks: tuple[Mark, ...] = ()
    buttons: tuple[Row, ...] = ()
    asks: Asks = Asks.NOTHING
    ask_label: str = ""


def draw(shown: Rendered, first: str = "") -> list[Drawn]:
    """The messages of a reply: its words after `first`, split where they are too long, buttons under the last."""
    parts: list[tuple[str, tuple[Mark, ...]]] = [(first, ())] if first else []
    for at, words in enumerate(shown.paragraphs):
        if words.strip():
            parts.append(marked(words) if at in shown.markdown else (words, ()))
    pieces = list(_packed(parts)) or [Drawn("…")]
    rows = laid_out([(label, data_of(token)) for token, label, _ in shown.options][:BUTTONS_MOST])
    return [*pieces[:-1], replace(pieces[-1], buttons=rows)]


def _packed(parts: Sequence[tuple[str, tuple[Mark, ...]]]) -> Iterator[Drawn]:
    """Paragraphs together as long as they fit."""
    text, marks = "", tuple[Mark, ...]()
    for words, own in (piece for part in parts for piece in _pieces(*part)):
        if text and units(text) + 2 + units(words) > TEXT_MOST:
            yield Drawn(text, marks)
            text, marks = "", ()
        start = units(text) + 2 if text else 0
        text = f"{text}\n\n{words}" if text else words
        marks = (*marks, *(replace(mark, offset=mark.offset + start) for mark in own))
    if text:
        yield Drawn(text, marks)


def _pieces(words: str, marks: tuple[Mark, ...]) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """One paragraph, cut when it is too long alone; a cut one loses its marks, not its words."""
    if units(words) <= TEXT_MOST:
        yield words, marks
        return
    while words:
        end = _cut(words)
        yield words[:end].rstrip(), ()
        words = words[end:].lstrip()


def _cut(words: str) -> int:
    """Where the first piece ends: at a line break, else after a stop, else where it must."""
    most = fitting(words, TEXT_MOST)
    if most == len(words):
        return most
    for stop in ("\n", "。", "；", "，", " "):
        at = words.rfind(stop, most // 2, most)
        if at >= 0:
            return at + 1
    return most


def fitting(words: str, most: int) -> int:
    """How many characters of `words` take at most `most` units."""
    if units(words) <= most:
        return len(words)
    left, at = most, 0
    for char in words:
        left -= 2 if ord(char) > 0xFFFF else 1
        if left < 0:
            break
        at += 1
    return at


def units(words: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(words) + sum(1 for char in words if ord(char) > 0xFFFF) if not words.isascii() else len(words)


def laid_out(buttons: Sequence[tuple[str, str]]) -> tuple[Row, ...]:
    """Buttons in rows: short ones share a row, three at most."""
    rows: list[list[tuple[str, str]]] = []
    used = 0
    for label, data in buttons:
        label = label[: fitting(label, LABEL_MOST)] or "…"
        width = sum(1 if char.isascii() else 2 for char in label)
        if rows and len(rows[-1]) < 3 and used + width <= ROW_WIDTH:
            rows[-1].append((label, data))
            used += width
        else:
            rows.append([(label, data)])
            used = width
    return tuple(tuple(row) for row in rows)


def data_of(token: str) -> str:
    """A choice as callback data; one too long for it goes as a hash, see `token_of`."""
    data = PLAIN + token
    return data if len(data.encode()) <= DATA_MOST else HASHED + hashlib.sha256(token.encode()).hexdigest()[:40]


def token_of(data: str, shown: Sequence[str]) -> str:
    """The choice behind callback data; a hash stands for one of the tokens that were `shown`. "" for none."""
    if data.startswith(PLAIN):
        return data[1:]
    return next((token for token in shown if data.startswith(HASHED) and data_of(token) == data), "")


def neutral(words: str) -> str:
    """Somebody's words for others to read: what a client would make a mention, command or link of stays text."""
    return _LIVE.sub(_JOINER, words)
