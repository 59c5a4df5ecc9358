"""What the staff room needs from the rest of the machine. `bot.app` is the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from bot.stored import Stored
from cases.case import Actor
from config.schema import County
from handlers.messages import Attachment, Inbound, Taken
from handlers.staff.card import CardPage, CardQuery, CaseFile
from handlers.staff.today import Digest

CHANNEL = "staff"


class TooMany(Exception):
    """Too many wrong passwords from this source or for this name; `seconds` until the next try."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class Weak(Exception):
    """A password that is not taken; `reason` is a key under `room.weak.` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class StaffHouse(Protocol):
    """The house as the staff room sees it. Everything here is already limited to what `viewer` may see."""

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        ...

    @property
    def public_url(self) -> str:
        """Empty or "https://…": under https cookies are Secure and bound to the host."""
        ...

    async def staff_by_session(self, token: str) -> Actor | None:
        """Who is logged in with this token; None when it is unknown, too old or revoked."""
        ...

    async def log_in(self, name: str, password: str, source: str) -> str | None:
        """A session token, or None for a wrong name or password. Raises TooMany."""
        ...

    async def redeem(self, code: str, password: str) -> str | None:
        """Set the password a one-time code stands for, and log in; None for a code that is not good. Raises Weak."""
        ...

    async def log_out(self, token: str) -> None:
        """End this session."""
        ...

    async def take(self, inbound: Inbound) -> Taken:
        """One turn of the channel `staff`: `sender` is the staff id, `choice` the act, `case` the number.

        What `fields` may hold is in `handlers.staff.commands`. `data` of what comes back is {"case", "rev"}, after
        the act `file` {"case", "code"}; {"error": reason, "who"} when the answer is no. A repeated key gives the
        same data again.
        """
        ...

    async def cards(self, viewer: Actor, which: CardQuery) -> CardPage:
        """A page of cards."""
        ...

    async def case(self, viewer: Actor, no: str, lang: str = "zh") -> CaseFile | None:
        """The file of a case; None alike for one that does not exist and one the viewer may not know of."""
        ...

    async def today(self, viewer: Actor, lang: str = "zh") -> Digest:
        """The cases that want something of the viewer today, by section."""
        ...

    async def preview(self, viewer: Actor, no: str, act: str, text: str, fields: Mapping[str, str]) -> str:
        """Exactly what the citizen will read if this is done; "" when nothing goes out."""
        ...

    async def queue(self) -> Mapping[str, int]:
        """Messages `parked` (given up) and `waiting` (until the citizen comes back), for the alarm."""
        ...

    def listen_staff(self, viewer: Actor) -> AbstractAsyncContextManager[asyncio.Queue[str]]:
        """Numbers of cases that changed; "" when everything should be looked at again."""
        ...

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file; for `staff` the address is the staff id. Raises bot.web.uploads.Refused."""
        ...

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file this person uploaded and has not sent yet, or has; None for any other."""
        ...

    async def case_file(self, viewer: Actor, no: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file of a case the viewer may see; None for any other."""
        ...
