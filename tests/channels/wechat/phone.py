"""A text of WeChat as somebody reads it on the phone: paragraphs, and choices that can be tapped or typed."""

from __future__ import annotations

import re

from tests.conversations.player import Heard

_LINK = re.compile(r'<a href="weixin://bizmsgmenu\?msgmenucontent=([^"]*)&msgmenuid=([^"]*)">([^<]*)</a>')
_CHOICE = re.compile(r"(?:\d+|▸) (.*)")
TYPED = "（请打这两个字发过来）"
TYPED_EN = " (please type this word and send it)"


def read(text: str) -> Heard:
    """What is on the screen. Choices are the last lines that begin with a number or a mark."""
    lines = text.split("\n")
    choices = list[tuple[str, str]]()
    while lines and (found := _CHOICE.fullmatch(lines[-1])) and (_tappable(found[1]) or choices or len(lines) > 1):
        choices.insert(0, _option(found[1]))
        lines.pop()
        if lines and not lines[-1]:
            break
    paragraphs = tuple(part.strip("\n") for part in "\n".join(lines).split("\n\n") if part.strip())
    return Heard(paragraphs, tuple(choices))


def _tappable(words: str) -> bool:
    return bool(_LINK.fullmatch(words)) or words.endswith((TYPED, TYPED_EN))


def _option(words: str) -> tuple[str, str]:
    """(token, label); what must be typed has its label for a token."""
    if link := _LINK.fullmatch(words):
        return link[2], link[3]
    for typed in (TYPED, TYPED_EN):
        words = words.removesuffix(typed)
    return words, words
