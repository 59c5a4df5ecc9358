"""The card 诉求卡: a case as staff see it in a group, masked, and the file behind it.

Everything that leaves the store towards staff is made here, from `visibility.sight`; a channel only draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cases.case import Act, Actor, Case, Event, State
from cases.lifecycle import possible
from cases.redaction import mask
from cases.visibility import Sight, may_read, sight
from config.schema import County, Lane
from handlers.messages import Attachment
from handlers.staff.ties import Ties

SUMMARY = 60  # characters of the story on a card
LOOK = timedelta(minutes=15)  # how long a contact stays open once it was asked for


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows. `light` is 'overdue' | 'soon' | 'calm' | 'done'; times are UTC."""

    no: str
    rev: int
    state: str
    kind: str
    topic: str  # "供水 · 停水"
    place: str
    summary: str
    department: str
    department_name: str
    claimed_by: int
    claimed_name: str
    urgent: bool
    supervised: bool
    light: str
    opened_at: datetime
    answer_by: datetime | None
    accept_by: datetime | None
    score: int
    acts: tuple[str, ...]  # what the viewer may press now
    anonymous: bool
    pending: str = ""  # "extend" | "close": what waits for another person's yes
    pending_by: int = 0
    pending_until: datetime | None = None
    extended: bool = False
    tip: bool = False


@dataclass(frozen=True, slots=True)
class Duty:
    """One dated duty of a case. `how` it was settled: "delivered" | "told" | "replied", "" for otherwise."""

    duty: str
    due_at: datetime
    settled_at: datetime | None = None
    how: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a case's history, oldest first. `who` is a name for staff, "" for the citizen."""

    act: str
    at: datetime
    actor_kind: str
    who: str
    text: str
    department: str
    attachments: tuple[Attachment, ...]
    delivery: str  # for what went to the citizen: "delivered" | "told" | "waiting" | "queued" | "parked" | ""
    data: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The whole case as a viewer may see it. Contact stays hidden until it is revealed for work."""

    card: Card
    story: str
    when: str
    details: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    steps: tuple[Step, ...]
    contact_known: bool
    name: str
    phone: str
    on_behalf: str
    minor: bool
    channel: str
    reach: str = ""  # whether an answer would go out at once, where a channel knows: "now" | "later" | ""
    reach_until: datetime | None = None  # when "now" ends by itself
    duties: tuple[Duty, ...] = ()  # what the citizen is owed, and helpers owe, oldest first
    ties: Ties | None = None
    accused: tuple[str, ...] = ()  # the units it is kept from


def card(case: Case, viewer: Actor, county: County, now: datetime, lang: str = "zh") -> Card | None:
    """The card of a case for this viewer; None when they may not know of it."""
    seen = sight(viewer, case, county)
    if seen is Sight.NONE:
        return None
    unit = county.department_by_id.get(case.department)
    told = may_read(viewer, case, county)
    return Card(
        no=case.no,
        rev=case.rev,
        state=case.state,
        kind=case.kind,
        topic=topic_path(county, case.topic, lang) or county.texts[lang]["tip.topic"],
        place=place_words(county, case.place, mask(case.place_text) if told else "", lang),
        summary=summary(case.story) if told else "",
        department=case.department,
        department_name=unit.label(lang) if unit else case.department,
        claimed_by=case.claimed_by,
        claimed_name=case.claimed_name,
        urgent=case.urgent,
        supervised=case.supervised,
        light=light(case, now),
        opened_at=case.opened_at,
        answer_by=case.answer_by,
        accept_by=case.accept_by,
        score=case.score,
        acts=tuple(possible(case, viewer)) if seen is Sight.WORK else (),
        anonymous=not (case.name or case.phone or case.named),
        pending=case.pending,
        pending_by=case.pending_by,
        pending_until=case.pending_until,
        extended=case.extended,
        tip=case.lane is Lane.TIP,
    )


def case_file(
    case: Case,
    events: Sequence[Event],
    viewer: Actor,
    county: County,
    now: datetime,
    files: dict[str, Attachment],
    deliveries: dict[int, str],
    lang: str = "zh",
    reach: str = "",
    reach_until: datetime | None = None,
    duties: Sequence[Duty] = (),
) -> CaseFile | None:
    """The file of a case for this viewer; None when they may not know of it.

    `deliveries` maps an event's seq to what became of its notice. Name and phone appear only to someone who
    works on the case and has just revealed them (an event of their own says so).
    """
    front = card(case, viewer, county, now, lang)
    if front is None:
        return None
    works = sight(viewer, case, county) is Sight.WORK
    read = may_read(viewer, case, county)
    revealed = works and read and any(_is_look(event, viewer, now) for event in events)
    shown = _same if revealed else mask if read else _nothing
    named = {file.id: replace(file, name=shown(file.name)) for file in files.values()} if read else {}
    return CaseFile(
        card=front,
        story=shown(case.story),
        when=shown(case.when),
        details=tuple((ask, shown(answer)) for ask, answer in case.details) if read else (),
        attachments=tuple(named[i] for i in case.attachments if i in named),
        steps=tuple(_step(event, county, named, deliveries, lang, shown) for event in events),
        contact_known=bool(case.name or case.phone or case.named),
        name=case.name if revealed else "",
        phone=case.phone if revealed else "",
        on_behalf=case.on_behalf,
        minor=case.minor,
        channel=case.channel,
        reach=reach if works else "",
        reach_until=reach_until if works else None,
        duties=tuple(duties),
        accused=case.accused if works else (),
    )


def _is_look(event: Event, viewer: Actor, now: datetime) -> bool:
    """Whether the viewer opened the contact just now. Citizens are told that each look is kept."""
    return event.act is Act.REVEAL and event.by.id == viewer.id and now - event.at < LOOK


def _same(text: str) -> str:
    return text


def _nothing(text: str) -> str:
    return ""


def _step(
    event: Event,
    county: County,
    files: dict[str, Attachment],
    deliveries: dict[int, str],
    lang: str,
    shown: Callable[[str], str],
) -> Step:
    unit = county.department_by_id.get(str(event.data.get("department", "")))
    fact = mask if shown is _nothing else shown  # where it went and on what ground is not the child's story
    return Step(
        act=event.act,
        at=event.at,
        actor_kind=event.by.kind,
        who=event.by.name if event.by.kind == "staff" else "",
        text=shown(event.text),
        department=unit.label(lang) if unit else "",
        attachments=tuple(files[i] for i in event.attachments if i in files),
        delivery=deliveries.get(event.seq, ""),
        data={name: fact(value) if isinstance(value, str) else value for name, value in event.data.items()},
    )


def summary(story: str) -> str:
    """The head of a story on one line, masked."""
    line = " ".join(mask(story).split())
    return line if len(line) <= SUMMARY else line[: SUMMARY - 1] + "…"


def light(case: Case, now: datetime) -> str:
    """Traffic light (domain.md §2, S24): yellow within a day of due, red past it."""
    if case.state in (State.ANSWERED, State.CLOSED, State.REFUSED, State.WITHDRAWN, State.MERGED):
        return "done"
    due = case.answer_by or (case.accept_by if case.state is State.FILED else None)
    if due is None:
        return "calm"
    if now > due:
        return "overdue"
    return "soon" if due - now <= timedelta(days=1) else "calm"


def topic_path(county: County, code: str, lang: str) -> str:
    """ "供水 · 停水" for "07.01"; the code itself when the files no longer know it."""
    topic = county.topic_by_code.get(code)
    if topic is None:
        return code
    return f"{county.category_by_code[code[:2]].label(lang)} · {topic.label(lang)}"


def place_words(county: County, place: str, text: str, lang: str) -> str:
    """Where it is: the list's words, or the citizen's own where these already name the place."""
    known = county.place_path(place, lang)
    name = county.place_by_id[place].label(lang) if place in county.place_by_id else ""
    if not text or text in known:
        return known
    return text if not known or name in text else f"{known}（{text}）"


VIEWS = (
    "unclaimed", "mine", "soon", "overdue", "attention", "approve", "supervised", "unreached", "checks", "all", "done",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardQuery:
    """Which cards somebody asks for, newest activity first. `before` is the `next` of the page before.

    `text` looks in number, topic, place and story. `department` is an id; "" means all in sight.
    """

    view: str = "all"
    department: str = ""
    text: str = ""
    before: str = ""
    limit: int = 30
    lang: str = "zh"


@dataclass(frozen=True, slots=True)
class CardPage:
    """Cards the viewer may see. `next` is "" at the end; `counts` is by view, `groups` open cases by department."""

    cards: tuple[Card, ...]
    next: str
    counts: Mapping[str, int]
    groups: Mapping[str, int]
