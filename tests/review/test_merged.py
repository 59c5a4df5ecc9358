"""并案: whoever was told 结果会照样告诉您 hears the result, and nothing more of the other person's case."""

from __future__ import annotations

import pytest

from bot.store import letters
from cases.case import Actor, Case, Role
from tests.review.town import Town

pytestmark = pytest.mark.asyncio


async def merged(town: Town, case: Case, into: Case, dispatcher: Actor) -> None:
    """`case` goes into `into`."""
    taken = await town.press(dispatcher, "merge", case.no, fields={"into": into.no})
    assert "error" not in taken.data


async def results(town: Town, who: str) -> list[str]:
    """What somebody was told of results."""
    return [key for key in await town.heard(who) if key in ("notice.result", "notice.answer", "notice.close")]


async def test_the_result_reaches_whoever_was_merged(town: Town) -> None:
    """At second hand too; and once to somebody who follows both."""
    first, second, third = [await town.file(who) for who in ("an", "bai", "chen")]
    double = await town.file("an")
    li = await town.hire("李敏", Role.DISPATCHER, "zhiban")
    for case, into in ((third, second), (second, first), (double, first)):
        await merged(town, case, into, li)
    await town.press(li, "answer", first.no, "主管换好了")
    assert await results(town, "an") == ["notice.answer"]
    assert await results(town, "bai") == ["notice.result"]
    assert await results(town, "chen") == ["notice.result"]


async def test_it_is_told_under_their_own_number_with_nothing_to_press_on_the_other(town: Town) -> None:
    first, second = await town.file("an"), await town.file("bai")
    li = await town.hire("李敏", Role.DISPATCHER, "zhiban")
    await merged(town, second, first, li)
    await town.press(li, "answer", first.no, "主管换好了")
    letter = (await town.door.letters("web", "bai"))[-1]
    assert letter.reply
    assert first.no not in str(letter.reply)
    assert second.no in str(letter.reply)
    assert [option.token for option in letter.reply.options] == [f"case:{second.id}"]


async def test_it_waits_until_they_have_seen_it(town: Town) -> None:
    first, second = await town.file("an"), await town.file("bai")
    li = await town.hire("李敏", Role.DISPATCHER, "zhiban")
    await merged(town, second, first, li)
    await town.press(li, "answer", first.no, "主管换好了")
    waiting = [row.person_id for row in await town.core.store.write(lambda conn: letters.lease(conn, town.now, 60.0))]
    assert (await town.say("bai", choice="menu")).person in waiting
