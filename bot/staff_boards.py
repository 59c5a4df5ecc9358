"""The door of staff groups, one half: who sits where, who may see what there, and what is to be shown.

A group reads what a clerk of one of its departments would read, masked, and less where office.yaml says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import Connection

from bot.chats import ChatDoor
from bot.core import GROUP_BELL
from bot.groups import Group, Place, Showing
from bot.outbox import Sent, write_results
from bot.store import boards, cases, files, letters, quotas
from bot.store.letters import Owed
from cases.case import Actor, Case, Role
from cases.firewall import barred
from cases.visibility import Sight, group_reader, sight
from config.groups import GroupRules
from handlers.staff import today
from handlers.staff.card import CaseFile, case_file

LEASE_SECONDS = 120.0


def _nobody(department: str) -> bool:
    return False


class BoardDoor(ChatDoor):
    """What a channel shows its staff groups. `default` is the group of departments without one of their own."""

    default = ""

    @property
    def rules(self) -> GroupRules:
        """Who sits where, as the office's files are now."""
        return self.county.office.telegram

    def take_seats(self) -> None:
        """Every department sits in one group: those that a platform opened before this one has are not ours."""
        self.elsewhere = before = self.core.has_group
        self.core.has_group = lambda department: before(department) or self.has_group(department)

    elsewhere: Callable[[str], bool] = staticmethod(_nobody)

    def groups(self) -> tuple[Group, ...]:
        """Every group of the office, as the files are now."""
        rules, sample = self.rules, self.county.office.sample
        units: dict[str, list[str]] = {}
        for unit in self.county.departments:
            if chat := self._seat(unit.id):
                units.setdefault(chat, []).append(unit.id)
        moved = self._moved
        return tuple(Group(moved.get(chat, chat), tuple(of), rules.level(chat, sample)) for chat, of in units.items())

    _moved: Mapping[str, str] = {}

    async def refresh(self) -> None:
        """Look up which groups have moved."""
        self._moved = await self.read(lambda conn: boards.moves(conn, self.channel))

    def group(self, chat: str) -> Group | None:
        """The group with this id; None for a chat that is none of ours."""
        return next((group for group in self.groups() if group.chat == chat), None)

    def has_group(self, department: str) -> bool:
        """Whether a department sits in a group."""
        return bool(self._seat(department))

    def _seat(self, department: str) -> str:
        return "" if self.elsewhere(department) else self.rules.group_of(department, self.default)

    @property
    def public_url(self) -> str:
        """ "" or "https://…"."""
        return self.door.public_url

    # --- what is to be shown ----------------------------------------------------------------------------------

    async def next(self, group: Group) -> Showing | None:
        """The case that has waited longest; None when there is none."""
        now = self.core.clock()
        if not await self.read(lambda conn: boards.waiting(conn, group.units, now)):
            return None
        rows = await self.write(lambda conn: boards.take_next(conn, group.units, now, LEASE_SECONDS))
        return await self.read(lambda conn: self._showing(conn, group, rows)) if rows else None

    def _showing(self, conn: Connection, group: Group, rows: Sequence[Owed]) -> Showing:
        held = cases.by_id(conn, self.core.vault, rows[0].case_id)
        here = boards.place(conn, self.channel, group.chat, rows[0].case_id)
        maybe = any(row.maybe for row in rows)
        if held is None:
            return Showing(tuple(rows), here, None, "", maybe)
        known = self.known(conn, group, held)
        return Showing(tuple(rows), here, known, "" if known else self._gone_to(group, held), maybe)

    def _gone_to(self, group: Group, held: Case) -> str:
        """The unit that has it now; "" for a group it is kept from."""
        unit = self.county.department_by_id.get(held.department)
        return unit.name if unit and not self.kept_from(group, held) else ""

    def kept_from(self, group: Group, held: Case) -> bool:
        """Whether the case is about somebody in the group."""
        return not barred(self.county, held.accused).isdisjoint(group.units)

    def known(self, conn: Connection, group: Group, held: Case) -> CaseFile | None:
        """A case as the group may know it; None for one it may not."""
        viewer = group_reader(group.units, held, self.county)
        if viewer is None:
            return None
        happened = cases.events(conn, self.core.vault, held.id)
        kept, sent = files.all_of_case(conn, self.core.vault, held.id), letters.deliveries(conn, held.id)
        now = self.core.clock()
        reach = quotas.reach_of_case(conn, held.id, now)
        return case_file(held, happened, viewer, self.county, now, kept, sent, "zh", *reach)

    async def backlog(self, group: Group) -> int:
        """How many cases the group has not seen as they are."""
        now = self.core.clock()
        return await self.read(lambda conn: boards.waiting(conn, group.units, now))

    async def everything(self, group: Group) -> tuple[tuple[Owed, ...], tuple[CaseFile, ...]]:
        """All that is due, to be told in one message: the rows, and the cases the group may know of."""
        now = self.core.clock()
        rows = await self.write(lambda conn: boards.take_all(conn, group.units, now, LEASE_SECONDS))

        def work(conn: Connection) -> tuple[CaseFile, ...]:
            ids = dict.fromkeys(row.case_id for row in rows)
            held = [cases.by_id(conn, self.core.vault, one) for one in ids]
            known = [self.known(conn, group, one) for one in held if one]
            return tuple(file for file in known if file)

        return tuple(rows), await self.read(work)

    async def morning(self, group: Group) -> tuple[tuple[Owed, ...], str]:
        """The digests that are due, and what they say: what each of the group's departments has to do, as of now."""
        now = self.core.clock()
        if not await self.read(lambda conn: boards.digests_due(conn, group.units, now)):
            return (), ""
        rows = await self.write(lambda conn: boards.take_digests(conn, group.units, now, LEASE_SECONDS))
        units = [row.department for row in rows]
        return tuple(rows), await self.read(lambda conn: self._digests(conn, group, units, now))

    def _digests(self, conn: Connection, group: Group, units: Sequence[str], now: datetime) -> str:
        wanted = cases.wanted(conn, self.core.vault, now + today.AHEAD)
        told: list[str] = []
        for unit in dict.fromkeys(units):
            clerk = Actor("staff", 0, "", frozenset({Role.CLERK}), unit)
            mine = [one for one in wanted if sight(clerk, one.case, self.county) is Sight.WORK]
            mine = [one for one in mine if group_reader(group.units, one.case, self.county)]
            words = today.told(today.digest(mine, clerk, self.county, now), self.county, now)
            known = self.county.department_by_id.get(unit)
            if words:
                told.append(f"{known.name}\n{words}" if known and len(units) > 1 else words)
        return "\n\n".join(told)

    async def settle_rows(self, rows: Sequence[Owed], sent: Sent) -> None:
        """What became of rows."""
        now = self.core.clock()
        done = [row.id for row in rows] if sent.result == "delivered" else []
        rest = [] if done else [(row, sent) for row in rows]
        await self.write(lambda conn: write_results(conn, done, rest, now))
        self.core.metrics.delivery(f"{self.channel}_group", sent.result, len(rows))

    async def stands(self, here: Place, message: int = 0) -> None:
        """How a case stands in a group; `message` of ours shows it."""

        def work(conn: Connection) -> None:
            boards.put(conn, self.channel, here)
            if message:
                boards.join(conn, self.channel, here.chat, message, here.case_id)

        await self.write(work)

    async def joined(self, chat: str, message: int, case_id: int) -> None:
        """A message of ours shows a case."""
        await self.write(lambda conn: boards.join(conn, self.channel, chat, message, case_id))

    async def opened(self, chat: str, thread: int) -> None:
        """A closed topic is open: the next time its case is shown it is closed again."""
        await self.write(lambda conn: boards.opened(conn, self.channel, chat, thread))

    async def moved_to(self, old: str, new: str) -> None:
        """A group has another id."""
        await self.write(lambda conn: boards.move(conn, self.channel, old, new))
        await self.refresh()

    async def hold(self, group: Group) -> None:
        """We cannot write there: what is owed waits in sight of the staff room."""
        now = self.core.clock()
        await self.write(lambda conn: boards.hold(conn, group.units, now))

    async def resume(self, group: Group) -> None:
        """We can write there again; at start, too, when a crash left rows under lease."""
        now = self.core.clock()
        await self.write(lambda conn: boards.resume(conn, group.units, now))

    @asynccontextmanager
    async def owing(self) -> AsyncGenerator[asyncio.Queue[str]]:
        """A queue that fills when something may be owed to a group."""
        async with self.core.bells.listen(GROUP_BELL) as queue:
            yield queue
