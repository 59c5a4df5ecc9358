"""Clocks that leap, the hour of the digest: what the timers do before they look at any duty."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot import timers
from bot.timers import Timers
from cases.case import Act, Role
from cases.clocks import digest_day
from handlers.messages import Inbound, Taken
from tests.review.town import Town

pytestmark = pytest.mark.asyncio
MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 08:00 at the office


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncGenerator[Town]:
    """An office in memory."""
    made = Town(tmp_path)
    yield made
    await made.close()


class Watch:
    """A clock on the wall, which somebody sets, and one that only runs."""

    def __init__(self) -> None:
        self.wall, self.steady = MONDAY, 1000.0

    def pass_(self, seconds: float) -> None:
        """Time passes on both."""
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


async def test_a_clock_that_leaps_ahead_makes_nothing_due_for_a_while(town: Town) -> None:
    watch = Watch()
    looks = Timers(town.core.store, town.take, lambda: watch.wall, steady=lambda: watch.steady)
    leapt = looks._leapt  # pyright: ignore[reportPrivateUsage]
    assert not leapt()
    watch.pass_(5)
    assert not leapt()
    watch.wall += timedelta(days=30)
    assert leapt()
    watch.pass_(timers.HOLD_SECONDS - 1)
    assert leapt()
    watch.pass_(2)
    assert not leapt(), "a clock that was rightly set ahead is believed in the end"
    watch.wall -= timedelta(days=30)
    assert not leapt(), "back: nothing happens twice, so nothing is held"


async def test_what_was_done_is_not_done_again_when_the_clock_goes_back(town: Town) -> None:
    case = await town.file("an")
    looks = Timers(town.core.store, town.take, lambda: town.now)
    town.now += timedelta(days=40)
    assert await looks.sweep() > 0
    wang = await town.hire("王芳", Role.CLERK, case.department)
    before = await acts(town, wang.id, case.no)
    town.now -= timedelta(days=40)
    assert await looks.sweep() == 0
    assert await acts(town, wang.id, case.no) == before
    assert before.count(Act.REMIND) == 2, "one of the acceptance, one of the answer, however much was missed"


async def acts(town: Town, staff_id: int, no: str) -> list[str]:
    """What happened to a case."""
    chief = await town.hire(f"陈伟{staff_id}{town.now.timestamp()}", Role.DISPATCHER, "zhiban")
    file = await town.door.case(chief, no)
    assert file
    return [step.act for step in file.steps]


@pytest.mark.parametrize(
    ("local", "day"),
    [
        ("2026-11-23 08:59", ""),
        ("2026-11-23 09:00", "2026-11-23"),
        ("2026-11-23 17:59", "2026-11-23"),  # the house came up late: once all the same
        ("2026-11-23 18:00", ""),  # and not for a day that is over
        ("2026-11-21 10:00", ""),  # Saturday
        ("2026-09-20 10:00", "2026-09-20"),  # a worked Sunday
    ],
)
async def test_the_hour_of_the_digest(town: Town, local: str, day: str) -> None:
    at = datetime.fromisoformat(f"{local}+08:00").astimezone(UTC)
    assert digest_day(at, town.core.site.county) == day


async def test_the_digest_is_asked_for_once_a_day(town: Town) -> None:
    asked: list[str] = []

    async def take(inbound: Inbound) -> Taken:
        asked.append(inbound.key)
        return await town.take(inbound)

    looks = Timers(town.core.store, take, lambda: town.now, lambda: town.core.site.county)
    town.now = MONDAY
    for _ in range(30 * 24):
        await looks._digest()  # pyright: ignore[reportPrivateUsage]
        town.now += timedelta(hours=1)
    assert len(asked) == len(set(asked)) == 22  # working days of these thirty
