"""Answer, choices or none: the table of what is done when."""

from __future__ import annotations

from datetime import date

import pytest

from faq.book import Book
from faq.decide import Verdict, confidence, covers, decide
from faq.search import Hit, Index, Why
from tests.faq.pages import book, entry

TODAY = date(2026, 11, 22)
HERE = "四川省示例市示例县"
NO_WHY = Why((), (), ())
BOOK = book(
    entry("low-who", "低保要什么条件", policy="低保", aspect="条件"),
    entry("low-much", "低保一个月多少钱", policy="低保", aspect="标准"),
    entry("low-late", "低保没到账怎么办", policy="低保", aspect="没到账"),
    entry("old-much", "高龄津贴一个月多少钱", policy="高龄津贴", aspect="标准"),
    entry("old-2025", "高龄津贴去年多少钱", policy="高龄津贴", aspect="标准", valid_to=date(2025, 12, 31)),
    entry("gone", "稻谷补贴多少钱", policy="稻谷补贴", aspect="标准", valid_to=date(2026, 11, 21)),
    entry("today", "油菜补贴多少钱", policy="油菜", aspect="标准", valid_to=TODAY),
    entry("far", "重庆老人补贴多少钱", policy="重庆", aspect="标准", region="重庆市"),
)


def hit(entry_id: str, score: float, exact: bool = False) -> Hit:
    return Hit(entry_id, score, NO_WHY, {"label": 1.0, "size": 3.5}, exact)


def verdict(*hits: Hit, region: str | None = HERE, book: Book = BOOK) -> Verdict:
    return decide("问", hits, book, TODAY, region)


def ids(found: Verdict) -> list[str]:
    return [one.id for one in found.entries]


@pytest.mark.parametrize(
    ("name", "hits", "band", "entries"),
    [
        ("nothing found", [], "none", []),
        ("weak", [hit("low-who", 1), hit("low-much", 0.9)], "none", []),
        ("sure", [hit("low-who", 20), hit("low-much", 10)], "answer", ["low-who"]),
        ("alone and sure", [hit("low-who", 15)], "answer", ["low-who"]),
        ("near twins", [hit("low-who", 30), hit("low-much", 29.9)], "choices", ["low-who", "low-much"]),
        ("middling", [hit("low-who", 9), hit("old-much", 8)], "choices", ["low-who", "old-much"]),
        ("exact", [hit("low-who", 1, exact=True), hit("low-much", 1)], "answer", ["low-who"]),
        ("exact but not first", [hit("low-much", 9), hit("low-who", 8, exact=True)], "answer", ["low-who"]),
        ("exact twice", [hit("low-who", 9, True), hit("low-much", 9, True)], "choices", ["low-who", "low-much"]),
        ("expired", [hit("gone", 20), hit("low-much", 8)], "choices", ["gone"]),
        ("expired, exact", [hit("gone", 20, exact=True), hit("low-much", 8)], "choices", ["gone", "low-much"]),
        ("last day", [hit("today", 20), hit("low-much", 8)], "answer", ["today"]),
        ("wrong region", [hit("far", 20), hit("low-much", 8)], "choices", ["far"]),
        ("expired and renewed", [hit("old-2025", 20), hit("old-much", 15)], "answer", ["old-much"]),
        ("an entry since deleted", [hit("no-more", 30), hit("low-who", 20)], "answer", ["low-who"]),
        ("four likely", [hit(one, 9) for one in ("low-who", "old-much", "low-much", "low-late")], "choices",
         ["low-who", "old-much", "low-much"]),
    ],
)  # fmt: skip
def test_band_and_entries(name: str, hits: list[Hit], band: str, entries: list[str]) -> None:
    found = verdict(*hits)
    assert (found.band, ids(found)) == (band, entries), name


@pytest.mark.parametrize(
    ("name", "hits", "policy", "asked"),
    [
        (
            "one policy",
            [hit("low-who", 9), hit("low-much", 8), hit("low-late", 7)],
            "低保",
            ["low-who", "low-much", "low-late"],
        ),
        (
            "a rival far behind",
            [hit("low-who", 9), hit("low-much", 8), hit("old-much", 2)],
            "低保",
            ["low-who", "low-much"],
        ),
        ("a rival near", [hit("low-who", 9), hit("old-much", 8)], None, []),
    ],
)
def test_policy_clear_aspect_not(name: str, hits: list[Hit], policy: str | None, asked: list[str]) -> None:
    found = verdict(*hits)
    assert (found.band, found.policy, [one.id for one in found.ask_aspects]) == ("choices", policy, asked), name


def test_one_aspect_is_asked_once() -> None:
    twice = book(
        entry("a", "低保要什么条件", policy="低保", aspect="条件"),
        entry("b", "低保多少钱", policy="低保", aspect="标准"),
        entry("c", "低保加发多少钱", policy="低保", aspect="标准"),
    )
    found = verdict(hit("a", 9), hit("b", 8.9), hit("c", 8.8), book=twice)
    assert [one.id for one in found.ask_aspects] == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "region", "holds"),
    [
        ("四川省", HERE, True),
        ("示例县", HERE, True),
        ("全国", HERE, True),
        ("", HERE, True),
        ("重庆市", HERE, False),
        ("四川省", "四川省", True),
        ("四川省示例市示例县", "四川省", False),
        ("重庆市", None, True),
    ],
)
def test_regions(written: str, region: str | None, holds: bool) -> None:
    assert covers(written, region) is holds


def test_an_empty_question_is_nothing() -> None:
    assert decide("  ", [hit("low-who", 20)], BOOK, TODAY).band == "none"


def test_confidence_grows_with_score_and_margin() -> None:
    assert confidence([]) == 0.0
    assert (
        confidence([hit("a", 9), hit("b", 8)])
        < confidence([hit("a", 9), hit("b", 4)])
        < confidence([hit("a", 18), hit("b", 4)])
    )
    assert 0.0 <= confidence([hit("a", -1e9)]) < confidence([hit("a", 1e9)]) <= 1.0


def test_from_words_to_verdict() -> None:
    index = Index.build(BOOK)
    found = decide("领导好，低保一个月好多钱？", index.search("领导好，低保一个月好多钱？", 8), BOOK, TODAY, HERE)
    assert (found.band, ids(found), found.confidence) == ("answer", ["low-much"], 1.0)
