"""The same matter again, in a whole house: who hears what, who sees what, and what cannot be closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.store.tables import outbox
from bot.timers import Timers
from bot.web.repeats_desk import Unwilling
from cases.case import Actor, Case, Role
from handlers.messages import Inbound, Say, Taken
from handlers.notices import veiled
from handlers.staff.card import CardQuery
from tests.cases.factory import case as made
from tests.review.town import STORY, Town

pytestmark = pytest.mark.asyncio

SHEET = {"handling": "换过滤芯", "history": "第二次", "conduct": "没有发现", "demand": "要求彻底换管"}
DAY = timedelta(days=1)


async def crowd(town: Town, people: int) -> list[Case]:
    """So many complaints about the same water."""
    return [await town.file(f"p{n}") for n in range(people)]


async def join(town: Town, who: str) -> Taken:
    """Somebody tells of the same water, and joins."""
    await town.tell(who)
    await town.say(who, choice="place:qingshan")
    return await town.say(who, choice="join:yes")


async def dispatcher(town: Town) -> Actor:
    """李敏."""
    return await town.hire("李敏", Role.DISPATCHER, "zhiban")


async def closed(town: Town, case: Case, by: Actor) -> None:
    """Answered and closed."""
    await town.press(by, "answer", case.no, "换好了")
    assert "error" not in (await town.press(by, "close", case.no, "已通水", {"evidence": "照片"})).data


def words(taken: Taken) -> list[str]:
    """The keys of what somebody was told."""
    parts = [part for letter in taken.letters if letter.reply for part in letter.reply.parts]
    return [part.key for part in parts if isinstance(part, Say)]


# --- 附议 -----------------------------------------------------------------------------------------------------------


async def test_one_alone_is_told_to_nobody_and_a_number_only_from_five(town: Town) -> None:
    heard: list[list[str]] = []
    for n in range(6):
        await town.tell(f"p{n}")
        told = words(await town.say(f"p{n}", choice="place:qingshan"))
        heard.append([key for key in told if key.startswith("join.")])
        for choice in ("join:no", "anonymous", "submit"):
            await town.say(f"p{n}", choice=choice)
    quiet = ["join.ask", "join.means"]
    assert heard == [[], [], quiet, quiet, quiet, ["join.ask_count", "join.means"]]


async def test_whoever_joined_can_do_nothing_else_to_the_case(town: Town) -> None:
    """Not even with buttons of whoever filed it: not read it, withdraw it, rate it, add to it as their own."""
    first, *_ = await crowd(town, 2)
    await join(town, "zhao")
    verbs = ("case", "withdraw", "supplement", "urge")
    for token in [*(f"{verb}:{first.id}" for verb in verbs), f"rate:{first.id}:1", f"held:add:{first.id}"]:
        told = words(await town.say("zhao", choice=token))
        assert not {"progress.head", "withdraw.sure", "supplement.ask", "urge.sure", "rate.why"} & set(told), token
    for verb in ("joined", "second", "unjoin"):
        assert "join.head" not in words(await town.say("p1", choice=f"{verb}:{first.id}"))


async def test_words_of_a_joiner_are_for_staff(town: Town) -> None:
    first, *_ = await crowd(town, 2)
    await join(town, "zhao")
    li = await dispatcher(town)
    file = await town.door.case(li, first.no)
    assert file and file.ties and file.ties.joined == 1
    assert [(step.act, step.text) for step in file.steps][-1] == ("second", STORY)
    assert STORY not in str((await town.say("p0", choice=f"case:{first.id}")).letters)
    assert not any(key.startswith("notice.") for key in await town.heard("p0"))


async def test_a_joiner_hears_the_result_and_is_asked_nothing(town: Town) -> None:
    first, *_ = await crowd(town, 2)
    await join(town, "zhao")
    li = await dispatcher(town)
    await town.press(li, "ask", first.no, "请问您家在几组？")
    await town.press(li, "answer", first.no, "换好了")
    told = [key for key in await town.heard("zhao") if key.startswith("notice.")]
    assert told == ["notice.joined", "notice.joined_result"]
    await town.say("zhao", choice=f"unjoin:{first.id}")
    await town.say("zhao", choice=f"unjoin{first.id}:yes")
    await town.press(li, "answer", first.no, "又看了一次")
    assert [key for key in await town.heard("zhao") if key.startswith("notice.")] == told


async def test_an_unreached_joiner_is_no_business_of_the_clerk(town: Town) -> None:
    """The case is not listed as 没送到 for somebody whom nobody could ring."""
    first, *_ = await crowd(town, 2)
    await join(town, "zhao")
    li = await dispatcher(town)
    await town.press(li, "accept", first.no)
    file = await town.door.case(li, first.no)
    assert file and [step.delivery for step in file.steps if step.act == "accept"] == ["queued"]
    waiting = await town.read(lambda conn: conn.execute(select(outbox.c.case_id, outbox.c.idem)).all())
    assert [row.case_id for row in waiting if row.idem.startswith("joined:")] == [0]


async def test_whoever_is_erased_has_joined_nothing(town: Town) -> None:
    first, *_ = await crowd(town, 2)
    await join(town, "zhao")
    for choice in ("privacy", "erase", "erase:yes"):
        await town.say("zhao", choice=choice)
    file = await town.door.case(await dispatcher(town), first.no)
    assert file and file.ties and file.ties.joined == 0


async def test_a_name_does_not_travel_with_the_answer() -> None:
    held = made(name="罗大勇")
    assert veiled("罗大勇您好，师傅电话 13812345678", held) == "＊＊您好，师傅电话 *********78"


# --- a case that others wait for ------------------------------------------------------------------------------------


async def test_a_case_others_wait_for_goes_on_without_whoever_filed_it(town: Town) -> None:
    first, second = await crowd(town, 2)
    await join(town, "zhao")
    li = await dispatcher(town)
    await town.press(li, "merge", second.no, fields={"into": first.no})
    for choice in (f"withdraw:{first.id}", f"withdraw{first.id}:yes", "skip"):
        told = words(await town.say("p0", choice=choice))
    assert "withdraw.thanks_shared" in told
    file = await town.door.case(li, first.no)
    assert file and (file.card.state, file.contact_known, file.steps[-1].act) == ("filed", False, "step_out")
    await town.press(li, "answer", first.no, "换好了")
    assert "notice.answer" not in await town.heard("p0")
    assert "notice.result" in await town.heard("p1")
    assert "notice.joined_result" in await town.heard("zhao")


async def test_a_wrong_merge_is_undone(town: Town) -> None:
    first, second = await crowd(town, 2)
    li = await dispatcher(town)
    await town.press(li, "merge", second.no, fields={"into": first.no})
    one, other = await town.door.case(li, first.no), await town.door.case(li, second.no)
    assert one and other and one.ties and other.ties
    assert (one.ties.merged, other.ties.into) == ((second.no,), first.no)
    assert (await town.press(li, "split", second.no)).data["error"] == "empty"
    assert "error" not in (await town.press(li, "split", second.no, "不是同一处")).data
    assert (await town.heard("p1"))[-1] == "notice.split"
    await town.press(li, "answer", first.no, "换好了")
    assert "notice.result" not in await town.heard("p1")


# --- like cases, within sight ---------------------------------------------------------------------------------------


async def test_a_like_case_out_of_sight_is_not_named(town: Town) -> None:
    first, second = await crowd(town, 2)
    li = await dispatcher(town)
    clerk = await town.hire("王芳", Role.CLERK, first.department)
    await town.press(li, "transfer", second.no, fields={"department": "jiaotong"})
    seen, all_seen = await town.door.case(clerk, first.no), await town.door.case(li, first.no)
    assert seen and all_seen and seen.ties and all_seen.ties
    assert [(one.no, one.why) for one in all_seen.ties.alike] == [(second.no, ("place", "story"))]
    assert seen.ties.alike == ()


# --- 重复件 ---------------------------------------------------------------------------------------------------------


async def test_what_came_back_is_reviewed_before_it_is_closed(town: Town) -> None:
    first = await town.file("an")
    li = await dispatcher(town)
    await closed(town, first, li)
    town.now += 10 * DAY
    again = await town.file("an", story="自来水又黄得很，一个多星期没人来修")
    file = await town.door.case(li, again.no)
    assert file and file.ties and (file.ties.repeat, file.ties.repeat_of, file.ties.reviewed) == (True, first.no, False)
    await town.press(li, "answer", again.no, "又换了")
    evidence = {"evidence": "照片"}
    assert (await town.press(li, "close", again.no, "已通水", evidence)).data["error"] == "review"
    assert (await town.press(li, "review", again.no, fields={"handling": "换过"})).data["error"] == "sheet"
    assert "error" not in (await town.press(li, "review", again.no, fields=SHEET)).data
    assert "error" not in (await town.press(li, "close", again.no, "已通水", evidence)).data


async def test_silence_does_not_close_what_came_back(town: Town) -> None:
    li = await dispatcher(town)
    await closed(town, await town.file("an"), li)
    again = await town.file("an")
    await town.press(li, "answer", again.no, "又换了")
    town.now += 8 * DAY
    timers = Timers(town.core.store, town.take, lambda: town.now)
    while await timers.sweep():
        pass
    file = await town.door.case(li, again.no)
    assert file and (file.card.state, file.steps[-1].act, file.steps[-1].text) == ("answered", "remind", "review")


# --- 村村协作, 监察建议 ----------------------------------------------------------------------------------------------


async def test_another_unit_checks_and_then_sees_no_more(town: Town) -> None:
    first = await town.file("an")
    li, liu = await dispatcher(town), await town.hire("刘洋", Role.SUPERVISOR, "xian-zhengfu")
    checker = await town.hire("钱进", Role.CLERK, "nongye")
    await closed(town, first, li)
    own = await town.press(liu, "crosscheck", first.no, fields={"department": first.department})
    assert own.data["error"] == "checker"
    assert await town.door.case(checker, first.no) is None
    await town.press(liu, "crosscheck", first.no, fields={"department": "nongye"})
    page = await town.door.cards(checker, CardQuery(view="checks"))
    assert ([card.no for card in page.cards], page.counts["checks"]) == ([first.no], 1)
    assert page.cards[0].acts == ("checked",)
    bare = {"finding": "none"}
    assert (await town.press(checker, "checked", first.no, "看过了", bare)).data["error"] == "check_evidence"
    await checked(town, checker, first)
    assert await town.door.case(checker, first.no) is None
    assert (await town.door.cards(checker, CardQuery(view="checks"))).counts["checks"] == 0
    board = await town.door.repeats.board(liu)
    assert [(one.unit, one.done, one.zero) for one in board.zeal] == [("nongye", 1, 1.0)]
    assert [(one.no, one.finding) for one in board.checks] == [(first.no, "none")]


async def checked(town: Town, checker: Actor, case: Case) -> None:
    """The check with a picture to show for it."""
    shown = (await town.upload("somebody"),)
    fields = {"finding": "none"}
    press = Inbound(
        "staff", "check", str(checker.id), town.now, "看过了", "checked", attachments=shown, case=case.no, fields=fields
    )
    assert "error" not in (await town.take(press)).data


async def test_like_cases_make_a_draft_that_names_nobody(town: Town) -> None:
    found = await crowd(town, 5)
    liu, li = await town.hire("刘洋", Role.SUPERVISOR, "xian-zhengfu"), await dispatcher(town)
    (draft,) = (await town.door.repeats.board(liu)).drafts
    numbers = tuple(case.no for case in found)
    assert (draft.scope, draft.where, draft.numbers, draft.open) == ("place", "qingshan", numbers, 5)
    assert (await town.door.repeats.board(li)).drafts == ()
    await town.file("p9")
    for state, reason, last in (("dismissed", " ", numbers[-1]), ("done", "", "MS-0"), ("sent", "", numbers[-1])):
        with pytest.raises(Unwilling):
            await town.door.repeats.decide(liu, draft, last, state, reason)
    with pytest.raises(Unwilling):
        await town.door.repeats.decide(li, draft, numbers[-1], "done", "")
    await town.door.repeats.decide(liu, draft, numbers[-1], "done", "")
    board = await town.door.repeats.board(liu)
    assert [(one.state, one.cases, one.who) for one in board.decided] == [("done", 5, "刘洋")]
    assert board.drafts == []
