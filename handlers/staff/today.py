"""The digest 今日要办: every case that wants something today, by name, as things stand at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cases.case import Actor, Case, Role
from cases.clocks import ACCEPT, ANSWER, ASSIST, CALL_BACK, STAGE, SUPERVISED, add_working_days
from config.schema import County
from handlers.staff.card import topic_path
from handlers.time_words import day_words
from handlers.wording import fill

SECTIONS = ("overdue", "today", "soon", "tell", "assist", "approve")
MOST = 30  # cases of one section that are named; the rest is counted
AHEAD = timedelta(days=16)  # further than the next working day ever is
DEADLINES = frozenset({ACCEPT, ANSWER, STAGE, CALL_BACK, SUPERVISED})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is owed on a case, or (with no duty) waits for a decision."""

    case: Case
    duty: str
    due_at: datetime
    department: str


@dataclass(frozen=True, slots=True)
class Line:
    """One case of the digest. No place and no story: a digest may be read by anybody in a group."""

    no: str
    topic: str
    duty: str
    due_at: datetime
    department: str


Digest = Mapping[str, tuple[Line, ...]]


def digest(wanted: Iterable[Wanted], viewer: Actor, county: County, now: datetime, lang: str = "zh") -> Digest:
    """What is wanted of `viewer` (a clerk: of their unit), by section, the earliest first."""
    found: dict[str, list[Line]] = {name: [] for name in SECTIONS}
    for one in sorted(wanted, key=lambda one: (one.due_at, one.case.no)):
        name = _section(one, viewer, county, now)
        if name:
            topic = topic_path(county, one.case.topic, lang)
            found[name].append(Line(one.case.no, topic, one.duty, one.due_at, one.department))
    return {name: tuple(lines) for name, lines in found.items() if lines}


def _section(one: Wanted, viewer: Actor, county: County, now: datetime) -> str:
    above = bool(viewer.roles & {Role.DISPATCHER, Role.SUPERVISOR})
    if not above and one.department != viewer.unit:
        return ""
    if not one.duty:
        theirs = one.case.pending == "close" or Role.SUPERVISOR in viewer.roles
        return "approve" if theirs and one.case.pending_by != viewer.id else ""
    if one.duty == ASSIST:
        return "assist"
    if one.duty not in DEADLINES:
        return "tell" if one.due_at <= now else ""
    return _when(one.due_at, county, now)


def _when(due: datetime, county: County, now: datetime) -> str:
    zone = ZoneInfo(county.office.time_zone)
    today, day = now.astimezone(zone).date(), due.astimezone(zone).date()
    if due < now:
        return "overdue"
    if day <= today:
        return "today"
    return "soon" if day <= add_working_days(today, 1, county.calendar) else ""


def told(found: Digest, county: County, now: datetime, lang: str = "zh") -> str:
    """The digest as a message to a group; "" when nothing is wanted."""
    if not found:
        return ""
    texts = county.texts[lang]
    lines = [fill(texts, "room.today_list.title", {}) + " · " + day_words(county, now, lang)]
    for name, cases in found.items():
        lines += ["", f"{texts[f'room.today_list.{name}']} · {len(cases)}"]
        lines += [_line(one, county, lang) for one in cases[:MOST]]
        if len(cases) > MOST:
            lines.append(fill(texts, "room.today_list.more", {"n": str(len(cases) - MOST)}))
    return "\n".join(lines)


def _line(one: Line, county: County, lang: str) -> str:
    what = county.texts[lang].get(f"room.duty.{one.duty}", "")
    return " · ".join(word for word in (one.no, one.topic, what, day_words(county, one.due_at, lang)) if word)
