"""Small works on the counter table, which has no relatives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select

from bot.store.engine import Work
from bot.store.tables import counter


def put(name: str, n: int = 0) -> Work[str]:
    """Insert one row; a name twice is an IntegrityError."""

    def work(conn: Connection) -> str:
        conn.execute(insert(counter), {"name": name, "n": n})
        return name

    return work


def put_and_raise(name: str, error: BaseException) -> Work[str]:
    """Insert one row, then fail."""

    def work(conn: Connection) -> str:
        put(name)(conn)
        raise error

    return work


def names(conn: Connection) -> list[str]:
    """Every row's name, in order."""
    return list(conn.execute(select(counter.c.name).order_by(counter.c.name)).scalars())


@dataclass
class Gate:
    """A work that holds the writer's thread until it is let through."""

    name: str
    entered: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def __call__(self, conn: Connection) -> str:
        """Insert the row, then wait at the gate."""
        put(self.name)(conn)
        self.entered.set()
        assert self.open.wait(10)
        return self.name

    async def reached(self) -> None:
        """Return when the writer's thread stands at the gate."""
        assert await asyncio.to_thread(self.entered.wait, 10)


async def settled(*waiting: Awaitable[object]) -> list[object]:
    """Results and exceptions alike."""
    return list(await asyncio.gather(*waiting, return_exceptions=True))


def kinds(outcomes: list[object]) -> set[type]:
    """What came out of several works, as types."""
    return {type(outcome) for outcome in outcomes}
