"""The key store of PostgreSQL: a database of its own beside the main one, NAME_keys.

Its own, so that a dump of the main database holds no key; on the same server, so that every process has it. Keys are
committed there before the transaction that needs them commits. They are wrapped by the office's ring as on SQLite.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.util.concurrency import await_only, in_greenlet

from bot.bells import Bells
from bot.store.engine import StoreClosed, StoreFailed, T
from bot.store.keys import Key, KeyGone, KeyRing, KeysRefused, Unreadable, seal, sealed_by, unseal
from bot.store.keystore import share
from bot.store.pg_errors import typed
from bot.store.postgres import Transaction, current, engine

KEY_TABLE = "CREATE TABLE IF NOT EXISTS key (owner text PRIMARY KEY, ring text NOT NULL, wrapped bytea NOT NULL)"
POOL = 6
_CACHE = 20_000
_BATCH = 500
_INSERT = text("INSERT INTO key (owner, ring, wrapped) VALUES (:owner, :ring, :wrapped)")
_READ = text("SELECT wrapped FROM key WHERE owner = :owner")
_DELETE = text("DELETE FROM key WHERE owner = ANY(:owners)")
_AGAIN = text("UPDATE key SET ring = :ring, wrapped = :wrapped WHERE owner = :owner")
_WRAPPED = text("SELECT ring, count(*) AS n FROM key GROUP BY ring")
_TO_WRAP = text("SELECT owner, wrapped FROM key WHERE ring <> :ring LIMIT :most FOR UPDATE")


class PgKeyStore:
    """Keys by owner, as `bot.store.keystore.KeyStore`. Inside a work it waits without holding up the loop.

    From another thread it may be called once the loop is known, that is after the first work.
    """

    def __init__(self, url: str, ring: KeyRing) -> None:
        self._ring = ring
        self._engine = engine(url, POOL)
        self._cache: OrderedDict[str, Key] = OrderedDict()
        self._pending: WeakKeyDictionary[Transaction, dict[str, Key]] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.dropped: Callable[[Sequence[str]], None] = lambda owners: None

    def new(self, owner: str) -> Key:
        """A key for a new owner, stored with the next commit; the one it has when there is one already."""
        return self._find(owner) or self._begin(owner, secrets.token_bytes(32))

    def adopt(self, owner: str, secret: bytes) -> None:
        """The same with 32 bytes that have sealed something already; an owner who has a key keeps that one."""
        if self._find(owner) is None:
            self._begin(owner, secret)

    def get(self, owner: str) -> Key:
        """The key of an owner. Raises KeyGone when it was dropped or never made, StoreError when the server fails."""
        key = self._find(owner)
        if key is None:
            raise KeyGone(f"no key for {owner}")
        return key

    def commit(self) -> None:
        """Store the new keys of this transaction, durably, before it commits. Raises StoreError."""
        fresh = self._of_this_transaction()
        if fresh:
            self._wait(self._store(dict(fresh)))
            for owner, key in fresh.items():
                self._remember(owner, key)
            fresh.clear()

    def drop(self, *owners: str) -> None:
        """Shred keys, at once and for good; an unknown owner is no error. Raises StoreError."""
        if owners:
            self._wait(self._delete(owners))
            self.let_go(owners)
            self.dropped(owners)

    def let_go(self, owners: Sequence[str]) -> None:
        """Another process dropped these keys."""
        with self._lock:
            for owner in owners:
                self._cache.pop(owner, None)

    def rewrap(self, progress: Callable[[int], None] | None = None) -> int:
        """Wrap every key with the ring's current key, in batches; after a crash just call it again."""
        done = 0
        while some := self._wait(self._rewrap_some()):
            done += some
            if progress is not None:
                progress(done)
        return done

    def wrapped_by(self) -> dict[str, int]:
        """How many keys each key of the ring wraps."""
        return self._wait(self._count())

    def forget(self) -> None:
        """Let go of the keys in memory: another process may have dropped some, or rotated the ring."""
        with self._lock:
            self._cache.clear()
            self._ring.look_again()

    def share(self, bells: Bells) -> None:
        """Tell other processes of keys that are dropped, and hear of theirs."""
        share(bells, self)

    def close(self) -> None:
        """Let go of the connections; from another thread than the loop's."""
        if self._loop is not None:
            self._wait(self._engine.dispose())

    async def aclose(self) -> None:
        """The same, waited for."""
        await self._engine.dispose()

    async def check(self) -> None:
        """Raise KeysRefused when the keys were locked with a ring that is not this one."""
        async with self._engine.connect() as conn:
            rings = (await conn.execute(text("SELECT DISTINCT ring FROM key"))).scalars().all()
            some = (await conn.execute(text("SELECT owner, ring, wrapped FROM key LIMIT 5"))).all()
        missing = sorted(set(rings).difference(self._ring.ids))
        if missing:
            raise KeysRefused(f"the key store was locked with key {missing[0]!r}, which the ring lacks.")
        if some and not any(self._opens(row.owner, row.wrapped) for row in some):
            raise KeysRefused(f"the key store was locked with another key of the name {some[0].ring!r}.")

    def _opens(self, owner: str, wrapped: bytes) -> bool:
        try:
            return bool(self._unwrap(owner, wrapped))
        except KeyGone:
            return False

    def _of_this_transaction(self) -> dict[str, Key]:
        mine = current.get()
        if mine is None:
            raise StoreFailed("a new key outside a write")
        return self._pending.setdefault(mine, {})

    def _begin(self, owner: str, secret: bytes) -> Key:
        key = self._of_this_transaction()[owner] = Key("d", secret)
        return key

    def _find(self, owner: str) -> Key | None:
        mine = current.get()
        pending = self._pending.get(mine) if mine is not None else None
        with self._lock:
            key = (pending or {}).get(owner) or self._cache.get(owner)
            if key is not None:
                return key
        wrapped = self._wait(self._read(owner))
        if wrapped is None:
            return None
        key = self._unwrap(owner, wrapped)
        self._remember(owner, key)
        return key

    def _remember(self, owner: str, key: Key) -> None:
        with self._lock:
            self._cache[owner] = key
            self._cache.move_to_end(owner)
            if len(self._cache) > _CACHE:
                self._cache.popitem(last=False)

    def _unwrap(self, owner: str, wrapped: bytes) -> Key:
        try:
            return Key("d", unseal(self._ring.key("wrap", sealed_by(wrapped)), wrapped, owner.encode()))
        except Unreadable as error:
            raise KeyGone(f"the key for {owner} cannot be unwrapped: {error}") from error

    def _wrapped(self, keys: dict[str, Key]) -> list[dict[str, Any]]:
        wrap = self._ring.current("wrap")
        return [
            {"owner": owner, "ring": wrap.id, "wrapped": seal(wrap, key.secret, owner.encode())}
            for owner, key in keys.items()
        ]

    async def _store(self, keys: dict[str, Key]) -> None:
        async with self._engine.begin() as conn:
            # Not ON CONFLICT: a key another process stored meanwhile must fail this write, not be mistaken for ours.
            await conn.execute(_INSERT, self._wrapped(keys))

    async def _read(self, owner: str) -> bytes | None:
        async with self._engine.connect() as conn:
            return (await conn.execute(_READ, {"owner": owner})).scalar()

    async def _delete(self, owners: tuple[str, ...]) -> None:
        async with self._engine.begin() as conn:
            await conn.execute(_DELETE, {"owners": list(owners)})
        async with self._engine.connect() as conn:
            await (await conn.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM key"))

    async def _count(self) -> dict[str, int]:
        async with self._engine.connect() as conn:
            return {row.ring: row.n for row in await conn.execute(_WRAPPED)}

    async def _rewrap_some(self) -> int:
        async with self._engine.begin() as conn:
            rows = (await conn.execute(_TO_WRAP, {"ring": self._ring.ids[0], "most": _BATCH})).all()
            if rows:
                again = {row.owner: self._unwrap(row.owner, row.wrapped) for row in rows}
                await conn.execute(_AGAIN, self._wrapped(again))
            return len(rows)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result: in a work by giving the loop away meanwhile, in another thread by waiting."""
        try:
            if in_greenlet():
                self._loop = asyncio.get_running_loop()
                return await_only(work)
            if self._loop is None or not self._loop.is_running() or _running() is self._loop:
                work.close()
                raise StoreClosed("keys are reached inside a work, or from another thread while the loop runs")
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except Exception as error:
            raise typed(error)  # noqa: B904 - typed() sets the cause itself


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
