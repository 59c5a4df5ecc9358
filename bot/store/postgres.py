"""PostgreSQL: the same turns as on SQLite, in as many processes as are needed.

A write is one transaction of its own. The work is the same synchronous function; `run_sync` lets it wait for the
server without holding up the event loop. What lost a race (deadlock, serialization, two who make the same person) is
run again; what lost its connection before COMMIT too. An unknown outcome of COMMIT is said, never guessed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, cast

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.connect import BUSY_SECONDS
from bot.store.engine import Hook, NotStarted, Store, StoreClosed, StoreFailed, T, Work
from bot.store.pg_errors import AGAIN, AWAY, RACED, sort_of, typed
from bot.store.upsert import NUMBERS

POOL = 12
TRIES = 6  # of a work that loses races; the one who wins makes progress, so few ever need a third
CONNECT_SECONDS = 2.0
COMMAND_SECONDS = 20.0  # after that a server that says nothing is treated as gone
PAUSE = 0.1


class Transaction:
    """One try at a work. What belongs to it alone hangs on it, and goes with it (see `PgKeyStore`)."""

    __slots__ = ("__weakref__",)


current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)
"""The transaction that the code runs in."""


class _Turn:
    """How far a write has come."""

    __slots__ = ("committing", "started")

    def __init__(self) -> None:
        self.started = self.committing = False


def engine(url: str, pool: int = POOL, **settings: str) -> AsyncEngine:
    """An engine whose commits are durable, whatever the default, and whose errors show no parameters."""
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "prepared_statement_cache_size": 500,
            "server_settings": {
                "application_name": "zhitong",
                "synchronous_commit": "on",
                "lock_timeout": str(int(BUSY_SECONDS * 1000)),
                "idle_in_transaction_session_timeout": "60000",
                **settings,
            },
        },
    )


class PgStore(Store):
    """The store of one process among several; see `Store`. Use `open_postgres`, which looks at the server first."""

    def __init__(self, url: str, pool: int = POOL) -> None:
        self.before_commit: list[Hook] = []
        self._numbers = engine(url, 2, synchronous_commit="off")
        drawing = self._numbers.sync_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._engine = engine(url, pool).execution_options(**{NUMBERS: drawing})
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._commits = 0
        self._closed = False
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def commits(self) -> int:
        return self._commits

    @property
    def writes(self) -> int:
        return self._commits

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        turn = _Turn()
        task = self._task(self._serve(work, turn, start_within))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not turn.started:
                task.cancel()
            raise

    async def read(self, work: Work[T]) -> T:
        return await asyncio.shield(self._task(self._look(work)))

    async def verified(self) -> None:
        await self.read(lambda conn: conn.execute(select(1)).scalar())

    async def close(self) -> None:
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)
        await self._engine.dispose()
        await self._numbers.dispose()

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        if self._closed:
            work.close()
            raise StoreClosed("the store is closed")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # the caller may have gone: nobody else asks

    async def _serve(self, work: Work[T], turn: _Turn, start_within: float | None) -> T:
        """Run the work until it is committed, or it is clear that it cannot be."""
        began, tries = time.monotonic(), 0
        while True:
            tries += 1
            try:
                return await self._once(work, turn, start_within, began)
            except Exception as error:
                if not _worth_it(error, turn, tries, time.monotonic() - began):
                    if turn.committing and sort_of(error) == AWAY:
                        raise StoreFailed("the connection was lost at COMMIT: it may have been done") from error
                    raise typed(error)  # noqa: B904 - typed() sets the cause itself
                turn.committing = False
            await asyncio.sleep(PAUSE * random.random() * tries)  # noqa: S311 - no secret: who comes first

    async def _once(self, work: Work[T], turn: _Turn, start_within: float | None, began: float) -> T:
        token = current.set(Transaction())
        conn = await self._begin(turn, start_within, began)
        try:
            result = await conn.run_sync(self._attempt, work)
            turn.committing = True
            await conn.commit()
            self._commits += 1
            return result
        finally:
            current.reset(token)
            await _let_go(conn)

    async def _begin(self, turn: _Turn, start_within: float | None, began: float) -> AsyncConnection:
        """A connection in time, or NotStarted."""
        left = None if start_within is None or turn.started else max(start_within - (time.monotonic() - began), 0.0)
        limit = asyncio.timeout(left)
        try:
            async with limit:
                conn = await self._engine.connect()
        except TimeoutError:
            if limit.expired():
                raise NotStarted("its turn did not come in time") from None
            raise
        turn.started = True
        return conn

    def _attempt(self, conn: Connection, work: Work[T]) -> T:
        try:
            result = work(conn)
        except (StopIteration, KeyboardInterrupt, SystemExit) as error:  # a task cannot carry them
            raise RuntimeError(f"the work raised {type(error).__name__}") from error
        for hook in self.before_commit:
            hook()
        return result

    async def _look(self, work: Work[T]) -> T:
        began = time.monotonic()
        while True:
            try:
                async with self._reader.connect() as conn:
                    return await conn.run_sync(work)
            except Exception as error:
                if sort_of(error) not in (AGAIN, AWAY) or time.monotonic() - began > BUSY_SECONDS:
                    raise typed(error)  # noqa: B904 - typed() sets the cause itself
            await asyncio.sleep(PAUSE)


def _worth_it(error: Exception, turn: _Turn, tries: int, seconds: float) -> bool:
    """Whether to run the work again: nothing of it was kept, and it may well go better."""
    match sort_of(error):
        case sort if sort == AGAIN:
            return tries < TRIES
        case sort if sort == RACED:
            return tries < 2
        case sort if sort == AWAY:
            return not turn.committing and seconds < BUSY_SECONDS
        case _:
            return False


async def _let_go(conn: AsyncConnection) -> None:
    """Give the connection back; one that broke is thrown away. Nothing here may hide what happened before."""
    try:
        await conn.close()
    except Exception:
        await conn.invalidate()


def text_of(url: Any) -> str:
    """A SQLAlchemy URL with its password, as the drivers want it."""
    return cast(str, url.render_as_string(hide_password=False))
