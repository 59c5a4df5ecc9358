"""Staff in their group: the card comes, an answer is shown and confirmed before it leaves, and the law holds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.channels.telegram import board, pacer
from bot.channels.telegram.pacer import Rates
from bot.demo.fakes.telegram import ANONYMOUS, FakeApi, Fault, Json, buttons
from bot.site import Site
from cases.case import State
from config.groups import TelegramGroup, TelegramRules
from handlers.messages import Inbound
from handlers.staff.buttons import in36
from tests.channels.telegram.town import Town, at_home, sample

pytestmark = pytest.mark.asyncio

ZHANG, WANG, MA, STRANGER = 901, 902, 903, 904
GROUP, OTHER = -1001234567890, -1009999999999
STORY = "小区门口的垃圾堆了半个月没人清"


@pytest_asyncio.fixture
async def forum(api: FakeApi, tmp_path: Path) -> AsyncGenerator[Town]:
    """An office with one forum for all."""
    api.group(GROUP)
    async with at_home(api, tmp_path, telegram_staff_group=str(GROUP)) as town:
        yield town


async def bound(town: Town, user: int, name: str, role: str, unit: str) -> int:
    """Somebody on the staff whose account is tied by their one-time code."""
    number = await town.hire(name, role, unit)
    assert name in (await town.say(user, town.codes[name]))["text"]
    return number


async def filed(town: Town) -> tuple[str, Json]:
    """A case, and its card in the group."""
    no = await town.file(ZHANG, STORY)
    return no, await town.gets(GROUP, no)


async def reply(town: Town, user: int, to: Json, text: str, **more: Any) -> Json:
    """Somebody replies to a message of the bot's; what the bot says to that."""
    thread = {name: to[name] for name in ("message_thread_id", "is_topic_message") if name in to}
    town.api.say(user, text, GROUP, reply_to_message=to["message_id"], **thread, **more)
    return (await town.hears(GROUP))[-1]


def press(town: Town, user: int, message: Json, label: str) -> None:
    town.api.press(user, message, dict(buttons(message))[label])


async def alert(town: Town) -> str:
    """What whoever pressed is told alone."""
    found = await town.until(lambda: [one["text"] for one in town.api.answered if one.get("text")])
    town.api.answered.clear()
    return str(found[-1])


def place(town: Town) -> dict[int, Json]:
    return town.api.chats[GROUP].topics


async def test_card_answer_preview_confirm_and_the_citizen_hears_it(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    (topic,) = place(forum).values()
    assert no in topic["name"] and "🟠" in topic["name"]
    assert STORY in card["text"] and "住建局" in card["text"]
    preview = await reply(forum, WANG, card, "垃圾已经清运，以后每天一清。")
    assert "垃圾已经清运" in preview["text"]
    assert api.told(ZHANG)[-1]["text"].startswith("已经登记")  # nothing has left yet
    press(forum, WANG, preview, "发送")
    assert "垃圾已经清运" in (await forum.gets(ZHANG, "有答复了"))["text"]
    await forum.until(lambda: "🔵" in topic["name"])
    assert "已办：答复（王芳）" in api.chats[GROUP].messages[preview["message_id"]]["text"]
    await reply(forum, WANG, card, "明天起一天一清。")
    again = await forum.until(lambda: [one for one in api.told(GROUP) if "明天起一天一清" in one["text"]])
    assert "王芳在" in again[0]["text"] and "已经答复过" in again[0]["text"]


async def test_only_the_writer_confirms_and_only_once(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    await bound(forum, MA, "马强", "clerk", case.department)
    preview = await reply(forum, WANG, card, "已经清运。")
    press(forum, MA, preview, "发送")
    assert "请写的人自己点" in await alert(forum)
    press(forum, STRANGER, preview, "发送")
    assert "还没有绑定" in await alert(forum)
    data = dict(buttons(preview))["发送"]
    for _ in range(3):
        api.press(WANG, preview, data)
    await forum.gets(ZHANG, "有答复了")
    assert "处理过" in await alert(forum)
    (after,) = await forum.cases()
    assert after.rev == case.rev + 2  # accepted and answered, once


async def test_chatter_and_strangers_reach_nobody(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    (case,) = await forum.cases()
    clerk = await bound(forum, WANG, "王芳", "clerk", case.department)
    thread = {"message_thread_id": card["message_thread_id"], "is_topic_message": True}
    before = len(api.told(ZHANG))
    api.say(WANG, "我下午去看看", GROUP, **thread)
    api.say(STRANGER, "闲聊", GROUP, **thread)
    api.say(WANG, "群里的话", GROUP)
    told = await reply(forum, STRANGER, card, "我来回复群众")
    assert "还没有绑定" in told["text"]
    file = await forum.house.door.case((await forum.actor(clerk)), no)
    assert file is not None
    assert [step.text for step in file.steps if step.act == "note"] == ["我下午去看看"]
    assert len(api.told(ZHANG)) == before


async def test_an_anonymous_admin_is_confirmed_by_somebody_with_a_name(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    preview = await reply(forum, ANONYMOUS["id"], card, "已经清运。", sender_chat=api.chats[GROUP].about)
    assert "您是匿名发的" in preview["text"]
    press(forum, WANG, preview, "发送")
    await forum.gets(ZHANG, "已经清运。")


async def test_buttons_of_the_card(forum: Town, api: FakeApi) -> None:
    """认领 is done at once; 受理 is shown first; 不予受理 asks for its ground; 转办 for the unit."""
    no, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    press(forum, WANG, card, "认领")
    await forum.until(lambda: "承办：王芳" in api.chats[GROUP].messages[card["message_id"]]["text"])
    card = api.chats[GROUP].messages[card["message_id"]]
    press(forum, WANG, card, "受理")
    preview = await forum.gets(GROUP, "群众会看到下面这段话")
    assert "已受理" in preview["text"]
    press(forum, WANG, preview, "取消")
    await forum.until(lambda: "取消了" in api.chats[GROUP].messages[preview["message_id"]]["text"])
    press(forum, WANG, card, "不予受理")
    grounds = await forum.gets(GROUP, "请选理由")
    press(forum, WANG, grounds, buttons(grounds)[0][0])
    preview = await forum.gets(GROUP, "群众会看到下面这段话")
    press(forum, WANG, preview, "发送")
    await forum.gets(ZHANG, no)
    (after,) = await forum.cases()
    assert after.state is State.REFUSED
    await forum.until(lambda: next(iter(place(forum).values()))["closed"])


FORGED = (
    "k:1:1:claim", "k:zz:zz:zz", "p:1:send", "p:999:send", "p:x:send", "k:", "=report", "g:1:1:x", "k:-1:-1:x",
    "c:1:shuiwu", "c:999:shuiwu", "k:1:1:more", "k:{case}:1:remind", "f:{case}:1:x",
)  # fmt: skip


@pytest.mark.parametrize("data", FORGED)
async def test_forged_buttons_do_nothing(forum: Town, api: FakeApi, data: str) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    api.press(WANG, card, data.format(case=in36(case.id)))
    assert await alert(forum)
    assert (await forum.cases())[0].rev == case.rev


async def test_an_old_card_is_told_so(forum: Town, api: FakeApi) -> None:
    """The case has moved on since the preview: it is refused as stale, shown anew, and sent by a second press."""
    no, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    preview = await reply(forum, WANG, card, "已经清运。")
    boss = await forum.hire("李强", "dispatcher", "zhiban")
    await forum.act(boss, "accept", no)
    press(forum, WANG, preview, "发送")
    assert "刚刚有变化" in await alert(forum)
    await forum.until(lambda: "已受理" not in api.chats[GROUP].messages[preview["message_id"]]["text"])
    press(forum, WANG, api.chats[GROUP].messages[preview["message_id"]], "发送")
    await forum.gets(ZHANG, "已经清运。")


async def test_words_that_are_asked_for(forum: Town, api: FakeApi) -> None:
    """请群众补充 by a button: the words come as a reply to our question."""
    no, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    assert "请群众补充" in dict(buttons(card))
    api.say(WANG, f"/ask {no} 是几号门？", GROUP)
    preview = await forum.gets(GROUP, "是几号门？")
    press(forum, WANG, preview, "发送")
    asked = await forum.gets(ZHANG, "是几号门？")
    assert asked
    told = await forum.press(ZHANG, asked, "补充情况")
    await forum.say(ZHANG, "东门，电话13800138000")
    await forum.say(ZHANG, "完成")
    letter = await forum.gets(GROUP, "东门")
    assert "13800138000" not in letter["text"]
    assert letter["message_thread_id"] == card["message_thread_id"]
    assert told
    preview = await reply(forum, WANG, letter, "东门已清。")
    assert "东门已清。" in preview["text"]


async def test_an_edit_changes_the_preview_and_later_offers_a_correction(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    preview = await reply(forum, WANG, card, "已经清远。")
    source = max(number for number, one in api.chats[GROUP].messages.items() if one["from"]["id"] == WANG)
    api.edit(GROUP, source, "已经清运。")
    await forum.until(lambda: "已经清运。" in one_text(api, preview))
    press(forum, WANG, api.chats[GROUP].messages[preview["message_id"]], "发送")
    await forum.gets(ZHANG, "已经清运。")
    api.edit(GROUP, source, "已经清运，明天复查。")
    correction = await forum.gets(GROUP, "要不要发一条更正")
    assert "明天复查" not in str(api.told(ZHANG))
    press(forum, WANG, correction, "发送")
    await forum.gets(ZHANG, "明天复查")


def one_text(api: FakeApi, message: Json) -> str:
    return str(api.chats[GROUP].messages[message["message_id"]]["text"])


async def test_questions_are_answered_within_sight(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    await bound(forum, MA, "马强", "clerk", "shuiwu")
    for command, words in (("/find 垃圾", no), ("/due", "没有找到"), ("/stats", "待认领 1"), (f"/case {no}", STORY)):
        api.say(WANG, command, GROUP)
        assert words in (await forum.hears(GROUP))[-1]["text"], command
    api.say(MA, "/find 垃圾", GROUP)
    assert "没有找到" in (await forum.hears(GROUP))[-1]["text"]
    api.say(STRANGER, "/find 垃圾", GROUP)
    assert "还没有绑定" in (await forum.hears(GROUP))[-1]["text"]
    thread = {"message_thread_id": card["message_thread_id"], "is_topic_message": True}
    api.say(WANG, "/faq 高龄津贴多少钱", GROUP, **thread)
    offered = (await forum.hears(GROUP))[-1]
    press(forum, WANG, offered, buttons(offered)[0][0])
    preview = await forum.gets(GROUP, "群众会看到下面这段话")
    assert "发送" in dict(buttons(preview))


async def test_a_photo_of_the_staff_goes_with_the_answer(forum: Town, api: FakeApi) -> None:
    from tests.store.pictures import picture

    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    preview = await reply(forum, WANG, card, "", photo=api.photo(picture("JPEG")), caption="修好了，看照片。")
    assert "附件 1 个" in preview["text"]
    press(forum, WANG, preview, "发送")
    await forum.gets(ZHANG, "修好了")
    await forum.until(lambda: any("photo" in one for one in api.told(ZHANG)))


# --- what goes wrong in a group ---------------------------------------------------------------------------------


async def test_a_topic_that_was_deleted_is_made_again(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    del api.chats[GROUP].topics[card["message_thread_id"]]
    await forum.say(ZHANG, "催一下")
    await forum.say(ZHANG, "是")
    again = await forum.gets(GROUP, no)
    assert again["message_thread_id"] != card["message_thread_id"]


async def test_a_topic_that_was_closed_is_opened(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    api.chats[GROUP].topics[card["message_thread_id"]]["closed"] = True
    await forum.say(ZHANG, "催一下")
    await forum.say(ZHANG, "是")
    assert (await forum.gets(GROUP, "催办"))["message_thread_id"] == card["message_thread_id"]
    assert not api.chats[GROUP].topics[card["message_thread_id"]]["closed"]


async def test_a_question_in_a_closed_topic_is_answered(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    (case,) = await forum.cases()
    clerk = await bound(forum, WANG, "王芳", "clerk", case.department)
    assert "error" not in await forum.act(clerk, "refuse", no, "不归我们", ground=sample().county.office.grounds[0].id)
    topic = place(forum)[card["message_thread_id"]]
    await forum.until(lambda: topic["closed"])
    thread = {"message_thread_id": card["message_thread_id"], "is_topic_message": True}
    forum.seen[GROUP] = len(api.told(GROUP))
    api.say(WANG, "/case", GROUP, **thread)
    assert no in (await forum.gets(GROUP, no))["text"]


async def test_a_plain_supergroup_works_by_replies(api: FakeApi, tmp_path: Path) -> None:
    api.group(GROUP, forum=False)
    async with at_home(api, tmp_path, telegram_staff_group=str(GROUP)) as town:
        no, card = await filed(town)
        (case,) = await town.cases()
        await bound(town, WANG, "王芳", "clerk", case.department)
        await town.say(ZHANG, "催一下")
        await town.say(ZHANG, "是")
        letter = await town.gets(GROUP, "催办")
        assert letter["reply_to_message"]["message_id"] == card["message_id"]
        preview = await reply(town, WANG, letter, "今天就去。")
        press(town, WANG, preview, "发送")
        await town.gets(ZHANG, "今天就去。")
        assert no


async def test_a_group_that_became_a_supergroup_keeps_its_cases(forum: Town, api: FakeApi) -> None:
    api.group(OTHER)
    api.meets = lambda method, asked: (
        Fault(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to=OTHER)
        if asked.get("chat_id") == str(GROUP)
        else None
    )
    no = await forum.file(ZHANG, STORY)
    assert (await forum.gets(OTHER, no))["chat"]["id"] == OTHER
    while await forum.owed("group"):
        await asyncio.sleep(0.05)


async def test_out_of_the_group_and_back(forum: Town, api: FakeApi) -> None:
    """Nothing is lost: the cards wait, the staff room counts them, and they come when we are back."""
    api.member(1, "kicked", GROUP)
    await forum.until(lambda: not api.updates)
    no = await forum.file(ZHANG, STORY)
    assert await forum.owed("group")
    await forum.line.boards.out(forum.line.boards._office.groups()[0])  # pyright: ignore[reportPrivateUsage]
    assert (await forum.house.door.queue())["parked"] >= 1
    api.member(1, "member", GROUP)
    assert no in (await forum.gets(GROUP, no))["text"]


async def test_what_may_be_read_where(api: FakeApi, tmp_path: Path) -> None:
    """`number` shows no word of the citizen's; a real office shows numbers until somebody answers for more."""
    rules = TelegramRules(detail="number")
    async with at_home(api, tmp_path, ruled(rules), telegram_staff_group=str(api.group(GROUP).about["id"])) as town:
        no, card = await filed(town)
        assert "垃圾" not in card["text"]
        assert "城关" not in card["text"] + str([topic["name"] for topic in place(town).values()])
        await town.say(ZHANG, "催一下")
        await town.say(ZHANG, "是")
        assert "垃圾" not in str([one["text"] for one in api.told(GROUP)])
        assert no


@pytest.mark.parametrize(
    ("rules", "sample_site", "level"),
    [
        (TelegramRules(), True, "redacted"),
        (TelegramRules(), False, "number"),
        (TelegramRules(detail="redacted"), False, "number"),
        (TelegramRules(detail="redacted", approved_by="张主任"), False, "redacted"),
        (TelegramRules(approved_by="张主任"), False, "number"),
        (TelegramRules(groups=(TelegramGroup(chat="-100123", departments=(), detail="number"),)), True, "number"),
    ],
)
async def test_levels(rules: TelegramRules, sample_site: bool, level: str) -> None:
    assert rules.level("-100123", sample_site) == level


async def test_an_office_that_forbids_telegram_says_nothing_there(api: FakeApi, tmp_path: Path) -> None:
    site = ruled(TelegramRules(allowed=False))
    async with at_home(api, tmp_path, site, telegram_staff_group=str(api.group(GROUP).about["id"])) as town:
        api.say(ZHANG, "你好")
        await town.until(lambda: not api.updates)
        await town.line.citizens.drain()
        assert api.told(ZHANG) == []
        assert await town.cases() == []


async def test_transfer_moves_the_topic_to_the_other_group(api: FakeApi, tmp_path: Path) -> None:
    here, there = (str(api.group(chat).about["id"]) for chat in (GROUP, OTHER))
    housing = next(one.id for one in sample().county.departments if one.name == "住建局")
    units = (TelegramGroup(chat=here, departments=(housing,)), TelegramGroup(chat=there, departments=("shuiwu",)))
    async with at_home(api, tmp_path, ruled(TelegramRules(groups=units))) as town:
        no, card = await filed(town)
        boss = await bound(town, MA, "马强", "dispatcher", "zhiban")
        assert await town.act(boss, "transfer", no, "归水务", department="shuiwu")
        assert no in (await town.gets(OTHER, no))["text"]
        pointer = await town.gets(GROUP, "这件已转到")
        assert STORY not in pointer["text"]
        await town.until(lambda: next(iter(place(town).values()))["closed"])
        assert STORY not in str(api.chats[GROUP].messages[card["message_id"]]["text"])


async def test_a_storm_becomes_digests_and_citizens_do_not_wait(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacer, "MINUTE", 3.0)
    monkeypatch.setattr(board.Boards, "digest_from", 3)
    api.group(GROUP)
    rates = Rates(chat=1000.0, overall=5000.0, group=4)
    async with at_home(api, tmp_path, rates=rates, telegram_staff_group=str(GROUP)) as town:
        for number in range(12):
            await town.file(20_000 + number, STORY)
        digest = await town.gets(GROUP, "一起告诉大家")
        assert "MS" in digest["text"]
        while rows := await town.owed("group"):
            assert {row["state"] for row in rows} == {"queued"}
            await asyncio.sleep(0.1)
        said = "\n".join(one["text"] for one in api.told(GROUP))
        numbers = [case.no for case in await town.cases()]
        more = sum(map(int, re.findall(r"还有 (\d+) 件", said)))
        assert sum(no in said for no in numbers) + more >= len(numbers)


async def test_the_morning_names_each_case_and_nothing_of_it(api: FakeApi, tmp_path: Path) -> None:
    """今日要办, once: composed when it is sent, so that what was handled meanwhile is not in it."""
    api.group(GROUP)
    async with at_home(api, tmp_path, telegram_staff_group=str(GROUP)) as town:
        for user in (20_001, 20_002):
            await town.file(user, STORY)
        open_, handled = await town.cases()
        clerk = await town.hire("王芳", "clerk", handled.department)
        await town.act(clerk, "answer", handled.no, "修好了")
        while await town.owed("letter"):  # an answer that has not arrived is still a duty
            await asyncio.sleep(0.05)
        core = town.house.core
        core.clock = lambda: datetime.now(UTC) + timedelta(days=12)
        day = {"digest": "2026-12-04"}
        for _ in range(2):
            await core.take(Inbound("timer", "digest:2026-12-04", "clock", core.clock(), fields=day))
        digest = await town.gets(GROUP, "今日要办")
        assert open_.no in digest["text"] and handled.no not in digest["text"]
        assert STORY not in digest["text"]
        while await town.owed("digest"):
            await asyncio.sleep(0.05)
        assert sum("今日要办" in one["text"] for one in api.told(GROUP)) == 1


def ruled(rules: TelegramRules) -> Site:
    """The sample county under other rules."""
    site = sample()
    office = site.county.office.model_copy(update={"telegram": rules})
    return replace(site, county=site.county.model_copy(update={"office": office}))
