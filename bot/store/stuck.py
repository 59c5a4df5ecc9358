"""Messages that could not be taken: counted, and after some tries given up, where staff see how many there are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bot.store.tables import inbox, stuck
from bot.store.upsert import insert_once


def failed(conn: Connection, channel: str, key: str, error: str, now: datetime) -> int:
    """One more failure of a message; how many there were by now."""
    insert_once(conn, stuck, channel=channel, key=key, tries=0, error="", at=now)
    mine = (stuck.c.channel == channel, stuck.c.key == key)
    conn.execute(update(stuck).where(*mine).values(tries=stuck.c.tries + 1, error=error[:80], at=now))
    return conn.execute(select(stuck.c.tries).where(*mine)).scalar_one()


def give_up(conn: Connection, channel: str, key: str, now: datetime) -> None:
    """A message is never taken."""
    mine = (stuck.c.channel == channel, stuck.c.key == key)
    conn.execute(update(stuck).where(*mine).values(given_up_at=now))


def given_up(conn: Connection) -> int:
    """How many messages were given up."""
    query = select(func.count()).select_from(stuck).where(stuck.c.given_up_at.is_not(None))
    return conn.execute(query).scalar_one()


def unknown(conn: Connection, channel: str, keys: Collection[str]) -> frozenset[str]:
    """Those of the keys under which nothing has arrived yet."""
    here = select(inbox.c.key).where(inbox.c.channel == channel, inbox.c.key.in_(list(keys)))
    return frozenset(keys) - set(conn.execute(here).scalars())
