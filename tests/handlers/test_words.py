"""What somebody typed, and what it is taken for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import County
from handlers.messages import Inbound
from handlers.words import case_number, control_word, is_made_of, meant, number_of, pick, plain, query_code

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1", 1),
        ("２", 2),
        (" 3 ", 3),
        ("12", 12),
        ("12.", 12),
        ("第2个", 2),
        ("选 3", 3),
        ("二", 2),
        ("十", 10),
        ("十二", 12),
        ("二十一", 21),
        ("No.4", 4),
        ("③", 3),
        ("\u200b5\ufeff", 5),
        ("1234", None),
        ("12 月", None),
        ("1楼", None),
        ("3天没水", None),
        ("一一", None),
        ("十十", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("1" * 1000, None),
    ],
)
def test_a_number_is_a_number_only_when_it_is_nothing_else(typed: str, number: int | None) -> None:
    assert number_of(typed) == number


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("返回", "back"),
        ("  返 回。", "back"),
        ("上一步嘛", "back"),
        ("算了算了", "cancel"),
        ("不想说了", "cancel"),
        ("没得", "skip"),
        ("重头来", "restart"),
        ("菜单", "menu"),
        ("ＭＥＮＵ", "menu"),
        ("Cancel!", "cancel"),
        ("返\u200b回", "back"),
        ("返回的时候路断了", ""),
        ("没有水了三天", ""),
        ("帮我取消低保", ""),
        ("", ""),
        ("菜单" * 5000, ""),
    ],
)
def test_a_control_word_is_the_whole_message(county: County, typed: str, word: str) -> None:
    assert control_word(county.texts, Inbound("web", "k", "s", NOW, text=typed)) == word


SHOWN = [("place:hekou", "河口镇"), ("place:qinglong", "青龙镇"), ("more", "更多"), ("skip", "跳过")]


@pytest.mark.parametrize(
    ("typed", "token", "close"),
    [
        ("1", "place:hekou", ()),
        ("二", "place:qinglong", ()),
        ("河口镇", "place:hekou", ()),
        ("「河口镇」", "place:hekou", ()),
        ("5", None, ()),  # nothing stands at five: not a guess either
        ("12", None, ()),  # never the first
        ("河口", None, ("place:hekou",)),
        ("我在河口镇", None, ("place:hekou",)),
        ("白鹤镇", None, ()),
        ("", None, ()),
        ("\u202e1", "place:hekou", ()),
    ],
)
def test_picking_from_what_is_shown(typed: str, token: str | None, close: tuple[str, ...]) -> None:
    assert pick(typed, SHOWN) == (token, close)


def test_a_number_may_be_the_answer_itself() -> None:
    assert meant("3", SHOWN, numbers=False) == ""
    assert meant("更多", SHOWN, numbers=False) == "more"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("MS20261122-0007", "MS20261122-0007"),
        ("ms20261122-0007", "MS20261122-0007"),
        ("编号ＭＳ２０２６１１２２－０００７办到哪了", "MS20261122-0007"),
        ("MS 20261122 0007", "MS20261122-0007"),
        ("20261122-0007", "MS20261122-0007"),
        ("20261122—0007", "MS20261122-0007"),
        ("MS20261122-00071", "MS20261122-00071"),
        ("13800138000", ""),
        ("2026年11月22日", ""),
        ("MS", ""),
    ],
)
def test_a_case_number_however_it_is_copied(typed: str, number: str) -> None:
    assert case_number(typed, "MS") == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("207-5550-1234", "207-5550-1234"),
        ("20755501234", "20755501234"),
        ("MS20261122-0007 查询码 207 5550 1234", "207 5550 1234"),
        ("2075-5501-2342-0755", "2075-5501-2342-0755"),
        ("MS20261122-0007", ""),
        ("1075-550-1234", ""),
        ("13800138000", ""),  # begins with 1: a telephone
        ("2075550123", ""),
    ],
)
def test_a_query_code_is_no_telephone_and_no_case_number(typed: str, code: str) -> None:
    assert query_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "made"),
    [("你好", True), ("你好在吗", True), ("你好，在吗？", True), ("你好我要反映问题", False), ("", False)],
)
def test_a_greeting_and_nothing_more(county: County, typed: str, made: bool) -> None:
    assert is_made_of(county.texts, ("control.greeting",), typed) is made


@given(st.text())
def test_no_text_breaks_it_and_none_is_taken_for_what_is_not_shown(text: str) -> None:
    token, close = pick(text, SHOWN)
    assert {token, *close} <= {None, *dict(SHOWN)}
    assert (number_of(text) or 0) < 1000
    assert len(plain(text)) <= 20 * len(text)  # one sign may unfold into eighteen
    assert re.fullmatch(r"([A-Z]{1,4}20\d{6}-\d{4,})?", case_number(text, "MS"))
    assert not query_code(text).startswith(("0", "1"))
