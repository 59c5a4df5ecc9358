"""Lists of cards: narrowed by indexed columns, and every row put to `visibility.sight` before it leaves."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from bot.store import cases
from bot.store.tables import ASSISTED, accused, case, crosscheck, obligation, outbox
from bot.store.vault import Vault
from cases.case import Actor, Case, State
from cases.clocks import ACCEPT, STAGE, TO_CITIZEN, attention_from
from cases.redaction import mask
from cases.routing import superiors
from cases.visibility import Sight, departments_in_sight, may_read, sight, tip_unit
from config.schema import County, Lane
from handlers.staff.card import VIEWS, Card, CardPage, CardQuery, card, topic_path
from handlers.words import case_number

_CURSOR = re.compile(r"[0-9]{1,17}:[0-8]?[0-9]{1,18}")
LOOKED_THROUGH = 500  # newest cases in sight that words are looked for in
_OWED = (State.FILED, State.HANDLING, State.WAITING)
_OF_LETTER = case.alias("of_letter")
_WAITING = (
    select(outbox.c.case_id)
    .join(_OF_LETTER, _OF_LETTER.c.id == outbox.c.case_id)
    .where(outbox.c.delivered_at.is_(None), outbox.c.state.in_(("waiting", "parked")), outbox.c.kind == "letter")
    .where(_OF_LETTER.c.open == true())
)
_TO_TELL = sorted(TO_CITIZEN - {STAGE})  # a stage feedback that nobody has written yet cannot have been lost


def _to_check(unit: str) -> ColumnElement[bool]:
    """The cases of others that a unit is to cross-check."""
    asked = select(crosscheck.c.case_id).where(crosscheck.c.unit == unit, crosscheck.c.done_at.is_(None))
    return case.c.id.in_(asked)


def page(
    conn: Connection,
    vault: Vault,
    county: County,
    viewer: Actor,
    which: CardQuery,
    now: datetime,
    units: Collection[str] | None = None,
) -> CardPage:
    """The cards of a view, newest activity first, with the counts of all views; only of `units`, if given."""
    parts = (*_service_parts(viewer, county), *_tip_parts(conn, vault, viewer, county))
    if units is not None:
        own = or_(case.c.department.in_(list(units)), and_(ASSISTED, or_(false(), *map(_named, units))))
        above = {over for unit in units for over in (unit, *superiors(county, unit))}
        parts = tuple(and_(part, own, _not_about(above)) for part in parts)
    late = attention_from(now, county)
    narrow = [_view(which.view, viewer, now, late), _after(which.before)]
    if which.department:
        narrow.append(case.c.department == which.department)
    limit = max(1, min(which.limit, 100))
    number = case_number(which.text, county.office.case_prefix)
    if number:  # however old it is
        narrow.append(case.c.no == number)
    rows = _rows(conn, parts, narrow, LOOKED_THROUGH if which.text else limit + 1)
    held = _cases(conn, vault, rows)
    found = [one for one in held if number or _matches(one, which.text, county, viewer)]
    shown = [(one, front) for one in found[:limit] if (front := card(one, viewer, county, now, which.lang))]
    following = _cursor(rows, shown[-1][0].id) if len(found) > limit and shown else ""
    scope = or_(false(), *parts)
    return CardPage(_fronts(shown), following, _counts(conn, scope, viewer, now, late), _groups(conn, scope))


def _fronts(shown: Sequence[tuple[Case, Card]]) -> tuple[Card, ...]:
    return tuple(front for _, front in shown)


def _rows(
    conn: Connection, parts: Sequence[ColumnElement[bool]], narrow: Sequence[ColumnElement[bool]], limit: int
) -> list[tuple[int, datetime]]:
    """The newest of every part, and of these the newest: each part is read in the order of its own index.

    One query over all parts has no index to go by, and reads through every case there ever was.
    """
    newest = [_newest(select(case.c.id, case.c.moved_at).where(part, *narrow), case.c, limit) for part in parts]
    if not newest:
        return []
    query = newest[0]
    if len(newest) > 1:
        together = union(*(select(one.subquery()) for one in newest)).subquery()
        query = _newest(select(together), together.c, limit)
    return [(row.id, row.moved_at) for row in conn.execute(query)]


def _newest(
    query: Select[*tuple[Any, ...]], of: ReadOnlyColumnCollection[str, Any], limit: int
) -> Select[*tuple[Any, ...]]:
    return query.order_by(of.moved_at.desc(), of.id.desc()).limit(limit)


def _cases(conn: Connection, vault: Vault, rows: Sequence[tuple[int, datetime]]) -> list[Case]:
    ids = [case_id for case_id, _ in rows]
    held = {one.id: one for one in cases.many(conn, vault, select(case).where(case.c.id.in_(ids)))}
    return [held[case_id] for case_id in ids if case_id in held]


def _service_parts(viewer: Actor, county: County) -> tuple[ColumnElement[bool], ...]:
    """The service cases of each department in sight, and those the viewer's unit assists with."""
    units = departments_in_sight(viewer, county)
    above = (viewer.unit, *superiors(county, viewer.unit)) if viewer.unit else ()
    service = and_(case.c.lane == Lane.SERVICE, _not_about(above))
    if units is None:
        return (service,)
    if not units:
        return ()
    helps = and_(service, ASSISTED, _named(viewer.unit))
    checks = and_(service, _to_check(viewer.unit))
    return (*(and_(service, case.c.department == unit) for unit in units), helps, checks)


def _tip_parts(conn: Connection, vault: Vault, viewer: Actor, county: County) -> tuple[ColumnElement[bool], ...]:
    """The tips of the viewer's unit, less those about the viewer: whom a tip is about is sealed, so each is opened."""
    unit = tip_unit(viewer, county)
    if not unit:
        return ()
    mine = and_(case.c.lane == Lane.TIP, case.c.department == unit)
    running = cases.many(conn, vault, select(case).where(mine, case.c.open))
    hidden = [one.id for one in running if sight(viewer, one, county) is Sight.NONE]
    return (and_(mine, case.c.id.not_in(hidden)) if hidden else mine,)


def _not_about(units: Collection[str]) -> ColumnElement[bool]:
    """Not about any of these, the reader's own units and those above: neither listed nor counted."""
    return case.c.id.not_in(select(accused.c.case_id).where(accused.c.department.in_(units))) if units else true()


def _named(unit: str) -> ColumnElement[bool]:
    return (literal(",") + case.c.assist + literal(",")).contains(f",{unit},", autoescape=True)


def _owed_a_word(now: datetime) -> Select[int]:
    """Cases, even closed ones, of which the citizen was to be told and for days nothing has reached them."""
    owed = (obligation.c.settled_at.is_(None), obligation.c.duty.in_(_TO_TELL), obligation.c.due_at <= now)
    return select(obligation.c.case_id).where(*owed)


def _tip_not_accepted(now: datetime) -> ColumnElement[bool]:
    """Tips past the day of their 受理告知: no date of an answer counts until there is a conclusion."""
    late = (obligation.c.settled_at.is_(None), obligation.c.duty == ACCEPT, obligation.c.due_at < now)
    return and_(case.c.lane == Lane.TIP, case.c.open, case.c.id.in_(select(obligation.c.case_id).where(*late)))


def _view(view: str, viewer: Actor, now: datetime, late: datetime | None) -> ColumnElement[bool]:
    owed = and_(case.c.open, case.c.state.in_(_OWED))
    match view:
        case "unclaimed":
            return and_(owed, case.c.claimed_by == 0)
        case "mine":
            return and_(case.c.open, case.c.claimed_by == viewer.id)
        case "soon":
            return and_(owed, case.c.answer_by >= now, case.c.answer_by <= now + timedelta(days=1))
        case "overdue":
            return or_(and_(owed, case.c.answer_by < now), _tip_not_accepted(now))
        case "supervised":
            return and_(case.c.open, case.c.supervised)
        case "attention":
            unseen = case.c.supervised.is_(False)
            return and_(owed, unseen, case.c.answer_by < late) if late else false()
        case "approve":
            return and_(case.c.open == true(), case.c.pending != literal_column("''"))
        case "unreached":
            return case.c.id.in_(union(_WAITING, _owed_a_word(now)))
        case "checks":
            return _to_check(viewer.unit)
        case "done":
            return case.c.open.is_(False)
        case _:
            return true()


def _after(cursor: str) -> ColumnElement[bool]:
    moved, _, case_id = cursor.partition(":")
    if not _CURSOR.fullmatch(cursor):
        return true()
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(moved))
    return or_(case.c.moved_at < at, and_(case.c.moved_at == at, case.c.id < int(case_id)))


def _cursor(rows: Sequence[tuple[int, datetime]], last_id: int) -> str:
    moved = next(moved for case_id, moved in rows if case_id == last_id)
    return f"{(moved - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)}:{last_id}"


def _matches(one: Case, text: str, county: County, viewer: Actor) -> bool:
    """Every word is somewhere in number, topic, place or story, as they are shown: what is masked is not found."""
    words = text.casefold().split()
    known = " ".join((one.no, topic_path(county, one.topic, "zh"), county.place_path(one.place))).casefold()
    told = f"{one.place_text} {one.story}".casefold() if may_read(viewer, one, county) else ""
    if not all(word in known or word in told for word in words):
        return False
    told = mask(told)  # slow, so only where it could matter
    return all(word in known or word in told for word in words)


def _counts(
    conn: Connection, scope: ColumnElement[bool], viewer: Actor, now: datetime, late: datetime | None
) -> Mapping[str, int]:
    """How many cards each view has; of what is done, which only grows, none is counted."""
    views = [view for view in VIEWS if view not in ("done", "unreached", "checks")]
    columns: list[Any] = [func.count().filter(_view(view, viewer, now, late)).label(view) for view in views]
    row = conn.execute(select(*columns).where(scope, case.c.open)).mappings().one()
    unreached = select(func.count()).select_from(case).where(scope, _view("unreached", viewer, now, late))
    checks = select(func.count()).where(case.c.lane == Lane.SERVICE, _to_check(viewer.unit))
    beside = {"unreached": conn.execute(unreached).scalar_one(), "checks": conn.execute(checks).scalar_one()}
    return {**{view: row[view] for view in views}, **beside}


def _groups(conn: Connection, scope: ColumnElement[bool]) -> Mapping[str, int]:
    query = select(case.c.department, func.count()).where(scope, case.c.open).group_by(case.c.department)
    return {row[0]: row[1] for row in conn.execute(query)}
