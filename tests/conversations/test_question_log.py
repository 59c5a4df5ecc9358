"""What the question log knows after a talk, and what it must not know."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import questions
from cases.redaction import mask
from faq.learn import NONE, Logged
from tests.cases.numbers import DISGUISES, KINDS, dressed
from tests.conversations.house import TalkHouse, TurnPlayer

pytestmark = pytest.mark.asyncio

ASKED = "低保要什么条件"
UNSURE = "补贴什么时候发"
UNKNOWN = "火化费国家报不报"


class Log:
    """A talk and the log of its house."""

    def __init__(self, folder: Path) -> None:
        self.house = TalkHouse(folder)
        self.wu = TurnPlayer(self.house, "wu")

    def rows(self) -> list[Logged]:
        """The log, oldest first."""
        house = self.house
        return house.read(lambda conn: list(questions.logged(conn, house.vault)))[::-1]

    async def presses(self, *tokens: str) -> None:
        """Buttons, one after another."""
        for token in tokens:
            await self.wu.press(token)


@pytest_asyncio.fixture
async def log(tmp_path: Path) -> Log:
    """An empty house."""
    return Log(tmp_path)


async def test_a_typed_question_that_was_answered(log: Log) -> None:
    await log.wu.say(ASKED)
    (row,) = log.rows()
    assert (row.arrival, row.band, row.text, row.shown) == ("typed", "answer", ASKED, ("dibao-tiaojian",))
    assert (row.book, row.picked, row.felt) == (log.house.site.book.version, "", "")
    assert 0.7 < row.confidence <= 1
    await log.presses("faq:ok:dibao-tiaojian")
    assert [row.felt for row in log.rows()] == ["ok"]


async def test_not_helped_by_its_typed_label(log: Log) -> None:
    await log.wu.say(ASKED)
    await log.wu.say("没帮助")
    assert [(row.text, row.felt) for row in log.rows()] == [(ASKED, "bad")]


async def test_choices_and_the_one_that_was_pressed(log: Log) -> None:
    await log.wu.say(UNSURE)
    (row,) = log.rows()
    assert (row.band, len(row.shown), row.picked) == ("choices", 3, "")
    await log.wu.say("2")
    assert [(one.picked, one.text) for one in log.rows()] == [(row.shown[1], UNSURE)]
    await log.presses(f"faq:bad:{row.shown[1]}")
    assert [one.felt for one in log.rows()] == ["bad"]


async def test_none_of_these(log: Log) -> None:
    await log.wu.say(UNSURE)
    await log.presses("faq:none")
    assert [row.picked for row in log.rows()] == [NONE]


async def test_a_button_of_an_older_question_is_no_label_of_a_newer_one(log: Log) -> None:
    await log.wu.say(UNSURE)
    older = log.rows()[0].shown[0]
    await log.wu.say(ASKED)
    await log.presses(f"faq:show:{older}")
    kept = [(row.arrival, row.text, row.picked, row.shown) for row in log.rows()]
    assert kept[1] == ("typed", ASKED, "", ("dibao-tiaojian",))
    assert kept[2] == ("button", "", "", (older,))


async def test_from_the_list_of_policies(log: Log) -> None:
    await log.presses("policy")
    assert log.rows() == []
    heard = await log.wu.press("policy:0")
    token = heard[-1].buttons[0][0]
    await log.presses(token)
    assert [(row.arrival, row.shown, row.text) for row in log.rows()] == [("list", (token[9:],), "")]


async def test_a_question_without_an_answer(log: Log) -> None:
    await log.wu.say(UNKNOWN)
    assert [(row.band, row.text, row.shown) for row in log.rows()] == [("none", UNKNOWN, ())]
    await log.presses("held:policy")
    assert len(log.rows()) == 1


async def test_words_are_a_question_once_the_citizen_says_so(log: Log) -> None:
    await log.wu.say("屋头老人火化的事情")
    assert log.rows() == []
    await log.presses("held:policy")
    assert [(row.band, row.text) for row in log.rows()] == [("none", "屋头老人火化的事情")]


@pytest.mark.parametrize("said", ["你好", "谢谢", "菜单", "帮助", "12", "我家着火了快来人", "村里停水三天了没人管"])
async def test_what_is_no_question(log: Log, said: str) -> None:
    await log.wu.say(said)
    assert log.rows() == []


async def test_a_repeated_message_is_logged_once(log: Log) -> None:
    await log.wu.say(ASKED)
    await log.wu.again()
    assert len(log.rows()) == 1


# --- what must not be there -----------------------------------------------------------------------------------


async def test_a_question_that_becomes_a_complaint_leaves_no_text(log: Log) -> None:
    await log.wu.say(UNSURE)
    await log.presses("held:report", "agree")
    assert [(row.text, row.band) for row in log.rows()] == [("", "choices")]


async def test_nor_does_one_that_was_answered_and_then_reported(log: Log) -> None:
    await log.wu.say(ASKED)
    await log.presses("faq:file:dibao-tiaojian")
    assert [(row.text, row.felt) for row in log.rows()] == [("", "file")]


async def test_a_question_that_helped_stays_when_another_matter_is_filed(log: Log) -> None:
    await log.wu.say(ASKED)
    await log.presses("faq:ok:dibao-tiaojian", "report")
    assert [row.text for row in log.rows()] == [ASKED]


async def test_a_draft_that_is_taken_up_again_takes_the_questions_between_along(log: Log) -> None:
    await log.presses("report", "agree")
    await log.wu.say("村里停水三天了，一直没人管")
    await log.presses("menu")
    await log.wu.say(UNSURE)
    assert [row.text for row in log.rows()] == [UNSURE]
    await log.presses("resume")
    assert [row.text for row in log.rows()] == [""]


async def test_a_tip_takes_the_questions_before_it_along(log: Log) -> None:
    await log.wu.say(ASKED)
    await log.presses("faq:ok:dibao-tiaojian", "report", "agree")
    await log.wu.say("村支书把低保给了他自己的亲戚，还吃拿卡要")
    tip = next(topic.code for topic in log.house.site.county.topics() if topic.lane == "tip")
    await log.presses(tip)
    assert log.rows() == []
    assert log.house.counts()["question"] == 0


async def test_erase_me(log: Log) -> None:
    await log.wu.say(ASKED)
    await TurnPlayer(log.house, "li").say(ASKED)
    await log.presses("privacy", "erase", "erase:yes")
    assert log.house.counts()["question"] == 1
    assert len(log.rows()) == 1


async def test_it_is_kept_for_ninety_days(log: Log) -> None:
    await log.wu.say(ASKED)
    log.house.now += timedelta(days=50)
    await log.wu.say(UNSURE)
    kept = timedelta(days=log.house.site.county.office.limits.question_days)
    before = log.house.now - kept
    assert log.house.write(lambda conn: questions.sweep(conn, before)) == 0
    log.house.now += timedelta(days=41)
    before = log.house.now - kept
    assert log.house.write(lambda conn: questions.sweep(conn, before)) == 1
    assert [row.text for row in log.rows()] == [UNSURE]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(sorted(KINDS)),
    st.sampled_from(DISGUISES),
    st.sampled_from(["{}低保要什么条件", "低保要什么条件 我是{}", "补贴什么时候发，卡号{}", "请问{}火化费国家报不报"]),
)
async def test_no_number_that_tells_on_somebody(
    tmp_path_factory: pytest.TempPathFactory, random: Random, kind: str, how: str, said: str
) -> None:
    """Whatever is typed around it: what the log keeps has nothing left to mask."""
    log = Log(tmp_path_factory.mktemp("log"))
    number = dressed(random, KINDS[kind](random), how)
    await log.wu.say(said.format(number))
    for row in log.rows():
        assert mask(row.text) == row.text
        assert number not in row.text
        assert not re.search(r"\d{8}", row.text)


# --- what everybody asks --------------------------------------------------------------------------------------------


async def test_what_everybody_asks_is_one_press_away_and_logged_as_such(log: Log) -> None:
    log.house.hot = ("gone", "gaoling-biaozhun", "dibao-tiaojian", "gaoling-biaozhun")
    shown = (await log.wu.press("policy"))[-1]
    assert shown.buttons[0] == ("hot", "大家都在问")
    listed = (await log.wu.press("hot"))[-1]
    assert [token for token, _ in listed.buttons][:2] == ["faq:hot:gaoling-biaozhun", "faq:hot:dibao-tiaojian"]
    answered = (await log.wu.press("faq:hot:dibao-tiaojian"))[-1]
    assert "faq:ok:dibao-tiaojian" in [token for token, _ in answered.buttons]
    (row,) = log.rows()
    assert (row.arrival, row.shown, row.text) == ("hot", ("dibao-tiaojian",), "")


async def test_an_office_that_lists_nothing_has_no_such_button(log: Log) -> None:
    shown = (await log.wu.press("policy"))[-1]
    assert "hot" not in [token for token, _ in shown.buttons]
