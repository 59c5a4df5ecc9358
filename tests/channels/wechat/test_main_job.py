"""The main job over encrypted pushes: number, answer, an answer after day 3, an unfollowed citizen who comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.demo.fakes.wechat import FakeWeChat
from tests.channels.wechat.town import Town

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"


async def test_from_hello_to_the_rating(town: Town, api: FakeWeChat) -> None:
    hello = await town.say(ZHANG, "你好")
    assert "反映问题" in hello.labels, hello
    no = await town.file(ZHANG)
    (case,) = await town.cases()
    assert (case.no, case.channel) == (no, "wechat")
    await town.answer(no)
    answer = await town.gets(ZHANG, "垃圾已经清运。")
    assert "非常满意" in answer
    rated = await town.say(ZHANG, "非常满意")
    assert "谢谢您的评价" in rated.text
    await town.settled()


async def test_an_answer_after_day_three_waits_and_is_the_first_thing_told(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    town.ahead += timedelta(days=3, hours=1)
    await town.answer(no)
    await town.settled(waiting=2)  # accepted, answered
    before = len(api.fan(ZHANG).screen)
    told = await town.say(ZHANG, "你好")
    assert told.text.startswith("您不在的时候，有 2 条新消息：")
    assert "垃圾已经清运。" in told.text and "您好" in told.text
    await town.settled()
    assert len(api.fan(ZHANG).screen) == before + 1, "told once, in one text"


async def test_unfollowed_and_back_again(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    assert await api.push(api.event(ZHANG, "unsubscribe")) == ""
    await town.answer(no)
    await town.settled(waiting=2)
    assert [path for path, _ in api.calls if "custom/send" in path] == [], "nobody who left is written to"
    back = await api.push(api.event(ZHANG, "subscribe", EventKey=""))
    assert "垃圾已经清运。" in back and "反映问题" in back
    await town.settled()


async def test_an_answer_told_by_phone_is_also_had_in_writing(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    town.ahead += timedelta(days=3, hours=1)
    await town.answer(no)
    await town.settled(waiting=2)
    clerk = await town.hire("李敏", "clerk", (await town.cases())[0].department)
    await town.act(clerk, "told", no, "本人知道了。", how="phone")
    await town.settled(told=2)
    told = await town.say(ZHANG, "你好")
    assert told.text.startswith("您不在的时候") and "垃圾已经清运。" in told.text
    await town.settled()
