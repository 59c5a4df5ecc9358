"""What is deleted because its time has come: rows, and a note of the keys that go with them (`bot.store.shreds`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, or_, select, tuple_, update

from bot.store import files, people, shreds
from bot.store.tables import (
    address,
    attachment,
    case,
    conversation,
    counter,
    erased,
    follower,
    hold,
    inbox,
    letter,
    metadata,
    outbox,
    person,
)
from bot.store.tips import identity_owner
from bot.store.upsert import put
from bot.store.vault import Vault, case_owner, contact_owner, person_owner
from cases.case import is_tip
from cases.keeping import Plan, due
from config.keeping import Retention
from handlers.talk import Talk

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 500
DAY = "keeping:day"
WAITING = "keeping:waiting"

# The chain of looks names a case by its number and is never cut (reliability.md §2, row 2).
_KEPT = frozenset({"case", "attachment", "audit"})


def plan(conn: Connection, terms: Retention, now: datetime) -> Plan:
    """What would go now, and of how much."""
    return Plan(
        cases=_count(conn, case, _due(terms, now)),
        of_cases=_count(conn, case),
        people=_count(conn, person, _idle(terms, now)),
        of_people=_count(conn, person, person.c.erased_at.is_(None)),
    )


def due_cases(conn: Connection, terms: Retention, now: datetime, limit: int) -> list[int]:
    """Ids of cases that may go, longest at rest first."""
    query = select(case.c.id).where(_due(terms, now)).order_by(case.c.moved_at).limit(limit)
    return list(conn.execute(query).scalars())


def by_state(conn: Connection, terms: Retention, now: datetime) -> list[tuple[str, str, int, datetime]]:
    """(lane, state, how many, the oldest's last day) of the cases that may go."""
    query = select(case.c.lane, case.c.state, func.count(), func.min(case.c.moved_at)).where(_due(terms, now))
    return [(row[0], row[1], row[2], row[3]) for row in conn.execute(query.group_by(case.c.lane, case.c.state))]


def idle_people(conn: Connection, terms: Retention, now: datetime, limit: int) -> list[int]:
    """People who have not come for `people_days` and follow no case."""
    return list(conn.execute(select(person.c.id).where(_idle(terms, now)).limit(limit)).scalars())


def _due(terms: Retention, now: datetime) -> ColumnElement[bool]:
    """Ended, at rest for its term, not held; a merged one only when what it was merged into has ended, too."""
    into = case.alias("into")
    old = [and_(case.c.lane == t.lane, case.c.state == t.state, case.c.moved_at < t.before) for t in due(terms, now)]
    held = exists().where(hold.c.case_id == case.c.id)
    runs = exists().where(into.c.id == case.c.merged_into, into.c.open)
    return and_(case.c.open.is_(False), or_(*old), ~held, ~runs) if old else case.c.id < 0


def _idle(terms: Retention, now: datetime) -> ColumnElement[bool]:
    before = now - timedelta(days=terms.people_days)
    came = exists().where(address.c.person_id == person.c.id, address.c.seen_at >= before)
    follows = exists().where(follower.c.person_id == person.c.id)
    filed = exists().where(case.c.person_id == person.c.id)
    return and_(person.c.erased_at.is_(None), person.c.made_at < before, ~came, ~follows, ~filed)


def _count(conn: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    return conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def erase_cases(conn: Connection, ids: Sequence[int], now: datetime) -> int:
    """Delete cases with everything that hangs on them; a line for the figures stays. How many went."""
    rows = conn.execute(select(case).where(case.c.id.in_(ids))).mappings().all()
    for row in rows:
        kept = {name: row[name] for name in ("id", "no", "lane", "kind", "topic", "department", "state", "opened_at")}
        put(conn, erased, ("id",), **kept, ended_at=row["moved_at"], erased_at=now)
    files.disown_cases(conn, ids)
    for table in reversed(metadata.sorted_tables):
        if "case_id" in table.c and table.name not in _KEPT:
            conn.execute(delete(table).where(table.c.case_id.in_(ids)))
    conn.execute(delete(case).where(case.c.id.in_(ids)))
    owners = [owner(row["id"]) for row in rows for owner in _owners(row["id"])]
    shreds.owe(conn, owners, now)
    return len(rows)


def erase_people(conn: Connection, vault: Vault, ids: Sequence[int], now: datetime) -> int:
    """Forget people, as if each had asked for it; how many."""
    for person_id in ids:
        people.erase(conn, vault, person_id, now)
    return len(ids)


def old_letters(conn: Connection, before: datetime, limit: int = _BATCH) -> int:
    """Delete letters from before, unless one is still owed; how many went."""
    owed = exists().where(outbox.c.letter_id == letter.c.id, outbox.c.delivered_at.is_(None))
    some = select(letter.c.id).where(letter.c.at < before, ~owed).limit(limit)
    return conn.execute(delete(letter).where(letter.c.id.in_(list(conn.execute(some).scalars())))).rowcount


def old_outbox(conn: Connection, before: datetime, limit: int = _BATCH) -> int:
    """Delete what was delivered before and belongs to no case (a case shows what became of its notices)."""
    done = and_(outbox.c.delivered_at < before, outbox.c.case_id.is_(None))
    some = select(outbox.c.id).where(done).limit(limit)
    return conn.execute(delete(outbox).where(outbox.c.id.in_(list(conn.execute(some).scalars())))).rowcount


def old_arrivals(conn: Connection, before: datetime, limit: int = _BATCH) -> int:
    """Delete keys of messages from before, but for those of people to whom something is still owed; how many went."""
    owed = exists().where(outbox.c.person_id == inbox.c.person_id, outbox.c.delivered_at.is_(None))
    some = select(inbox.c.channel, inbox.c.key).where(inbox.c.at < before, ~owed).limit(limit)
    keys: list[Any] = [tuple(row) for row in conn.execute(some)]
    return conn.execute(delete(inbox).where(tuple_(inbox.c.channel, inbox.c.key).in_(keys))).rowcount


def old_drafts(conn: Connection, vault: Vault, before: datetime, limit: int = _BATCH) -> int:
    """Empty the talks of those who have not said a word since: drafts and held words go. How many."""
    rest = (conversation.c.updated_at < before, conversation.c.updated_at > _LONG_AGO)
    rows = conn.execute(select(conversation.c.person_id, person.c.lang).join(person).where(*rest).limit(limit)).all()
    for row in rows:
        owner = person_owner(row.person_id)
        empty = vault.put(owner, f"conversation:{row.person_id}", Talk(lang=row.lang).to_json())
        mine = update(conversation).where(conversation.c.person_id == row.person_id)
        conn.execute(mine.values(sealed=empty, updated_at=_LONG_AGO))
    return len(rows)


def set_number(conn: Connection, name: str, n: int) -> None:
    """Remember a number of the house's own."""
    put(conn, counter, ("name",), name=name, n=n)


def number(conn: Connection, name: str) -> int:
    """What was remembered; 0 for nothing."""
    return conn.execute(select(counter.c.n).where(counter.c.name == name)).scalar() or 0


def orphans(conn: Connection, ids: Sequence[str]) -> list[str]:
    """Those of these files that no row names."""
    named = set(conn.execute(select(attachment.c.id).where(attachment.c.id.in_(ids))).scalars())
    return [file_id for file_id in ids if file_id not in named]


def _owners(case_id: int) -> tuple[Callable[[int], str], ...]:
    """Whose keys go with a case: of a tip the sealed identity's, too."""
    return (case_owner, contact_owner, identity_owner) if is_tip(case_id) else (case_owner, contact_owner)
