"""What an operator watches: how much is owed, since when, and what is late. Tips are in nobody's figures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, true

from bot.store import keeping, letters, stuck
from bot.store.tables import case, outbox
from config.schema import Lane

_OPEN = (case.c.open == true(), case.c.lane == Lane.SERVICE)


def depth(conn: Connection) -> dict[str, int]:
    """Undelivered rows by state."""
    return letters.depth(conn)


def oldest_due(conn: Connection, now: datetime) -> datetime | None:
    """Since when the row waits that has been due longest; one that rests after a failure is not due."""
    due = (outbox.c.delivered_at.is_(None), outbox.c.state == "queued", outbox.c.not_before <= now)
    return conn.execute(select(func.min(outbox.c.not_before)).where(*due, outbox.c.idem.not_like("blind:%"))).scalar()


def open_cases(conn: Connection) -> int:
    """Cases that are not over."""
    return conn.execute(select(func.count()).select_from(case).where(*_OPEN)).scalar_one()


def overdue(conn: Connection) -> int:
    """Open cases past their date."""
    return conn.execute(select(func.count()).select_from(case).where(*_OPEN, case.c.overdue == true())).scalar_one()


def given_up(conn: Connection) -> int:
    """Messages that could not be taken."""
    return stuck.given_up(conn)


def deletion_waits(conn: Connection) -> int:
    """Cases due to be deleted that wait for a human."""
    return keeping.number(conn, keeping.WAITING)
