"""What WeChat pushes, as the little of it that we use. What is no such XML raises Odd.

Only the fields named here are looked at, each cut to a length and cleaned. Events have no id of their own: theirs is
made of sender, time, event and key (channels.md §2), and of openids only a hash is kept.
"""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, cast

from bot.web.bodies import clean_text
from handlers.messages import AttachmentKind, GeoPoint

Kind = Literal["message", "menu", "follow", "scan", "unfollow", "opted", "sent", "other"]

TEXT_MOST = 20_000
_CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"\d{1,20}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SCENE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[\w:.,-]{1,64}")
DEPTH_MOST = 8
MEDIA: dict[str, tuple[AttachmentKind, str]] = {
    "image": ("photo", "image/jpeg"),
    "voice": ("voice", "audio/amr"),
    "video": ("video", "video/mp4"),
    "shortvideo": ("video", "video/mp4"),
    "file": ("file", "application/octet-stream"),
}
EVENTS: dict[str, Kind] = {
    "subscribe": "follow",
    "subscribe_scan": "follow",
    "scan": "scan",
    "unsubscribe": "unfollow",
    "click": "menu",
    "subscribe_msg_popup_event": "opted",
    "subscribe_msg_change_event": "opted",
    "templatesendjobfinish": "sent",
}


class Odd(Exception):
    """No message as WeChat sends them; the text names a type and nobody's words."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that waits at Tencent, for three days."""

    id: str
    kind: AttachmentKind
    mime: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """One push. `key` is unique and names nobody; `official` is the account it was sent to."""

    key: str
    kind: Kind
    sender: str
    official: str
    text: str = ""
    choice: str = ""
    pressed: bool = False  # a link of ours or the menu: Tencent counts it as less than a message
    media: Media | None = None
    unfetchable: bool = False  # a file that no interface gives out
    place: GeoPoint | None = None
    scene: str = ""
    opted: tuple[tuple[str, bool], ...] = ()  # by template: accepted or not
    job: str = ""  # of a template message: which one,
    failed: bool = False  # and whether it did not arrive


def parse(xml: str) -> Came:
    """A decrypted push. Raises Odd."""
    if "<!" in xml.replace("<![CDATA[", "") and "<!" in _CDATA.sub("", xml):
        raise Odd("DTD")
    if _deep(xml):
        raise Odd("depth")
    try:
        root = ET.fromstring(xml)  # noqa: S314 - no DTD has come this far, and so no entity
    except (ET.ParseError, ValueError) as error:
        raise Odd(type(error).__name__) from None
    if root.tag != "xml":
        raise Odd("root")
    return _came(_fields(root))


def _fields(element: ET.Element) -> dict[str, Any]:
    """What an element holds, by tag: a text, more fields, or a list of what came more than once."""
    found = dict[str, Any]()
    for child in element:
        value = _fields(child) if len(child) else child.text or ""
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _deep(xml: str) -> bool:
    depth = 0
    for tag in re.finditer(r"<(/?)[A-Za-z][^<>]*?(/?)>", _CDATA.sub("", xml)):
        depth += 0 if tag[2] else -1 if tag[1] else 1
        if depth > DEPTH_MOST:
            return True
    return False


def _came(fields: Mapping[str, Any]) -> Came:
    sender, type_ = _word(fields, "FromUserName"), _word(fields, "MsgType").lower()
    if not _OPENID.fullmatch(sender):
        raise Odd("FromUserName")
    official = _word(fields, "ToUserName")[:64]
    if not type_:
        raise Odd("MsgType")
    if type_ == "event":
        return _event(fields, sender, official)
    number = _word(fields, "MsgId")
    if not _NUMBER.fullmatch(number):
        raise Odd("MsgId")
    token = _word(fields, "bizmsgmenuid")
    media, place = _media(fields, type_), _place(fields) if type_ == "location" else None
    text = _text(fields, type_)
    return Came(
        f"m-{number}",
        "message",
        sender,
        official,
        text=text,
        choice=token if _TOKEN.fullmatch(token) else "",
        pressed=bool(token),
        media=media,
        unfetchable=type_ == "file" and media is None,
        place=place,
    )


def _text(fields: Mapping[str, Any], type_: str) -> str:
    """The words of a message: of a voice what was recognised, when Tencent does that (channels.md §2)."""
    match type_:
        case "text":
            words = _word(fields, "Content")
        case "voice":
            words = _word(fields, "Recognition")
        case "link":
            words = "\n".join(filter(None, (_word(fields, name) for name in ("Title", "Description", "Url"))))
        case "file":
            words = _word(fields, "Title")
        case _:
            words = ""
    return clean_text(words[:TEXT_MOST])


def _media(fields: Mapping[str, Any], type_: str) -> Media | None:
    media_id = _word(fields, "MediaId")
    if type_ not in MEDIA or not _MEDIA_ID.fullmatch(media_id):
        return None
    kind, mime = MEDIA[type_]
    if type_ == "voice" and "amr" not in _word(fields, "Format").lower():
        mime = "audio/mpeg"
    return Media(media_id, kind, mime, clean_text(_word(fields, "Title")[:80]) if type_ == "file" else "")


def _place(fields: Mapping[str, Any]) -> GeoPoint | None:
    try:
        lat, lon = float(_word(fields, "Location_X")), float(_word(fields, "Location_Y"))
    except ValueError:
        return None
    return GeoPoint(lat, lon) if isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 else None


def _event(fields: Mapping[str, Any], sender: str, official: str) -> Came:
    name, given = _word(fields, "Event").lower(), _word(fields, "EventKey")
    kind = EVENTS.get(name, "other")
    when = _word(fields, "CreateTime")
    key = f"e-{hashlib.sha256(chr(0).join((sender, when, name, given)).encode()).hexdigest()[:40]}"
    if kind == "sent":  # many of them come in one second, and carry an id
        job = _word(fields, "MsgID") or _word(fields, "MsgId")
        status = _word(fields, "Status").lower()
        return Came(f"{key}-{job[:20]}", kind, sender, official, job=job[:20], failed=status.startswith("failed"))
    return Came(
        key,
        kind,
        sender,
        official,
        choice=given if kind == "menu" and _TOKEN.fullmatch(given) else "",
        pressed=True,
        scene=_scene(given) if kind in ("follow", "scan") else "",
        opted=tuple(_opted(fields)) if kind == "opted" else (),
    )


def _scene(given: str) -> str:
    code = given.removeprefix("qrscene_")
    return code if _SCENE.fullmatch(code) else ""


def _opted(fields: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Who agreed to which notice, out of the nested lists of a popup event."""
    found = list[tuple[str, bool]]()
    for name in ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent"):
        shelf = fields.get(name)
        items: Any = cast(Mapping[str, Any], shelf).get("List") if isinstance(shelf, Mapping) else None
        for item in cast(list[Any], items if isinstance(items, list) else [items])[:20]:
            if isinstance(item, Mapping):
                one = cast(Mapping[str, Any], item)
                found.append((_word(one, "TemplateId")[:64], _word(one, "SubscribeStatusString") == "accept"))
    return found


def _word(fields: Mapping[str, Any], name: str) -> str:
    """A field that is text; "" for one that is missing, nested or given twice."""
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""
