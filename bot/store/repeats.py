"""The same matter again, as rows: like cases, who joined, cross-checks, and what was said to drafts of advice.

Every query here goes by an index and is bounded; none opens what is sealed but for the few cases it gives back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from bot.store import cases, ready
from bot.store.tables import advice, case, crosscheck, follower, joiner
from bot.store.upsert import insert_once
from bot.store.vault import Vault
from cases.case import Act, Case, Event, State
from cases.repeats import RUNNING, Checked, Cluster, Tally, Voice
from config.repeats import Repeats
from config.schema import Lane
from handlers.staff.around import Around

LOOKED_AT = 20  # cases of one kind that are opened to be compared
HEARD = 100  # running cases whose people are counted: beyond, so many is enough
COUNTED = 20_000  # cases that clusters are made of

_SERVICE = case.c.lane == Lane.SERVICE
_HERE = (case.c.topic == bindparam("topic"), case.c.place == bindparam("place"), case.c.moved_at >= bindparam("since"))
_RUNNING = (
    select(case.c.id, case.c.person_id)
    .where(*_HERE, _SERVICE, case.c.state.in_(RUNNING))
    .order_by(case.c.moved_at.desc())
    .limit(HEARD)
)
_OTHER = (_SERVICE, case.c.id != bindparam("but"))
_CLOSED = case.c.state == State.CLOSED
_AT_HERE = (*_HERE, *_OTHER)
_OF_OWN = (case.c.person_id == bindparam("who"), case.c.moved_at >= bindparam("since"), *_OTHER)
_LIKE_HERE = select(case).where(*_AT_HERE).order_by(case.c.moved_at.desc()).limit(LOOKED_AT)
_LIKE_OWN = select(case).where(*_OF_OWN).order_by(case.c.opened_at.desc()).limit(LOOKED_AT)
_CLOSED_HERE = select(case).where(*_AT_HERE, _CLOSED).order_by(case.c.moved_at.desc()).limit(LOOKED_AT)
_CLOSED_OWN = select(case).where(*_OF_OWN, _CLOSED).order_by(case.c.opened_at.desc()).limit(LOOKED_AT)
_MERGED = select(case.c.id, case.c.person_id, case.c.merged_into).where(
    case.c.merged_into.in_(bindparam("into", expanding=True))
)
_JOINERS = select(joiner.c.case_id, joiner.c.person_id).where(joiner.c.case_id.in_(bindparam("of", expanding=True)))
_ANY_JOINER = select(joiner.c.case_id).where(joiner.c.case_id == bindparam("of")).limit(1)
_ANY_MERGED = select(case.c.id).where(case.c.merged_into == bindparam("of")).limit(1)
_JOINED = select(joiner.c.case_id).where(joiner.c.case_id == bindparam("of"), joiner.c.person_id == bindparam("who"))
_OF_JOINER = (
    select(case)
    .where(case.c.id.in_(select(joiner.c.case_id).where(joiner.c.person_id == bindparam("who"))))
    .order_by(case.c.opened_at.desc())
    .limit(bindparam("most"))
)


# --- like cases ----------------------------------------------------------------------------------------------------


def like(conn: Connection, vault: Vault, held: Case, since: datetime) -> list[Case]:
    """Cases of the same lane that something happened to since: of this topic at this place, and of this person."""
    return _like(conn, vault, held, since, _LIKE_HERE, _LIKE_OWN)


def closed_like(conn: Connection, vault: Vault, held: Case, since: datetime) -> list[Case]:
    """The same, but closed ones only."""
    return _like(conn, vault, held, since, _CLOSED_HERE, _CLOSED_OWN)


def _like(conn: Connection, vault: Vault, held: Case, since: datetime, here: Any, own: Any) -> list[Case]:
    if held.lane is not Lane.SERVICE:  # a tip is compared where tips are kept
        return []
    given = {"since": since, "but": held.id}
    rows: dict[int, dict[str, Any]] = {}
    if held.place:
        found = ready.rows(conn, here, {**given, "topic": held.topic, "place": held.place})
        rows |= {row["id"]: row for row in found}
    if held.person:
        rows |= {row["id"]: row for row in ready.rows(conn, own, {**given, "who": held.person})}
    return [cases.of_row(vault, rows[case_id]) for case_id in sorted(rows)]


# --- 附议 ----------------------------------------------------------------------------------------------------------


def voices(conn: Connection, topic: str, place: str, since: datetime) -> tuple[Voice, ...]:
    """Whoever wants a running service case of this topic at this place solved, each under the case they hear of."""
    if not place:
        return ()
    given = {"topic": topic, "place": place, "since": since}
    own = {row.id: (row.id, row.person_id) for row in conn.execute(_RUNNING, given)}
    return _voices(conn, own)


def people_of(conn: Connection, case_id: int) -> tuple[Voice, ...]:
    """Whoever wants this case solved: who filed it, who filed a case that was merged into it, who joined."""
    person = conn.execute(select(case.c.person_id).where(case.c.id == case_id)).scalar()
    return _voices(conn, {case_id: (case_id, person)})


def _voices(conn: Connection, own: dict[int, tuple[int, int | None]]) -> tuple[Voice, ...]:
    """`own` are cases by id, each with the one its people hear of and whoever filed it."""
    front = list(own)
    while front:
        rows = conn.execute(_MERGED, {"into": front}).all()
        own |= {row.id: (own[row.merged_into][0], row.person_id) for row in rows}
        front = [row.id for row in rows]
    found = [Voice(top, person or -case_id) for case_id, (top, person) in own.items()]
    joined = conn.execute(_JOINERS, {"of": list(own)}) if own else ()
    return (*found, *(Voice(own[row.case_id][0], row.person_id) for row in joined))


def others(conn: Connection, case_id: int, person_id: int) -> int:
    """How many people besides this one still wait for the case: they joined, or theirs was merged into it."""
    filed = conn.execute(select(case.c.person_id).where(case.c.id == case_id)).scalar()
    first = filed or -case_id
    waiting = {voice.person for voice in people_of(conn, case_id)} - {person_id, first}
    return len(waiting)


def join(conn: Connection, case_id: int, person_id: int, at: datetime) -> bool:
    """A person joins a case; False when they had before."""
    return insert_once(conn, joiner, case_id=case_id, person_id=person_id, at=at)


def leave(conn: Connection, case_id: int, person_id: int) -> bool:
    """They leave it again; False when they were not there."""
    mine = (joiner.c.case_id == case_id, joiner.c.person_id == person_id)
    return conn.execute(delete(joiner).where(*mine)).rowcount == 1


def joined(conn: Connection, case_id: int, person_id: int) -> bool:
    """Whether a person joined a case."""
    return ready.one(conn, _JOINED, {"of": case_id, "who": person_id}) is not None


def joined_by(conn: Connection, vault: Vault, person_id: int, limit: int = 20) -> list[Case]:
    """The cases a person joined, newest first."""
    return cases.many(conn, vault, _OF_JOINER.params(who=person_id, most=limit))


def joiners(conn: Connection, vault: Vault, case_id: int) -> dict[int, Case]:
    """Who joined this case or one that was merged into it, and follows neither: with the case they joined.

    Whoever filed or follows any of them is told of it anyway.
    """
    held: dict[int, Case] = {}
    front = [case_id]
    while front:
        own = cases.many(conn, vault, select(case).where(case.c.id.in_(front)).order_by(case.c.id))
        held |= {one.id: one for one in own}
        front = list(conn.execute(select(case.c.id).where(case.c.merged_into.in_(front))).scalars())
    told = set(conn.execute(select(follower.c.person_id).where(follower.c.case_id.in_(held))).scalars())
    rows = conn.execute(_JOINERS, {"of": sorted(held, reverse=True)})
    return {row.person_id: held[row.case_id] for row in rows if row.person_id not in told}


def has_joiners(conn: Connection, case_id: int) -> bool:
    """Whether anybody joined this case, or a case was merged into it that somebody might have joined."""
    return any(ready.one(conn, query, {"of": case_id}) for query in (_ANY_JOINER, _ANY_MERGED))


def around(conn: Connection, vault: Vault, held: Case, since: datetime) -> Around:
    """The cases around one, whoever looks: like ones, merged ones, the one it brings up again; how many joined."""
    merged = select(case).where(case.c.merged_into == held.id).order_by(case.c.id).limit(LOOKED_AT)
    into = cases.by_id(conn, vault, held.merged_into) if held.merged_into else None
    earlier = cases.by_id(conn, vault, held.repeat_of) if held.repeat_of else None
    own = conn.execute(select(func.count()).select_from(joiner).where(joiner.c.case_id == held.id)).scalar_one()
    return Around(like(conn, vault, held, since), cases.many(conn, vault, merged), into, earlier, own)


# --- 村村协作 --------------------------------------------------------------------------------------------------------


def note_check(conn: Connection, event: Event) -> None:
    """A unit was asked to check a case, or has said what it found."""
    if event.act is Act.CROSSCHECK:
        row = {"case_id": event.case_id, "unit": event.data["department"], "asked_at": event.at, "finding": ""}
        conn.execute(insert(crosscheck).values(**row))
    elif event.act is Act.CHECKED:
        mine = update(crosscheck).where(crosscheck.c.case_id == event.case_id, crosscheck.c.done_at.is_(None))
        conn.execute(mine.values(done_at=event.at, finding=event.data["finding"]))


def drop_check(conn: Connection, case_id: int) -> None:
    """Nobody is to check the case any more: it went to the unit that should have."""
    conn.execute(delete(crosscheck).where(crosscheck.c.case_id == case_id, crosscheck.c.done_at.is_(None)))


def checks(conn: Connection, since: datetime) -> list[Checked]:
    """Cross-checks asked for since then."""
    rows = conn.execute(select(crosscheck.c.unit, crosscheck.c.finding).where(crosscheck.c.asked_at >= since))
    return [Checked(row.unit, row.finding) for row in rows]


@dataclass(frozen=True, slots=True)
class Check:
    """One cross-check with the case it is about."""

    no: str
    unit: str
    asked_at: datetime
    done_at: datetime | None
    finding: str


def latest_checks(conn: Connection, since: datetime, limit: int = 50) -> list[Check]:
    """The newest cross-checks of service cases; those that found something and those still owed first."""
    of = crosscheck.join(case, case.c.id == crosscheck.c.case_id)
    columns = (case.c.no, crosscheck.c.unit, crosscheck.c.asked_at, crosscheck.c.done_at, crosscheck.c.finding)
    query = select(*columns).select_from(of).where(crosscheck.c.asked_at >= since, _SERVICE)
    first = func.coalesce(func.nullif(crosscheck.c.finding, literal("none")), literal("zero")).desc()
    rows = conn.execute(query.order_by(first, crosscheck.c.id.desc()).limit(limit))
    return [Check(*row) for row in rows]


# --- 监察建议 --------------------------------------------------------------------------------------------------------


def tallies(conn: Connection, now: datetime, rules: Repeats) -> list[Tally]:
    """The service cases that advice is made of: filed in the period, neither withdrawn nor refused."""
    since = now - timedelta(days=rules.advice.days)
    names = ("no", "topic", "place", "department", "opened_at", "open", "overdue")
    gone = case.c.state.in_((State.WITHDRAWN, State.REFUSED))
    query = select(*(case.c[name] for name in names)).where(case.c.opened_at >= since, _SERVICE, ~gone)
    rows = conn.execute(query.order_by(case.c.opened_at.desc()).limit(COUNTED))
    return [Tally(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said to a draft: it went out (`done`) or not (`dismissed`, with a reason)."""

    topic: str
    scope: str
    where: str
    through: datetime
    cases: int
    state: str
    reason: str
    staff_id: int
    at: datetime


def verdicts(conn: Connection, limit: int = 200) -> list[Verdict]:
    """What was said to drafts, newest first."""
    rows = conn.execute(select(advice).order_by(advice.c.id.desc()).limit(limit)).mappings()
    return [
        Verdict(
            row["topic"], row["scope"], row["place"], row["through"], row["cases"], row["state"], row["reason"],
            row["staff_id"], row["at"],
        )
        for row in rows
    ]  # fmt: skip


def dealt_with(conn: Connection, found: Sequence[Tally]) -> dict[tuple[str, str, str], datetime]:
    """Until when the cases of each topic and place (or department) were dealt with."""
    topics = {one.topic for one in found}
    key = (advice.c.topic, advice.c.scope, advice.c.place)
    query = select(*key, func.max(advice.c.through))
    rows = conn.execute(query.where(advice.c.topic.in_(topics)).group_by(*key))
    latest: dict[tuple[str, str, str], Any] = {(row[0], row[1], row[2]): row[3] for row in rows}
    return latest


def say(conn: Connection, what: Cluster, state: str, reason: str, staff_id: int, at: datetime) -> None:
    """A supervisor's word on a draft."""
    row = {"topic": what.topic, "scope": what.scope, "place": what.where, "through": what.cases[-1].opened_at}
    conn.execute(
        insert(advice).values(**row, cases=len(what.cases), state=state, reason=reason, staff_id=staff_id, at=at)
    )
