"""A storm: 1 000 cases in ten minutes of the group's clock. Every one in a card or a digest, the budget kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.channels.wecom.pacer import Pacer, Rates
from cases.case import Role
from tests.channels.wecom.budget import MINUTE, all_shown, every_case_is_told, now, registered, sleep, within_budget
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import GROUP, at_home, sample

pytestmark = pytest.mark.asyncio

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
CASES, MINUTES = (1000, 10) if DEEP else (150, 1.5)


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
        await all_shown(town)
        said = [one for one in api.told(GROUP) if one.text or one.card]
        within_budget(said)
        held = await town.cases()
        assert len(held) == CASES
        every_case_is_told(said, held)
        waits.sort()
        print(f"{CASES} cases, {len(said)} messages, a citizen's answer p99 {waits[int(len(waits) * 0.99)]:.3f} s")
        assert waits[int(len(waits) * 0.99)] <= 1.0
