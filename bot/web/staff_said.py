"""What a member of staff asks for, taken out of JSON and checked: anything odd is named, nothing crashes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from bot.web.bodies import Json, clean_text
from bot.web.staff_session import Declined
from cases.case import SHEET, Act
from cases.lifecycle import WHO
from config.schema import County, Lane
from handlers.staff.card import VIEWS, CardQuery
from handlers.staff.commands import SOURCES

FIELD_LENGTH = 500
SEARCH_LENGTH = 100
PAGE = 30
PAGE_MAX = 100
FILES = 9
OUTSIDE = frozenset({"citizen", "clock"})
ACTS = frozenset(str(act) for act, who in WHO.items() if who - OUTSIDE)
WORD_FIELDS = (
    "department", "departments", "ground", "door", "evidence", "into", "how", "whom", "finding", *SHEET,
)  # fmt: skip
FILE_FIELDS = ("topic", "place", "name", "phone", "source")

_KEY = re.compile(r"[A-Za-z0-9-]{8,64}")
_NO = re.compile(r"[A-Z]{1,4}[0-9]{8}-[0-9]{1,12}")
_IDS = re.compile(r"[a-z0-9,-]{0,400}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PHONE = re.compile(r"[0-9+() -]{5,20}")
_DUTIES = re.compile(r"[a-z_,]{0,100}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing somebody wants done. `files` are ids of uploads, not looked up yet."""

    key: str
    case: str
    act: str
    text: str
    fields: Mapping[str, str]
    files: tuple[str, ...]


def query_of(given: Mapping[str, str], lang: str) -> CardQuery:
    """The cards asked for in an address."""
    view, department = given.get("view", "all"), given.get("department", "")
    limit = given.get("limit", str(PAGE))
    if view not in VIEWS or not _IDS.fullmatch(department) or not re.fullmatch(r"[0-9]{1,3}", limit):
        raise _odd("query")
    return CardQuery(
        view=view,
        department=department,
        text=clean_text(given.get("text", "")[:SEARCH_LENGTH]),
        before=clean_text(given.get("before", "")[:SEARCH_LENGTH]),
        limit=max(1, min(PAGE_MAX, int(limit))),
        lang=lang,
    )


def number_of(given: object) -> str:
    """A case number, upper case; what cannot be one is a case that does not exist."""
    no = given.strip().upper() if isinstance(given, str) else ""
    if not _NO.fullmatch(no):
        raise nowhere()
    return no


def nowhere() -> Declined:
    """The one answer for a case that is not there and a case that is not yours."""
    return Declined(404, "not_found", "room.error.not_found")


def order_of(data: Json, county: County) -> Order:
    """What is to be done to a case."""
    act = _string(data, "act")
    if act not in ACTS:
        raise _odd("act")
    return Order(
        key=_key(data),
        case=number_of(data.get("case")),
        act=act,
        text=_text(data, county.office.limits.story_max),
        fields=_fields(data),
        files=_files(data.get("attachments")),
    )


def draft_of(data: Json, county: County) -> Order:
    """The same, to be looked at and not done."""
    return order_of({**data, "key": "preview-only", "attachments": None}, county)


def filing_of(data: Json, county: County) -> Order:
    """A walk-in or caller as a clerk wrote them down. Raises what is missing, one thing at a time."""
    given = _given(data)
    fields = {name: _field(given, name) for name in FILE_FIELDS}
    limits = county.office.limits
    story = _text(data, limits.story_max)
    topic = county.topic_by_code.get(fields["topic"])
    if topic is None or topic.lane is not Lane.SERVICE:
        raise Declined(422, "topic", "room.walkin.error.topic")
    if len(story) < limits.story_min:
        raise Declined(422, "text", "room.walkin.error.short", n=str(limits.story_min))
    if fields["phone"] and not _PHONE.fullmatch(fields["phone"]):
        raise Declined(422, "phone", "room.walkin.error.phone")
    if fields["source"] not in SOURCES:
        raise Declined(422, "source", "room.walkin.error.source")
    if given.get("consent") != "yes":
        raise Declined(422, "consent", "room.walkin.error.consent")
    kept = {name: value for name, value in fields.items() if value}
    urgent = {"urgent": "yes"} if given.get("urgent") == "yes" else {}
    fields = {**kept, **urgent, "consent": "yes"}
    return Order(_key(data), "", Act.FILE, story, fields, _files(data.get("attachments")))


def _key(data: Json) -> str:
    key = _string(data, "key")
    if not _KEY.fullmatch(key):
        raise _odd("key")
    return key


def _fields(data: Json) -> dict[str, str]:
    given = _given(data)
    fields = {name: _field(given, name) for name in WORD_FIELDS}
    if not all(_IDS.fullmatch(fields[name]) for name in ("department", "departments")):
        raise _odd("field")
    fields["into"] = number_of(fields["into"]) if fields["into"] else ""
    fields["rev"] = _rev(data.get("rev", 0))
    fields["until"] = _until(_field(given, "until"))
    fields["on"] = _day(_field(given, "on"), "told_on")
    fields["about"] = _field(given, "about")
    if not _DUTIES.fullmatch(fields["about"]):
        raise _odd("field")
    return {name: value for name, value in fields.items() if value}


def _rev(given: object) -> str:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**31:
        raise _odd("rev")
    return str(given)


def _until(given: str) -> str:
    """A date; the handler turns it into the end of that day where the office is."""
    return _day(given, "until")


def _day(given: str, reason: str) -> str:
    try:
        if given and not (_DAY.fullmatch(given) and date.fromisoformat(given)):
            raise ValueError(given)
    except ValueError as broken:
        raise Declined(422, reason, f"illegal.{reason}") from broken
    return given


def _given(data: Json) -> Json:
    given = data.get("fields", {})
    if not isinstance(given, dict):
        raise _odd("field")
    return cast(Json, given)


def _field(given: Json, name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise _odd("field")
    if len(value) > FIELD_LENGTH:
        raise Declined(413, "too_long", "room.error.too_long", n=str(FIELD_LENGTH))
    return clean_text(value)


def _text(data: Json, most: int) -> str:
    value = _string(data, "text")
    if len(value) > most:
        raise Declined(413, "too_long", "room.error.too_long", n=str(most))
    return clean_text(value)


def _string(data: Json, name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise _odd(name)
    return value


def _files(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise _odd("attachment")
    ids = list(dict.fromkeys(map(str, cast(list[Any], given)[: FILES + 1])))
    if len(ids) > FILES:
        raise Declined(422, "attachment", "room.error.too_many_files", n=str(FILES))
    if not all(_ID.fullmatch(one) for one in ids):
        raise _odd("attachment")
    return tuple(ids)


def _odd(code: str) -> Declined:
    """Something our own page never sends."""
    return Declined(422, code, "room.error.odd")
