"""What the channel asks of the house. It knows no store: `bot.chats` gives it all this."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.channels import Busy as Busy
from bot.groups import Draft, Group, Judged, Place, Showing
from bot.outbox import Sent
from bot.stored import Stored
from cases.case import Actor
from config.schema import County
from faq.book import Entry
from handlers.messages import Attachment, Inbound, Letter, Taken
from handlers.staff.card import CardPage, CardQuery, CaseFile

CHANNEL = "telegram"


class House(Protocol):
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

    async def recall(self, channel: str) -> None:
        """Look up when the platform was spoken to last."""
        ...

    async def reached(self, channel: str, keep: bool) -> timedelta | None:
        """The platform is there. How long it was not, when that was longer than it keeps what is sent."""
        ...

    def away(self, channel: str) -> timedelta:
        """How long it has been out of reach."""
        ...

    async def bind(self, channel: str, address: str, code: str) -> str:
        """Tie the account to whoever holds the one-time code; their name, or "" for a wrong code."""
        ...


class Office(House, Protocol):
    """The office as staff groups need it; `bot.staff_chats` says what each of these is."""

    channel: str

    @property
    def public_url(self) -> str: ...

    def groups(self) -> tuple[Group, ...]: ...

    def group(self, chat: str) -> Group | None: ...

    async def refresh(self) -> None: ...

    async def next(self, group: Group) -> Showing | None: ...

    async def backlog(self, group: Group) -> int: ...

    async def everything(self, group: Group) -> tuple[tuple[Any, ...], tuple[CaseFile, ...]]: ...

    async def morning(self, group: Group) -> tuple[tuple[Any, ...], str]: ...

    async def settle_rows(self, rows: Sequence[Any], sent: Sent) -> None: ...

    async def stands(self, here: Place, message: int = 0) -> None: ...

    async def joined(self, chat: str, message: int, case_id: int) -> None: ...

    async def opened(self, chat: str, thread: int) -> None: ...

    async def moved_to(self, old: str, new: str) -> None: ...

    async def hold(self, group: Group) -> None: ...

    async def resume(self, group: Group) -> None: ...

    def owing(self) -> AbstractAsyncContextManager[asyncio.Queue[str]]: ...

    async def case_of(self, chat: str, thread: int, message: int) -> int: ...

    async def staff_of(self, user: str) -> Actor | None: ...

    async def file(self, group: Group, case_id: int = 0, no: str = "") -> tuple[int, CaseFile] | None: ...

    async def cards(self, viewer: Actor, which: CardQuery, group: Group | None) -> CardPage: ...

    async def acts(self, who: Actor, case_id: int) -> tuple[str, ...]: ...

    async def sent_from(self, chat: str, case_id: int) -> tuple[Draft, ...]: ...

    async def answers(self, words: str) -> tuple[Entry, ...]: ...

    def entries(self) -> tuple[Entry, ...]: ...

    async def judge(self, who: Actor | None, group: Group, draft: Draft) -> Judged: ...

    async def begin(self, draft: Draft) -> Draft | None: ...

    async def change(self, draft: Draft) -> None: ...

    async def draft(self, draft_id: int = 0, *, chat: str = "", source: str = "", message: int = 0) -> Draft | None: ...

    async def do(self, who: Actor, key: str, draft: Draft) -> Mapping[str, str]: ...
