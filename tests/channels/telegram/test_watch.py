"""A silence of Telegram's is counted, named louder as it lasts, and shown to staff before anything is lost."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.telegram import polling, webhook
from bot.channels.telegram.channel import LOSES
from bot.channels.watch import Watch
from bot.demo.fakes.telegram import FakeApi, Fault
from bot.lines import Lines
from tests.channels.telegram.town import at_home, by_webhook

pytestmark = pytest.mark.asyncio

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LI = 880


class Clocked:
    """As much of a house as a watch asks for."""

    def __init__(self, before: datetime | None = None) -> None:
        self.lines, self.time = Lines(), START
        self.kept = [before] if before else []

    async def recall(self, channel: str) -> None:
        self.lines.reached[channel] = self.kept[-1] if self.kept else self.time

    async def reached(self, channel: str, keep: bool) -> timedelta | None:
        self.kept += [self.time] if keep else []
        return self.lines.well(channel, self.time)

    def away(self, channel: str) -> timedelta:
        return self.lines.away(channel, self.time)


def watch_of(house: Any) -> Watch:
    return Watch(house, "telegram", LOSES)


async def test_louder_as_it_lasts_and_quiet_when_it_is_back() -> None:
    house = Clocked()
    watch = watch_of(house)
    await watch.begin()
    await watch.well()
    with capture_logs() as logs:
        for minutes in range(0, 25 * 60, 5):
            house.time = START + timedelta(minutes=minutes)
            watch.ill("passing")
    said = [one["hours"] for one in logs if one["event"] == "telegram.silent"]
    assert said == [0.2, 1.0, 6.0, 12.0, 18.0, 22.0, 24.0]
    assert house.lines.standing(house.time) == {"away": 24 * 60 + 55, "staff_away": 0, "gap": 0}
    with capture_logs() as logs:
        await watch.well()
    assert [one["event"] for one in logs] == ["telegram.back", "telegram.gap"]
    assert house.lines.standing(house.time) == {"away": 0, "staff_away": 0, "gap": 24}
    house.time += timedelta(hours=25)
    await watch.well()  # a day with nobody polling is a gap of its own
    assert house.lines.standing(house.time)["gap"] == 25


async def test_ten_minutes_are_no_alarm() -> None:
    house = Clocked()
    watch = watch_of(house)
    await watch.begin()
    house.time += timedelta(minutes=10)
    with capture_logs() as logs:
        watch.ill("passing")
    assert logs == []
    assert house.lines.standing(house.time) == {"away": 0, "staff_away": 0, "gap": 0}


async def test_a_house_that_was_away_too_long_says_so() -> None:
    house = Clocked(START - timedelta(hours=30))
    watch = watch_of(house)
    await watch.begin()
    with capture_logs() as logs:
        await watch.well()
    assert [(one["event"], one["hours"]) for one in logs] == [("telegram.gap", 30.0)]


async def test_polls_that_fail_show_in_the_staff_room(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PAUSE", 0.01)
    monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.05)
    async with at_home(api, tmp_path) as town:
        await town.say(LI, "你好")
        assert (await town.house.door.queue())["away"] == 0
        api.meets = lambda method, asked: Fault(502, "Bad Gateway") if method == "getUpdates" else None
        await town.say(LI, "菜单")  # with this the poll that was under way ends; the next one fails
        later = town.house.core.clock
        town.house.core.clock = lambda: later() + timedelta(minutes=40)
        api.say(LI, "谢谢")
        await town.until(lambda: sum(method == "getUpdates" for method, _ in api.calls) > 4)
        assert (await town.house.door.queue())["away"] == 40
        api.meets = lambda method, asked: None
        await town.hears(LI)  # what was written meanwhile is answered
        assert (await town.house.door.queue())["away"] == 0


async def test_a_webhook_telegram_cannot_reach_is_no_good_sign(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)
    async with by_webhook(api, tmp_path) as (town, _):
        lines = town.house.core.lines
        first = await town.until(lambda: lines.reached.get("telegram"))
        await town.until(lambda: lines.reached["telegram"] > first)
        monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.06)
        api.webhook |= {"last_error_date": int(time.time()) + 5, "last_error_message": "Connection timed out"}
        api.say(LI, "你好")
        asked = len(api.calls)
        await town.until(lambda: len(api.calls) > asked + 2)
        stands = lines.reached["telegram"]
        await town.until(lambda: len(api.calls) > asked + 5)
        assert lines.reached["telegram"] == stands
