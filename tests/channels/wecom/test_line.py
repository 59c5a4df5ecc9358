"""The connection: exactly one, kept; nothing lost or doubled when it breaks, is slow, is taken, or its holder dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bot.app import build, open_core, running
from bot.channels import ChannelStopped
from bot.channels.wecom.channel import WeCom
from bot.wecom import open_line
from bot.wecom_door import WeComDoor
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway
from tests.channels.wecom.town import GROUP, PACE, STORY, TIMES, Town, at_home, sample, settings

pytestmark = pytest.mark.asyncio

WANG = "woWangFang"


async def begun(town: Town) -> tuple[str, str]:
    """A case's number and card, and 王芳 who may work on it."""
    case = await town.file()
    card = await town.gets(GROUP, case.no, STORY)
    await town.bound(WANG, "王芳", "clerk", case.department)
    return case.no, card.text


async def settled(town: Town) -> None:
    """Everything owed to groups was shown."""
    for _ in range(1000):
        if not await town.owed():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await town.owed())


async def test_a_broken_line_is_made_again_and_what_was_owed_meanwhile_comes(town: Town, api: FakeGateway) -> None:
    await begun(town)
    api.away = True
    await api.drop()
    await town.until(lambda: not town.line.line.open)
    nos = [(await town.file(f"citizen-{n}")).no for n in range(2, 5)]
    await asyncio.sleep(0.3)
    api.away = False
    for no in nos:
        await town.gets(GROUP, f"【{no}】")
    await settled(town)
    said = [one.text for one in api.told(GROUP)]
    assert all(sum(f"【{no}】" in text for text in said) == 1 for no in nos)


async def test_a_preview_kept_while_nobody_could_be_told_is_shown_later(town: Town, api: FakeGateway) -> None:
    no, card = await begun(town)
    api.silent = lambda frame: frame["cmd"] in ("aibot_respond_msg", "aibot_send_msg")
    await town.say(WANG, "答复 已经清运。", GROUP, quote=card)
    await town.until(lambda: any(one["cmd"] == "aibot_respond_msg" for one in api.frames))
    api.away = True
    await api.drop()
    town.line.voice.stop()  # as a crash would
    await town.until(lambda: not town.line.line.open)
    api.silent = lambda frame: False
    api.away = False
    await town.gets(GROUP, f"【{no}】", "群众会看到", "已经清运")
    await town.press(WANG, "发送")
    await town.gets(GROUP, "已办：答复（王芳）")
    assert await town.steps((await town.cases())[0], "answer") == ["已经清运。"]


async def test_the_same_message_three_times_is_one(town: Town, api: FakeGateway) -> None:
    _, card = await begun(town)
    frame = api.message(WANG, "答复 已经清运。", GROUP, card)
    await api.push(frame, frame, frame)
    await town.gets(GROUP, "群众会看到")
    await api.push(frame)
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "已办：答复")
    note = api.message(WANG, "备注 钥匙在门卫", GROUP, card)
    await api.push(note, note)
    await town.gets(GROUP, "已办：内部备注")
    town.line.ingress._taken.clear()  # pyright: ignore[reportPrivateUsage]  # as after a restart
    await api.push(note, frame)
    await town.say(WANG, "统计", GROUP)
    await town.gets(GROUP, "待认领")
    (case,) = await town.cases()
    assert await town.steps(case, "answer") == ["已经清运。"]
    assert await town.steps(case, "note") == ["钥匙在门卫"]
    assert sum("群众会看到" in one.text for one in api.told(GROUP)) == 1


async def test_a_press_before_its_words_does_nothing_and_says_so(town: Town, api: FakeGateway) -> None:
    _, card = await begun(town)
    made = await town.buttons(GROUP, "认领")
    await api.push(api.press(WANG, made, "p:1:send", GROUP), api.message(WANG, "答复 已清运。", GROUP, card))
    await town.gets(GROUP, "按钮")
    await town.gets(GROUP, "群众会看到")
    assert await town.steps((await town.cases())[0], "answer") == []


async def test_a_gateway_that_answers_no_heartbeat_is_left(api: FakeGateway, tmp_path: Path) -> None:
    async with at_home(api, tmp_path) as town:
        town.line.line.pace = type(PACE)(beat=0.1, ack=0.1, connect=2.0)
        await api.drop()
        await town.connected()
        api.silent = lambda frame: frame["cmd"] == "ping"
        await town.until(lambda: len([one for one in api.frames if one["cmd"] == "aibot_subscribe"]) >= 4)
        api.silent = lambda frame: False
        case = await town.file()
        await town.gets(GROUP, f"【{case.no}】")


async def test_what_is_in_doubt_is_repeated_once_and_marked(town: Town, api: FakeGateway) -> None:
    town.line.line.pace = type(PACE)(beat=5.0, ack=0.2, connect=2.0)
    doubts = [True]
    api.silent = lambda frame: frame["cmd"] == "aibot_send_msg" and bool(doubts) and doubts.pop()
    case = await town.file()
    shown = await town.gets(GROUP, f"【{case.no}】")
    assert "（可能重复）" in shown.text.splitlines()[0]
    await settled(town)
    assert sum(f"【{case.no}】" in one.text for one in api.told(GROUP)) == 1


async def test_a_slow_gateway_costs_nobody_anything(town: Town, api: FakeGateway) -> None:
    no, card = await begun(town)
    api.delay = 0.4
    loop = asyncio.get_running_loop()
    for _ in range(4):
        await town.say(WANG, f"查 {no}", GROUP)
    began = loop.time()
    await town.citizen("citizen-9", "你好")
    assert loop.time() - began < 1.0
    await town.gets(GROUP, no, STORY)
    await town.say(WANG, "答复 已清运。", GROUP, quote=card)
    await town.gets(GROUP, "群众会看到")


async def test_displaced_by_a_stranger_we_do_not_fight(town: Town, api: FakeGateway) -> None:
    no, _ = await begun(town)
    before = sum(one["cmd"] == "aibot_subscribe" for one in api.frames)
    async with ClientSession() as http, http.ws_connect(api.url) as stranger:
        body = {"bot_id": BOT, "secret": SECRET}
        await stranger.send_json({"cmd": "aibot_subscribe", "headers": {"req_id": "s1"}, "body": body})
        await town.until(lambda: not town.line.line.open)
        await asyncio.sleep(0.4)
        assert sum(one["cmd"] == "aibot_subscribe" for one in api.frames) == before + 1, "it came back at once"
    await town.connected()  # later, and the stranger is gone
    await town.say(WANG, f"查 {no}", GROUP)
    await town.gets(GROUP, no)


async def test_a_wrong_secret_is_said_aloud_and_the_house_goes_on(api: FakeGateway, tmp_path: Path) -> None:
    given = settings(api, tmp_path, wecom_bot_secret=SecretStr("wrong"))
    core = open_core(given, sample())
    house = build(core, given)
    (line,) = house.lines
    assert isinstance(line, WeCom)
    line.times, line.line.pace = TIMES, PACE
    async with running(house):
        town = Town(api, house, line)
        await town.until(lambda: len(api.refused) >= 2)
        case = await town.file()
        assert case.no and await town.owed()


async def test_two_processes_one_connection_and_the_other_takes_over(api: FakeGateway, tmp_path: Path) -> None:
    """Two houses on one store: one connects; when it ends the other does, and no case is shown twice."""
    async with at_home(api, tmp_path) as first:
        case = await first.file()
        await first.gets(GROUP, case.no)
        second = WeCom(first.line.line._bot, _other_door(first), PACE, TIMES, first.line.api.pacer)  # pyright: ignore[reportPrivateUsage]
        task = asyncio.create_task(second.run())
        await asyncio.sleep(0.5)
        assert len(api.connections) == 1 and not second.line.open
        await api.drop()  # the first comes back, or the second takes over: never both
        await first.until(lambda: api.live is not None)
        await asyncio.sleep(0.3)
        assert len(api.connections) == 1
        assert first.line.line.open != second.line.open
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await first.until(lambda: first.line.line.open)
        assert not any("disconnected" in str(one) for one in api.frames)
    assert sum(f"【{case.no}】" in one.text for one in api.told(GROUP)) == 1


def _other_door(town: Town) -> WeComDoor:
    door = WeComDoor(town.house.door, town.house.post, "aib-test")
    door.default = GROUP
    return door


@pytest.mark.parametrize(
    "given",
    [
        {"wecom_bot_secret": None},
        {"wecom_url": "ws://wecom.example.test"},
        {"wecom_url": "http://127.0.0.1:1"},
        {"wecom_bot_id": None, "wecom_webhooks": SecretStr("http://hooks.example.test/?key=k")},
        {"wecom_bot_id": None, "wecom_webhooks": SecretStr("nonsense")},
        {"wecom_url": "wss://127.0.0.1:1", "wecom_ca_file": Path("/nowhere.pem")},
    ],
)
async def test_settings_that_cannot_be_used_are_named(
    api: FakeGateway, tmp_path: Path, given: dict[str, object]
) -> None:
    async with at_home(api, tmp_path) as town:
        with pytest.raises(ChannelStopped, match="ZHITONG_WECOM_") as stopped:
            open_line(settings(api, tmp_path, **given), town.house.door, town.house.post)
        assert "key=k" not in str(stopped.value)
