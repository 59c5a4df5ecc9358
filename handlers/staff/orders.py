"""What staff order in a group: which acts there are, what each has to be told, and how that is read from words.

`VERBS` is the table: an act with a line there has its command, its place under a card and its questions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rapidfuzz import fuzz

from cases.case import Act
from cases.clocks import add_working_days
from config.schema import County, Department
from handlers.staff.days import day_in
from handlers.time_words import day_words, local_day
from handlers.words import CASE_NO, CLOSE, TextsByLang, case_number, is_within, pick, plain, variants

UNITS_MOST = 5
EVIDENCE_MOST = 500
OFFERED_DAYS = (3, 5, 10)  # working days


class Need(StrEnum):
    """What an act has to be told; but for WORDS the name of the command's field."""

    GROUND = "ground"
    UNIT = "department"
    UNITS = "departments"
    DAY = "until"
    CASE = "into"
    EVIDENCE = "evidence"
    HOW = "how"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Verb:
    """How an act is ordered. `at_once`: without a preview, for it binds nobody. `front`: a button under the card.

    `may` is taken when the words begin with it, and not asked for.
    """

    needs: tuple[Need, ...] = ()
    may: tuple[Need, ...] = ()
    at_once: bool = False
    front: bool = False


VERBS: dict[Act, Verb] = {
    Act.CLAIM: Verb(at_once=True, front=True),
    Act.RELEASE: Verb(at_once=True, front=True),
    Act.ACCEPT: Verb(front=True),
    Act.ANSWER: Verb((Need.WORDS,), front=True),
    Act.ASK: Verb((Need.WORDS,), front=True),
    Act.PROGRESS: Verb((Need.WORDS,), front=True),
    Act.REPLY: Verb((Need.WORDS,), front=True),
    Act.REFUSE: Verb((Need.GROUND,), front=True),
    Act.RETURN: Verb((Need.WORDS,), front=True),
    Act.CLOSE: Verb((Need.EVIDENCE, Need.WORDS), front=True),
    Act.TOLD: Verb((Need.HOW, Need.WORDS)),
    Act.REQUEST: Verb((Need.DAY, Need.WORDS)),
    Act.TRANSFER: Verb((Need.UNIT,)),
    Act.ASSIST: Verb((Need.UNITS,)),
    Act.EXTEND: Verb((Need.WORDS,), may=(Need.DAY,)),
    Act.DECLINE: Verb((Need.WORDS,)),
    Act.MERGE: Verb((Need.CASE,)),
    Act.SUPERVISE: Verb(),
    Act.ESCALATE: Verb(),
    Act.REOPEN: Verb((Need.WORDS,)),
    Act.NOTE: Verb((Need.WORDS,), at_once=True),
}
HOWS = ("phone", "visit", "letter")
QUESTIONS = ("case", "find", "mine", "due", "overdue", "stats", "faq", "help")
MORE = "more"

_COMMAND = re.compile(r"[/／](?:([a-zA-Z_]{1,32})(?![a-zA-Z_])(?:@(\w{1,32}))?|(?=[^\W\d_]))[\s:：,，]*(.*)", re.DOTALL)
_BETWEEN = " \t\n:：,，、;；。"


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command somebody typed: `/answer MS20261122-0001 words`. `name` is an act, a question, or "" for neither.

    `to` is the bot it was meant for, when that was said.
    """

    name: str
    no: str
    words: str
    to: str = ""


def ordered(text: str, county: County) -> Ordered | None:
    """The command in a message; None when there is none. A number right behind it is the case that is meant."""
    match = _COMMAND.fullmatch(text)
    if match is None:
        return None
    name, words = match.group(1) or "", match.group(3)
    if name:
        act = named(name, county.texts)
    else:
        act, words = _said_first(words, county.texts)
    numbered = CASE_NO.match(unicodedata.normalize("NFKC", words[:40]).upper())
    no = case_number(words[:40], county.office.case_prefix) if numbered else ""
    if numbered and no:
        words = words[numbered.end() :]
    return Ordered(act, no, words.strip(_BETWEEN if no else None), match.group(2) or "")


def named(name: str, texts: TextsByLang) -> str:
    """The act or question somebody's word stands for, close wordings too; "" for none."""
    words = names(texts)
    typed = plain(name)
    if typed in words:
        return words[typed]
    close = [(fuzz.ratio(typed, word), act) for word, act in words.items() if len(typed) >= 4 and len(word) >= 4]
    best, act = max(close, default=(0.0, ""))
    return act if best >= CLOSE else ""


def names(texts: TextsByLang) -> dict[str, str]:
    """Every word that orders something, and what it orders."""
    found = dict[str, str]()
    for of in texts.values():
        found |= {plain(of.get(f"act.{act}", act)): str(act) for act in VERBS}
        for name in (*map(str, VERBS), *QUESTIONS):
            found |= dict.fromkeys(variants(of, f"group.said.{name}"), name)
    return found | {name: name for name in (*map(str, VERBS), *QUESTIONS)}


def _said_first(words: str, texts: TextsByLang) -> tuple[str, str]:
    """The longest known word that a text begins with, and the rest."""
    known = sorted((word for word in names(texts) if not word.isascii()), key=len, reverse=True)
    found = next((word for word in known if words.startswith(word)), "")
    return (names(texts)[found], words[len(found) :].lstrip(_BETWEEN)) if found else ("", words)


# --- what belongs to it ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Around:
    """What words are read against."""

    county: County
    now: datetime
    department: str  # that has the case
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Understood:
    """What was said: fields, words, and what is still missing, with (value, label) to choose it from."""

    fields: Mapping[str, str]
    text: str
    missing: Need | None = None
    offers: tuple[tuple[str, str], ...] = ()


def understood(act: str, words: str, given: Mapping[str, str], around: Around) -> Understood:
    """What an act is told by `words`, beside what is `given`."""
    fields, text = dict(given), words.strip()
    for need in VERBS[Act(act)].may:
        value, rest = _READS[need](text, around)
        if value and need not in fields and rest != text and text.endswith(rest):
            fields[need], text = value, rest
    for need in VERBS[Act(act)].needs:
        if need is Need.WORDS or fields.get(need):
            continue
        value, rest = _READS[need](text, around)
        if not value:
            return Understood(fields, text, need, _OFFERS[need](text, around) if need in _OFFERS else ())
        fields[need], text = value, rest
    missing = Need.WORDS if Need.WORDS in VERBS[Act(act)].needs and not text else None
    return Understood(fields, text, missing)


def others(around: Around) -> tuple[Department, ...]:
    """The units that could take a case, or help with it."""
    return tuple(one for one in around.county.departments if one.id != around.department and not one.discipline)


def _unit(words: str, around: Around) -> tuple[str, str]:
    """The unit a text begins with, and the rest; a unit alone somewhere within is meant, too."""
    called = [(name, one.id) for one in others(around) for name in (one.name, one.name_en, *one.aliases) if name]
    called.sort(key=lambda pair: -len(pair[0]))
    head = words.lstrip(_BETWEEN)
    for name, unit in called:
        if head.casefold().startswith(name.casefold()):
            return unit, head[len(name) :].strip(_BETWEEN)
    within = {unit for name, unit in called if len(name) > 2 and name.casefold() in words.casefold()}
    return (within.pop(), words) if len(within) == 1 else ("", words)


def _units(words: str, around: Around) -> tuple[str, str]:
    found: list[str] = []
    while len(found) < UNITS_MOST:
        unit, rest = _unit(words, around)
        if not unit or (found and rest == words):  # named within the reason: no list goes on there
            break
        found.append(unit)
        if rest == words:
            break
        words = rest.removeprefix("和").lstrip(_BETWEEN)
    return ",".join(dict.fromkeys(found)), words


def _ground(words: str, around: Around) -> tuple[str, str]:
    grounds = around.county.office.grounds
    token, _ = pick(words, [(one.id, one.name) for one in grounds]) if words else (None, ())
    return token or "", "" if token else words


def _day(words: str, around: Around) -> tuple[str, str]:
    day, rest = day_in(words, around.now, around.due, around.county)
    return (day.isoformat() if day else ""), rest.strip(_BETWEEN)


def _into(words: str, around: Around) -> tuple[str, str]:
    no = case_number(words, around.county.office.case_prefix)
    rest = CASE_NO.sub("", unicodedata.normalize("NFKC", words), count=1) if no else words
    return no, rest.strip(_BETWEEN)


def _evidence(words: str, around: Around) -> tuple[str, str]:
    """The first line is the result, what follows shows it; so does what stands behind 依据."""
    for mark in ("\n", *around.county.texts["zh"].get("group.evidence_mark", "").split("|")):
        told, found, shown = words.partition(mark)
        if mark and found and told.strip() and shown.strip():
            return shown.strip(_BETWEEN)[:EVIDENCE_MOST], told.strip(" \t\n，,；;")
    return "", words


def _how(words: str, around: Around) -> tuple[str, str]:
    """By phone, visit or letter: the words say it, and keep it."""
    found = [how for how in HOWS if is_within(around.county.texts, f"group.how.{how}", words)]
    return (found[0] if len(found) == 1 else ""), words


_READS: dict[Need, Callable[[str, Around], tuple[str, str]]] = {
    Need.GROUND: _ground,
    Need.UNIT: _unit,
    Need.UNITS: _units,
    Need.DAY: _day,
    Need.CASE: _into,
    Need.EVIDENCE: _evidence,
    Need.HOW: _how,
}


# --- what to choose from --------------------------------------------------------------------------------------


def _units_offered(words: str, around: Around) -> tuple[tuple[str, str], ...]:
    every = [(one.id, one.name) for one in others(around)]
    _, close = pick(words.split()[0], every) if words.split() else (None, ())
    return tuple(pair for pair in every if not close or pair[0] in close)


def _grounds_offered(words: str, around: Around) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.name) for one in around.county.office.grounds)


def _hows_offered(words: str, around: Around) -> tuple[tuple[str, str], ...]:
    return tuple((how, around.county.texts["zh"].get(f"room.form.told.how_{how}", how)) for how in HOWS)


def _days_offered(words: str, around: Around) -> tuple[tuple[str, str], ...]:
    county = around.county
    start = local_day(county, max(around.due or around.now, around.now))
    days = [add_working_days(start, more, county.calendar) for more in OFFERED_DAYS]
    return tuple((day.isoformat(), shown_day(day.isoformat(), county)) for day in days)


_OFFERS: dict[Need, Callable[[str, Around], tuple[tuple[str, str], ...]]] = {
    Need.GROUND: _grounds_offered,
    Need.UNIT: _units_offered,
    Need.UNITS: _units_offered,
    Need.DAY: _days_offered,
    Need.HOW: _hows_offered,
}


def shown_day(iso: str, county: County) -> str:
    """ "2026-12-05" as the office writes a day."""
    return day_words(county, datetime.fromisoformat(f"{iso}T12:00:00+00:00"), "zh")


def told(fields: Mapping[str, str], county: County) -> list[tuple[str, str]]:
    """What an act carries beside its words, as (need, value) in words: for the preview."""
    units = fields.get(Need.UNITS) or fields.get(Need.UNIT, "")
    called = [county.department_by_id[one].name for one in units.split(",") if one in county.department_by_id]
    found = {
        "unit": "、".join(called),
        "until": shown_day(fields[Need.DAY], county) if Need.DAY in fields else "",
        "into": fields.get(Need.CASE, ""),
        "evidence": fields.get(Need.EVIDENCE, ""),
    }
    return [(name, value) for name, value in found.items() if value]
