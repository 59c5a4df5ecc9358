"""A message in WeCom's markdown, and a card of buttons. Nobody's words are parsed as markup, mention or link."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.wecom.frames import Json

MARKDOWN_MOST, HOOK_MOST = 20_000, 4096  # bytes: of the bot, of a group's webhook
TITLE_MOST, DESC_MOST, LABEL_MOST, BUTTONS_MOST = 26, 30, 10, 6
_LIVE = re.compile(r"(?<=[@])(?=\w)|(?<=:)(?=//)")
_MARKS = re.compile(r"[<>`*_\[\]#\\]")
_WIDE = str.maketrans("<>`*_[]#\\", "＜＞｀＊＿［］＃＼")
_JOINER = "\u2060"

Buttons = tuple[tuple[str, str], ...]  # (label, data)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One message. With buttons a card follows, `title` and `about` on it."""

    text: str
    buttons: Buttons = ()
    title: str = ""
    about: str = ""


def neutral(words: str) -> str:
    """Somebody's words for others to read: no mention, no link, no markup comes of them."""
    return _MARKS.sub(lambda found: found.group().translate(_WIDE), _LIVE.sub(_JOINER, words))


def cut(text: str, most: int = MARKDOWN_MOST) -> str:
    """At most so many bytes, in whole characters."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"


def card(drawn: Drawn, task: str = "") -> Json:
    """The buttons of a message as a template card; `task` is that of the card it replaces."""
    title: Json = {"title": drawn.title[:TITLE_MOST], "desc": drawn.about[:DESC_MOST]}
    return {
        "card_type": "button_interaction",
        "main_title": title,
        "button_list": [
            {"text": label[:LABEL_MOST], "style": 1 if at == 0 else 2, "key": data}
            for at, (label, data) in enumerate(drawn.buttons[:BUTTONS_MOST])
        ],
        "task_id": task or f"zt_{secrets.token_hex(12)}",
    }


def titled(no: str, *rest: str) -> str:
    """The first line of every message about a case: WeCom quotes text, and by this the case is known again."""
    return " ".join(word for word in (f"【{no}】", *rest) if word)


def lines(parts: Sequence[str]) -> str:
    """Paragraphs that are not empty."""
    return "\n\n".join(part for part in parts if part)
