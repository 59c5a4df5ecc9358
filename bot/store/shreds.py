"""Keys that are to be dropped: noted in the transaction that deletes what they sealed, until they are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from bot.store.tables import shred
from bot.store.upsert import insert_once

_BATCH = 500


def owe(conn: Connection, owners: Iterable[str], now: datetime) -> None:
    """The keys of these owners are to go."""
    for owner in owners:
        insert_once(conn, shred, owner=owner, at=now)


def owed(conn: Connection) -> list[str]:
    """Whose keys are to go."""
    return list(conn.execute(select(shred.c.owner)).scalars())


def settled(conn: Connection, owners: Sequence[str]) -> None:
    """Their keys are gone."""
    for start in range(0, len(owners), _BATCH):
        conn.execute(delete(shred).where(shred.c.owner.in_(owners[start : start + _BATCH])))
