"""Sixty working days of an office on a clock that a test holds: every duty is fired once at each rung, at its minute.

In `make test` with 40 cases; ZHITONG_DEEP=1 plays 500.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, func, select

from bot.store import cases
from bot.store.tables import case as case_table
from bot.store.tables import event as event_table
from bot.store.tables import obligation
from bot.timers import Timers
from cases.case import Act, Actor, Role
from cases.clocks import add_working_days, attention_from, is_working_day, moment, rungs
from handlers.desk import Prepared
from handlers.messages import Inbound, Taken
from tests.review.town import Town

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
CASES = 500 if DEEP else 40
START = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # a Monday; the National Day week and two worked days off lie ahead
MINUTE = timedelta(minutes=1)
TOPICS = ("07.01", "07.02", "06.01", "02.02", "01.01", "21.01")

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncGenerator[Town]:
    """An office in memory."""
    made = Town(tmp_path)
    made.now = START
    yield made
    await made.close()


def next_wake(conn: Connection) -> datetime | None:
    """When the next duty wakes."""
    return conn.execute(select(func.min(obligation.c.wake_at)).where(obligation.c.settled_at.is_(None))).scalar()


class Simulation:
    """Cases come in over the days; some are worked on, some nobody touches. The clock goes from wake to wake."""

    def __init__(self, town: Town, clerk: Actor) -> None:
        self.town, self.clerk, self.dice = town, clerk, random.Random(20261122)
        self.fired: list[tuple[int, str, datetime]] = []  # obligation, key, when
        self.timers = Timers(town.core.store, self.take, lambda: town.now)

    async def take(self, inbound: Inbound) -> Taken:
        """One turn; those of the clock are written down."""
        if inbound.channel == "timer":
            self.fired.append((int(inbound.fields["obligation"]), inbound.key, inbound.at))
        return await self.town.take(inbound, Prepared())

    async def play(self, until: datetime) -> None:
        """To the end, case by case and wake by wake."""
        moments = sorted(START + (until - START) * 0.6 * self.dice.random() for _ in range(CASES))
        for number, at in enumerate(moments):
            await self.wait(at)
            await self.file(number)
        await self.wait(until)

    async def wait(self, until: datetime) -> None:
        """Let the clock run; what wakes on the way is seen to at the next full minute."""
        while (wake := await self.town.read(next_wake)) and wake <= until:
            self.town.now = max(self.town.now, wake)
            await self.timers.sweep()
        self.town.now = max(self.town.now, until)

    async def file(self, number: int) -> None:
        """A walk-in; every third is accepted, every sixth answered, every twelfth told by phone."""
        fields = {"topic": self.dice.choice(TOPICS), "place": "qingshan", "source": "visit", "consent": "yes"}
        fields |= {"story": f"第{number}件，一个多星期没人来管"}
        no = (await self.press("file", "", fields)).data["case"]
        if number % 3 == 0:
            await self.press("accept", no)
        if number % 6 == 0:
            await self.press("answer", no, {}, "已经办好了")
        if number % 12 == 0:
            await self.press("told", no, {"how": "phone"}, "电话里说了")

    async def press(self, act: str, no: str, fields: dict[str, str] | None = None, text: str = "") -> Taken:
        """Something staff do, now."""
        key = f"{act}:{no}:{self.town.now.isoformat()}:{self.dice.random()}"
        at, who = self.town.now, str(self.clerk.id)
        taken = await self.town.take(Inbound("staff", key, who, at, text, act, case=no, fields=fields or {}))
        assert "error" not in taken.data, (act, taken.data)
        return taken


async def test_sixty_working_days(town: Town) -> None:
    chief = await town.hire("陈伟", Role.DISPATCHER, "zhiban")
    simulation, county = Simulation(town, chief), town.core.site.county
    last = add_working_days(START.date(), 60, county.calendar)
    await simulation.play(datetime(last.year, last.month, last.day, 10, tzinfo=UTC))

    assert len({key for _, key, _ in simulation.fired}) == len(simulation.fired), "something was fired twice"
    rows = await town.read(lambda conn: {row.id: row for row in conn.execute(select(obligation))})
    for obligation_id, key, at in simulation.fired:
        row, step = rows[obligation_id], int(key.split(":")[1])
        duty = cases.Obligation(row.duty, row.made_at, row.due_at, step)
        assert abs(at - moment(duty, rungs(row.duty, county)[step], county)) < MINUTE, (row.duty, step)
    steps = Counter(obligation_id for obligation_id, _, _ in simulation.fired)
    for row in rows.values():
        duty = cases.Obligation(row.duty, row.made_at, row.due_at)
        moments = {moment(duty, rung, county) for rung in rungs(row.duty, county)}  # a holiday makes two of them one
        reached = [at for at in moments if at <= town.now]
        assert steps[row.id] == len(reached) or row.settled_at, (row.duty, row.id, steps[row.id], len(reached))
    happened = await town.read(lambda conn: Counter(conn.execute(select(event_table.c.act)).scalars()))
    assert happened[Act.REMIND] > CASES and happened[Act.SUPERVISE] and happened[Act.ESCALATE] and happened[Act.LAPSE]
    await nobody_was_woken_at_night(town)


async def nobody_was_woken_at_night(town: Town) -> None:
    """Reminders of what is owed in days came between eight and eight, on working days, and not at lunch."""
    county = town.core.site.county
    urgent = await town.read(
        lambda conn: set(conn.execute(select(case_table.c.id).where(case_table.c.urgent == 1)).scalars())
    )
    query = select(event_table.c.case_id, event_table.c.at).where(event_table.c.act == Act.REMIND)
    for row in await town.read(lambda conn: conn.execute(query).all()):
        local = row.at + timedelta(hours=8)
        if row.case_id not in urgent:
            assert is_working_day(local.date(), county.calendar), local
            assert 8 <= local.hour < 20 and not 12 <= local.hour < 14, local
    assert attention_from(town.now, county)
