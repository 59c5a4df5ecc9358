"""Lists of cards: narrowed by indexed columns, and every row put to `visibility.sight` before it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, literal, or_, select, true, union
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from bot.store import cases
from bot.store.tables import ASSISTED, case, outbox
from bot.store.vault import Vault
from cases.case import Actor, Case, State
from cases.redaction import mask
from cases.visibility import departments_in_sight
from config.schema import County, Lane
from handlers.staff.card import VIEWS, Card, CardPage, CardQuery, card, topic_path
from handlers.words import case_number

_CURSOR = re.compile(r"[0-9]{1,17}:[0-8]?[0-9]{1,18}")
LOOKED_THROUGH = 500  # newest cases in sight that words are looked for in
_OWED = (State.FILED, State.HANDLING, State.WAITING)
_UNREACHED = select(outbox.c.case_id).where(
    outbox.c.delivered_at.is_(None), outbox.c.state.in_(("waiting", "parked")), outbox.c.kind == "letter"
)


def page(
    conn: Connection, vault: Vault, county: County, viewer: Actor, which: CardQuery, now: datetime
) -> CardPage:
    """The cards of a view, newest activity first, with the counts of all views."""
    parts = _parts(viewer, county)
    narrow = [_view(which.view, viewer, now), _after(which.before)]
    if which.department:
        narrow.append(case.c.department == which.department)
    limit = max(1, min(which.limit, 100))
    number = case_number(which.text, county.office.case_prefix)
    if number:  # however old it is
        narrow.append(case.c.no == number)
    rows = _rows(conn, parts, narrow, LOOKED_THROUGH if which.text else limit + 1)
    held = _cases(conn, vault, rows)
    found = [one for one in held if number or _matches(one, which.text, county)]
    shown = [(one, front) for one in found[:limit] if (front := card(one, viewer, county, now, which.lang))]
    following = _cursor(rows, shown[-1][0].id) if len(found) > limit and shown else ""
    scope = or_(false(), *parts)
    return CardPage(_fronts(shown), following, _counts(conn, scope, viewer, now), _groups(conn, scope))


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


def _parts(viewer: Actor, county: County) -> tuple[ColumnElement[bool], ...]:
    """The service cases of each department in sight, and those the viewer's unit assists with."""
    units = departments_in_sight(viewer, county)
    service = case.c.lane == Lane.SERVICE
    if units is None:
        return (service,)
    if not units:
        return ()
    helps = and_(service, ASSISTED, _named(viewer.unit))
    return (*(and_(service, case.c.department == unit) for unit in units), helps)


def _named(unit: str) -> ColumnElement[bool]:
    return (literal(",") + case.c.assist + literal(",")).contains(f",{unit},", autoescape=True)


def _view(view: str, viewer: Actor, now: datetime) -> ColumnElement[bool]:
    owed = and_(case.c.open, case.c.state.in_(_OWED))
    match view:
        case "unclaimed":
            return and_(owed, case.c.claimed_by == 0)
        case "mine":
            return and_(case.c.open, case.c.claimed_by == viewer.id)
        case "soon":
            return and_(owed, case.c.answer_by >= now, case.c.answer_by <= now + timedelta(days=1))
        case "overdue":
            return and_(owed, case.c.answer_by < now)
        case "supervised":
            return and_(case.c.open, case.c.supervised)
        case "unreached":
            return and_(case.c.open, case.c.id.in_(_UNREACHED))
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


def _matches(one: Case, text: str, county: County) -> bool:
    """Every word is somewhere in number, topic, place or story, as they are shown: what is masked is not found."""
    words = text.casefold().split()
    known = " ".join((one.no, topic_path(county, one.topic, "zh"), county.place_path(one.place))).casefold()
    told = f"{one.place_text} {one.story}".casefold()
    if not all(word in known or word in told for word in words):
        return False
    told = f"{mask(one.place_text)} {mask(one.story)}".casefold()  # slow, so only where it could matter
    return all(word in known or word in told for word in words)


def _counts(conn: Connection, scope: ColumnElement[bool], viewer: Actor, now: datetime) -> Mapping[str, int]:
    columns: list[Any] = [func.count().filter(_view(view, viewer, now)).label(view) for view in VIEWS if view != "done"]
    row = conn.execute(select(*columns).where(scope, case.c.open)).mappings().one()
    return {view: row[view] for view in VIEWS if view != "done"}


def _groups(conn: Connection, scope: ColumnElement[bool]) -> Mapping[str, int]:
    query = select(case.c.department, func.count()).where(scope, case.c.open).group_by(case.c.department)
    return {row[0]: row[1] for row in conn.execute(query)}
