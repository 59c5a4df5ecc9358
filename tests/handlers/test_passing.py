"""What is answered in the middle of a complaint, and what is not: a topic that somebody names is no question."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.site import Site, load_site
from faq.decide import Verdict
from handlers.citizen.about import WITHIN
from handlers.citizen.passing import ASKING
from handlers.words import is_within

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def site() -> Site:
    """The shipped files, with their answers."""
    return load_site(None).warm()


def asks(site: Site, text: str) -> bool:
    """Whether words in a complaint are taken for a question about a policy."""
    seen = site.prepare(text, NOW)
    verdict = seen.policy or Verdict("none", (), 0.0, None, ())
    asked = any(is_within(site.county.texts, f"control.{key}", text) for key in ASKING)
    return asked and verdict.band != "none" and seen.grievance < 0.5


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
