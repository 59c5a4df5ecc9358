"""What staff get wrong, what people try, what the gateway brings that nobody knows: a clear line back, nothing lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.store import staff
from config.groups import WeComGroup
from handlers.staff.buttons import in36
from tests.channels.wecom.fake_gateway import BOT, FakeGateway, event
from tests.channels.wecom.town import GROUP, OTHER, STORY, Town, at_home, in_groups

pytestmark = pytest.mark.asyncio

WANG, MA, STRANGER = "woWangFang", "woMaQiang", "woStranger"


async def begun(town: Town) -> tuple[str, str]:
    """A case's number and card, and 王芳 who may work on it."""
    case = await town.file()
    card = await town.gets(GROUP, case.no, STORY)
    await town.bound(WANG, "王芳", "clerk", case.department)
    return case.no, card.text


async def says(town: Town, text: str, *words: str, quote: str = "", user: str = WANG, **more: object) -> str:
    """What the bot says to that."""
    await town.say(user, text, GROUP, quote, **more)
    return (await town.gets(GROUP, *words)).text


async def test_quotes_and_numbers(town: Town) -> None:
    no, card = await begun(town)
    other = (await town.file("citizen-2")).no
    await town.gets(GROUP, other, STORY)
    await says(town, "已清运", "没看出是哪一件", quote=f"【{no[:9]}")
    await says(town, "已清运", "没看出是哪一件", quote="垃圾堆了半个月")
    await says(town, "答复 已清运", "群众会看到", no, quote=f"{card[:40]}……（改过）")
    await says(town, "答复 已清运", "不止一个编号", quote=f"{no} · 已登记\n{other} · 已登记")
    await says(town, f"答复 {other} 已清运", "不止一个编号", quote=card)
    await says(town, f"{no} {other} 答复 一起清了", "不止一个编号")
    await says(town, f"答复 {no.lower().replace('-', '－')}，已清运", "群众会看到", no)
    await says(town, "答复 MS20990101-0001 已清运", "没有这一件")
    cases = await town.cases()
    assert [await town.steps(case, "answer") for case in cases] == [[], []]


async def test_too_long_files_and_everybody(town: Town) -> None:
    no, card = await begun(town)
    await says(town, "答复 " + "清" * 10_000, "太长了（10000 字）", quote=card)
    await says(town, "", "收不了照片", msgtype="image", image={"url": "https://x"})
    item: list[Any] = [
        {"msgtype": "text", "text": {"content": f"@信访助手 答复 {no} 已清运"}},
        {"msgtype": "image", "image": {}},
    ]
    await says(town, "", "群众会看到", "已清运", msgtype="mixed", mixed={"msg_item": item})
    await town.gets(GROUP, "收不了文件")
    await says(town, "@所有人 下午开会", "请单独@我")
    await says(town, "", "引用诉求卡")
    shown = await says(town, f"答复 {no} <@all> [点这里](https://x.test) # 大字", "群众会看到")
    assert "<@all>" not in shown and "](https" not in shown


async def test_somebody_who_moved_or_left_sees_nothing(town: Town) -> None:
    no, card = await begun(town)
    await says(town, "答复 已清运", "群众会看到", quote=card)
    core = town.house.core
    await core.store.write(lambda conn: staff.revoke(conn, "王芳", core.clock()))
    code = await core.store.write(lambda conn: staff.add(conn, "王芳", ("clerk",), "shuiwu", core.clock()))
    told = await says(town, "发送", "还没有绑定")
    assert no not in told
    await town.say(WANG, code)
    await town.gets(WANG, "王芳", "绑定")
    for text in ("发送", f"查 {no}", f"{no} 已清运"):
        told = await says(town, text, "不归您看")
        assert STORY not in told
    await town.press(WANG, "发送")
    await town.gets(GROUP, "不归您看")
    assert "没有找到" in await says(town, "找 垃圾", "没有找到")
    assert await town.steps((await town.cases())[0], "answer") == []


async def test_strangers_and_codes(town: Town) -> None:
    no, _ = await begun(town)
    for text in (f"查 {no}", "统计", "我的", f"答复 {no} 好", "发送", "帮助"):
        assert no not in await says(town, text, "还没有绑定", user=STRANGER)
    await town.say(STRANGER, f"查 {no}")
    assert no not in (await town.gets(STRANGER, "还没有绑定")).text
    await town.hire("赵六", "clerk", "zhujian")
    for _ in range(5):
        await town.say(STRANGER, "AAAA-BBBB-CCCC")
        await town.gets(STRANGER, "码不对")
    await town.say(STRANGER, town.codes["赵六"])
    await town.gets(STRANGER, "码不对")  # five guesses in a while, and no more


async def test_in_private_a_member_of_staff_does_the_same(town: Town) -> None:
    no, _ = await begun(town)
    await town.say(WANG, f"查 {no}")
    await town.gets(WANG, no, STORY)
    await town.say(WANG, f"答复 {no} 已清运。")
    await town.gets(WANG, "群众会看到")
    await town.press(WANG, "发送", chat=WANG)
    await town.gets(WANG, "已办：答复（王芳）")
    await town.bound(MA, "马水", "clerk", "shuiwu")
    await town.say(MA, f"查 {no}")
    await town.gets(MA, "不归您看")


FORGED = (
    "k:1:1:claim", "k:zz:zz:zz", "p:1:send", "p:999:send", "p:x:send", "k:", "", "=report", "k:-1:-1:x", "c:1:shuiwu",
    "k:{case}:1:remind", "f:{case}:1:x", "k:{case}:0:nonsense", "p:99999999999999999999:send",
)  # fmt: skip


async def test_forged_buttons_do_nothing(town: Town) -> None:
    await begun(town)
    (case,) = await town.cases()
    card = await town.buttons(GROUP, "认领")
    for data in FORGED:
        await town.api.push(town.api.press(WANG, card, data.format(case=in36(case.id)), GROUP))
        shown = await town.gets(GROUP)
        assert any(word in shown.text for word in ("不归您看", "按钮", "没有")), (data, shown.text)
    assert (await town.cases())[0].rev == case.rev


async def test_a_button_of_an_old_state(town: Town) -> None:
    no, card = await begun(town)
    (case,) = await town.cases()
    old = await town.buttons(GROUP, "受理")
    await says(town, "答复 已经清运。", "群众会看到", quote=card)
    boss = await town.hire("李强", "dispatcher", "zhiban")
    await town.act(boss, "accept", no)
    await town.press(WANG, "发送")
    await town.gets(GROUP, "刚刚有变化")
    again = await town.gets(GROUP, "群众会看到", "已经清运。")
    assert "已受理" not in again.text
    await town.press(WANG, "发送")
    await town.gets(GROUP, "已办：答复（王芳）")
    data = {one["text"]: one["key"] for one in old["button_list"]}["受理"]
    await town.api.push(town.api.press(WANG, old, data, GROUP))
    await town.gets(GROUP, "不能这样办")
    assert len(await town.steps(case, "accept")) == 1


NONSENSE = (
    "", "[]", "null", "nonsense", '{"cmd":1}', '{"cmd":"aibot_msg_callback"}', '{"headers":{"req_id":7}}',
    '{"cmd":"aibot_msg_callback","headers":[],"body":{"msgid":"x","from":"y","msgtype":"text","text":"z"}}',
    '{"cmd":"aibot_new_thing","headers":{"req_id":"r"},"body":{"msgid":"n1"}}', "[" * 5000,
    '{"cmd":"aibot_event_callback","headers":{"req_id":"r"},"body":{"event":{"eventtype":"new_event"}}}',
    '{"cmd":"aibot_event_callback","headers":{"req_id":"r"},"body":{"event":"template_card_event"}}',
)  # fmt: skip


async def test_unknown_frames_are_passed_over(town: Town) -> None:
    no, _ = await begun(town)
    await town.api.push(*NONSENSE, event("enter_chat", 1, STRANGER))
    await town.gets(STRANGER, "还没有绑定")
    await says(town, f"查 {no}", no)
    strange: dict[str, Any] = {
        "cmd": "aibot_msg_callback",
        "headers": {"req_id": "r9"},
        "body": {"msgid": "m9", "aibotid": BOT},
    }
    await town.api.push({**strange, "body": {**strange["body"], "from": {"userid": WANG}, "msgtype": "hologram"}})
    await town.gets(WANG, "引用诉求卡")


TROLLS = (
    "发送 发送", "发送 {no}", "", " ", "@", "@@@", "【】", "【{no}", "{no}】答复", "答复", "答复 答复 答复",
    "{no}", "{no}{no}",
    "{no} {other}", "取消", "取消 {other}", "查", "查 {no} {other}", "查 MS20990101-0001", "查 0", "找", "找 %",
    "找 ' OR 1=1 --", "政策", "转办", "转办 不存在局", "并案 {no}", "延期 昨天", "延期 2099年1月1日", "办结",
    "不予受理 因为我不想", "统计统计", "@所有人", "@all 答复 {no} 好", "/told {no} 打了电话", "\u202e答复 {no} 好",
    "😀" * 900, "<script>alert(1)</script>", "![x](http://x)", "0", "1", "-1", "９", "命令 不存在", "群号 群号",
    "\n\n\n", "补充", "催办", "提级", "受理受理", "认领 {other} 认领 {no}",
)  # fmt: skip


async def test_a_troll_gets_a_line_back_each_time_and_moves_nothing(town: Town) -> None:
    """Each from somebody bound and from a stranger, with a quote and without; the citizen hears nothing."""
    town.api.per_minute = 100_000
    no, card = await begun(town)
    other = (await town.file("citizen-2")).no
    await town.gets(GROUP, other, STORY)
    told = len(await town.letters("citizen-1"))
    for at, words in enumerate(TROLLS):
        text = words.format(no=no, other=other) if "{" in words else words
        for user, quote in ((WANG, ""), (WANG, card), (STRANGER, card)):
            before = sum(one.answer for one in town.api.told(GROUP))
            await town.say(user, text, GROUP, quote)
            await town.until(lambda before=before: sum(one.answer for one in town.api.told(GROUP)) > before)
        assert len(await town.letters("citizen-1")) == told, (at, words)
    said = [one.text for one in town.api.told(GROUP)]
    assert not any("系统忙" in text for text in said), "something failed inside"
    cases = await town.cases()
    assert {case.state for case in cases} <= {"filed"}
    assert [await town.steps(case, act) for case in cases for act in ("answer", "close", "refuse", "told")] == [[]] * 8


async def test_a_group_nobody_registered_is_told_its_id(town: Town) -> None:
    no, _ = await begun(town)
    await town.say(WANG, f"查 {no}", OTHER)
    told = await town.gets(OTHER, "还没有登记", OTHER)
    assert STORY not in told.text
    await town.say(STRANGER, "群号", OTHER)
    await town.gets(OTHER, f"群号：{OTHER}")


async def test_another_departments_group_hears_nothing_of_it(api: FakeGateway, tmp_path: Path) -> None:
    """Two groups: the number of another's case is no case here, whoever asks; when it moves on, it is gone here."""
    groups = (WeComGroup(chat=GROUP, departments=("zhujian",)), WeComGroup(chat=OTHER, departments=("shuiwu",)))
    site = in_groups(*groups)
    async with at_home(api, tmp_path, site, wecom_staff_group=None) as town:
        no, card = await begun(town)
        await town.bound(MA, "马水", "clerk", "shuiwu")
        for text, quote in ((f"查 {no}", ""), ("找 垃圾", ""), (f"答复 {no} 好", ""), ("好的", card), ("统计", "")):
            for user in (MA, WANG):
                await town.say(user, text, OTHER, quote)
                told = (await town.gets(OTHER)).text
                assert STORY not in told and "清运" not in told
        boss = await town.hire("李强", "dispatcher", "zhiban")
        assert "error" not in await town.act(boss, "transfer", no, "管网的事", department="shuiwu")
        gone = await town.gets(GROUP, "这件已转到水务局")
        assert no in gone.text and STORY not in gone.text
        await town.gets(OTHER, f"【{no}】", STORY)
        await says(town, "答复 还是我来", "不归您看", quote=card)
