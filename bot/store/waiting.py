"""Letters that wait for a person to come back, and those that were thought to have arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from bot.store import letters, ready
from bot.store.tables import link, outbox
from bot.store.upsert import insert_once
from bot.store.vault import Vault
from handlers.messages import Letter

_WAITING = (
    select(outbox.c.id, outbox.c.letter_id)
    .where(outbox.c.person_id == bindparam("of"), outbox.c.delivered_at.is_(None))
    .where(outbox.c.state.in_(letters.FOR_THEIR_RETURN))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)


def of_person(conn: Connection, vault: Vault, person_id: int, limit: int) -> list[tuple[int, Letter]]:
    """What could not be sent so far, oldest first, with the row of each."""
    owed = ready.rows(conn, _WAITING, {"of": person_id, "most": limit})
    rows = {row["letter_id"]: row["id"] for row in owed}
    return [(rows[one.id], one) for one in letters.by_ids(conn, vault, list(rows))]


def sent_as(conn: Connection, channel: str, job: str, case_id: int) -> None:
    """A message about a case left under a number of the platform's, which may yet say that it did not arrive."""
    insert_once(conn, link, channel=channel, chat="job", message=job, case_id=case_id)


def unarrived(conn: Connection, channel: str, job: str, person_id: int, now: datetime) -> bool:
    """It did not arrive: the letter waits again."""
    mine = (link.c.channel == channel, link.c.chat == "job", link.c.message == job)
    case_id = conn.execute(select(link.c.case_id).where(*mine)).scalar()
    told = (outbox.c.person_id == person_id, outbox.c.case_id == case_id, outbox.c.delivered_at.is_not(None))
    last = select(func.max(outbox.c.id)).where(*told).scalar_subquery()
    again = update(outbox).where(outbox.c.id == last)
    changed = {"delivered_at": None, "state": "waiting", "not_before": now, "error": "did not arrive"}
    if case_id is None:
        return False
    letter_id = conn.execute(select(outbox.c.letter_id).where(outbox.c.id == last)).scalar()
    if conn.execute(again.values(**changed)).rowcount != 1:
        return False
    letters.not_delivered(conn, [letter_id] if letter_id else [])
    return True
