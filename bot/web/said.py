"""What a citizen said, taken out of JSON or a form and checked: anything odd is named, nothing crashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bot.web.bodies import Json, clean_text
from bot.web.security import Fault
from handlers.messages import GeoPoint

if TYPE_CHECKING:
    from bot.web.form import Form

TEXT_LENGTH = 20_000
CHOICE_LENGTH = 64
SCENE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Said:
    """One message before its files are looked up. `key` is the browser's own id of it."""

    key: str
    text: str = ""
    choice: str = ""
    files: tuple[str, ...] = ()
    place: GeoPoint | None = None
    scene: str = ""
    empty: bool = False


def said_in_json(data: Json, max_files: int) -> Said:
    """The message in the script's JSON. Raises Fault 413 or 422 naming what is wrong."""
    key = _text_of(data, "key", "key")
    if not _KEY.fullmatch(key):
        raise Fault(422, "key")
    said = Said(
        key=key,
        text=_words(_text_of(data, "text")),
        choice=_choice(_text_of(data, "choice", "choice")),
        files=_files(data.get("attachments"), max_files),
        place=_place(data.get("place")),
        scene=_scene(_text_of(data, "scene")),
    )
    if not (said.text or said.choice or said.files or said.place or said.scene):
        raise Fault(422, "empty")
    return said


def said_in_form(form: Form, key: str) -> Said:
    """The message in a form. A form that brings no key of its own gets `key`."""
    given = form.fields.get("key", "")
    text = _words(form.fields.get("text", "") or form.fields.get("say", ""))
    choice = _choice(form.fields.get("choice", ""))
    scene = _scene(form.fields.get("scene", ""))
    return Said(
        key=given if _KEY.fullmatch(given) else key,
        text="" if choice else text,
        choice=choice,
        scene=scene,
        empty=not (text or choice or form.files or scene),
    )


def _text_of(data: Json, name: str, code: str = "bad_request") -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Fault(422, code)
    return value


def _words(text: str) -> str:
    if len(text) > TEXT_LENGTH:
        raise Fault(413, "too_long", args={"n": TEXT_LENGTH})
    return clean_text(text)


def _choice(token: str) -> str:
    token = clean_text(token[: CHOICE_LENGTH + 1])
    if len(token) > CHOICE_LENGTH or "\n" in token:
        raise Fault(422, "choice")
    return token


def _scene(code: str) -> str:
    return code if SCENE.fullmatch(code) else ""


def _files(given: Any, most: int) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Fault(422, "attachment")
    ids = cast(list[Any], given)
    if len(ids) > most:
        raise Fault(422, "too_many_files", args={"n": most})
    if not all(isinstance(one, str) and _FILE_ID.fullmatch(one) for one in ids):
        raise Fault(422, "attachment")
    return tuple(dict.fromkeys(cast(list[str], ids)))


def _place(given: Any) -> GeoPoint | None:
    if given is None:
        return None
    try:
        lat, lon = (given[name] for name in ("lat", "lon"))
    except (TypeError, KeyError) as broken:
        raise Fault(422, "place") from broken
    if not (_within(lat, 90) and _within(lon, 180)):
        raise Fault(422, "place")
    return GeoPoint(float(lat), float(lon))


def _within(value: Any, limit: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= limit
