"""What is answered in the middle of a complaint, and what is not: a topic that somebody names is no question."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.site import Site, load_site
from handlers.citizen.about import ALONE, WITHIN
from handlers.citizen.consent import says_child
from handlers.citizen.passing import is_question
from handlers.words import is_said, is_within

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def site() -> Site:
    """The shipped files, with their answers."""
    return load_site(None).warm()


def asks(site: Site, text: str) -> bool:
    """Whether words in a complaint are taken for a question about a policy."""
    return is_question(site.county, site.prepare(text, NOW), text)


def test_a_topic_that_is_named_is_no_question(site: Site) -> None:
    said = [
        word
        for topic in site.county.topics()
        for word in (topic.name, *topic.keywords)
        if word not in ("咋个办理", "啥条件")
    ]
    assert len(said) > 1000
    assert [word for word in said if asks(site, word)] == []


def test_a_topic_that_is_named_asks_nothing_of_the_office(site: Site) -> None:
    said = [word for topic in site.county.topics() for word in (topic.name, topic.example, *topic.keywords)]
    texts = site.county.texts
    assert [word for word in said for key in WITHIN if is_within(texts, f"control.about_{key}", word)] == []


@pytest.mark.parametrize(
    "question", ["低保要什么条件", "残疾人两项补贴二级能领多少", "养老金涨了没", "种油菜补好多钱一亩"]
)
def test_a_question_is_one(site: Site, question: str) -> None:
    assert asks(site, question)


@pytest.mark.parametrize(
    ("said", "child"),
    [
        ("我今年11岁，厕所门坏了", True),
        ("我读五年级", True),
        ("I am 11 years old", True),
        ("我今年61岁，路烂了", False),
        ("我3岁的孙子在幼儿园被打", False),
        ("我读三年级的娃没有营养餐", False),
        ("the claim is 5 years old", False),
    ],
)
def test_a_child_is_known_by_its_own_age(site: Site, said: str, child: bool) -> None:
    assert says_child(site.county, said) == child


@pytest.mark.parametrize("said", ["民政局电话多少", "派出所几点上班", "伤残鉴定收费吗"])
def test_a_question_about_others_is_not_about_us(site: Site, said: str) -> None:
    texts = site.county.texts
    assert not any(is_within(texts, f"control.about_{key}", said) for key in WITHIN)
    assert not any(is_said(texts, f"control.about_{key}", said) for key in ALONE)
