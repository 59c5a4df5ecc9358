"""The door of staff groups: who may see what there, what is to be shown, and what somebody wants done.

A group reads what a clerk of one of its departments would read, masked, and less where office.yaml says so. What is
pressed or confirmed there is a message of staff like any other; before that it is only looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.chats import ChatDoor
from bot.core import GROUP_BELL
from bot.groups import Draft, Group, Judged, Place, Showing
from bot.outbox import Sent, write_results
from bot.store import boards, cases, files, letters, lists, quotas, staff
from bot.store.letters import Owed
from cases.case import Actor, Case, Command, Role
from cases.lifecycle import Illegal, decide, fold
from cases.visibility import Sight, sight
from config.groups import GroupRules
from faq.book import Entry
from handlers.messages import Inbound
from handlers.notices import notice
from handlers.staff import commands, today
from handlers.staff.card import CardPage, CardQuery, CaseFile, card, case_file
from handlers.wording import render

LEASE_SECONDS = 120.0


def outside(actor: Actor) -> Actor:
    """A member of staff on a chat platform: tips are for the staff room only, whoever asks."""
    return replace(actor, roles=actor.roles - {Role.CUSTODIAN})


def _nobody(department: str) -> bool:
    return False


class GroupDoor(ChatDoor):
    """What a channel asks for its staff groups. `default` is the group of departments without one of their own."""

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
        unit = self.county.department_by_id.get(held.department)
        known = self._file(conn, group, held)
        return Showing(tuple(rows), here, known, unit.name if unit and not known else "", maybe)

    def _file(self, conn: Connection, group: Group, held: Case) -> CaseFile | None:
        viewer = self._reader(group, held)
        if viewer is None:
            return None
        happened = cases.events(conn, self.core.vault, held.id)
        kept, sent = files.all_of_case(conn, self.core.vault, held.id), letters.deliveries(conn, held.id)
        now = self.core.clock()
        reach = quotas.reach_of_case(conn, held.id, now)
        return case_file(held, happened, viewer, self.county, now, kept, sent, "zh", *reach)

    def _reader(self, group: Group, held: Case) -> Actor | None:
        """A clerk of whichever of the group's departments works on the case."""
        for unit in group.units:
            viewer = Actor("staff", 0, "", frozenset({Role.CLERK}), unit)
            if sight(viewer, held, self.county) is Sight.WORK:
                return viewer
        return None

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
            known = [self._file(conn, group, one) for one in held if one]
            return tuple(file for file in known if file)

        return tuple(rows), await self.read(work)

    async def morning(self, group: Group) -> tuple[tuple[Owed, ...], str]:
        """The digests that are due, and what they say: what each of the group's departments has to do, as of now."""
        now = self.core.clock()
        if not await self.read(lambda conn: boards.digests_due(conn, group.units, now)):
            return (), ""
        rows = await self.write(lambda conn: boards.take_digests(conn, group.units, now, LEASE_SECONDS))
        units = [row.department for row in rows]
        return tuple(rows), await self.read(lambda conn: self._digests(conn, units, now))

    def _digests(self, conn: Connection, units: Sequence[str], now: datetime) -> str:
        wanted = cases.wanted(conn, self.core.vault, now + today.AHEAD)
        told: list[str] = []
        for unit in dict.fromkeys(units):
            clerk = Actor("staff", 0, "", frozenset({Role.CLERK}), unit)
            mine = [one for one in wanted if sight(clerk, one.case, self.county) is Sight.WORK]
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

    # --- what is asked and done there -------------------------------------------------------------------------

    async def case_of(self, chat: str, thread: int, message: int) -> int:
        """The case a message is about: the one it replies to, else the topic's; 0 for none."""

        def work(conn: Connection) -> int:
            found = boards.case_of_message(conn, self.channel, chat, message) if message else 0
            return found or (boards.case_in_thread(conn, self.channel, chat, thread) if thread else 0)

        return await self.read(work)

    async def staff_of(self, user: str) -> Actor | None:
        """Whose account this is."""
        hashes = self.core.vault.ring.address_hashes(self.channel, user)

        def work(conn: Connection) -> Actor | None:
            row = staff.bound_staff(conn, self.channel, hashes)
            return outside(staff.as_actor(row)) if row else None

        return await self.read(work)

    async def file(self, group: Group, case_id: int = 0, no: str = "") -> tuple[int, CaseFile] | None:
        """A case by id or number, if the group may know of it."""

        def work(conn: Connection) -> tuple[int, CaseFile] | None:
            vault = self.core.vault
            held = cases.by_id(conn, vault, case_id) if case_id else cases.by_no(conn, vault, no)
            known = self._file(conn, group, held) if held else None
            return (held.id, known) if held and known else None

        return await self.read(work)

    async def cards(self, viewer: Actor, which: CardQuery, group: Group | None) -> CardPage:
        """Cards the viewer may see; in a group only those of its own departments, and no counts but of these."""
        now, county, vault = self.core.clock(), self.county, self.core.vault
        units = group.units if group else None
        return await self.read(lambda conn: lists.page(conn, vault, county, outside(viewer), which, now, units))

    async def acts(self, who: Actor, case_id: int) -> tuple[str, ...]:
        """What somebody may do to a case now."""

        def work(conn: Connection) -> tuple[str, ...]:
            held = cases.by_id(conn, self.core.vault, case_id)
            front = card(held, outside(who), self.county, self.core.clock()) if held else None
            return front.acts if front else ()

        return await self.read(work)

    async def sent_from(self, chat: str, case_id: int) -> tuple[Draft, ...]:
        """What was confirmed in a group about a case, the newest last."""
        return await self.read(lambda conn: boards.sent_from(conn, self.core.vault, self.channel, chat, case_id))

    async def answers(self, words: str) -> tuple[Entry, ...]:
        """Stored answers to words."""
        prepared = await self.core.prepared(words)
        return prepared.policy.entries if prepared.policy and prepared.policy.band != "none" else ()

    def entries(self) -> tuple[Entry, ...]:
        """Every stored answer."""
        return self.core.site.book.entries

    async def judge(self, who: Actor | None, group: Group, draft: Draft) -> Judged:
        """What the citizen would read, or why not. Without a name yet, as somebody of the group's."""

        def work(conn: Connection) -> Judged:
            held = cases.by_id(conn, self.core.vault, draft.case_id)
            actor = who or (self._reader(group, held) if held else None)
            if held is None or actor is None:
                return Judged(error="unknown")
            return self._judged(conn, held, actor, draft)

        return await self.read(work)

    def _judged(self, conn: Connection, held: Case, actor: Actor, draft: Draft) -> Judged:
        kept = files.by_ids(conn, self.core.vault, draft.files)
        now, by = self.core.clock(), str(actor.id)
        inbound = Inbound("staff", "", by, now, draft.text, draft.act, kept, case=held.no, fields=draft.fields)
        outcome = commands.answer(self.core.desk(conn, actor), inbound)
        told: list[str] = []
        try:
            for deed in (one for one in outcome.deeds if isinstance(one, Command)):
                for event in decide(held, deed, now, self.county):
                    held = fold(held, event)
                    if reply := notice(held, event, self.county, "zh", kept):
                        told.append(render(reply, self.county.texts["zh"], self.code_of).text)
        except Illegal as illegal:
            return Judged(error=illegal.reason, gaps=illegal.gaps)
        return Judged("\n\n".join(told), outcome.error)

    async def begin(self, draft: Draft) -> Draft | None:
        """Keep what somebody wrote; None when it is kept already."""
        now = self.core.clock()
        return await self.write(lambda conn: boards.begin(conn, self.core.vault, self.channel, draft, now))

    async def change(self, draft: Draft) -> None:
        """A preview is like this now."""
        now = self.core.clock()
        await self.write(lambda conn: boards.change(conn, self.core.vault, draft, now))

    async def draft(self, draft_id: int = 0, *, chat: str = "", source: str = "", message: int = 0) -> Draft | None:
        """A preview by number, by the message it was made from, or by ours that shows it."""

        def work(conn: Connection) -> Draft | None:
            vault = self.core.vault
            if draft_id:
                return boards.by_id(conn, vault, draft_id)
            if source:
                return boards.by_source(conn, vault, self.channel, chat, source)
            return boards.by_message(conn, vault, self.channel, chat, message)

        return await self.read(work)

    async def do(self, who: Actor, key: str, draft: Draft) -> Mapping[str, str]:
        """Have it done; what the press gave, with `error` when it may not be."""

        def work(conn: Connection) -> tuple[str, tuple[object, ...]]:
            return cases.no_of(conn, draft.case_id), files.by_ids(conn, self.core.vault, draft.files)

        no, kept = await self.read(work)
        now = self.core.clock()
        said = Inbound("staff", key, str(who.id), now, draft.text, draft.act, kept, case=no, fields=draft.fields)  # pyright: ignore[reportArgumentType]
        return dict((await self.take(said)).data)
