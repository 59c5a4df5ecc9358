"""Drafts of 监察建议 and the figures of 村村协作, for the supervisor: counted from rows, within the viewer's sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from bot.core import Core
from bot.store import cases, repeats, staff
from bot.store.repeats import Verdict
from bot.store.tables import case
from bot.web.repeats_desk import Board, CheckRow, Decided, Draft, Unwilling
from cases.case import Actor, Role
from cases.repeats import Cluster, clusters, zeal
from cases.visibility import Sight, sight

SHOWN = 20
BATCH = 500
STATES = ("done", "dismissed")
A_YEAR = timedelta(days=365)


class Repeats:
    """Implements `bot.web.repeats_desk.RepeatsDesk`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def board(self, viewer: Actor) -> Board:
        """Everything as it is now."""
        return await self._core.store.read(lambda conn: self._board(conn, viewer))

    async def draft(self, viewer: Actor, topic: str, scope: str, where: str) -> Draft | None:
        """One draft as it is now."""
        found = await self._core.store.read(lambda conn: self._clusters(conn, viewer))
        return next((_draft(one) for one in found if _key(one) == (topic, scope, where)), None)

    async def decide(self, viewer: Actor, draft: Draft, last: str, state: str, reason: str) -> None:
        """A supervisor's word on a draft, written in one transaction."""
        if Role.SUPERVISOR not in viewer.roles:
            raise Unwilling("role")
        if state not in STATES or (state == "dismissed" and not reason.strip()):
            raise Unwilling("reason")
        await self._core.store.write(lambda conn: self._decide(conn, viewer, draft, last, state, reason.strip()))

    def _decide(self, conn: Connection, viewer: Actor, draft: Draft, last: str, state: str, reason: str) -> None:
        found = next((one for one in self._clusters(conn, viewer) if _key(one) == _key(draft)), None)
        numbers = [one.no for one in found.cases] if found else []
        if found is None or last not in numbers:
            raise Unwilling("changed")
        seen = replace(found, cases=found.cases[: numbers.index(last) + 1])
        repeats.say(conn, seen, state, reason, viewer.id, self._core.clock())

    def _board(self, conn: Connection, viewer: Actor) -> Board:
        now, rules = self._core.clock(), self._core.site.county.repeats
        if Role.SUPERVISOR not in viewer.roles:
            return Board((), (), (), (), rules.advice.cases, rules.advice.days)
        names = {row.id: row.name for row in staff.list_staff(conn)}
        decided = [
            Decided(*_key(one), one.cases, one.state, one.reason, names.get(one.staff_id, ""), one.at)
            for one in repeats.verdicts(conn, SHOWN)
        ]
        return Board(
            drafts=[_draft(one) for one in self._clusters(conn, viewer)],
            decided=decided,
            zeal=zeal(repeats.checks(conn, now - A_YEAR)),
            checks=self._checks(conn, viewer, now),
            cases=rules.advice.cases,
            days=rules.advice.days,
        )

    def _clusters(self, conn: Connection, viewer: Actor) -> list[Cluster]:
        """Counted twice: what is out of the viewer's sight is taken out before it counts."""
        rules = self._core.site.county.repeats
        tallies = repeats.tallies(conn, self._core.clock(), rules)
        through = repeats.dealt_with(conn, tallies)
        first = clusters(tallies, rules, through)
        seen = self._in_sight(conn, viewer, {one.no for found in first for one in found.cases})
        return clusters((one for one in tallies if one.no in seen), rules, through)

    def _in_sight(self, conn: Connection, viewer: Actor, numbers: set[str]) -> set[str]:
        county, wanted, seen = self._core.site.county, sorted(numbers), set[str]()
        for start in range(0, len(wanted), BATCH):
            query = select(case).where(case.c.no.in_(wanted[start : start + BATCH]))
            found = cases.many(conn, self._core.vault, query)
            seen |= {held.no for held in found if sight(viewer, held, county) is not Sight.NONE}
        return seen

    def _checks(self, conn: Connection, viewer: Actor, now: datetime) -> list[CheckRow]:
        rows = repeats.latest_checks(conn, now - A_YEAR)
        seen = self._in_sight(conn, viewer, {row.no for row in rows})
        return [CheckRow(row.no, row.unit, row.asked_at, row.done_at, row.finding) for row in rows if row.no in seen]


def _key(one: Cluster | Draft | Verdict) -> tuple[str, str, str]:
    return one.topic, one.scope, one.where


def _draft(found: Cluster) -> Draft:
    first, last = found.cases[0], found.cases[-1]
    numbers = tuple(one.no for one in found.cases)
    return Draft(
        found.topic, found.scope, found.where, numbers, found.open, found.overdue, first.opened_at, last.opened_at
    )
