"""The door of staff groups, the other half: who asks, and what somebody wants done.

What is pressed or confirmed there is a message of staff like any other; before that it is only looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from bot.groups import Draft, Group, Judged
from bot.staff_boards import BoardDoor
from bot.store import boards, cases, files, lists, staff
from cases.case import Actor, Case, Command, Role
from cases.lifecycle import Illegal, decide, fold
from cases.visibility import group_reader
from faq.book import Entry
from handlers.messages import Inbound
from handlers.notices import notice
from handlers.staff import commands
from handlers.staff.card import CardPage, CardQuery, CaseFile, card
from handlers.wording import render


def outside(actor: Actor) -> Actor:
    """A member of staff on a chat platform: tips are for the staff room only, whoever asks."""
    return replace(actor, roles=actor.roles - {Role.CUSTODIAN})


class GroupDoor(BoardDoor):
    """What a channel asks for its staff groups."""

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
            known = self.known(conn, group, held) if held else None
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
            reader = group_reader(group.units, held, self.county) if held else None
            actor = who or reader
            if held is None or actor is None or (not reader and self.kept_from(group, held)):
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
