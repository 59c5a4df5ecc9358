"""From the informant to the custodians and back: what each of them sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import housekeeping
from bot.web.tips_desk import TipRefused
from cases.case import State
from handlers.staff.card import CardQuery
from tests.tips.stage import NAME, PHONE, STORY, WHO, TipTown

pytestmark = pytest.mark.asyncio


async def test_the_thin_line(town: TipTown) -> None:
    """收到 → 受理 → 反馈, a name opened by two, and the informant reads along with the code."""
    held, _, code = await town.hand_in("an")
    assert (held.state, held.department, held.named, held.person) == (State.FILED, "jijian", True, 0)
    assert (held.name, held.phone, set(held.accused)) == ("", "", {"hekou", "minzheng"})
    assert await town.heard("an") == []

    cards = (await town.door.cards(town.zhou, CardQuery())).cards
    assert [(card.no, card.anonymous, card.tip) for card in cards] == [(held.no, False, True)]
    file = await town.door.case(town.zhou, held.no)
    assert file and (file.story, file.name, file.phone, file.contact_known) == (STORY, "", "", True)

    await town.door.tips.ask(town.zhou, held.no, "需要当面核实")
    (asking,) = await town.door.tips.askings(town.wu, held.no)
    with pytest.raises(TipRefused, match="alone"):
        await town.door.tips.decide(town.zhou, held.no, asking.id, True)
    with pytest.raises(TipRefused, match="closed"):
        await town.door.tips.look(town.zhou, held.no)
    await town.door.tips.decide(town.wu, held.no, asking.id, True)
    found = await town.door.tips.look(town.zhou, held.no)
    assert (found.name, found.phone) == (NAME, PHONE)
    with pytest.raises(TipRefused, match="closed"):
        await town.door.tips.look(town.wu, held.no)
    town.now += timedelta(minutes=15)
    with pytest.raises(TipRefused, match="closed"):
        await town.door.tips.look(town.zhou, held.no)

    for act, text, stage in (("accept", "", "已受理"), ("conclude", "属实", "已受理"), ("answer", "已处分", "已反馈")):
        taken = await town.press(town.zhou, act, held.no, text)
        assert "error" not in taken.data, taken.data
        mine = town.shown(await town.say("an", choice="progress"))
        await town.say("an", choice="menu")
        assert mine.startswith("您要看哪一件")
        await town.say("an", choice="progress:other")
        opened = town.shown(await town.say("an", f"{held.no} {code}"))
        assert f"状态：{stage}" in opened
        assert ("已处分" in opened) == (stage == "已反馈")
        assert "属实" not in opened
        await town.say("an", choice="menu")


async def test_notices_say_that_there_is_news_and_nothing_else(town: TipTown) -> None:
    held, _, _ = await town.hand_in("an")
    await town.press(town.zhou, "accept", held.no)
    (letter,) = await town.door.letters("web", "an")
    assert letter.reply and letter.case_id is None
    said = town.shown(type("T", (), {"letters": (letter,)})())  # pyright: ignore[reportArgumentType]
    assert held.no not in said and "举报" not in said and "检举" not in said and "受理" not in said


async def test_evidence_comes_later_with_the_code(town: TipTown) -> None:
    held, _, code = await town.hand_in("an", contact="anonymous")
    photo = await town.upload("bo", "何秀英家.jpg")
    await town.say("bo", choice="progress")
    await town.say("bo", f"{held.no} {code}")
    await town.say("bo", "这是收条", "", photo)
    file = await town.door.case(town.zhou, held.no)
    assert file and [(step.act, step.text) for step in file.steps][-1] == ("supplement", "这是收条")
    assert [one.name for one in file.steps[-1].attachments] == ["photo.jpg"]
    assert await town.heard("bo") == []
    assert await town.door.open_file("web", "bo", photo.id) is None


@pytest.mark.parametrize("rank", ["county", "above", "discipline"])
async def test_above_this_office_nothing_is_kept(town: TipTown, rank: str) -> None:
    await town.say("an", choice="tip")
    await town.say("an", choice="agree")
    shown = town.shown(await town.say("an", choice=f"rank:{rank}"))
    assert "市纪委监委信访室" in shown
    assert (await town.tips(), await town.heard("an"), (await town.talk("an")).drafts) == ([], [], ())


@pytest.mark.parametrize("who", ["张副县长", "县 委 书 记 王某", "县纪委信访室的小陈", "巡察办主任"])
async def test_whoever_is_named_above_is_above(town: TipTown, who: str) -> None:
    """Whatever rank was pressed before; our own discipline staff are bypassed."""
    await town.say("an", choice="tip")
    await town.say("an", choice="agree")
    await town.say("an", choice="rank:unsure")
    shown = town.shown(await town.say("an", who))
    assert "市纪委监委信访室" in shown
    assert (await town.tips(), await town.heard("an")) == ([], [])
    assert who not in await town.rows()


async def test_a_tip_broken_off_leaves_nothing(town: TipTown) -> None:
    for leave in ({"choice": "menu"}, {"text": "取消"}, {"choice": "policy"}, {"text": "查进度"}):
        await town.say("an", choice="tip")
        if "consent" in str((await town.talk("an")).pending):
            await town.say("an", choice="agree")
        await town.say("an", choice="rank:unsure")
        await town.say("an", WHO)
        await town.say("an", STORY)
        await town.say("an", **leave)
        talk = str((await town.talk("an")).to_json())
        assert STORY not in talk and WHO not in talk
        assert not [line for line in await town.heard("an") if STORY in line or WHO in line]


async def test_a_page_that_was_just_closed_is_wiped_after_two_hours(town: TipTown) -> None:
    for said in ({"choice": "tip"}, {"choice": "agree"}, {"choice": "rank:unsure"}, {"text": WHO}, {"text": STORY}):
        await town.say("an", **said)
    await housekeeping.sweep(town.core)
    assert STORY in str(await town.heard("an"))
    town.now += timedelta(hours=2, minutes=1)
    await housekeeping.sweep(town.core)
    assert (await town.heard("an"), (await town.talk("an")).script) == ([], "")
    assert STORY not in str((await town.talk("an")).to_json())


async def test_sent_twice_it_is_one_tip(town: TipTown) -> None:
    for choice in ("tip", "agree", "rank:unsure"):
        await town.say("an", choice=choice)
    for text in (WHO, STORY, "匿名"):
        await town.say("an", text)
    for _ in range(3):
        await town.say("an", choice="submit", key="the-same-key")
    assert len(await town.tips()) == 1


async def test_the_wrong_code_opens_nothing(town: TipTown) -> None:
    held, _, code = await town.hand_in("an")
    await town.say("bo", choice="progress")
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert "对不上" in town.shown(await town.say("bo", f"{held.no} {wrong}"))
    short = town.core.vault.ring.query_code(held.id, 1)
    assert "对不上" in town.shown(await town.say("bo", f"{held.no} {short}"))


async def test_whoever_asks_to_be_forgotten_is(town: TipTown) -> None:
    held, _, _ = await town.hand_in("an")
    await town.door.tips.ask(town.zhou, held.no, "需要当面核实")
    (asking,) = await town.door.tips.askings(town.wu, held.no)
    await town.door.tips.decide(town.wu, held.no, asking.id, True)
    for choice in ("privacy", "erase", "erase:yes"):
        await town.say("an", choice=choice)
    found = await town.door.tips.look(town.zhou, held.no)
    assert (found.name, found.phone) == ("", "")
    await town.press(town.zhou, "accept", held.no)  # and nobody is told
    assert (await town.tip(held.no)).state is State.HANDLING
