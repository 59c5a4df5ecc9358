"""What the gateway sends, as the little of it that we use, and the frames we send.

The names are those of developer.work.weixin.qq.com, page 101463.
Nothing here trusts a shape: a frame is somebody else's JSON, and a quote is whatever a client put there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, cast

from bot.web.bodies import clean_text

Json = dict[str, Any]
SUBSCRIBE, PING, RESPOND, UPDATE, SEND = (
    "aibot_subscribe", "ping", "aibot_respond_msg", "aibot_respond_update_msg", "aibot_send_msg",
)  # fmt: skip
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
TEXT_MOST = 20_000
KEY_MOST = 128


class Odd(Exception):
    """No frame as the gateway sends them; the text names a part and nobody's words."""


@dataclass(frozen=True, slots=True)
class Came:
    """One callback. `kind` is "message" | "press" | "enter" | "displaced" | "other"; `key` is the gateway's own id."""

    key: str
    kind: str
    req: str = ""
    chat: str = ""
    private: bool = False
    user: str = ""
    text: str = ""
    quote: str = ""
    files: bool = False
    everybody: bool = False
    data: str = ""
    task: str = ""


def parse(frame: Json) -> Came:
    """A callback as it came. Raises Odd."""
    body, req = _dict(frame.get("body")), _text(_dict(frame.get("headers")).get("req_id"), KEY_MOST)
    if frame.get("cmd") == EVENT:
        return _event(body, req)
    if frame.get("cmd") != MESSAGE:
        return Came("", "other")
    key = _text(body.get("msgid"), KEY_MOST)
    where = _where(body)
    if not key or not where["user"] or not where["chat"]:
        raise Odd("msgid, from or chatid")
    said, files = _said(body)
    everybody = any(name in said for name in ("@所有人", "@all", "@All", "@ALL"))
    quote, _ = _said(_dict(body.get("quote")))
    return Came(key, "message", req, text=said, quote=quote, files=files, everybody=everybody, **where)


def _event(body: Json, req: str) -> Came:
    event = _dict(body.get("event"))
    kind = _text(event.get("eventtype"), 40)
    key = _text(body.get("msgid"), KEY_MOST) or req
    if kind == "disconnected_event":
        return Came(key, "displaced", req)
    where = _where(body)
    if kind == "enter_chat" and where["user"]:
        return Came(key, "enter", req, **where)
    if kind != "template_card_event":
        return Came(key, "other", req)
    card = _dict(event.get("template_card_event")) or event
    if not key or not where["user"]:
        raise Odd("msgid or from")
    data, task = _text(card.get("event_key"), 1024), _text(card.get("task_id"), KEY_MOST)
    return Came(key, "press", req, data=data, task=task, **where)


def _where(body: Json) -> Json:
    user = _text(_dict(body.get("from")).get("userid"), KEY_MOST)
    chat = _text(body.get("chatid"), KEY_MOST)
    private = body.get("chattype") == "single" or not chat
    return {"chat": user if private else chat, "private": private, "user": user}


def _said(body: Json) -> tuple[str, bool]:
    """The words of a message or a quote, and whether there were files."""
    kind = body.get("msgtype")
    if kind in ("text", "voice", "markdown"):
        return _words(body.get(str(kind))), False
    if kind == "mixed":
        items: list[Any] = _list(_dict(body.get("mixed")).get("msg_item"))
        parts = [_said(_dict(item)) for item in items]
        return "\n".join(text for text, _ in parts if text), any(files for _, files in parts)
    return "", kind in ("image", "file", "video")


def _words(part: Any) -> str:
    return clean_text(_text(_dict(part).get("content"), TEXT_MOST))


def _dict(value: Any) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _text(value: Any, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


# --- what we send ---------------------------------------------------------------------------------------------


def fresh(cmd: str) -> str:
    """A new request id; its beginning says what for, as the official SDK's does."""
    return f"{cmd}_{secrets.token_hex(12)}"


def stream(text: str, card: Json | None = None) -> Json:
    """An answer to a message: all of it at once, with a card below it perhaps."""
    kind = "stream_with_template_card" if card else "stream"
    body: Json = {"msgtype": kind, "stream": {"id": fresh("stream"), "finish": True, "content": text}}
    return {**body, "template_card": card} if card else body


def markdown(chat: str, private: bool, text: str) -> Json:
    """A message of our own."""
    return {**_to(chat, private), "msgtype": "markdown", "markdown": {"content": text}}


def card_message(chat: str, private: bool, card: Json) -> Json:
    """Buttons of our own."""
    return {**_to(chat, private), "msgtype": "template_card", "template_card": card}


def update(card: Json) -> Json:
    """A card in place of the one that was pressed."""
    return {"response_type": "update_template_card", "template_card": card}


def _to(chat: str, private: bool) -> Json:
    return {"chatid": chat, "chat_type": 1 if private else 2}
