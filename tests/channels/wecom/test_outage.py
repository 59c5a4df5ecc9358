"""An hour without the gateway: citizens file, the staff room answers, an alarm says why; then the group hears all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.wecom.pacer import Pacer, Rates
from bot.core import utc_now
from bot.lines import Lines
from tests.channels.wecom.budget import all_shown, every_case_is_told, now, registered, sleep, within_budget
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import GROUP, STORY, Town, at_home, sample

pytestmark = pytest.mark.asyncio

WANG = "woWangFang"
MINUTE = timedelta(minutes=1)


class Hour:
    """A clock that leaps."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


async def test_an_hour_away_loses_nothing_and_doubles_nothing(api: FakeGateway, tmp_path: Path) -> None:
    hour, api.clock = Hour(), now
    async with at_home(api, tmp_path, sample(), clock=hour) as town:
        town.line.api.pacer = Pacer(Rates(), now, sleep)
        begun = await town.file("citizen-0")
        card = await town.gets(GROUP, begun.no, STORY)
        wang = await town.bound(WANG, "王芳", "clerk", begun.department)
        await town.say(WANG, "答复 0 已经清运。", GROUP, quote=card.text)
        await town.gets(GROUP, "群众会看到")
        api.away = True
        await api.drop()
        await town.until(lambda: not town.line.line.open)
        with capture_logs() as logs:
            answered = await the_hour(town, hour, wang)
            await town.until(lambda: any(one["event"] == "wecom.silent" and one["hours"] == 1.0 for one in logs))
        assert (await town.house.door.queue())["staff_away"] == 60
        api.away = False
        await town.connected()
        await all_shown(town)
        assert (await town.house.door.queue())["staff_away"] == 0
        await town.say(WANG, f"发送 {begun.no}", GROUP)  # what she wrote before is still there
        await town.gets(GROUP, "已办：答复（王芳）", begun.no)
        said = [one for one in api.told(GROUP) if one.text or one.card]
        within_budget(said)
        every_case_is_told(said, await town.cases())
        for case in await town.cases():
            given = answered | {begun.no: "0 已经清运。"}
            assert await town.steps(case, "answer") == ([given[case.no]] if case.no in given else [])
        for at, text in enumerate(answered.values(), 1):
            assert sum(text in one for one in await town.letters(f"citizen-{at}")) == 1


async def the_hour(town: Town, hour: Hour, wang: int) -> dict[str, str]:
    """Sixty minutes, a case in each; four are a citizen's own, answered in the staff room. The answers by number."""
    answered: dict[str, str] = {}
    for minute in range(1, 61):
        hour.ahead += MINUTE
        if minute == 10:
            assert (await town.house.door.queue())["staff_away"] == 0, "ten minutes are no alarm"
        if minute % 15:
            await registered(town, wang, minute)
            continue
        at = len(answered) + 1
        case = await town.file(f"citizen-{at}")
        answered[case.no] = f"{at} 已经修好。"
        done = await town.act(wang, "answer", case.no, answered[case.no])
        assert "error" not in done, done
    return answered


async def test_a_process_beside_the_connected_one_knows_it_from_the_store(api: FakeGateway, tmp_path: Path) -> None:
    hour = Hour()
    async with at_home(api, tmp_path, clock=hour) as town:
        watch = town.line.watch
        await town.until(lambda: watch._noted > 0)  # pyright: ignore[reportPrivateUsage]
        hour.ahead += timedelta(minutes=20)
        assert await away_beside(town, hour) == 20
        watch._noted = 0.0  # pyright: ignore[reportPrivateUsage]  # a minute has gone by: it is written down again
        await watch.well()
        assert await away_beside(town, hour) == 0


async def away_beside(town: Town, hour: Hour) -> int:
    """What the staff room of a process shows that speaks to no platform itself."""
    town.house.core.lines = Lines()
    town.house.core.lines.expect("wecom", hour() - timedelta(hours=1))
    return (await town.house.door.queue())["staff_away"]
