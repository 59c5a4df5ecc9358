"""The names behind tips: one custodian asks, another decides, a lease opens, and every look stands in the audit.

Nothing here is reached but from the staff room. What is decided is written before anything is shown, and the head
of the audit is anchored outside the database before the answer leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from bot import anchor
from bot.core import STAFF_BELL, Core
from bot.store import audit, cases, staff, tips
from bot.store.keys import KeyGone
from bot.store.tips import Asking
from bot.web.tips_desk import AskingShown, AskingState, Identity, TipRefused
from cases.case import Actor, Case, is_tip
from cases.visibility import Sight, sight

REASON = 200  # characters of a reason
SHORTEST = 4
VIEWED, FILE = "view", "file"
T = TypeVar("T")


class Tips:
    """Implements `bot.web.tips_desk.TipsDesk` over the core."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def askings(self, viewer: Actor, no: str) -> Sequence[AskingShown]:
        """The requests about a tip, newest first."""

        def work(conn: Connection) -> list[AskingShown]:
            held = self._in_sight(conn, viewer, no)
            names = {row.id: row.name for row in staff.list_staff(conn)}
            found = tips.askings(conn, self._core.vault, held.id)
            return [self._shown(one, viewer, names) for one in reversed(found)]

        return await self._core.store.read(work)

    async def ask(self, viewer: Actor, no: str, reason: str) -> None:
        """Ask to see the name; one open request a person is enough."""
        reason = reason.strip()[:REASON]
        if len(reason) < SHORTEST:
            raise TipRefused("reason")

        def work(conn: Connection, now: datetime) -> str:
            held = self._in_sight(conn, viewer, no)
            if not held.named:
                raise TipRefused("nameless")
            own = [one for one in tips.askings(conn, self._core.vault, held.id) if one.asked_by == viewer.id]
            if any(self._state(one) in ("waiting", "open") for one in own):
                raise TipRefused("asked")
            tips.ask(conn, self._core.vault, held.id, viewer.id, reason, now)
            return held.no

        await self._audited(viewer, "reveal.ask", work)

    async def decide(self, viewer: Actor, no: str, asking: int, granted: bool) -> None:
        """Say yes or no; never to one's own request."""

        def work(conn: Connection, now: datetime) -> str:
            held = self._in_sight(conn, viewer, no)
            one = next((one for one in tips.askings(conn, self._core.vault, held.id) if one.id == asking), None)
            if one is None or self._state(one) != "waiting":
                raise TipRefused("decided")
            if one.asked_by == viewer.id:
                raise TipRefused("alone")
            if not tips.decide(conn, asking, viewer.id, granted, now):
                raise TipRefused("decided")
            return held.no

        await self._audited(viewer, "reveal.grant" if granted else "reveal.deny", work)

    async def look(self, viewer: Actor, no: str) -> Identity:
        """The name, to whoever asked, for as long as the lease lasts. Kept before it is shown."""
        found: list[Identity] = []

        def work(conn: Connection, now: datetime) -> str:
            held = self._in_sight(conn, viewer, no)
            until = self._lease(conn, viewer, held, now)
            told = tips.identity_of(conn, self._core.vault, held.id)
            found[:] = [Identity(told.get("name", ""), told.get("phone", ""), until)]
            return held.no

        await self._audited(viewer, "reveal.look", work)
        return found[0]

    async def seen(self, viewer: Actor, no: str, act: str = VIEWED) -> None:
        """Somebody opened a tip, or a file of it."""
        await self._audited(viewer, act, lambda conn, now: no)

    # --- the rules ------------------------------------------------------------------------------------------

    def _in_sight(self, conn: Connection, viewer: Actor, no: str) -> Case:
        """The tip, if this person may work on it: read anew each time, so that whoever was moved has lost it."""
        who = staff.actor(conn, str(viewer.id))
        held = cases.by_no(conn, self._core.vault, no)
        if who is None or held is None or not is_tip(held.id):
            raise TipRefused("unknown")
        if sight(who, held, self._core.site.county) is not Sight.WORK:
            raise TipRefused("unknown")
        return held

    def _lease(self, conn: Connection, viewer: Actor, held: Case, now: datetime) -> datetime:
        """Until when the viewer may look; raises when they may not."""
        minutes = self._core.site.county.office.tips.reveal_minutes
        for one in tips.askings(conn, self._core.vault, held.id):
            until = one.open_until(minutes)
            if one.asked_by == viewer.id and until and one.decided_by != viewer.id and now < until:
                return until
        raise TipRefused("closed")

    def _state(self, one: Asking) -> AskingState:
        rules, now = self._core.site.county.office.tips, self._core.clock()
        if one.decided_at is None:
            return "waiting" if now < one.asked_at + timedelta(hours=rules.request_hours) else "lapsed"
        if not one.granted:
            return "denied"
        return "open" if now < one.decided_at + timedelta(minutes=rules.reveal_minutes) else "over"

    def _shown(self, one: Asking, viewer: Actor, names: dict[int, str]) -> AskingShown:
        until = one.open_until(self._core.site.county.office.tips.reveal_minutes)
        decider = names.get(one.decided_by, "")
        mine = one.asked_by == viewer.id
        who = names.get(one.asked_by, "")
        return AskingShown(one.id, who, one.reason, one.asked_at, self._state(one), mine, decider, until)

    async def _audited(self, viewer: Actor, act: str, work: Callable[[Connection, datetime], str]) -> None:
        """Do it and note it in one transaction, anchor the note, wake the rooms that have the tip open."""
        now = self._core.clock()

        def write(conn: Connection) -> tuple[str, audit.Link]:
            no = work(conn, now)
            return no, audit.note(conn, viewer.id, act, no, now)

        try:
            no, link = await self._core.store.write(write)
        except KeyGone:
            raise TipRefused("nameless") from None
        await asyncio.to_thread(anchor.drop, self._core.data_dir, link)
        if act.startswith("reveal.") and act != "reveal.look":
            self._core.bells.ring(STAFF_BELL, no)
