"""Where answers fall short, and which words several people chose the same entry for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.calibrate import ENOUGH, ENOUGH_WRONG, calibrate
from faq.learn import NONE, Logged, Miss, gaps, learned, missed
from faq.normalise import normalise
from tests.faq.pages import book, entry

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BOOK = book(
    entry("dibao-tiaojian", "低保要什么条件", "吃低保要啥条件"),
    entry("dibao-biaozhun", "低保一个月多少钱"),
)
SHOWN = ("dibao-tiaojian", "dibao-biaozhun")


def asked(person: int, text: str = "", picked: str = "", felt: str = "", **more: object) -> Logged:
    """A typed question that was met with choices."""
    row = Logged(person, NOON, "typed", "choices", 0.5, "v1", SHOWN, picked, felt, text)
    return replace(row, **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("band", "picked", "felt", "why"),
    [
        ("answer", "", "", None),
        ("answer", "", "ok", None),
        ("answer", "", "bad", "not_helped"),
        ("answer", "", "file", "not_helped"),
        ("choices", "", "", "no_click"),
        ("choices", "dibao-tiaojian", "", None),
        ("choices", "dibao-tiaojian", "bad", "not_helped"),
        ("choices", NONE, "", "not_these"),
        ("none", "", "", "none"),
        ("choices", NONE, "ok", None),
    ],
)
def test_how_a_question_falls_short(band: str, picked: str, felt: str, why: Miss | None) -> None:
    assert missed(asked(1, picked=picked, felt=felt, band=band)) == why


def test_gaps_are_ranked_by_people_and_not_by_times() -> None:
    rows = [
        *(asked(1, "火化费报不报") for _ in range(9)),
        asked(1, "独生子女奖多少"),
        asked(2, "独生子女奖多少"),
    ]
    found = gaps(rows, normalise)
    assert [one.examples[0] for one in found] == ["独生子女奖多少", "火化费报不报"]
    assert [(one.people, one.times) for one in found] == [(2, 2), (1, 9)]


def test_alike_in_characters_or_in_sound_is_one_gap() -> None:
    rows = [
        asked(1, "火化费国家报不报", NONE),
        asked(2, "火化费国家报不报？", ""),
        asked(3, "火化费国家报不报销", NONE),
        asked(4, "火花废国家报不报", felt="bad"),
        asked(5, "养牛有没得补助", NONE, at=NOON + timedelta(days=1)),
    ]
    first, second = gaps(rows, normalise)
    assert (first.people, first.times, first.reasons) == (4, 4, (("not_these", 2), ("no_click", 1), ("not_helped", 1)))
    assert set(first.examples) == {row.text for row in rows[:4]}
    assert first.shown == SHOWN
    assert (second.examples, second.last) == (("养牛有没得补助",), NOON + timedelta(days=1))


def test_what_was_answered_or_has_no_words_is_no_gap() -> None:
    assert gaps([asked(1, "低保", "dibao-tiaojian"), asked(2, "", NONE), asked(3, "低保", felt="ok")], normalise) == []


def test_what_the_book_has_by_now_is_a_gap_only_if_its_answer_did_not_help() -> None:
    rows = [asked(1, "吃低保要啥条件", NONE), asked(2, "低保要什么条件？", felt="bad", band="answer")]
    assert [one.examples for one in gaps(rows, normalise, BOOK)] == [("低保要什么条件？",)]


def test_words_are_learned_when_two_people_chose_the_same() -> None:
    rows = [asked(1, "吃低保咋个才行", "dibao-tiaojian"), asked(2, "吃低保咋个才行？", "dibao-tiaojian")]
    (found,) = learned(rows, BOOK, normalise)
    assert (found.entry_id, found.people, normalise(found.text)) == ("dibao-tiaojian", 2, normalise("吃低保咋个才行"))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("吃低保咋个才行", 1, "dibao-tiaojian")] * 3, id="one person three times"),
        pytest.param([("低保要什么条件", 1, SHOWN[1]), ("低保要什么条件", 2, SHOWN[1])], id="an entry's own words"),
        pytest.param([("吃低保咋个才行", 1, SHOWN[0]), ("吃低保咋个才行", 2, SHOWN[1])], id="they do not agree"),
        pytest.param([("吃低保咋个才行", 1, NONE), ("吃低保咋个才行", 2, NONE)], id="none of these is no entry"),
        pytest.param([("吃低保咋个才行", 1, "gone"), ("吃低保咋个才行", 2, "gone")], id="an entry that is gone"),
        pytest.param([("", 1, SHOWN[0]), ("", 2, SHOWN[0])], id="no words"),
    ],
)
def test_what_is_not_learned(rows: list[tuple[str, int, str]]) -> None:
    assert learned([asked(person, text, picked) for text, person, picked in rows], BOOK, normalise) == []


def test_none_of_these_speaks_against_an_entry() -> None:
    rows = [asked(person, "吃低保咋个才行", "dibao-tiaojian") for person in (1, 2)]
    assert learned([*rows, asked(3, "吃低保咋个才行", NONE)], BOOK, normalise) == []
    assert learned([*rows, asked(2, "吃低保咋个才行", "dibao-tiaojian", "bad")], BOOK, normalise)


@given(st.lists(st.tuples(st.integers(1, 5), st.text(max_size=30)), max_size=30))
def test_no_question_is_lost_and_none_counted_twice(said: list[tuple[int, str]]) -> None:
    rows = [asked(person, text, NONE) for person, text in said]
    found = gaps(rows, normalise)
    assert sum(one.times for one in found) == sum(bool(row.text) for row in rows)
    assert [one.people for one in found] == sorted((one.people for one in found), reverse=True)


def test_a_full_log_is_grouped_in_seconds() -> None:
    words = (f"{chr(0x4E00 + n % 3000)}{chr(0x5E00 + n // 7 % 3000)}补贴{n % 977}怎么办" for n in range(5000))
    rows = [asked(n, text, NONE) for n, text in enumerate(words)]
    began = perf_counter()
    assert sum(one.times for one in gaps(rows, normalise)) <= 5000
    assert perf_counter() - began < 20


# --- thresholds -----------------------------------------------------------------------------------------------


def labels(many: int, sure: float, right: bool, first: int = 0) -> list[Logged]:
    """Questions of as many people, each with a choice pressed."""
    picked = SHOWN[0] if right else SHOWN[1]
    return [asked(first + n, "低保", picked, confidence=sure) for n in range(many)]


def test_with_too_few_labels_nothing_is_suggested() -> None:
    found = calibrate(labels(30, 0.9, True))
    assert (found.labels, found.right, found.missing) == (30, 30, ENOUGH - 30)
    assert (found.answer_above, found.choices_above) == (None, None)


def test_without_mistakes_nothing_is_suggested_either() -> None:
    assert calibrate(labels(500, 0.9, True)).missing == ENOUGH_WRONG


def test_the_line_lies_where_nine_of_ten_are_right() -> None:
    found = calibrate([*labels(150, 0.82, True), *labels(80, 0.42, True, 1000), *labels(80, 0.42, False, 2000)])
    assert found.missing == 0
    assert found.answer_above == 0.45
    assert found.choices_above is None


def test_choices_that_nobody_takes_are_not_worth_showing() -> None:
    nobody = [asked(5000 + n, "啥子", NONE, confidence=0.11) for n in range(80)]
    found = calibrate([*nobody, *labels(150, 0.82, True), *labels(30, 0.42, False, 2000)])
    assert found.choices_above == 0.4


def test_what_is_no_label() -> None:
    rows = [
        asked(1, "低保"),
        asked(1, "低保", band="answer"),
        asked(1, "低保", felt="file", band="answer"),
        asked(1, "", SHOWN[0], arrival="list"),
        asked(1, "低保", band="none", shown=()),
    ]
    assert calibrate(rows).labels == 0
    assert calibrate([asked(1, "低保", NONE)] * 5).labels == 1
