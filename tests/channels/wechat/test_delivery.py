"""The ladder: what goes out by which step, what waits, and that the last message is kept for the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, update

from bot.demo.fakes.wechat import FakeWeChat, Fault
from bot.site import Site
from bot.store.tables import link, quota
from cases.case import Actor, Role
from config.schema import WeChat, WeChatNotice
from handlers.messages import Inbound
from tests.channels.wechat.town import PUBLIC, Town, at_home, sample

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"
SEND = "/cgi-bin/message/custom/send"
FIELDS: dict[str, Any] = {"character_string1": "no", "thing2": "office", "phrase3": "state", "date4": "day"}


def with_notices(**which: WeChatNotice) -> Site:
    """The sample office, with templates at WeChat."""
    site = sample()
    office = site.county.office.model_copy(update={"wechat": WeChat(**which)})
    return replace(site, county=site.county.model_copy(update={"office": office})).warm()


async def left(town: Town) -> dict[str, int]:
    """What the ledger says about Zhang."""
    who = await town.person(ZHANG)
    return await town.read(
        lambda conn: {row.grant: row.left for row in conn.execute(select(quota).where(quota.c.person_id == who))}
    )


async def reach(town: Town, no: str) -> str:
    """What staff see on the card before they type."""
    viewer = Actor("staff", 1, "督办", frozenset({Role.SUPERVISOR}), "zhiban")
    file = await town.house.door.case(viewer, no)
    assert file
    return file.reach


def sends(api: FakeWeChat) -> int:
    """How many customer-service messages were tried."""
    return [path for path, _ in api.calls].count(SEND)


async def test_the_ledger_counts_as_tencent_does(town: Town, api: FakeWeChat) -> None:
    await town.say(ZHANG, "你好")
    assert await left(town) == {"message": 5}
    menu = await town.say(ZHANG, "菜单")
    await town.tap(ZHANG, menu, "查进度")
    assert await left(town) == {"message": 5, "press": 3}
    await api.push(api.event(ZHANG, "unsubscribe"))
    assert await left(town) == {}
    await api.push(api.event(ZHANG, "subscribe", EventKey=""))
    assert await left(town) == {"press": 3}


async def test_of_somebody_erased_no_ledger_stays(town: Town, api: FakeWeChat) -> None:
    privacy = await town.tap(ZHANG, await town.say(ZHANG, "菜单"), "我的资料")
    sure = await town.tap(ZHANG, privacy, next(one for one in privacy.labels if "删" in one))
    await town.tap(ZHANG, sure, sure.labels[0])
    assert await town.person(ZHANG) == 0
    assert await town.read(lambda conn: conn.execute(select(quota)).all()) == []


async def test_the_card_says_before_typing_whether_an_answer_arrives(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    assert await reach(town, no) == "now"
    town.ahead += timedelta(hours=49)
    assert await reach(town, no) == "later"
    await town.say(ZHANG, "你好")
    assert await reach(town, no) == "now"
    await api.push(api.event(ZHANG, "unsubscribe"))
    assert await reach(town, no) == "later"


async def test_the_last_message_is_kept_for_the_answer(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    town.ahead += timedelta(minutes=2)  # the minute that a press opened is over
    who = await town.person(ZHANG)
    await town.write(lambda conn: conn.execute(update(quota).where(quota.c.person_id == who).values(left=1)))
    (case,) = await town.cases()
    clerk = await town.hire("王芳", "clerk", case.department)
    assert "error" not in await town.act(clerk, "accept", no)
    await town.settled(waiting=1)
    assert sends(api) == 0
    assert "error" not in await town.act(clerk, "answer", no, "垃圾已经清运。")
    await town.gets(ZHANG, "垃圾已经清运。")
    assert sends(api) == 1
    assert (await left(town))["message"] == 0


@pytest.mark.parametrize("code", [45015, 45047, 43004])
async def test_tencent_s_word_counts_for_more_than_the_ledger(town: Town, api: FakeWeChat, code: int) -> None:
    no = await town.file(ZHANG)
    api.meets = lambda path, body: Fault(errcode=code) if path == SEND else None
    await town.answer(no)
    await town.settled(waiting=2)
    assert sends(api) == 1, "once told, it is not tried again"
    assert await reach(town, no) == "later"
    api.meets = lambda path, body: None
    told = await town.say(ZHANG, "你好")
    assert "垃圾已经清运。" in told.text
    await town.settled()


async def test_an_account_that_may_not_write_tells_at_the_next_contact(town: Town, api: FakeWeChat) -> None:
    """An account without 客服消息 (48001) lives on its passive replies."""
    api.may_serve = False
    no = await town.file(ZHANG)
    await town.answer(no)
    await town.settled(waiting=2)
    assert "垃圾已经清运。" in (await town.say(ZHANG, "你好")).text
    await town.settled()


async def test_a_long_reply_leaves_room_for_what_has_waited(town: Town, api: FakeWeChat) -> None:
    api.may_serve = False
    no = await town.file(ZHANG)
    await town.answer(no)
    await town.settled(waiting=2)
    told = await town.say(ZHANG, "高龄津贴怎么申请、要什么材料、标准是多少")
    assert told.text.startswith("您不在的时候，有 2 条新消息：") and no in told.text


async def test_what_passes_is_tried_again_and_marked_where_it_may_have_arrived(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    faults = [Fault(errcode=-1), Fault(status=502, done=True)]
    api.meets = lambda path, body: faults.pop(0) if path == SEND and faults else None
    await town.answer(no)
    for tries in (1, 2, 3):
        await town.until(lambda tries=tries: sends(api) >= tries)
        await town.passes(10)
    again = await town.gets(ZHANG, "（可能重复）")
    assert no in again
    await town.passes(10)
    await town.settled()


async def test_a_notice_somebody_agreed_to_reaches_them_after_the_window(api: FakeWeChat, tmp_path: Path) -> None:
    site = with_notices(notice=WeChatNotice(id="NOTE", fields=FIELDS))
    async with at_home(api, tmp_path, site) as town:
        no = await town.file(ZHANG)
        popup = {"List": {"TemplateId": "NOTE", "SubscribeStatusString": "accept"}}
        await api.push(api.event(ZHANG, "subscribe_msg_popup_event", SubscribeMsgPopupEvent=popup))
        town.ahead += timedelta(days=3)
        assert await reach(town, no) == "now"
        await town.answer(no)
        note = await town.gets(ZHANG, "[通知]")
        assert no in note and "已答复" in note and "垃圾" not in note
        await town.settled(waiting=1)  # the status; one notice is one message
        await _opens(town, note)


async def test_a_template_message_where_there_is_one(api: FakeWeChat, tmp_path: Path) -> None:
    site = with_notices(template=WeChatNotice(id="TMPL", fields=FIELDS))
    async with at_home(api, tmp_path, site) as town:
        no = await town.file(ZHANG)
        town.ahead += timedelta(days=3)
        await town.answer(no)
        note = await town.gets(ZHANG, "[模板]")
        assert no in note
        await town.settled(waiting=1)
        await _opens(town, note)
        job = await town.read(lambda conn: conn.execute(select(link.c.message)).scalar_one())
        failed = api.event(ZHANG, "TEMPLATESENDJOBFINISH", MsgID=job, Status="failed:user block")
        await api.push(failed)
        await town.settled(waiting=2)
        await api.push(failed)
        assert "垃圾已经清运。" in (await town.say(ZHANG, "你好")).text


async def test_a_template_that_is_wrong_leaves_the_answer_waiting(api: FakeWeChat, tmp_path: Path) -> None:
    async with at_home(api, tmp_path, with_notices(template=WeChatNotice(id="GONE", fields=FIELDS))) as town:
        no = await town.file(ZHANG)
        town.ahead += timedelta(days=3)
        await town.answer(no)
        await town.settled(waiting=2)


async def _opens(town: Town, words: str) -> None:
    """The link in a text opens the whole of the letter, for nobody else's token."""
    address = next(word for word in words.split() if word.startswith(PUBLIC)).removeprefix(PUBLIC)
    async with ClientSession(town.url) as browser:
        async with browser.get(address) as page:
            assert page.status == 200 and "垃圾已经清运。" in await page.text()
            assert page.headers["Content-Security-Policy"] and page.headers["Cache-Control"] == "no-store"
        for other in (address[:-1] + ("A" if address[-1] != "A" else "B"), "/wechat/letter/" + "A" * 33):
            async with browser.get(other) as page:
                assert page.status == 404


async def test_a_long_answer_links_to_its_whole(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    await town.answer(no, "每一栋楼都看过了，情况是这样的。" * 60 + "最后一句在这里。")
    text = await town.gets(ZHANG, "全文：")
    assert len(text.encode()) <= 2048 and "最后一句在这里。" not in text and "非常满意" in text
    address = next(word for word in text.split() if "/wechat/letter/" in word)
    where = address.removeprefix("全文：").removeprefix(PUBLIC)
    async with ClientSession(town.url) as browser, browser.get(where) as page:
        assert "最后一句在这里。" in await page.text()


async def test_many_letters_that_waited_are_told_as_far_as_there_is_room(town: Town, api: FakeWeChat) -> None:
    numbers = [await town.file(ZHANG, f"第{at}个小区门口的垃圾堆了半个月没人清") for at in range(3)]
    town.ahead += timedelta(days=3)
    for no in numbers:
        await town.answer(no, f"{no} 已经清运。" + "以后每天都有人来看一看。" * 30)
    await town.settled(waiting=6)
    told = await town.say(ZHANG, "你好")
    assert told.text.startswith("您不在的时候，有 6 条新消息：")
    for no in numbers:
        await town.gets(ZHANG, f"{no} 已经清运。")
    await town.settled()


async def test_a_wechat_citizen_opens_the_case_on_the_web(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    (case,) = await town.cases()
    door, code = town.house.door, town.house.core.code_of(case.id)
    texts = list[str]()
    for at, words in enumerate(("查进度", no, code)):
        taken = await door.take(Inbound("web", f"k{at}", "browser", town.now(), text=words))
        texts = [str(one.reply) for one in taken.letters if one.reply]
    assert any(no in words for words in texts), texts
