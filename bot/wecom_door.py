"""The door of WeCom's groups: who sits where, who holds the connection, and what is still to be shown."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from bot.groups import Draft, Group
from bot.office import StaffDoor
from bot.post import PostOffice
from bot.staff_chats import GroupDoor, outside
from bot.store import boards, cases, leases, staff
from cases.case import Actor
from cases.visibility import Sight, sight
from config.groups import GroupRules

OPEN_FOR = timedelta(days=1)  # a preview that old is written anew
UNSHOWN_FOR = timedelta(hours=2)


class WeComDoor(GroupDoor):
    """What the channel asks for its groups. `hooks` are the departments' webhooks where there is no bot."""

    channel = "wecom"

    def __init__(self, door: StaffDoor, post: PostOffice, bot: str, hooks: Mapping[str, str] | None = None) -> None:
        super().__init__(door, post)
        self._hooks = dict(hooks or {})
        self._lease = f"wecom:{hashlib.sha256(bot.encode()).hexdigest()[:16]}"
        self._holder = secrets.randbits(62) | 1

    @property
    def rules(self) -> GroupRules:
        """Who sits where."""
        return self.county.office.wecom

    def _seat(self, department: str) -> str:
        if self._hooks:
            return department if department in self._hooks else "*" if "*" in self._hooks else ""
        return super()._seat(department)

    def alone(self, user: str, who: Actor) -> Group:
        """A member of staff in private: what a group of their own department would be."""
        rules = self.county.office.wecom
        return Group(user, (who.unit,), rules.level(rules.group_of(who.unit, self.default), False))

    async def claim(self, seconds: float) -> bool:
        """Take or keep the right to be connected; whether it is this process's."""
        now = self.core.clock()
        return await self.write(lambda conn: leases.claim(conn, self._lease, self._holder, now, seconds))

    async def release(self) -> None:
        """Give it back."""
        await self.write(lambda conn: leases.release(conn, self._lease, self._holder))

    async def knows(self, who: Actor, case_id: int) -> bool:
        """Whether somebody may know of a case, whatever the group they ask in may."""

        def work(conn: Connection) -> bool:
            held = cases.by_id(conn, self.core.vault, case_id)
            return held is not None and sight(outside(who), held, self.county) is not Sight.NONE

        return await self.read(work)

    async def open_drafts(self, chat: str, who: Actor) -> tuple[Draft, ...]:
        """What somebody began in a chat and has neither sent nor dropped."""
        since, vault = self.core.clock() - OPEN_FOR, self.core.vault
        return tuple(await self.read(lambda conn: boards.open_drafts(conn, vault, self.channel, chat, who.id, since)))

    async def unshown(self) -> tuple[Draft, ...]:
        """What was kept and never shown."""
        since, vault = self.core.clock() - UNSHOWN_FOR, self.core.vault
        return tuple(await self.read(lambda conn: boards.unshown(conn, vault, self.channel, since)))

    async def actor(self, staff_id: int) -> Actor | None:
        """A member of staff who is still one."""
        found = await self.read(lambda conn: staff.actor(conn, str(staff_id)))
        return outside(found) if found else None
