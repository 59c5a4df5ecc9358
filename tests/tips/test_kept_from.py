"""A service case about its own handler goes up, and stands in no list, count or search of whom it is about."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store.keys import KeyRing
from bot.store.keys import rotate as fresh
from bot.store.keystore import KeyStore
from cases.case import Actor, Role
from handlers.staff.card import CardPage, CardQuery
from tests.tips.stage import NAME, TipTown

pytestmark = pytest.mark.asyncio
STORY = "河口镇政府乱收费，去盖个章还要五十块"


async def test_a_complaint_about_the_town_is_not_the_towns(town: TipTown) -> None:
    held = await town.file("an", topic="05.02", story=STORY)
    assert (held.department, held.accused) == ("xian-zhengfu", ("hekou",))
    assert (await town.door.cards(town.supervisor, CardQuery())).counts["all"] == 1
    boss = await town.hire("马镇长", Role.SUPERVISOR, "hekou")  # a hat does not lift anybody over it
    for viewer in (town.clerk, boss):
        for query in (CardQuery(), CardQuery(text=held.no), CardQuery(text="盖个章")):
            page: CardPage = await town.door.cards(viewer, query)
            assert (page.cards, dict(page.groups), set(page.counts.values())) == ((), {}, {0})
        assert await town.door.case(viewer, held.no) is None
    for act, fields in (("transfer", {"department": "hekou"}), ("assist", {"departments": "hekou"})):
        taken = await town.press(town.dispatcher, act, held.no, "请办", fields)
        assert taken.data["error"] in ("accused", "department")


async def test_whom_it_is_about_turns_out_later(town: TipTown) -> None:
    """The town has it, its clerk reads it; the dispatcher sees that it is about the town, and it is gone from there."""
    held = await town.file("an", topic="06.03", story="公路坑坑洼洼没人来补")
    await town.press(town.dispatcher, "transfer", held.no, "请办", {"department": "hekou"})
    await town.press(town.dispatcher, "assist", held.no, "", {"departments": "shuiwu,qinglong"})
    await town.press(town.clerk, "accept", held.no)
    assert await town.door.case(town.clerk, held.no)
    said = {"departments": "hekou,qinglong"}
    assert (await town.press(town.clerk, "accuse", held.no, "不是我", said)).data["error"] == "role"
    taken = await town.press(town.dispatcher, "accuse", held.no, "说的是镇上包工程的事", said)
    assert "error" not in taken.data
    now = await town.tip(held.no)
    assert (now.department, now.claimed_by, now.assist) == ("xian-zhengfu", 0, ("shuiwu",))
    assert (now.state, now.answer_by) == ("handling", held.answer_by)
    assert await town.door.case(town.clerk, held.no) is None
    for query in (CardQuery(), CardQuery(text=held.no), CardQuery(text="坑坑洼洼")):
        assert (await town.door.cards(town.clerk, query)).cards == ()
    assert "办理单位：县政府办" in town.shown(await town.say("an", choice="progress"))
    back = await town.press(town.dispatcher, "transfer", held.no, "请办", {"department": "hekou"})
    assert back.data["error"] == "accused"
    await town.press(town.dispatcher, "accuse", held.no, "看错了，说的是外地老板", {"departments": ""})
    await town.press(town.dispatcher, "transfer", held.no, "请办", {"department": "hekou"})
    assert (await town.door.cards(town.clerk, CardQuery(text=held.no))).cards


async def test_a_tip_about_its_own_examiners_goes_above_them(town: TipTown) -> None:
    held, _, _ = await town.hand_in("an")
    taken = await town.press(town.zhou, "accuse", held.no, "第三页说的是我们室里的人", {"departments": "jijian"})
    assert "error" not in taken.data
    assert (await town.tip(held.no)).department == "shi-jijian"
    for viewer in (town.zhou, town.wu, *town.others):
        assert await town.door.case(viewer, held.no) is None
        assert (await town.door.cards(viewer, CardQuery(text=held.no))).cards == ()


async def test_nobody_elses_staff_learn_of_a_tip(town: TipTown) -> None:
    held, _, code = await town.hand_in("an")
    for viewer in town.others:
        for query in (CardQuery(), CardQuery("done"), CardQuery(text=held.no), CardQuery(text="低保评议")):
            page = await town.door.cards(viewer, query)
            assert (page.cards, set(page.counts.values()), dict(page.groups)) == ((), {0}, {})
        assert await town.door.case(viewer, held.no) is None
        assert (await town.press(viewer, "note", held.no, "看看")).data["error"] == "unknown"
        for field in ({"into": held.no}, {"department": "jijian"}):
            assert "error" in (await town.press(viewer, "merge", held.no, "", field)).data
    assert set((await town.door.queue()).values()) == {0}
    await town.press(town.zhou, "accept", held.no)
    assert set((await town.door.queue()).values()) == {0}
    rows = await town.rows()
    assert NAME not in rows and code.replace("-", "") not in rows
    assert "'card'" not in rows  # no card is owed to anybody


async def test_a_custodian_who_was_moved_has_lost_it(town: TipTown) -> None:
    held, _, _ = await town.hand_in("an")
    await town.door.tips.ask(town.zhou, held.no, "需要当面核实")
    (asking,) = await town.door.tips.askings(town.wu, held.no)
    await town.door.tips.decide(town.wu, held.no, asking.id, True)
    moved = Actor(town.zhou.kind, town.zhou.id, town.zhou.name, town.zhou.roles, "nongye")
    assert await town.door.case(moved, held.no) is None
    from bot.store import staff  # the row decides, whoever's page is still open

    await town.core.store.write(lambda conn: staff.revoke(conn, "周正", town.now))
    with pytest.raises(Exception, match="unknown"):
        await town.door.tips.look(town.zhou, held.no)


async def test_keys_rotate_while_the_house_runs(town: TipTown) -> None:
    """Another process puts a fresh key first and wraps everything anew; the open house reads on."""
    held, _, code = await town.hand_in("an")
    folder = town.core.data_dir / "keys"
    ring = fresh(folder)
    other = KeyStore(folder / "keys.sqlite3", ring)
    assert other.rewrap() > 0
    other.close()
    town.core.vault.keys.forget()
    assert (await town.tip(held.no)).named
    assert town.core.vault.ring.ids == KeyRing.load(None, folder).ids == ring.ids
    await town.say("an", choice="progress")
    assert held.no in town.shown(await town.say("an", choice="menu")) or held.no
    await town.say("bo", choice="progress")
    assert "已收到" in town.shown(await town.say("bo", f"{held.no} {code}"))
    again, _, _ = await town.hand_in("an")
    assert again.no != held.no


async def test_a_tip_nobody_accepted_in_time_stands_with_what_is_overdue(town: TipTown) -> None:
    """Its answer has no date before there is a conclusion: the date that passes first is that of acceptance."""
    held, _, _ = await town.hand_in("an")
    assert (await town.door.cards(town.zhou, CardQuery("overdue"))).cards == ()
    town.now += timedelta(days=40)
    page = await town.door.cards(town.zhou, CardQuery("overdue"))
    assert ([one.no for one in page.cards], page.counts["overdue"]) == ([held.no], 1)
    for viewer in town.others:
        assert (await town.door.cards(viewer, CardQuery("overdue"))).cards == ()
    await town.press(town.zhou, "accept", held.no)
    assert (await town.door.cards(town.zhou, CardQuery("overdue"))).cards == ()
