"""What the channel asks of the house. It knows no store: `bot.wecom_door` gives it all this."""

from __future__ import annotations

from typing import Protocol

from bot.channels.offices import GroupOffice
from bot.channels.offices import Known as Known
from bot.groups import Draft, Group
from cases.case import Actor

CHANNEL = "wecom"


class Office(GroupOffice, Protocol):
    """The office as staff groups need it; `bot.staff_chats` and `bot.wecom_door` say what each of these is."""

    async def claim(self, seconds: float) -> bool: ...

    async def release(self) -> None: ...

    def alone(self, user: str, who: Actor) -> Group: ...

    async def knows(self, who: Actor, case_id: int) -> bool: ...

    async def open_drafts(self, chat: str, who: Actor) -> tuple[Draft, ...]: ...

    async def unshown(self) -> tuple[Draft, ...]: ...

    async def actor(self, staff_id: int) -> Actor | None: ...
