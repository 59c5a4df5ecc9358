"""Who looked at or decided on what is sensitive: rows in which each hash covers the row before it.

A row that is changed, left out or put in breaks the chain from there on; a tail that is cut off is missed by the
anchor (`bot.anchor`), which stands outside the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, insert, select

from bot.store.locks import lock
from bot.store.tables import audit

START = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """The last row of the chain: its id and hash."""

    id: int
    hash: str


def note(conn: Connection, staff_id: int, act: str, subject: str, now: datetime) -> Link:
    """One more row. The chain is locked until COMMIT, so that two can never follow the same one."""
    lock(conn, "audit")
    last = conn.execute(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar() or START
    linked = _hash(last, now, staff_id, act, subject)
    row = {"at": now, "staff_id": staff_id, "act": act, "subject": subject, "hash": linked}
    made = conn.execute(insert(audit).values(**row).returning(audit.c.id)).scalar_one()
    return Link(made, linked.hex())


def head(conn: Connection) -> Link | None:
    """The newest row; None while there is none."""
    row = conn.execute(select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).first()
    return Link(row.id, row.hash.hex()) if row else None


def broken_at(conn: Connection) -> int:
    """The id of the first row that does not follow from the one before it; 0 when all do."""
    before = START
    for row in conn.execute(select(audit).order_by(audit.c.id)):
        if row.hash != _hash(before, row.at, row.staff_id, row.act, row.subject):
            return row.id
        before = row.hash
    return 0


def hash_of(conn: Connection, row_id: int) -> str:
    """The hash of a row; "" when there is none of that id."""
    found = conn.execute(select(audit.c.hash).where(audit.c.id == row_id)).scalar()
    return found.hex() if found else ""


def _hash(before: bytes, at: datetime, staff_id: int, act: str, subject: str) -> bytes:
    moment = (at - _EPOCH) // timedelta(microseconds=1)
    return hashlib.sha256(before + f"\0{moment}\0{staff_id}\0{act}\0{subject}".encode()).digest()
