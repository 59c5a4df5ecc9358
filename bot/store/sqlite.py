"""SQLite with group commit: one writer thread, many callers, one fsync for all who wait.

The writer takes whatever waits (up to 64), runs each in its own savepoint, commits once and only then
answers. Reads have read-only connections of their own in a small pool of threads.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, cast

from sqlalchemy import Connection

from bot.store import migrations
from bot.store.connect import Check, as_failure, bare, core, finish, inspect, snapshot, typed
from bot.store.engine import Hook, NotStarted, Store, StoreClosed, StoreError, StoreFailed, T, Work

BATCH = 64


class _Turn:
    """One caller's work in the queue. Who claims it first, the writer or the withdrawing caller, has it."""

    __slots__ = ("_claim", "done", "error", "result", "work")

    def __init__(self, work: Work[Any], done: asyncio.Future[Any]) -> None:
        self.work = work
        self.done = done
        self.result: Any = None
        self.error: BaseException | None = None
        self._claim = threading.Lock()

    def claim(self) -> bool:
        return self._claim.acquire(blocking=False)

    def expire(self) -> None:
        if self.claim() and not self.done.done():
            self.done.set_exception(NotStarted("its turn did not come in time"))

    def settle(self) -> None:
        if self.done.done():  # the caller has gone
            return
        if self.error is None:
            self.done.set_result(self.result)
        elif isinstance(self.error, StopIteration) or not isinstance(self.error, Exception):
            # A future cannot carry the one; the others would end the event loop of a caller who is not to blame.
            self.done.set_exception(RuntimeError(f"the work raised {type(self.error).__name__}"))
        else:
            self.done.set_exception(self.error)


class SqliteStore(Store):
    """The store of one process on one file; see `Store`. Use `open_store`, which checks the file first."""

    def __init__(
        self,
        path: Path,
        synchronous: str = "FULL",
        readers: int = 3,
        batch: int = BATCH,
        check: Check | None = None,
    ) -> None:
        self.before_commit: list[Hook] = []
        self._path = path
        self._commits = 0
        self._writes = 0
        self._batch = batch
        self._engine = core(path, "rw", synchronous)
        self._readers = core(path, "ro")
        self._conn: Connection | None = None
        self._local = threading.local()
        self._reading: list[Connection] = []
        self._pool = ThreadPoolExecutor(readers, "store-read")
        self._queue: SimpleQueue[_Turn | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._ended: Future[None] = Future()
        self._check = check or Check(path)
        threading.Thread(target=self._run, name="store-write", daemon=True).start()

    @property
    def commits(self) -> int:
        return self._commits

    @property
    def writes(self) -> int:
        return self._writes

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        loop = asyncio.get_running_loop()
        turn = _Turn(work, loop.create_future())
        self._put(turn)
        timer = None if start_within is None else loop.call_later(start_within, turn.expire)
        try:
            return await turn.done
        except asyncio.CancelledError:
            turn.claim()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def read(self, work: Work[T]) -> T:
        if self._closed:
            raise StoreClosed("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    async def verified(self) -> None:
        await asyncio.shield(asyncio.wrap_future(self._check.outcome))

    async def close(self) -> None:
        with self._gate:
            first, self._closed = not self._closed, True
            if first:
                self._queue.put(None)
        await asyncio.shield(asyncio.wrap_future(self._ended))

    def _put(self, turn: _Turn) -> None:
        with self._gate:  # so that nothing can be queued behind the closing mark
            if self._closed:
                raise StoreClosed("the store is closed")
            self._queue.put(turn)

    def _read(self, work: Work[T]) -> T:
        try:
            with snapshot(self._reader()) as conn:
                return work(conn)
        except Exception as error:
            raise typed(error)  # noqa: B904 - typed() sets the cause itself

    def _reader(self) -> Connection:
        conn: Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._local.conn = self._readers.connect()
            self._reading.append(conn)
        return conn

    # What follows runs in the writer's thread.

    def _run(self) -> None:
        while (turn := self._queue.get()) is not None:
            if not self._serve(turn):
                break
        self._shut()

    def _serve(self, first: _Turn) -> bool:
        """Commit one group, beginning with `first`; False when the closing mark was met."""
        ran: list[_Turn] = []
        going = True
        try:
            raw = self._begin()
        except Exception as error:
            going = self._take_all(first, ran)
            self._fail(ran, error)
        else:
            try:
                going = self._fill(first, raw, ran)
                self._commit(raw, ran)
            except BaseException as error:
                self._fail(ran, error)
        _answer(ran)
        return going

    def _begin(self) -> sqlite3.Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        finish(self._conn)
        raw = bare(self._conn)
        raw.execute("BEGIN IMMEDIATE")
        return raw

    def _fill(self, first: _Turn, raw: sqlite3.Connection, ran: list[_Turn]) -> bool:
        turn: _Turn | None = first
        while True:
            if turn is None:
                return False
            if turn.claim():
                ran.append(turn)
                _attempt(turn, cast(Connection, self._conn), raw)
            if len(ran) >= self._batch:
                return True
            try:
                turn = self._queue.get_nowait()
            except Empty:
                return True

    def _commit(self, raw: sqlite3.Connection, ran: list[_Turn]) -> None:
        good = sum(turn.error is None for turn in ran)
        if good:
            for hook in self.before_commit:
                hook()
        raw.execute("COMMIT" if good else "ROLLBACK")
        self._commits += bool(good)
        self._writes += good

    def _take_all(self, first: _Turn, ran: list[_Turn]) -> bool:
        """Everybody who waits hears of a database that cannot begin: else each would wait out the timeout."""
        turn: _Turn | None = first
        while turn is not None:
            if turn.claim():
                ran.append(turn)
            try:
                turn = self._queue.get_nowait()
            except Empty:
                return True
        return False

    def _fail(self, ran: list[_Turn], error: BaseException) -> None:
        """Nothing of the group is kept; the next one starts on a fresh connection."""
        self._drop_writer()
        for turn in ran:
            if turn.error is None:
                turn.error = as_failure(error)

    def _drop_writer(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with suppress(Exception):  # it failed already; nothing may stop the writer's thread
                conn.invalidate()
                conn.close()

    def _shut(self) -> None:
        self._pool.shutdown(wait=True)
        for conn in self._reading:
            conn.close()
        self._check.stop()
        if self._conn is not None:
            self._conn.close()
        self._check.release()
        self._ended.set_result(None)


def _attempt(turn: _Turn, conn: Connection, raw: sqlite3.Connection) -> None:
    """Run one work in its savepoint; raises only when the whole group is lost."""
    raw.execute("SAVEPOINT turn")
    try:
        turn.result = turn.work(conn)
        raw.execute("RELEASE turn")
    except BaseException as error:
        turn.error = typed(error)
        if not raw.in_transaction:  # a full disk may roll everything back; a work must never do so
            if not isinstance(turn.error, StoreError):
                turn.error = StoreFailed("the work ended the transaction")
            raise turn.error from error
        raw.execute("ROLLBACK TO turn")
        raw.execute("RELEASE turn")


def _answer(ran: list[_Turn]) -> None:
    """Wake every caller, with one call into each event loop."""
    for loop, turns in groupby(ran, lambda turn: turn.done.get_loop()):
        try:
            loop.call_soon_threadsafe(_settle, list(turns))
        except RuntimeError:  # that loop is closed: nobody listens any more
            continue


def _settle(turns: Iterable[_Turn]) -> None:
    for turn in turns:
        turn.settle()


def open_store(
    path: Path, synchronous: str = "FULL", readers: int = 3, batch: int = BATCH, check: Check | None = None
) -> SqliteStore:
    """The store on `path`, made when it is new, migrated when it is old. Blocks; call it at start.

    Raises StoreRefused for a file not to start with. The thorough look goes on in the background:
    await `verified()` before telling anybody that the store is ready; `check` is one begun before. `synchronous`
    and `batch` are for measurements only: anything but FULL can lose a case number already spoken.
    """
    inspect(path)
    migrations.upgrade(path)
    return SqliteStore(path, synchronous, readers, batch, check)
