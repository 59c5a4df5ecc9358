"""今日要办 at nine: in the WeCom group as in the staff room, once, also when the gateway was away at nine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core import utc_now
from handlers.messages import Inbound
from tests.channels.wecom.budget import all_shown
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import GROUP, STORY, Town

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("away", [False, True])
async def test_the_morning_reaches_the_group_and_the_room(away: bool, town: Town, api: FakeGateway) -> None:
    due, handled = await town.file("citizen-1"), await town.file("citizen-2")
    clerk = await town.hire("王芳", "clerk", handled.department)
    await town.act(clerk, "answer", handled.no, "修好了")
    await town.house.door.letters("web", "citizen-2")  # the citizen has read it: nothing is owed of it
    await all_shown(town)
    api.away = away
    if away:
        await api.drop()
    core = town.house.core
    core.clock = lambda: utc_now() + timedelta(days=12)
    for _ in range(2):
        day = {"digest": "2026-12-04"}
        await core.take(Inbound("timer", "digest:2026-12-04", "clock", core.clock(), fields=day))
    api.away = False
    digest = await town.gets(GROUP, "今日要办")
    assert due.no in digest.text and handled.no not in digest.text and STORY not in digest.text
    while await town.owed("digest"):
        await town.connected()
    assert sum("今日要办" in one.text for one in api.told(GROUP)) == 1
    viewer = await town.line._office.actor(clerk)  # pyright: ignore[reportPrivateUsage]
    assert viewer
    room = str(await town.house.door.today(viewer, "zh"))
    assert due.no in room and handled.no not in room
