"""PostgreSQL for tests that do not wait: a store whose loop runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from bot.store.engine import Hook, Store, T, Work
from bot.store.keys import KeyRing
from bot.store.pg_keys import PgKeyStore
from bot.store.postgres import PgStore


class BlockingStore(Store):
    """The same interface as a PgStore; nothing of it ever waits in the caller's loop."""

    def __init__(self, url: str, keys_url: str, ring: KeyRing) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.inner = PgStore(url, pool=4)
        self.keys = PgKeyStore(keys_url, ring)
        self.before_commit: list[Hook] = self.inner.before_commit

    @property
    def commits(self) -> int:
        return self.inner.commits

    @property
    def writes(self) -> int:
        return self.inner.writes

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        return self._wait(self.inner.write(work, start_within))

    async def read(self, work: Work[T]) -> T:
        return self._wait(self.inner.read(work))

    async def verified(self) -> None:
        self._wait(self.inner.verified())

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        """Let go of everything, from outside any loop."""
        if self._loop.is_running():
            self._wait(self.inner.close())
            self._wait(self.keys.aclose())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
