"""The store without threads, for simulations and unit tests."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from bot.store.connect import as_failure, bare, core, finish, snapshot, typed
from bot.store.engine import Hook, Store, StoreClosed, T, Work
from bot.store.tables import metadata

_MADE = "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"


@cache
def _schema() -> str:
    """What makes the tables, written once: a simulation opens many stores."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    with engine.connect() as conn:
        made = conn.exec_driver_sql(_MADE).scalars().all()
    engine.dispose()
    return ";".join(made)


class InlineStore(Store):
    """The same interface at once on one connection, for simulations and unit tests. No threads.

    `path=None` keeps everything in memory. Tables are made from `tables.metadata`, without migrations.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.before_commit: list[Hook] = []
        self._commits = 0
        self._closed = False
        self._conn = core(path, "rwc").connect()
        raw = bare(self._conn)
        if not raw.execute("SELECT 1 FROM sqlite_master").fetchone():
            raw.executescript(_schema())
        finish(self._conn)

    @property
    def commits(self) -> int:
        return self._commits

    @property
    def writes(self) -> int:
        return self._commits

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        raw = self._open()
        raw.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._conn)
            self._commit(raw)
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise typed(error)  # noqa: B904 - typed() sets the cause itself
        finally:
            finish(self._conn)
        self._commits += 1
        return result

    async def read(self, work: Work[T]) -> T:
        raw = self._open()
        raw.execute("PRAGMA query_only=ON")
        try:
            with snapshot(self._conn) as conn:
                return work(conn)
        except Exception as error:
            raise typed(error)  # noqa: B904 - typed() sets the cause itself
        finally:
            raw.execute("PRAGMA query_only=OFF")

    def _commit(self, raw: sqlite3.Connection) -> None:
        try:
            for hook in self.before_commit:
                hook()
        except Exception as error:
            raise as_failure(error) from error
        raw.execute("COMMIT")

    async def verified(self) -> None:
        self._open()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._conn.close()

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreClosed("the store is closed")
        return bare(self._conn)
