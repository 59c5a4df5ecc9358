"""A storm: 1 000 cases in ten minutes of the group's clock. Every one in a card or a digest, the budget kept."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

import pytest

from bot.channels.wecom.pacer import Pacer, Rates
from cases.case import Role
from handlers.messages import Inbound
from tests.channels.wecom.fake_gateway import FakeGateway, Shown
from tests.channels.wecom.town import GROUP, Town, at_home, sample

pytestmark = pytest.mark.asyncio

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
CASES, MINUTES = (1000, 10) if DEEP else (150, 1.5)
SPEED = 30.0  # seconds of the group's in one of ours
MINUTE = 60.0


def now() -> float:
    """The group's clock."""
    return time.monotonic() * SPEED


async def sleep(seconds: float) -> None:
    """By the group's clock."""
    await asyncio.sleep(seconds / SPEED)


async def registered(town: Town, clerk: int, at: int) -> None:
    """A clerk registers a case for somebody."""
    fields = {"topic": "08.02", "source": "phone", "consent": "yes", "story": f"第{at}栋楼下的垃圾没人清", "place": ""}
    inbound = Inbound("staff", f"storm-{at}", str(clerk), town.house.core.clock(), "", "file", fields=fields)
    done = await town.house.core.take(inbound)
    assert "error" not in done.data, done.data


async def test_every_case_in_a_card_or_a_digest_and_the_budget_kept(api: FakeGateway, tmp_path: Path) -> None:
    api.clock = now
    async with at_home(api, tmp_path, sample()) as town:
        town.line.api.pacer = Pacer(Rates(), now, sleep)
        clerk = await town.hire("值班", Role.CLERK, "zhujian")
        began, waits = now(), list[float]()
        for at in range(CASES):
            await registered(town, clerk, at)
            if at % 10 == 0:
                before = time.monotonic()
                await town.citizen(f"asks-{at}", "高龄津贴多少钱")
                waits.append(time.monotonic() - before)
            ahead = began + (at + 1) * MINUTES * MINUTE / CASES - now()
            await sleep(max(0.0, ahead))
        async with asyncio.timeout(80):
            while await town.owed():
                await asyncio.sleep(0.1)
        said = [one for one in api.told(GROUP) if one.text or one.card]
        await _checked(town, said)
        waits.sort()
        print(f"{CASES} cases, {len(said)} messages, a citizen's answer p99 {waits[int(len(waits) * 0.99)]:.3f} s")
        assert waits[int(len(waits) * 0.99)] <= 1.0


async def _checked(town: Town, said: list[Shown]) -> None:
    times = sorted(one.at for one in said)
    most = max(sum(1 for at in times if begin <= at < begin + MINUTE) for begin in times)
    assert most <= 18, f"{most} messages in a minute"
    texts = [one.text for one in said]
    named = {no for text in texts for no in re.findall(r"MS\d{8}-\d{4}", text)}
    digests = [text for text in texts if "一起告诉大家" in text]
    unnamed = sum(int(n) for text in digests for n in re.findall(r"还有 (\d+) 件", text))
    every = {case.no for case in await town.cases()}
    assert len(every) == CASES
    assert len(every - named) <= unnamed, "a case is in no card and no digest"
    assert all("/staff" in text or "办件大厅" in text for text in digests)
