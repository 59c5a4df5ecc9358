"""What is masked stays masked: in a search, in every field, and after a look is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from bot.export import looks, row_of
from bot.office import StaffDoor
from bot.store import cases, lists
from bot.store.tables import attachment
from cases.case import Actor, Role
from handlers.staff.card import LOOK, CardQuery
from tests.review.town import Town

pytestmark = pytest.mark.asyncio

PHONE = "13800138000"
STORY = f"自来水黄得很没人修，打我电话{PHONE}"


async def numbers(door: StaffDoor, who: Actor, text: str) -> list[str]:
    """The cards a search finds."""
    return [card.no for card in (await door.cards(who, CardQuery(text=text))).cards]


@pytest.mark.parametrize(
    ("text", "found"),
    [("自来水", True), ("自来水 黄得很", True), ("MS2026", True), ("00", True), (PHONE, False), ("1380", False)],
)
async def test_a_search_finds_only_what_is_shown(town: Town, text: str, found: bool) -> None:
    """Digit by digit it would otherwise spell out a number that nobody is seen to look at."""
    held = await town.file("wu", story=STORY)
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    assert await numbers(town.door, clerk, text) == ([held.no] if found else [])


async def test_an_old_case_is_found_by_its_number(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LOOKED_THROUGH", 1)
    old, new = await town.file("wu"), await town.file("an")
    clerk = await town.hire("王芳", Role.CLERK, old.department)
    stranger = await town.hire("周强", Role.CLERK, "jiaotong")
    assert await numbers(town.door, clerk, "自来水") == [new.no]
    for typed in (old.no, old.no.lower(), f"编号 {old.no[2:]} 办了没"):
        assert await numbers(town.door, clerk, typed) == [old.no]
    assert await numbers(town.door, stranger, old.no) == []


async def test_numbers_are_masked_wherever_they_were_written(town: Town) -> None:
    await town.tell("wu")
    for said in ({"choice": "place:qingshan"}, {"choice": "anonymous"}, {"choice": "page:add"}, {"choice": "add:when"}):
        await town.say("wu", **said)
    await town.say("wu", f"昨天，问 {PHONE}")
    await town.say("wu", choice="submit")
    held = (await town.door.cards(await town.hire("李敏", Role.DISPATCHER, "zhiban"), CardQuery())).cards[0]
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    await town.press(clerk, "answer", held.no, "修好了")
    await town.press(clerk, "close", held.no, "好了", {"evidence": f"回访 {PHONE}"})
    file = await town.door.case(clerk, held.no)
    assert file
    assert (file.when, file.steps[-1].act) == ("昨天，问 *********00", "close")
    assert PHONE not in str(file)


async def test_every_look_is_kept(town: Town) -> None:
    """看一次记一次: the contact closes by itself, and opening it again is another event."""
    held = await town.file("wu", story=STORY)
    clerk = await town.hire("王芳", Role.CLERK, held.department)

    async def sees() -> tuple[bool, int]:
        file = await town.door.case(clerk, held.no)
        assert file
        return PHONE in file.story, [step.act for step in file.steps].count("reveal")

    assert await sees() == (False, 0)
    await town.press(clerk, "reveal", held.no, "要打电话")
    assert await sees() == (True, 1)
    town.now += LOOK
    assert await sees() == (False, 1)
    await town.press(clerk, "reveal", held.no, "再打一次")
    town.now += timedelta(minutes=1)
    assert await sees() == (True, 2)


async def test_a_child_is_read_by_whoever_claimed_the_case_and_by_nobody_else(town: Town) -> None:
    """Not in a card, the file, a search, an export, nor behind a file's address; each who may has said so on record."""
    held = await town.file("wu", story=f"{STORY}，我家在三组")
    photo = await town.upload("wu", "身份证11010519491231002X.jpg")

    def of_a_child(conn: Connection) -> None:
        mine = update(attachment).where(attachment.c.id == photo.id)
        conn.execute(mine.values(case_id=held.id))
        child = replace(held, minor=True, attachments=(photo.id,), name="吴小", phone="13900139000")
        cases.save(conn, town.core.vault, child, town.now)

    await town.core.store.write(of_a_child)
    wang, li = await town.hire("王芳", Role.CLERK, "shuiwu"), await town.hire("李强", Role.CLERK, "shuiwu")
    chen = await town.hire("陈伟", Role.DISPATCHER, "zhiban")
    assert await refusal(town, wang, "reveal", held.no) == "minor"
    await town.press(wang, "claim", held.no)
    await town.press(wang, "reveal", held.no)
    for who, reads in ((wang, True), (li, False), (chen, False)):
        file = await town.door.case(who, held.no)
        assert file
        assert (file.story != "", file.card.summary != "", file.attachments != ()) == (reads, reads, reads)
        assert (file.name, file.phone) == (("吴小", "13900139000") if reads else ("", ""))
        page = await town.door.cards(who, CardQuery(text="三组"))
        assert (held.no in [card.no for card in page.cards]) is reads
        assert (await town.door.case_file(who, held.no, photo.id) is not None) is reads
    now = await town.read(lambda conn: cases.by_id(conn, town.core.vault, held.id))
    assert now
    row = row_of(now, town.core.site.county, town.now, contact=True)
    assert (row["story"], row["name"], row["phone"]) == ("", "", "")
    happened = await town.read(lambda conn: cases.events(conn, town.core.vault, held.id))
    assert [(one.act, one.by.name) for one in looks(happened)] == [("claim", "王芳"), ("reveal", "王芳")]


async def refusal(town: Town, who: Actor, act: str, no: str) -> str:
    """Why it may not be."""
    return (await town.press(who, act, no)).data.get("error", "")


async def test_numbers_in_the_names_of_files_are_masked(town: Town) -> None:
    held = await town.file("wu")
    photo = await town.upload("wu", "身份证11010519491231002X.jpg")
    mine = update(attachment).where(attachment.c.id == photo.id).values(case_id=held.id)
    await town.core.store.write(lambda conn: conn.execute(mine))
    await town.core.store.write(
        lambda conn: cases.save(conn, town.core.vault, replace(held, attachments=(photo.id,)), town.now)
    )
    wang = await town.hire("王芳", Role.CLERK, "shuiwu")
    file = await town.door.case(wang, held.no)
    opened = await town.door.case_file(wang, held.no, photo.id)
    assert file
    assert opened
    assert {file.attachments[0].name, opened[0].name} == {"身份证****************2X.jpg"}
