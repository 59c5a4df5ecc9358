"""What was promised to be deleted is deleted: a tip, a complaint without consent, and everything that led to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import housekeeping
from bot.store import cases
from cases.case import Case, Role
from handlers.messages import Taken
from tests.review.town import STORY, Town

pytestmark = pytest.mark.asyncio

SECRET = "张三仗着有后台天天来堵门要钱"


def tip_topic(town: Town) -> str:
    """A topic of the discipline office."""
    return next(topic.code for topic in town.core.site.county.topics() if topic.lane == "tip")


def words(taken: Taken) -> list[str]:
    """The keys of what was said."""
    return [str(getattr(part, "key", part)) for one in taken.letters if one.reply for part in one.reply.parts]


async def everything(town: Town, who: str) -> str:
    """All that a thief with every key would read of a citizen who has no case."""
    return f"{await town.heard(who)} {(await town.talk(who)).to_json()}"


async def test_a_tip_takes_its_letters_and_files_along(town: Town) -> None:
    photo = await town.upload("wu")
    await town.say("wu", choice="report")
    await town.say("wu", choice="agree")
    await town.say("wu", SECRET, "", photo)
    taken = await town.say("wu", choice=tip_topic(town))
    assert words(taken) == ["report.door.tip"]
    assert await town.heard("wu") == []
    assert SECRET not in await everything(town, "wu")
    assert await town.door.open_file("web", "wu", photo.id) is None
    await housekeeping.sweep(town.core)
    assert photo.id not in list(town.core.files.ids())


async def test_a_tip_takes_the_words_along_that_were_held(town: Town) -> None:
    """At the desk the words were not understood; only then a complaint was made of them."""
    await town.say("wu", SECRET)
    assert SECRET in await everything(town, "wu")
    for choice in ("held:report", "agree", tip_topic(town)):
        taken = await town.say("wu", choice=choice)
    assert words(taken) == ["report.door.tip"]
    assert SECRET not in await everything(town, "wu")


async def test_a_tip_takes_its_draft_along_and_the_letters_of_that_day(town: Town) -> None:
    await town.say("wu", choice="report")
    await town.say("wu", choice="agree")
    await town.say("wu", SECRET)
    await town.say("wu", choice="menu")
    town.now += timedelta(days=3)
    await town.say("wu", choice="menu")
    await town.say("wu", choice="resume")
    taken = await town.say("wu", choice=tip_topic(town))
    assert words(taken) == ["report.door.tip"]
    assert SECRET not in await everything(town, "wu")


async def test_a_tip_told_again_leaves_no_draft_of_the_first_telling(town: Town) -> None:
    await town.say("wu", choice="report")
    await town.say("wu", choice="agree")
    await town.say("wu", SECRET)
    await town.say("wu", choice="menu")
    await town.say("wu", choice="report")
    await town.say("wu", SECRET)
    await town.say("wu", choice=tip_topic(town))
    assert SECRET not in await everything(town, "wu")


async def test_what_was_said_about_a_case_stays(town: Town) -> None:
    held = await town.file("wu")
    await town.say("wu", choice=f"case:{held.id}")
    town.now += timedelta(days=1)
    await town.say("wu", choice="report")
    await town.say("wu", SECRET)
    await town.say("wu", choice=tip_topic(town))
    heard = await town.heard("wu")
    assert "report.filed.number" in heard
    assert "progress.head" in heard
    assert SECRET not in str(heard)


async def test_a_talk_of_another_day_stays(town: Town) -> None:
    await town.say("wu", choice="help")
    town.now += timedelta(days=1)
    await town.tell("wu", tip_topic(town), SECRET)
    assert "dialogue.help" in await town.heard("wu")


@pytest.mark.parametrize("no", [["decline"], ["minor", "alone"]])
async def test_without_consent_nothing_is_kept(town: Town, no: list[str]) -> None:
    """好的，不记录任何内容 is a promise."""
    photo = await town.upload("wu")
    await town.say("wu", SECRET, "", photo)
    taken = [await town.say("wu", choice=choice) for choice in no][-1]
    assert words(taken) in (["report.consent.decline"], ["report.consent.minor_alone"])
    assert SECRET not in await everything(town, "wu")
    assert await town.door.open_file("web", "wu", photo.id) is None


async def drafted(town: Town, who: str) -> None:
    """A complaint that stops before its place, by somebody who agreed to the notice."""
    await town.tell(who)
    await town.say(who, choice="menu")


async def test_consent_taken_back_takes_the_draft_along(town: Town) -> None:
    await drafted(town, "wu")
    photo = await town.upload("wu")
    for choice in ("privacy", "revoke", "revoke:yes"):
        taken = await town.say("wu", choice=choice)
    assert words(taken) == ["privacy.withdrawn"]
    assert (await town.talk("wu")).drafts == ()
    assert words(await town.say("wu", choice="resume"))[0] == "dialogue.old_button"
    assert await town.door.open_file("web", "wu", photo.id) is None
    await town.say("wu", choice="report")
    assert words(await town.say("wu", STORY))[0] != "report.place.ask"


async def test_consent_taken_back_leaves_the_case_without_the_person(town: Town) -> None:
    """The matter goes on; the person hears no more of it, and no key is left to their name."""
    held = await town.file("wu", contact="刘长贵 13900139000")
    assert held.phone == "13900139000"
    for choice in ("privacy", "revoke", "revoke:yes"):
        await town.say("wu", choice=choice)
    after = await town.read(lambda conn: cases.by_id(conn, town.core.vault, held.id))
    assert after
    assert (after.story, after.person, after.name, after.phone, after.open) == (STORY, 0, "", "", True)
    clerk = await town.hire("王芳", Role.CLERK, "shuiwu")
    before = len(await town.heard("wu"))
    await town.press(clerk, "answer", held.no, "管网已经冲洗，请再看看")
    assert len(await town.heard("wu")) == before


async def test_a_corrected_contact_is_that_of_the_cases_too(town: Town) -> None:
    named, nameless = await town.file("wu", contact="刘长贵 13900139000"), await town.file("wu")
    await town.say("wu", choice="privacy")
    await town.say("wu", choice="correct")
    await town.say("wu", "刘长富 13700137000")
    for case, phone in ((named, "13700137000"), (nameless, "")):
        after = await town.read(lambda conn, case=case: cases.by_id(conn, town.core.vault, case.id))
        assert after
        assert after.phone == phone


async def test_everything_is_exported_page_by_page(town: Town) -> None:
    """Thirty cases and a talk of hundreds of letters: each story is on some page, and no page holds a page."""
    stories = [f"自来水黄得很，第{n}回了，没人来修" for n in range(1, 25)]
    for story in stories:
        await town.file("wu", story=story)
    await town.say("wu", choice="privacy")
    taken = await town.say("wu", choice="export")
    said, number = "", 0
    while True:
        reply = taken.letters[-1].reply
        assert reply
        said += str(reply.parts)
        if not any(option.token == f"page:{number + 1}" for option in reply.options):
            break
        number += 1
        taken = await town.say("wu", choice=f"page:{number}")
    assert number > 10
    assert [story for story in stories if said.count(story) < 2] == []  # as a case and as it was told


async def test_a_draft_goes_on_where_it_stopped(town: Town) -> None:
    await drafted(town, "wu")
    assert words(await town.say("wu", choice="resume")) == ["report.place.ask"]


async def test_a_draft_is_not_gone_on_with_once_it_is_no_longer_offered(town: Town) -> None:
    await drafted(town, "wu")
    town.now += timedelta(days=31)
    assert words(await town.say("wu", choice="resume"))[0] == "dialogue.old_button"


async def test_erase_me_takes_everything_but_the_matter(town: Town) -> None:
    held = await town.file("wu", story=STORY)
    photo = await town.upload("wu")
    for choice in ("privacy", "erase", "erase:yes"):
        await town.say("wu", choice=choice)
    assert await town.door.letters("web", "wu") == ()
    assert await town.door.open_file("web", "wu", photo.id) is None

    def kept(conn: Any) -> Case | None:
        return cases.by_id(conn, town.core.vault, held.id)

    after = await town.read(kept)
    assert after
    assert (after.story, after.person, after.name, after.phone) == (STORY, 0, "", "")
