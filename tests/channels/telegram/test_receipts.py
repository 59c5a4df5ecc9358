"""Whether the citizen can be reached stands on the card before anybody writes; what became of it is shown after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.demo.fakes.telegram import FakeApi, Json, buttons
from handlers.messages import Inbound
from tests.channels.telegram.test_groups import GROUP, STORY, WANG, bound, filed, press, reply
from tests.channels.telegram.town import Town, at_home

pytestmark = pytest.mark.asyncio

ZHANG = 901


@pytest_asyncio.fixture
async def forum(api: FakeApi, tmp_path: Path) -> AsyncGenerator[Town]:
    """An office with one forum for all."""
    api.group(GROUP)
    async with at_home(api, tmp_path, telegram_staff_group=str(GROUP)) as town:
        yield town


def now(api: FakeApi, message: Json) -> str:
    """A message as it reads now."""
    return str(api.chats[GROUP].messages[message["message_id"]]["text"])


def last_of(api: FakeApi, user: int) -> int:
    """The number of somebody's last message in the group."""
    return max(number for number, one in api.chats[GROUP].messages.items() if one["from"]["id"] == user)


async def test_blocked_before_the_answer_and_back_after_it(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    assert "答复能马上送到" in card["text"]
    api.member(ZHANG, "kicked")
    await forum.until(lambda: "现在送不到" in now(api, card))
    preview = await reply(forum, WANG, card, "已经清运。")
    assert "现在送不到" in preview["text"]
    press(forum, WANG, preview, "发送")
    note = await forum.gets(GROUP, "待送达")
    assert note["message_thread_id"] == card["message_thread_id"]
    wrote = last_of(api, WANG)
    await forum.until(lambda: api.chats[GROUP].signs.get(wrote) == "👀")
    await forum.until(lambda: "上次告知群众（答复）：待送达" in now(api, card))
    api.member(ZHANG, "member")
    await forum.gets(ZHANG, "已经清运。")
    await forum.until(lambda: api.chats[GROUP].signs.get(wrote) == "👌")
    await forum.until(lambda: "已送达" in now(api, note) and "已送达" in now(api, card))


async def test_whoever_was_found_to_block_us_is_back_with_any_word(forum: Town, api: FakeApi) -> None:
    """Telegram told us of neither: the send was refused, and then they wrote."""
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    api.chats[ZHANG].blocked = True
    preview = await reply(forum, WANG, card, "已经清运。")
    assert "答复能马上送到" in preview["text"]  # nobody knows better yet
    press(forum, WANG, preview, "发送")
    await forum.gets(GROUP, "待送达")
    api.chats[ZHANG].blocked = False
    api.say(ZHANG, "你好")
    await forum.gets(ZHANG, "已经清运。")
    await forum.until(lambda: "上次告知群众（答复）：已送达" in now(api, card))


async def test_a_group_without_reactions_has_words_and_the_card(forum: Town, api: FakeApi) -> None:
    _, card = await filed(forum)
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    api.chats[GROUP].reactions = False
    thread = {"message_thread_id": card["message_thread_id"], "is_topic_message": True}
    for words in ("我去看看", "我又去看看", "我再去看看"):
        api.say(WANG, words, GROUP, **thread)
    preview = await reply(forum, WANG, card, "已经清运。")
    press(forum, WANG, preview, "发送")
    await forum.until(lambda: "上次告知群众（答复）：已送达" in now(api, card))
    tried = [method for method, _ in api.calls if method == "setMessageReaction"]
    assert len(tried) <= 3  # those under way when it was refused; then the group is left alone
    while await forum.owed("group"):
        await asyncio.sleep(0.05)


async def test_somebody_of_the_web_page_hears_it_when_they_look(forum: Town, api: FakeApi) -> None:
    core, door = forum.house.core, forum.house.door
    for at, words in enumerate((STORY, "同意", "1", "城关街道", "就在城关街道，不分村", "匿名", "提交")):
        await core.take(Inbound("web", f"w{at}", "visitor", core.clock(), words))
    (case,) = await forum.cases()
    card = await forum.gets(GROUP, case.no)
    assert "能马上送到" not in card["text"]  # whether their page is open nobody knows
    await bound(forum, WANG, "王芳", "clerk", case.department)
    preview = await reply(forum, WANG, card, "已经清运。")
    press(forum, WANG, preview, "发送")
    await forum.gets(GROUP, "待送达")
    await door.letters("web", "visitor")
    await forum.until(lambda: "上次告知群众（答复）：已送达" in now(api, card))


async def test_who_has_no_channel_is_to_be_called(forum: Town, api: FakeApi) -> None:
    boss = await forum.hire("马强", "dispatcher", "zhiban")
    fields = {"topic": "05.01", "story": STORY, "source": "visit", "consent": "yes"}
    done = await forum.act(boss, "file", "", **fields)
    card = await forum.gets(GROUP, done["case"])
    (case,) = await forum.cases()
    await bound(forum, WANG, "王芳", "clerk", case.department)
    assert "发不到手机上" in card["text"]
    preview = await reply(forum, WANG, card, "已经清运。")
    assert "发不到手机上" in preview["text"]
    assert "发送" in dict(buttons(preview))


async def test_an_edited_note_is_a_note(forum: Town, api: FakeApi) -> None:
    no, card = await filed(forum)
    (case,) = await forum.cases()
    clerk = await bound(forum, WANG, "王芳", "clerk", case.department)
    thread = {"message_thread_id": card["message_thread_id"], "is_topic_message": True}
    api.say(WANG, "钥匙在东门", GROUP, **thread)
    await forum.until(lambda: api.chats[GROUP].signs.get(last_of(api, WANG)) == "✍")
    api.edit(GROUP, last_of(api, WANG), "钥匙在西门")
    await forum.until(lambda: not api.updates)
    file = await forum.house.door.case(await forum.actor(clerk), no)
    assert file is not None
    assert [step.text for step in file.steps if step.act == "note"] == ["钥匙在东门", "更正：钥匙在西门"]
