"""The house without doors, on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from bot.store.engine import Store
from bot.store.keys import KeyRing
from bot.store.keystore import Keys
from tests.conversations.house import TalkHouse
from tests.scale.blocking import BlockingStore


class PgTalkHouse(TalkHouse):
    """Takes turns one after the other on a fresh database."""

    def __init__(self, folder: Path, url: str) -> None:
        self._url = url
        super().__init__(folder)

    def _opened(self, folder: Path, ring: KeyRing) -> tuple[Store, Keys]:
        self.blocking = BlockingStore(self._url, f"{self._url}_keys", ring)
        return self.blocking, self.blocking.keys

    def end(self) -> None:
        """Let go of the server."""
        self.blocking.end()
