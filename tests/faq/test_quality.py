"""Floors under the quality: the smoke set, and villagers' questions on the shipped answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from faq.book import Book, load, load_vocabulary
from faq.decide import confidence, decide
from faq.measure import Answered, figures
from faq.search import Index
from faq.site import SHIPPED

HERE = Path(__file__).parent


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text("utf-8").splitlines()]


@cache
def shipped() -> tuple[Book, Index]:
    book = load([SHIPPED / "subsidies"])
    return book, Index.build(book)


def test_smoke_set() -> None:
    index = Index.build(load([HERE / "smoke" / "faq.jsonl"]))
    answered: list[Answered] = []
    for row in rows(HERE / "smoke" / "queries.jsonl"):
        hits = index.search(row["text"], 10)
        answered.append(Answered(row["faq_id"], row["noise"], tuple(hit.entry_id for hit in hits), confidence(hits)))
    found = figures(answered)
    assert (found.n, found.top1 >= 0.62, found.top3 >= 0.8) == (90, True, True), found


def test_every_policy_has_its_entries() -> None:
    book, _ = shipped()
    assert {one.policy for one in book.entries} == set(load_vocabulary().policies)
    assert all(len(book.of_policy(policy)) >= 10 for policy in load_vocabulary().policies)


def places(field: str) -> Sequence[bool]:
    """For each villager's question, whether what the test asks of its hits is so."""
    book, index = shipped()
    found: list[bool] = []
    for row in rows(HERE / "villagers.jsonl"):
        entries = [one for hit in index.search(row["text"], 3) if (one := book.get(hit.entry_id))]
        if field == "policy":
            found.append(any(one.policy == row["policy"] for one in entries))
        else:
            found.append(bool(entries) and (entries[0].policy, entries[0].aspect) == (row["policy"], row["aspect"]))
    return found


@pytest.mark.parametrize(("field", "floor"), [("policy", 0.9), ("entry", 0.75)])
def test_villagers(field: str, floor: float) -> None:
    found = places(field)
    assert sum(found) / len(found) >= floor


def test_every_question_of_the_book_is_answered_with_itself() -> None:
    book, index = shipped()
    for one in book.entries:
        verdict = decide(one.question, index.search(one.question, 8), book, date(2026, 11, 22))
        assert one in verdict.entries, one.id
