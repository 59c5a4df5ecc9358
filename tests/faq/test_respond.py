"""One message, one question or two: what is answered."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from faq.book import Book, load
from faq.decide import Verdict
from faq.grievance import load_grievances
from faq.respond import Answers
from faq.search import Index
from faq.site import SHIPPED
from faq.weights import shipped_weights
from tests.faq.pages import book, entry

TODAY = date(2026, 11, 22)
HERE = "四川省示例市示例县"


def answers(of: Book, region: str | None = HERE) -> Answers:
    return Answers(Index.build(of), of, shipped_weights().decide, load_grievances().is_asking, TODAY, region)


@cache
def shipped() -> Answers:
    return answers(load([SHIPPED / "subsidies"]))


def told(text: str) -> Verdict:
    return shipped().respond(text)[0]


def sides(verdict: Verdict) -> list[tuple[str, str]]:
    return [(one.policy, one.aspect) for one in verdict.entries]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("低保要什么条件，高龄津贴一个月多少钱", ("农村低保", "条件"), ("高龄津贴", "标准")),
        ("低保好多钱一个月？要啥子材料？", ("农村低保", "标准"), ("农村低保", "材料")),
        ("耕地补贴一亩好多钱？还有农机补贴怎么申请", ("耕地地力保护", "标准"), ("农机购置与应用", "申请")),
        ("养老金每月多少，怎么查", ("居民养老金", "标准"), ("居民养老金", "查询")),
        ("低保怎么申请，要什么材料，找哪个办", ("农村低保", "申请"), ("农村低保", "材料")),
        ("独生子女奖励多少钱，什么时候发", ("独生子女父母奖励", "标准"), ("独生子女父母奖励", "时间")),
    ],
)
def test_two_questions_get_both_answers(text: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    found = told(text)
    assert (found.band, sides(found)) == ("answer", [first, second])
    assert found.confidence < 1.0
    assert found.policy == (first[0] if first[0] == second[0] else None)


@pytest.mark.parametrize(
    "text",
    [
        "高龄津贴怎么申请，要去哪里办",
        "我妈八十了，高龄津贴怎么申请",
        "请问一下，低保要什么条件？",
        "种粮补贴好久发，啥时候到账",
        "地补怎么没到账，是不是停了",
        "低保多少钱，能领多少",
        "领导你好，想问一下，低保要什么条件，谢谢了",
        "低保低保低保，要什么条件，要什么条件，要什么条件",
    ],
)
def test_one_question_phrased_with_commas_is_answered_once(text: str) -> None:
    found = told(text)
    assert (found.band, len(found.entries)) == ("answer", 1)


@pytest.mark.parametrize("text", ["什么时候发", "多少钱", "要什么材料", "钱没到账", "什么时候发，多少钱"])
def test_a_question_that_names_no_policy_is_never_answered_directly(text: str) -> None:
    assert told(text).band != "answer"


def test_policy_clear_and_aspect_not_asks_the_aspect() -> None:
    found = told("低保")
    assert (found.band, found.policy) == ("choices", "农村低保")
    assert len({one.aspect for one in found.ask_aspects}) == len(found.ask_aspects) >= 2


def test_expired_or_foreign_entries_are_no_second_answer() -> None:
    mine = book(
        entry("who", "低保要什么条件", policy="低保", aspect="条件"),
        entry("much", "低保一个月多少钱", policy="低保", aspect="标准", valid_to=date(2026, 1, 1)),
        entry("far", "高龄津贴一个月多少钱", policy="高龄津贴", aspect="标准", region="重庆市"),
    )
    for text in ("低保要什么条件，低保一个月多少钱", "低保要什么条件，高龄津贴一个月多少钱"):
        found, _ = answers(mine).respond(text)
        assert [one.id for one in found.entries if found.band == "answer"] in ([], ["who"])
    assert [one.id for one in answers(mine, None).respond("高龄津贴一个月多少钱")[0].entries] == ["far"]


def test_pages_of_questions_cost_little_and_break_nothing() -> None:
    assert told("低保要什么条件？" * 6_000).band in ("answer", "choices")
    assert told("？，" * 25_000).band == "none"
