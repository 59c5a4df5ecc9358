"""What the channel asks of the house. It knows no store: `bot.chats` gives it all this."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from bot.channels import Busy as Busy
from bot.channels.offices import GroupOffice
from bot.channels.watch import House as Watched
from bot.outbox import Sent
from bot.stored import Stored
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Taken

CHANNEL = "telegram"


class House(Watched, Protocol):
    """The office as citizens' private chats need it."""

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        ...

    def now(self) -> datetime:
        """The house's clock."""
        ...

    def code_of(self, case_id: int) -> str:
        """The query code of a case, computed now."""
        ...

    async def take(self, inbound: Inbound) -> Taken:
        """One turn. Raises Busy: then nothing was taken."""
        ...

    def settle(self, letter_id: int, sent: Sent) -> None:
        """What became of an answer that was sent at once."""
        ...

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        """The last letters of a talk."""
        ...

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file of this person. Raises bot.web.uploads.Refused for one we do not take."""
        ...

    async def file_of_letter(self, file: Attachment) -> Stored | None:
        """A file that goes out with a letter; None when it is gone."""
        ...

    async def back(self, channel: str, address: str) -> None:
        """Somebody can be reached again: what waited for that is due."""
        ...

    async def left(self, channel: str, address: str) -> None:
        """Somebody has blocked us."""
        ...

    async def unknown(self, channel: str, keys: tuple[str, ...]) -> frozenset[str]:
        """Those of the keys that no message was taken under yet."""
        ...

    async def failed(self, channel: str, key: str, error: str) -> int:
        """Note that a message could not be taken; how often this was so by now."""
        ...

    async def give_up(self, channel: str, key: str) -> None:
        """A message that is never taken: kept in sight of staff, and nobody waits for it any longer."""
        ...

    async def bind(self, channel: str, address: str, code: str) -> str:
        """Tie the account to whoever holds the one-time code; their name, or "" for a wrong code."""
        ...


class Office(House, GroupOffice, Protocol):
    """The office as staff groups need it; `bot.staff_chats` says what each of these is."""

    channel: str

    async def refresh(self) -> None: ...

    async def joined(self, chat: str, message: int, case_id: int) -> None: ...

    async def opened(self, chat: str, thread: int) -> None: ...

    async def moved_to(self, old: str, new: str) -> None: ...

    async def case_of(self, chat: str, thread: int, message: int) -> int: ...
