"""Connections to the SQLite file, and the looks that decide whether it is one to start with."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from bot.store.engine import StoreBusy, StoreClosed, StoreError, StoreFailed, StoreFull, StoreRefused

if TYPE_CHECKING:  # not at run time: the check of the file begins before SQLAlchemy is read
    from sqlalchemy import Connection, Engine

BUSY_SECONDS = 3.0
APPLICATION_ID = 0x5A485431  # "ZHT1"
DATABASE = "zhitong.sqlite3"
KEYS_FILE = Path("keys") / "keys.sqlite3"
LAST_BACKUP = "last-backup"

# No mmap: a disk that fails under a mapping kills the process instead of raising an error.
_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cache_size=-2048",
    "PRAGMA mmap_size=0",
    "PRAGMA journal_size_limit=67108864",
)

_TYPED: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreFailed,
    sqlite3.SQLITE_READONLY: StoreFailed,
    sqlite3.SQLITE_CORRUPT: StoreFailed,
    sqlite3.SQLITE_NOTADB: StoreFailed,
    sqlite3.SQLITE_CANTOPEN: StoreFailed,
    sqlite3.SQLITE_NOMEM: StoreFailed,
}


def typed(error: BaseException) -> BaseException:
    """A database error that is the store's fault as a StoreError; any other error as it is."""
    cause = getattr(error, "orig", error)  # what SQLAlchemy wrapped
    code = getattr(cause, "sqlite_errorcode", None)
    kind = _TYPED.get(code & 0xFF) if isinstance(code, int) else None
    if kind is None:
        return error
    made = kind(str(cause))
    made.__cause__ = error
    return made


def as_failure(error: BaseException) -> StoreError:
    """Why a whole group was lost, as a StoreError in any case; one instance for one caller."""
    failure = typed(error)
    kind = type(failure) if isinstance(failure, (StoreBusy, StoreFull, StoreFailed)) else StoreFailed
    made = kind(str(failure))
    made.__cause__ = error
    return made


def connect(path: Path | None, mode: str = "rw", synchronous: str = "FULL") -> sqlite3.Connection:
    """A bare connection with the house's pragmas, in autocommit: whoever wants a transaction says BEGIN.

    `mode` is rw, rwc (make the file) or ro; `path=None` is a database in memory. Raises sqlite3.Error.
    """
    raw = sqlite3.connect(
        ":memory:" if path is None else f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=path is not None,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )
    try:
        raw.execute(f"PRAGMA synchronous={synchronous}")
        for pragma in (*_PRAGMAS, *(("PRAGMA query_only=ON",) if mode == "ro" else ())):
            raw.execute(pragma)
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def core(path: Path | None, mode: str = "rw", synchronous: str = "FULL") -> Engine:
    """An engine whose connections come from `connect`. Its errors never show parameters: they are personal."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine(
        "sqlite://",
        creator=lambda: connect(path, mode, synchronous),
        poolclass=NullPool,
        hide_parameters=True,
    )


def bare(conn: Connection) -> sqlite3.Connection:
    """The driver's connection under one of SQLAlchemy's."""
    return cast(sqlite3.Connection, conn.connection.driver_connection)


def finish(conn: Connection) -> None:
    """Close SQLAlchemy's own book on a transaction that was ended by hand."""
    if conn.in_transaction():
        conn.rollback()


@contextmanager
def snapshot(conn: Connection) -> Generator[Connection]:
    """One consistent view of the database for as long as the block runs."""
    raw = bare(conn)
    raw.execute("BEGIN")
    try:
        yield conn
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        finish(conn)


class Check:
    """PRAGMA quick_check beside the rest of the start, on a connection and a thread of its own.

    Raises sqlite3.Error or OSError when the file cannot be opened. `outcome` is an exception or None.
    """

    def __init__(self, path: Path) -> None:
        self.outcome: Future[None] = Future()
        self._path = path
        self._stopped = False
        self._raw = connect(path, "ro")
        self._file = os.open(path, os.O_RDONLY)
        self._thread = threading.Thread(target=self._run, name="store-check", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Break off when still running."""
        self._stopped = True
        while self._thread.is_alive():  # an interrupt before the statement began would be forgotten
            with suppress(sqlite3.ProgrammingError):  # the thread has just closed it
                self._raw.interrupt()
            self._thread.join(0.01)

    def release(self) -> None:
        """Let go of the file, after every other connection of this process has.

        Closing any handle of a file gives up all locks the process has on it (POSIX), SQLite's too.
        """
        os.close(self._file)

    def _run(self) -> None:
        try:
            with closing(self._raw):
                self._warm()
                found = [str(row[0]) for row in self._raw.execute("PRAGMA quick_check(3)")]
        except (sqlite3.Error, OSError) as error:
            self.outcome.set_exception(StoreClosed("closed") if self._stopped else corrupt(self._path, str(error)))
        else:
            self._judge(found)

    def _judge(self, found: list[str]) -> None:
        if found == ["ok"]:
            self.outcome.set_result(None)
        else:
            self.outcome.set_exception(corrupt(self._path, "; ".join(found)))

    def _warm(self) -> None:
        """Read the file once from end to end: the check's own order is five times slower on a cold disk."""
        chunk = bytearray(1 << 20)
        while not self._stopped and os.readv(self._file, [chunk]):
            pass


def early_check(path: Path) -> Check | None:
    """The check of a file that looks like one in use, for `open_store`, begun while the rest is still being read.

    None for any other: whoever opens the store says what is wrong with it. Only in WAL mode: there a reader is in
    nobody's way.
    """
    with suppress(sqlite3.Error, OSError):
        with path.open("rb") as file:
            in_wal_mode = file.read(20)[18:20] == b"\x02\x02"  # https://www.sqlite.org/fileformat.html 1.3
        return Check(path) if in_wal_mode else None
    return None


def corrupt(path: Path, found: str) -> StoreRefused:
    """The refusal of a damaged file; names the last good backup when one is known."""
    note = path.parent / LAST_BACKUP
    last = note.read_text(encoding="utf-8").strip() if note.exists() else ""
    advice = f"Restore the last good backup: {last}" if last else "Restore a backup; none is known here"
    return StoreRefused(path, f"damaged ({found})", f"{advice}. Keep the damaged file and its -wal for a rescue.")


def inspect(path: Path) -> None:
    """Make a missing file; raise StoreRefused for one that is not ours to start with."""
    if not path.exists() or path.stat().st_size == 0:
        _refuse_vanished(path)
        _make(path)
    try:
        with closing(connect(path)) as raw:
            _inspect(raw, path)
    except sqlite3.DatabaseError as error:
        raise _refusal(path, error) from error


def _inspect(raw: sqlite3.Connection, path: Path) -> None:
    (owner,) = raw.execute("PRAGMA application_id").fetchone()
    (objects,) = raw.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner != APPLICATION_ID and (owner or objects):
        raise StoreRefused(path, f"the database of another program (application_id {owner:#x})", "Name another file.")
    (mode,) = raw.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise StoreRefused(path, "this file system cannot do WAL", "Put the data on a local disk.")
    if not owner:
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _refusal(path: Path, error: sqlite3.DatabaseError) -> StoreRefused:
    code = (error.sqlite_errorcode or 0) & 0xFF if hasattr(error, "sqlite_errorcode") else 0
    if code == sqlite3.SQLITE_NOTADB:
        return StoreRefused(path, "not a database", "Name another file, or restore a backup.")
    if code == sqlite3.SQLITE_CORRUPT:
        return corrupt(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreRefused(path, "held by another process", "Stop that one first, then start again.")
    return StoreRefused(path, f"cannot be opened for writing ({error})", "Check its owner, its rights and the disk.")


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    sync_dir(path.parent)


def sync_dir(folder: Path) -> None:
    """Make a name just written into `folder` outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_vanished(path: Path) -> None:
    """An empty database must never take the place of one that was lost."""
    advice = "Put the file back or restore a backup. To begin anew on purpose, move its keys away first."
    wal = path.with_name(f"{path.name}-wal")
    if wal.exists() and wal.stat().st_size > 0:
        raise StoreRefused(path, f"gone, but {wal.name} is still there", advice)
    keys = path.parent / KEYS_FILE
    if keys.exists() and holds_keys(keys):
        raise StoreRefused(path, f"gone, but {keys} holds keys of its cases", advice)


def holds_keys(keys: Path) -> bool:
    """Whether the key store holds a key at all; one that cannot be read counts as full."""
    try:
        with closing(connect(keys, "ro")) as raw:
            return raw.execute("SELECT 1 FROM key LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return True
