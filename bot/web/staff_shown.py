"""Cards and case files as the room's JSON, and what the page is given to know before it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.web.staff_clock import due_words, suggested
from bot.web.staff_house import CHANNEL
from bot.web.staff_said import FIELD_LENGTH, FILES, PAGE
from bot.web.staff_session import Visit
from cases.case import SHEET, Act, Actor, Role
from cases.clocks import TO_CITIZEN, TOLD_OF
from cases.guards import TOLD_BY
from cases.visibility import departments_in_sight, tip_unit
from config.schema import County, Department, Kind, Lane
from handlers.messages import Attachment
from handlers.staff.card import VIEWS, Card, CardPage, CaseFile, Duty, Step
from handlers.staff.commands import SOURCES
from handlers.staff.document import WHYS
from handlers.staff.group import reminder
from handlers.staff.ties import Ties
from handlers.staff.today import MOST, Digest
from handlers.time_words import day_words
from handlers.words import is_within

Shown = dict[str, Any]
Word = Callable[..., str]

# The page hides what would be refused: these belong to whoever claimed the case (cases.lifecycle decides).
CLAIMANT_ONLY = frozenset(
    {Act.ACCEPT, Act.REFUSE, Act.RETURN, Act.ASK, Act.PROGRESS, Act.REQUEST, Act.ANSWER, Act.CLOSE}
)
TEXT_SECTIONS = ("room.", "illegal.", "act.", "state.", "kind.")
ABOVE = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
MAY_FILE = frozenset({Role.CLERK, Role.DISPATCHER})
ANSWERABLE = frozenset({Role.SUPERVISOR, Role.CUSTODIAN, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Sheet:
    """What every card of one answer is drawn with."""

    county: County
    viewer: Actor
    lang: str
    word: Word
    now: datetime


def shown_page(page: CardPage, queue: Mapping[str, int], sheet: Sheet) -> Shown:
    """A page of cards with the figures around it."""
    return {
        "cards": [shown_card(card, sheet) for card in page.cards],
        "next": page.next,
        "counts": dict(page.counts),
        "groups": dict(page.groups),
        "queue": {name: queue.get(name, 0) for name in _queues(sheet.viewer)},
    }


def _queues(viewer: Actor) -> tuple[str, ...]:
    """What stands still, for whom: deleting waits for those who answer for it."""
    everybody = ("parked", "waiting", "away", "staff_away", "gap")
    return (*everybody, "keeping") if viewer.roles & ANSWERABLE else everybody


def shown_card(card: Card, sheet: Sheet) -> Shown:
    """One card. `due` is in words, empty once nothing is owed."""
    due = card.answer_by if card.light != "done" else None
    accept = card.accept_by if card.state == "filed" and (due or card.tip) else None
    return {
        "no": card.no,
        "rev": card.rev,
        "state": card.state,
        "kind": card.kind,
        "topic": card.topic,
        "place": card.place,
        "summary": card.summary,
        "department": card.department,
        "departmentName": card.department_name,
        "claimedBy": card.claimed_by,
        "claimedName": card.claimed_name,
        "urgent": card.urgent,
        "supervised": card.supervised,
        "light": card.light,
        "openedAt": _iso(card.opened_at),
        "answerBy": _iso(due),
        "due": due_words(due, sheet.now, sheet.county, sheet.word) if due else "",
        "acceptBy": _iso(accept),
        "acceptDue": due_words(accept, sheet.now, sheet.county, sheet.word) if accept else "",
        "score": card.score,
        "acts": list(pressable(card, sheet.viewer)),
        "anonymous": card.anonymous,
        "pending": card.pending,
        "tip": card.tip,
    }


def shown_today(found: Digest, sheet: Sheet) -> Shown:
    """The digest as sections of cases, each with what is wanted and by when."""
    sections = [
        {
            "name": sheet.word(f"room.today_list.{name}"),
            "cases": [
                {
                    "no": line.no,
                    "topic": line.topic,
                    "what": sheet.word(f"room.duty.{line.duty}") if line.duty else "",
                    "due": due_words(line.due_at, sheet.now, sheet.county, sheet.word) if line.duty else "",
                }
                for line in lines[:MOST]
            ],
            "more": max(0, len(lines) - MOST),
        }
        for name, lines in found.items()
    ]
    return {"day": day_words(sheet.county, sheet.now, sheet.lang), "sections": sections}


def pressable(card: Card, viewer: Actor) -> Iterator[str]:
    """The acts worth a button: those of the card, less what its claim rules out."""
    mine = card.claimed_by == viewer.id
    for act in card.acts:
        if (act == Act.CLAIM and card.claimed_by) or (act == Act.SUPERVISE and card.supervised):
            continue
        if act == Act.RELEASE and not (card.claimed_by and (mine or Role.DISPATCHER in viewer.roles)):
            continue
        if not _waits_for_it(card, viewer, act):
            continue
        taken = card.claimed_by and not mine and not viewer.roles & ABOVE and card.pending != "close"
        if not (taken and act in CLAIMANT_ONLY):
            yield act


def _waits_for_it(card: Card, viewer: Actor, act: str) -> bool:
    """Of asking, granting, declining and closing: whether the case is where that is said, and by whom it may be."""
    other = card.pending_by != viewer.id
    match act:
        case Act.REQUEST:
            return not card.pending and not card.extended
        case Act.EXTEND:
            return card.pending == "extend" and other
        case Act.DECLINE:
            return bool(card.pending) and other
        case Act.CLOSE:
            return card.pending != "close" or other
        case Act.PROPOSE:
            return False
        case _:
            return True


def shown_case(file: CaseFile, sheet: Sheet) -> Shown:
    """The open case."""
    no = file.card.no
    return {
        "card": shown_card(file.card, sheet),
        "story": file.story,
        "when": file.when,
        "details": [list(pair) for pair in file.details],
        "attachments": [shown_file(one, no) for one in file.attachments],
        "steps": [_step(step, no, sheet, at) for at, step in enumerate(file.steps, 1)],
        "duties": [_duty(duty, sheet) for duty in file.duties],
        "asked": _asked(file, sheet),
        "contactKnown": file.contact_known,
        "name": file.name,
        "phone": file.phone,
        "onBehalf": file.on_behalf,
        "minor": file.minor,
        "accused": list(file.accused),
        "idle": _idle(file, sheet),
        "channel": file.channel,
        "reach": file.reach,
        "savable": savable(file, sheet),
        "ties": _ties(file.ties, sheet) if file.ties else None,
        "extendTo": suggested(file.card.answer_by, sheet.now, sheet.county).isoformat(),
    }


def _duty(duty: Duty, sheet: Sheet) -> Shown:
    """What is owed to the citizen, or by a helper, and what became of it."""
    unit = sheet.county.department_by_id.get(duty.department)
    name = sheet.word(f"room.duty.{duty.duty}") + (f" · {unit.label(sheet.lang)}" if unit else "")
    if duty.settled_at:
        state = duty.how or "gone"
        words = sheet.word(f"room.duty.{state}")
        at = duty.settled_at if duty.how else None
    else:
        state = "late" if sheet.now > duty.due_at and duty.duty in TO_CITIZEN else "owed"
        words = sheet.word(f"room.duty.{state}", day=day_words(sheet.county, duty.due_at, sheet.lang))
        at = None
    return {"duty": duty.duty, "name": name, "state": state, "words": words, "at": _iso(at)}


def _asked(file: CaseFile, sheet: Sheet) -> Shown:
    """The words and the date of what waits for somebody's yes: whoever says it reads them first."""
    act = {"extend": Act.REQUEST, "close": Act.PROPOSE}.get(file.card.pending)
    step = next((step for step in reversed(file.steps) if step.act == act), None) if act else None
    if step is None:
        return {}
    zone = ZoneInfo(sheet.county.office.time_zone)
    until = file.card.pending_until
    day = until.astimezone(zone).date().isoformat() if until else ""
    return {"text": step.text, "evidence": str(step.data.get("evidence", "")), "until": day, "who": step.who}


def _ties(ties: Ties, sheet: Sheet) -> Shown:
    """What the case hangs together with; every number here is of a case in the viewer's sight."""
    return {
        "alike": [
            {
                "no": one.no,
                "state": one.state,
                "topic": one.topic,
                "place": one.place,
                "openedAt": _iso(one.opened_at),
                "why": [sheet.word(f"room.ties.why.{why}") for why in one.why],
                "open": one.joinable,
            }
            for one in ties.alike
        ],
        "joined": ties.joined,
        "into": ties.into,
        "merged": list(ties.merged),
        "repeat": ties.repeat,
        "repeatOf": ties.repeat_of,
        "reviewed": ties.reviewed,
        "checker": ties.checker,
    }


def savable(file: CaseFile, sheet: Sheet) -> bool:
    """Whether the case may teach the policy answers something: it asked about a policy, and was answered."""
    answered = any(step.act == Act.ANSWER and step.text for step in file.steps)
    works = bool(file.card.acts) and bool(sheet.viewer.roles & MAY_FILE)
    about = is_within(sheet.county.texts, "control.asks_policy", f"{file.card.topic} {file.story[:500]}")
    return answered and works and (about or file.card.kind == Kind.CONSULT)


def _idle(file: CaseFile, sheet: Sheet) -> list[str]:
    """Acts that the table allows and that would do nothing now, or are not asked for."""
    idle = [] if file.ties and file.ties.repeat else [Act.REVIEW]
    idle += [] if file.ties and file.ties.may_check else [Act.CROSSCHECK]
    held = next((step.act for step in reversed(file.steps) if step.act in (Act.HOLD, Act.UNHOLD)), "") == Act.HOLD
    return [*idle, *_idle_mutes(file, sheet), Act.HOLD if held else Act.UNHOLD]


def _idle_mutes(file: CaseFile, sheet: Sheet) -> list[str]:
    """Of 禁言 and its end, what would do nothing now."""
    if file.channel in {"", CHANNEL}:
        return [Act.MUTE, Act.UNMUTE]
    last = next((step for step in reversed(file.steps) if step.act in (Act.MUTE, Act.UNMUTE)), None)
    lasting = timedelta(days=sheet.county.office.limits.mute_days)
    muted = last is not None and last.act == Act.MUTE and sheet.now < last.at + lasting
    return [Act.MUTE if muted else Act.UNMUTE]


def shown_file(file: Attachment, no: str = "") -> Shown:
    """An attachment; without a case it is an upload that has not been sent."""
    url = f"/staff/file/{no}/{file.id}" if no else ""
    return {"id": file.id, "kind": file.kind, "name": file.name, "mime": file.mime, "size": file.size, "url": url}


def _step(step: Step, no: str, sheet: Sheet, number: int) -> Shown:
    reminds = step.act == Act.REMIND
    return {
        "act": step.act,
        "at": _iso(step.at),
        "by": step.actor_kind,
        "who": step.who,
        "text": reminder(step, sheet.county.texts[sheet.lang]) if reminds else step.text,
        "letter": f"/staff/case/{no}/letter/{number}" if step.act == Act.SUPERVISE else "",
        "department": step.department,
        "attachments": [shown_file(one, no) for one in step.attachments],
        "delivery": step.delivery,
        "facts": [] if reminds else [list(fact) for fact in _facts(step, sheet)],
    }


def _facts(step: Step, sheet: Sheet) -> Iterator[tuple[str, str]]:
    """What an event carries beside its text, as label and value."""
    county, lang, word = sheet.county, sheet.lang, sheet.word
    ground = county.ground_by_id.get(str(step.data.get("ground", "")))
    door = county.door_by_id.get(str(step.data.get("door", "")))
    if ground:
        yield word("room.fact.ground"), ground.label(lang)
    if door:
        yield word("room.fact.door"), " ".join(filter(None, (door.label(lang), door.phone)))
    if "evidence" in step.data:
        yield word("room.fact.evidence"), str(step.data["evidence"])
    if "finding" in step.data:
        yield word("room.fact.finding"), word(f"room.form.checked.finding_{step.data['finding']}")
    for part in SHEET:
        if part in step.data:
            yield word(f"room.fact.{part}"), str(step.data[part])
    if "score" in step.data:
        yield word("room.fact.score"), word(f"room.score.{step.data['score']}")
    if "until" in step.data:
        labels = {str(Act.SUPERVISE): "room.fact.reply_by", str(Act.REQUEST): "room.fact.asked"}
        label = labels.get(step.act, "room.fact.until")
        yield word(label), day_words(county, datetime.fromtimestamp(int(step.data["until"]), UTC), lang)
    if step.data.get("why") in WHYS:
        yield word("room.fact.why"), word(f"room.fact.why_{step.data['why']}")
    yield from _told(step, sheet)
    if "departments" in step.data:
        ids = str(step.data["departments"]).split(",")
        units = [county.department_by_id[one].label(lang) for one in ids if one in county.department_by_id]
        label = "room.fact.accused" if step.act == Act.ACCUSE else "room.fact.departments"
        yield word(label), word("room.comma").join(units)


def _told(step: Step, sheet: Sheet) -> Iterator[tuple[str, str]]:
    """How, whom and when somebody told the citizen, and of what."""
    word, data = sheet.word, step.data
    if data.get("how") in TOLD_BY:
        yield word("room.fact.how"), word(f"room.form.told.how_{data['how']}")
        yield word("room.fact.whom"), str(data.get("whom") or word("room.form.told.self"))
    if "on" in data:
        at = datetime.fromtimestamp(int(data["on"]), UTC)
        yield word("room.fact.on"), day_words(sheet.county, at, sheet.lang)
    about = [duty for duty in str(data.get("about", "")).split(",") if duty in TO_CITIZEN]
    if about and len(about) < len(TOLD_OF):
        yield word("room.fact.about"), word("room.comma").join(word(f"room.duty.{duty}") for duty in about)


def page_data(visit: Visit, county: County, public_url: str) -> Shown:
    """What the script needs to know: words, lists to choose from, who is in, and the proof for its posts."""
    lang, viewer = visit.lang, visit.viewer
    texts, limits = county.texts.get(lang, {}), county.office.limits
    return {
        "texts": {key: text for key, text in texts.items() if key.startswith(TEXT_SECTIONS)},
        "lang": lang,
        "proof": visit.proof,
        "zone": county.office.time_zone,
        "office": {"name": county.office.label(lang), "phone": county.office.phone, "url": public_url},
        "me": _me(viewer, county, lang),
        "views": list(VIEWS),
        "page": PAGE,
        "limits": {
            "min": limits.story_min,
            "text": limits.story_max,
            "field": FIELD_LENGTH,
            "files": FILES,
            "mb": largest_file(county) // 2**20,
            "mute": limits.mute_days,
        },
        "mine": departments_in_sight(viewer, county) or (),
        "seesAll": departments_in_sight(viewer, county) is None,
        "departments": [
            _unit(unit, lang) for unit in county.departments if unit.discipline == bool(tip_unit(viewer, county))
        ],
        "accusable": [_unit(unit, lang) for unit in county.departments if tip_unit(viewer, county)],
        "grounds": _grounds(county, lang),
        "topics": _topics(county, lang),
        "places": _places(county, lang),
        "kinds": [kind.value for kind in Kind],
        "sources": list(SOURCES),
    }


def _unit(unit: Department, lang: str) -> Shown:
    return {"id": unit.id, "name": unit.label(lang), "also": " ".join((unit.name, *unit.aliases))}


def _me(viewer: Actor, county: County, lang: str) -> Shown:
    unit = county.department_by_id.get(viewer.unit)
    return {
        "id": viewer.id,
        "name": viewer.name,
        "unit": viewer.unit,
        "unitName": unit.label(lang) if unit else viewer.unit,
        "roles": sorted(viewer.roles),
        "files": bool(viewer.roles & MAY_FILE),
    }


def _grounds(county: County, lang: str) -> list[Shown]:
    def door(name: str) -> str:
        found = county.door_by_id.get(name)
        return " · ".join(filter(None, (found.label(lang), found.phone, found.address))) if found else ""

    return [{"id": one.id, "name": one.label(lang), "door": door(one.door)} for one in county.office.grounds]


def _topics(county: County, lang: str) -> list[Shown]:
    shelves: list[Shown] = []
    for category in county.categories:
        topics = [topic for topic in category.topics if topic.lane is Lane.SERVICE]
        items = [
            {"id": one.code, "name": one.label(lang), "also": " ".join((one.name, *one.keywords))} for one in topics
        ]
        if items:
            shelves.append({"name": category.label(lang), "topics": items})
    return shelves


def _places(county: County, lang: str) -> list[Shown]:
    return [
        {"id": place.id, "name": county.place_path(place.id, lang), "also": " ".join((place.name, *place.aliases))}
        for place in county.places
    ]


def largest_file(county: County) -> int:
    """Bytes of the largest file the office takes."""
    limits = county.office.limits
    return max(limits.photo_mb, limits.file_mb) * 2**20


def _iso(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""
