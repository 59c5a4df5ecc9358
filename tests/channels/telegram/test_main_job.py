"""The main job over Telegram: from /start to a number, and the answer comes back."""

from __future__ import annotations

import pytest

from bot.demo.fakes.telegram import FakeApi, buttons
from tests.channels.telegram.town import Town

pytestmark = pytest.mark.asyncio

ZHANG = 501


async def test_from_start_to_the_answer(town: Town, api: FakeApi) -> None:
    menu = await town.say(ZHANG, "/start")
    assert "反映问题" in dict(buttons(menu)), menu
    no = await town.file(ZHANG)
    (case,) = await town.cases()
    assert (case.no, case.channel) == (no, "telegram")
    clerk = await town.hire("王芳", "clerk", case.department)
    assert await town.act(clerk, "answer", no, "垃圾已经清运。") == {"case": no, "rev": "3"}
    answer = await town.gets(ZHANG, "垃圾已经清运。")
    told = [one["text"] for one in api.told(ZHANG)]
    assert [at for at, words in enumerate(told) if "已受理" in words] == [len(told) - 2]
    rated = await town.press(ZHANG, answer, "非常满意")
    assert "谢谢您的评价" in rated["text"]
    await town.house.post.settled()
    assert [row for row in await town.owed() if row["kind"] != "card"] == []
