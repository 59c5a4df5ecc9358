"""A reply as one WeChat text: numbered choices, each a link that can be tapped, cut at 2 048 bytes.

A tap on a `bizmsgmenu` link counts for Tencent as a press on the menu, which opens a minute, not two days
(channels.md §2). So 提交 is never a link: who types it can be written to when the answer is there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.markdown import marked
from handlers.wording import Rendered

TEXT_MOST = 2048  # bytes; more is errcode 45002
TYPED = frozenset({"submit"})  # choices that must be typed
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TOKEN = re.compile(r"[\w:.,-]{1,64}", re.ASCII)
_STOPS = "。！？；\n"
_PLAIN = str.maketrans({"<": "＜", ">": "＞"})
_IN_LINK = str.maketrans({"&": "＆", '"': "”", "'": "’", "#": "＃", "%": "％", "+": "＋", "=": "＝", "\n": " "})


@dataclass(frozen=True, slots=True)
class Asides:
    """Words that a text may need around it: how a choice is typed, and where the rest of it is."""

    typed: str  # behind a choice that must be typed
    more: str  # below a text that was cut, with its link


def draw(shown: Rendered, asides: Asides, *, numbered: bool = True, most: int = TEXT_MOST) -> str:
    """The text of a reply, at most `most` bytes. Where it does not fit, links go first, then words of the end."""
    words = words_of(shown)
    for linked in (True, False):
        choices = "\n".join(_choices(shown.options, asides.typed, linked, numbered))
        tail = f"\n\n{choices}" if choices else ""
        if size(words + tail) <= most:
            return (words + tail).strip()
    room = most - size(tail) - size(f"\n{asides.more}")
    if room < most // 4:  # hundreds of choices: the first ones count
        tail = cut(tail, most // 2)
        room = most - size(tail) - size(f"\n{asides.more}")
    return f"{cut(words, room)}\n{asides.more}{tail}".strip()


def fits(shown: Rendered, most: int = TEXT_MOST) -> bool:
    """Whether the words of a reply go out whole."""
    return size(words_of(shown)) <= most - 400


def words_of(shown: Rendered) -> str:
    """The paragraphs as one plain text in which nothing is a tag."""
    parts = [plain(part) if at in shown.markdown else part for at, part in enumerate(shown.paragraphs)]
    return safe("\n\n".join(part.strip() for part in parts if part.strip()))


def safe(words: str) -> str:
    """Somebody's words: no character that XML forbids, and no tag, which WeChat would make a link of."""
    return _NOT_XML.sub("", words).translate(_PLAIN)


def _choices(options: Sequence[tuple[str, str, str]], typed: str, linked: bool, numbered: bool) -> list[str]:
    lines = list[str]()
    for at, (token, label, _) in enumerate(options, 1):
        words = safe(label)
        mark = f"{at} " if numbered else "▸ "
        if token in TYPED:
            lines.append(f"{mark}{words}{typed}")
        else:
            lines.append(mark + (link(token, words) if linked and _TOKEN.fullmatch(token) else words))
    return lines


def link(token: str, label: str) -> str:
    """A choice that can be tapped: it comes back as a message that says the label and carries the token."""
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={label.translate(_IN_LINK)}&msgmenuid={token}">{label}</a>'


def cut(words: str, most: int) -> str:
    """The beginning of a text, at most `most` bytes, ending with a sentence where one ends in its second half."""
    if size(words) <= most:
        return words
    head = words.encode()[: max(most - len("…".encode()), 0)].decode("utf-8", "ignore")
    end = max(head.rfind(stop) for stop in _STOPS) + 1
    return head[:end].rstrip() if end > len(head) // 2 else head.rstrip() + "…"


def size(words: str) -> int:
    """Bytes, which is what WeChat counts."""
    return len(words.encode())


def passive(sender: str, official: str, stamp: int, text: str) -> str:
    """The XML of a passive reply. `]]>` in the text cannot end it (channels.md §3, defect 2)."""
    words = _NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{_name(sender)}]]></ToUserName>"
        f"<FromUserName><![CDATA[{_name(official)}]]></FromUserName><CreateTime>{stamp}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content></xml>"
    )


def _name(name: str) -> str:
    return re.sub(r"[^\w@.-]", "", name, flags=re.ASCII)


@lru_cache(512)
def plain(source: str) -> str:
    """A clerk's Markdown in plain words: list items on lines of their own, a link's address behind its words."""
    text, marks = marked(source)
    written = text.encode("utf-16-le")
    for mark in sorted(marks, key=lambda mark: -mark.offset):
        if mark.url and mark.url not in text:
            end = 2 * (mark.offset + mark.length)
            written = written[:end] + f" {mark.url} ".encode("utf-16-le") + written[end:]
    return written.decode("utf-16-le")
