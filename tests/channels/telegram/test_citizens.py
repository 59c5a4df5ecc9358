"""What citizens do in a private chat besides talking: files, places, contacts, old buttons, going and coming back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.demo.fakes.telegram import FakeApi, Fault, buttons
from bot.store import files, people
from bot.store.photos import SIDE_MAX
from handlers.messages import Attachment
from tests.channels.telegram.town import Town
from tests.store.pictures import CANARY, huge_png, photo_with_place

pytestmark = pytest.mark.asyncio

LI, ZHAO = 801, 802


async def sent_files(town: Town, user: int) -> list[Attachment]:
    """What the house keeps of somebody's files."""
    core = town.house.core

    def work(conn: Any) -> list[Attachment]:
        known = people.find(conn, core.vault, "telegram", str(user), core.clock(), touch=False)
        assert known is not None
        letters = people_letters(conn, core, known.citizen.id)
        return [file for letter in letters for file in letter.attachments]

    return await core.store.read(work)


def people_letters(conn: Any, core: Any, person: int) -> Any:
    from bot.store import letters

    return letters.of_person(conn, core.vault, person, limit=100)


async def test_a_photo_is_drawn_anew(town: Town, api: FakeApi) -> None:
    data = photo_with_place()
    api.say(LI, photo=api.photo(data), caption="路灯坏了一个月了，晚上看不见路")
    assert "同意" in dict(buttons((await town.hears(LI))[-1]))
    (kept,) = await sent_files(town, LI)
    path = town.house.core.files.open(kept.id)
    assert (kept.kind, kept.mime) == ("photo", "image/jpeg")
    assert CANARY in data
    assert CANARY not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MZ\x90\0" + b"\0" * 99, "这种文件收不了"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 99, "HEIC"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "这种文件收不了"),
        (b"", "这个文件是空的"),
        (b"\xff\xd8\xff" + b"\0" * 99, "这个文件坏了"),
        (huge_png(30_000, 30_000), "照片太大"),
    ],
)
async def test_a_file_that_is_not_taken_is_said_so(town: Town, api: FakeApi, content: bytes, words: str) -> None:
    api.say(LI, document={**api.keep(content), "file_name": "a.jpg", "mime_type": "image/jpeg"})
    assert words in (await town.hears(LI))[-1]["text"]
    assert SIDE_MAX < 30_000


async def test_a_file_larger_than_may_be_is_not_even_fetched(town: Town, api: FakeApi) -> None:
    document = {**api.keep(b"x"), "file_name": "a.pdf", "mime_type": "application/pdf", "file_size": 30 * 2**20}
    api.say(LI, document=document, caption="合同在这里，路一直没修好")
    told = await town.hears(LI)
    assert "最大 20 MB" in told[0]["text"]
    assert "同意" in dict(buttons(told[-1]))  # the words are taken all the same
    assert "getFile" not in [method for method, _ in api.calls]


async def test_a_file_that_does_not_come_through_is_asked_for_again(town: Town, api: FakeApi) -> None:
    api.meets = lambda method, asked: Fault(500, "Internal Server Error") if method == "getFile" else None
    api.say(LI, photo=api.photo(photo_with_place()))
    assert "请再发一次" in (await town.hears(LI))[-1]["text"]


async def test_a_contact_counts_only_as_ones_own(town: Town, api: FakeApi) -> None:
    consent = await town.say(LI, "小区门口的垃圾堆了半个月没人清")
    await town.press(LI, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村"):
        ask = await town.say(LI, words)
    keyboards = [one for one in api.told(LI) if "keyboard" in one.get("reply_markup", {})]
    assert keyboards[-1]["reply_markup"]["keyboard"][0][0]["request_contact"] is True
    assert "匿名" in dict(buttons(ask))
    api.say(LI, contact={"phone_number": "+8613900139000", "first_name": "别人", "user_id": ZHAO})
    assert "别人的名片" in (await town.hears(LI))[-1]["text"]
    api.say(LI, contact={"phone_number": "+8613800138000", "first_name": "张三", "user_id": LI})
    assert "13800138000" in str(await town.hears(LI))


async def test_an_edit_puts_the_draft_right(town: Town, api: FakeApi) -> None:
    consent = await town.say(LI, "小区门口的垃圾堆了半个月没人清")
    await town.press(LI, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村"):
        await town.say(LI, words)
    api.edit(LI, 1, "小区门口的垃圾堆了两个月没人清")
    told = (await town.hears(LI))[-1]
    assert "按您改过的记下了" in told["text"]
    assert "堆了两个月" in (await town.say(LI, "匿名"))["text"]


async def test_an_edit_after_filing_is_a_correction(town: Town, api: FakeApi) -> None:
    no = await town.file(LI)
    api.edit(LI, 1, "小区门口的垃圾堆了两个月没人清")
    assert no in (await town.hears(LI))[-1]["text"]
    (case,) = await town.cases()
    assert case.story == "小区门口的垃圾堆了半个月没人清"
    boss = await town.actor(await town.hire("李强", "dispatcher", "zhiban"))
    file = await town.house.door.case(boss, no)
    assert file is not None
    assert [step.text for step in file.steps] == ["", "更正：小区门口的垃圾堆了两个月没人清"]


async def test_an_edit_that_changes_no_word_is_nothing(town: Town, api: FakeApi) -> None:
    await town.say(LI, "谢谢")
    api.edit(LI, 1, "谢谢")
    assert "反映问题" in str(await town.say(LI, "菜单"))
    assert len(api.told(LI)) == 2


async def test_what_is_no_message_is_passed_over(town: Town, api: FakeApi) -> None:
    """Service messages, polls of nobody, moving locations and kinds Telegram may think of: no answer, no failure."""
    await town.say(LI, "你好")
    place = {"latitude": 30.4, "longitude": 105.4, "live_period": 900}
    api.say(LI, pinned_message=api.message(LI, "x"))
    api.push("edited_message", {**api.message(LI, location=place), "edit_date": 1_800_000_000})
    api.push("poll", {"id": "1"})
    api.push("brand_new", {"a": 1})
    api.push("channel_post", {"message_id": 5, "date": 1, "chat": {"id": -1001, "type": "channel", "title": "c"}})
    before = len(api.told(LI))
    assert "反映问题" in str(await town.say(LI, "菜单"))
    assert len(api.told(LI)) == before + 1


FORGED = ("=case:1", "=rate:1:5", "=supplement:1", "#" + "0" * 40, "=gone", "k:1:2:claim", "=" + "x" * 63, "p:1:ok")


@pytest.mark.parametrize("data", FORGED)
async def test_forged_and_old_buttons_reach_nothing(town: Town, api: FakeApi, data: str) -> None:
    await town.file(ZHAO)
    (case,) = await town.cases()
    menu = await town.say(LI, "你好")
    api.press(LI, menu, data.replace(":1", f":{case.id}"))
    told = await town.hears(LI)
    assert case.no not in str(told)
    (after,) = await town.cases()
    assert (after.rev, after.state) == (case.rev, case.state)
    await town.until(lambda: api.answered)


async def test_a_blocked_citizen_gets_the_answer_on_coming_back(town: Town, api: FakeApi) -> None:
    no = await town.file(LI)
    (case,) = await town.cases()
    clerk = await town.hire("王芳", "clerk", case.department)
    api.member(LI, "kicked")
    await town.until(lambda: not api.updates)
    await town.act(clerk, "answer", no, "已经修好。")

    async def waiting() -> bool:
        return [row["state"] for row in await town.owed("letter")] == ["waiting", "waiting"]

    while not await waiting():
        await asyncio.sleep(0.05)
    await town.act(clerk, "told", no, "本人知道了。", how="phone")
    assert not await waiting(), "nobody need ring them again"
    api.member(LI, "member")
    assert "已经修好。" in (await town.gets(LI, "已经修好"))["text"], "and they have it in writing all the same"


async def test_markup_in_a_citizens_words_is_text(town: Town, api: FakeApi) -> None:
    """Nothing is parsed; no message of ours carries a parse mode, and what they wrote comes back as they wrote it."""
    story = "小区门口的<b>垃圾</b> *堆了* [半个月](tg://user?id=1) @admin /start_x 没人清 </code>"
    consent = await town.say(LI, story)
    await town.press(LI, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村"):
        last = await town.say(LI, words)
    last = await town.say(LI, "匿名")
    assert story in last["text"]
    assert not last.get("entities")
    assert all("parse_mode" not in asked for _, asked in api.calls)


async def test_too_many_messages_are_told_once(town: Town, api: FakeApi) -> None:
    for _ in range(45):
        api.say(LI, "谢谢")
    await town.until(lambda: not api.updates)
    await town.line.citizens.drain()
    said = [one["text"] for one in api.told(LI)]
    assert sum("太快" in words for words in said) == 1
    assert len(said) < 45
    assert files is not None
