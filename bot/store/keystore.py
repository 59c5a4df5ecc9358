"""The key store: a random key for every person and case, in a file of its own.

DATA_DIR/keys/keys.sqlite3 holds the keys wrapped by the ring. It is committed and fsynced before the main
database commits, so that a case once spoken can always be read. When the main transaction is rolled back
afterwards, a key is left over that locks nothing: harmless, and used should its owner come after all.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from bot.bells import Bells
from bot.store.connect import connect, sync_dir, typed
from bot.store.keys import Key, KeyGone, KeyRing, KeysRefused, Unreadable, seal, sealed_by, unseal

APPLICATION_ID = 0x5A48544B  # "ZHTK"
DROPPED = "keys dropped"
_CACHE = 10_000
_BATCH = 500
_COLUMNS = "owner TEXT PRIMARY KEY, ring TEXT NOT NULL, wrapped BLOB NOT NULL"


class Keys(Protocol):
    """What a key store can do, whichever store it belongs to."""

    def new(self, owner: str) -> Key:
        """A key for a new owner, stored with the next commit; the one it has when there is one already."""
        ...

    def adopt(self, owner: str, secret: bytes) -> None:
        """The same with 32 bytes that have sealed something already; an owner who has a key keeps that one."""
        ...

    def get(self, owner: str) -> Key:
        """The key of an owner. Raises KeyGone, StoreError."""
        ...

    def commit(self) -> None:
        """Store the new keys durably, before the main COMMIT. Raises StoreError."""
        ...

    def drop(self, *owners: str) -> None:
        """Shred keys, at once and for good. Raises StoreError."""
        ...

    def rewrap(self, progress: Callable[[int], None] | None = None) -> int:
        """Wrap every key with the ring's current key."""
        ...

    def forget(self) -> None:
        """Let go of the keys in memory."""
        ...

    def share(self, bells: Bells) -> None:
        """Tell other processes of keys that are dropped, and hear of theirs."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


class KeyStore:
    """Keys by owner: "person:ID", "case:ID", … (see `bot.store.vault`). Safe to use from every thread.

    Put `commit` into the main store's `before_commit`. Raises KeysRefused when the file is damaged, locked
    with a ring key that is missing, or absent though `must_exist` says there was one.
    """

    def __init__(self, path: Path, ring: KeyRing, must_exist: bool = False) -> None:
        self._ring = ring
        self._cache: OrderedDict[str, Key] = OrderedDict()
        self._pending: dict[str, Key] = {}
        self.dropped: Callable[[Sequence[str]], None] = lambda owners: None
        self._lock = threading.Lock()  # cache, pending and the reading connection
        self._writing = threading.Lock()  # the writing connection; taken before _lock
        _prepare(path, must_exist)
        try:
            self._writer = _open(path)
            self._reader = connect(path, "ro")
            _check(self._reader, path, ring)
        except sqlite3.DatabaseError as error:
            raise KeysRefused(f"{path}: {error}. Restore it from its own copy, which is not in `backup`.") from error

    def new(self, owner: str) -> Key:
        """A key for a new owner, stored with the next commit; the one it has when there is one already."""
        with self._lock:
            key = self._find(owner)
            if key is None:
                key = self._pending[owner] = Key("d", secrets.token_bytes(32))
            return key

    def adopt(self, owner: str, secret: bytes) -> None:
        """The same with 32 bytes that have sealed something already; an owner who has a key keeps that one."""
        with self._lock:
            if self._find(owner) is None:
                self._pending[owner] = Key("d", secret)

    def get(self, owner: str) -> Key:
        """The key of an owner. Raises KeyGone when it was dropped or never made, StoreError when the disk fails."""
        with self._lock:
            key = self._find(owner)
        if key is None:
            raise KeyGone(f"no key for {owner}")
        return key

    def commit(self) -> None:
        """Store the new keys, fsynced; runs in the writer's thread before the main COMMIT. Raises StoreError.

        When it fails the new keys are forgotten: everything sealed under them is rolled back too.
        """
        with self._writing:
            with self._lock:
                fresh = dict(self._pending)
            if not fresh:
                return
            stored = False
            try:
                self._transact(lambda: self._insert(fresh))
                stored = True
            finally:
                self._settle(fresh, stored)

    def drop(self, *owners: str) -> None:
        """Shred keys, at once and for good; an unknown owner is no error. Raises StoreError.

        Call it after the main COMMIT that forgets the owner, and again after a crash in between.
        """
        with self._writing:
            self._transact(lambda: self._delete(owners))
            with self._lock:
                for owner in owners:
                    self._cache.pop(owner, None)
                    self._pending.pop(owner, None)
                # The old page still stands in the log until it is written back.
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.dropped(owners)

    def rewrap(self, progress: Callable[[int], None] | None = None) -> int:
        """Wrap every key with the ring's current key, in batches; after a crash just call it again."""
        done = 0
        while True:
            with self._writing:
                found = self._writer.execute(
                    "SELECT owner, wrapped FROM key WHERE ring <> ? LIMIT ?", (self._ring.ids[0], _BATCH)
                ).fetchall()
                if not found:
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                    return done
                again = {owner: self._unwrap(owner, wrapped) for owner, wrapped in found}
                self._transact(lambda keys=again: self._wrap_again(keys))
            done += len(found)
            if progress is not None:
                progress(done)

    def forget(self) -> None:
        """Let go of the keys in memory: another process may have dropped some, or rotated the ring."""
        with self._lock:
            self._cache.clear()
            self._ring.look_again()

    def share(self, bells: Bells) -> None:
        """Tell other processes of keys that are dropped, and hear of theirs."""
        share(bells, self)

    def let_go(self, owners: Sequence[str]) -> None:
        """Another process dropped these keys."""
        with self._lock:
            for owner in owners:
                self._cache.pop(owner, None)

    def close(self) -> None:
        """Let go of the file; new keys not yet committed are lost, like the cases they were for."""
        with self._writing, self._lock:
            self._reader.close()
            self._writer.close()

    def _find(self, owner: str) -> Key | None:
        key = self._pending.get(owner) or self._cache.get(owner)
        if key is None:
            wrapped = self._read(owner)
            if wrapped is None:
                return None
            key = self._unwrap(owner, wrapped)
        if owner not in self._pending:
            self._remember(owner, key)
        return key

    def _read(self, owner: str) -> bytes | None:
        try:
            rows = self._reader.execute("SELECT wrapped FROM key WHERE owner=?", (owner,)).fetchall()
        except sqlite3.Error as error:
            raise typed(error)  # noqa: B904 - typed() sets the cause itself
        return rows[0][0] if rows else None

    def _settle(self, fresh: dict[str, Key], stored: bool) -> None:
        with self._lock:
            for owner, key in fresh.items():
                self._pending.pop(owner, None)
                if stored:
                    self._remember(owner, key)

    def _remember(self, owner: str, key: Key) -> None:
        self._cache[owner] = key
        self._cache.move_to_end(owner)
        if len(self._cache) > _CACHE:
            self._cache.popitem(last=False)

    def _unwrap(self, owner: str, wrapped: bytes) -> Key:
        try:
            return Key("d", unseal(self._ring.key("wrap", sealed_by(wrapped)), wrapped, owner.encode()))
        except Unreadable as error:
            raise KeyGone(f"the key for {owner} cannot be unwrapped: {error}") from error

    def _insert(self, keys: dict[str, Key]) -> None:
        # Not OR IGNORE: a key another process stored meanwhile must fail this write, not be mistaken for ours.
        self._writer.executemany("INSERT INTO key VALUES (?, ?, ?)", self._wrapped(keys))

    def _wrap_again(self, keys: dict[str, Key]) -> None:
        # Not INSERT OR REPLACE: a key another process dropped meanwhile must not come back.
        rows = [(ring, wrapped, owner) for owner, ring, wrapped in self._wrapped(keys)]
        self._writer.executemany("UPDATE key SET ring=?, wrapped=? WHERE owner=?", rows)

    def _wrapped(self, keys: dict[str, Key]) -> list[tuple[str, str, bytes]]:
        wrap = self._ring.current("wrap")
        return [(owner, wrap.id, seal(wrap, key.secret, owner.encode())) for owner, key in keys.items()]

    def _delete(self, owners: tuple[str, ...]) -> None:
        self._writer.executemany("DELETE FROM key WHERE owner=?", [(owner,) for owner in owners])

    def _transact(self, work: Callable[[], None]) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            work()
            self._writer.execute("COMMIT")
        except BaseException as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise typed(error)  # noqa: B904 - typed() sets the cause itself


class _Sharer(Protocol):
    dropped: Callable[[Sequence[str]], None]

    def let_go(self, owners: Sequence[str]) -> None: ...


def share(bells: Bells, keys: _Sharer) -> None:
    """What one process drops, the others forget."""
    keys.dropped = lambda owners: bells.tell(DROPPED, json.dumps(list(owners)))
    bells.follow(DROPPED, lambda word: keys.let_go(json.loads(word)))


def _prepare(path: Path, must_exist: bool) -> None:
    if path.exists() and path.stat().st_size > 0:
        return
    if must_exist:
        raise KeysRefused(f"{path} is gone: without it no case can be read. Put it back from its own copy.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    sync_dir(path.parent)


def _open(path: Path) -> sqlite3.Connection:
    raw = connect(path)
    path.chmod(0o600)
    raw.execute("PRAGMA journal_mode=WAL")
    (owner,) = raw.execute("PRAGMA application_id").fetchone()
    if owner not in (0, APPLICATION_ID):
        raw.close()
        raise KeysRefused(f"{path} is the database of another program")
    if owner == 0:
        raw.execute(f"PRAGMA application_id={APPLICATION_ID}")
        raw.execute(f"CREATE TABLE IF NOT EXISTS key ({_COLUMNS}) WITHOUT ROWID")
    return raw


def _check(raw: sqlite3.Connection, path: Path, ring: KeyRing) -> None:
    missing = sorted(_ids(raw).difference(ring.ids))
    if missing:
        raise KeysRefused(f"{path} was locked with key {missing[0]!r}, which the ring lacks. Put it into the ring.")
    some = raw.execute("SELECT owner, ring, wrapped FROM key LIMIT 5").fetchall()
    if some and not any(_opens(ring.key("wrap", key_id), wrapped, owner) for owner, key_id, wrapped in some):
        problem = f"was locked with another key of the name {some[0][1]!r}. Put back the ring it was locked with."
        raise KeysRefused(f"{path} {problem}")


def _opens(key: Key, wrapped: bytes, owner: str) -> bool:
    try:
        return bool(unseal(key, wrapped, owner.encode()))
    except Unreadable:
        return False


def wrapped_by(path: Path) -> dict[str, int]:
    """How many keys of the store at `path` each key of the ring wraps."""
    with closing(connect(path, "ro")) as raw:
        return {str(row[0]): int(row[1]) for row in raw.execute("SELECT ring, count(*) FROM key GROUP BY ring")}


def ids_in_use(path: Path) -> set[str]:
    """The ring keys the store at `path` is locked with; the others may leave the ring."""
    with closing(connect(path, "ro")) as raw:
        return _ids(raw)


def _ids(raw: sqlite3.Connection) -> set[str]:
    return {str(row[0]) for row in raw.execute("SELECT DISTINCT ring FROM key")}
