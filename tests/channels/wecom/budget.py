"""A group's clock that runs faster than ours, and what must be so of all that a group was told."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence

from cases.case import Case
from handlers.messages import Inbound
from tests.channels.wecom.fake_gateway import Shown
from tests.channels.wecom.town import Town

SPEED = 30.0  # seconds of the group's in one of ours
MINUTE = 60.0
MOST = 18  # messages to a group in a minute


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


async def all_shown(town: Town) -> None:
    """Return when nothing is owed to a group."""
    async with asyncio.timeout(80):
        while await town.owed():
            await asyncio.sleep(0.1)


def within_budget(said: Sequence[Shown]) -> None:
    """No minute has more messages than a group takes."""
    times = sorted(one.at for one in said)
    most = max(sum(1 for at in times if begin <= at < begin + MINUTE) for begin in times)
    assert most <= MOST, f"{most} messages in a minute"


def every_case_is_told(said: Sequence[Shown], cases: Sequence[Case]) -> None:
    """Each in a card, or in a digest, by its number or as one of the rest."""
    texts = [one.text for one in said]
    named = {no for text in texts for no in re.findall(r"MS\d{8}-\d{4}", text)}
    digests = [text for text in texts if "一起告诉大家" in text]
    unnamed = sum(int(n) for text in digests for n in re.findall(r"还有 (\d+) 件", text))
    assert len({case.no for case in cases} - named) <= unnamed, "a case is in no card and no digest"
    assert all("/staff" in text or "办件大厅" in text for text in digests)
