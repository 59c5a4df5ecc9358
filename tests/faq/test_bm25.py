"""Postings by hand give the textbook's BM25."""

from __future__ import annotations

from math import log

import pytest

from faq.bm25 import Postings, grams

DOCS = [["a", "b", "a"], ["b", "c"], ["d"]]


def test_grams() -> None:
    assert grams(["低", "保", "3"]) == ["低", "保", "3", "低保", "保3"]
    assert grams([]) == []


@pytest.mark.parametrize(
    ("term", "doc", "tf", "df", "length"), [("a", 0, 2, 1, 3), ("b", 0, 1, 2, 3), ("b", 1, 1, 2, 2), ("d", 2, 1, 1, 1)]
)
def test_score_is_the_formula(term: str, doc: int, tf: int, df: int, length: int) -> None:
    idf = log(1 + (3 - df + 0.5) / (df + 0.5))
    expected = idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 2))
    assert Postings(DOCS, 1.2, 0.75).score([term])[doc] == pytest.approx(expected, rel=1e-5)


def test_query_terms_count_once_and_unknown_ones_nothing() -> None:
    postings = Postings(DOCS, 1.2, 0.75)
    assert postings.score(["a", "a", "zz"]).tolist() == postings.score(["a"]).tolist()
    assert postings.score(["zz"]).tolist() == [0, 0, 0]
    assert postings.score([]).tolist() == [0, 0, 0]


def test_coverage_is_the_share_of_the_query_by_weight() -> None:
    postings = Postings(DOCS, 1.2, 0.75)
    covered = postings.coverage(["a", "b", "zz"])
    assert covered[2] == 0
    assert covered[0] == pytest.approx((postings.weight("a") + postings.weight("b")) / postings.ideal(["a", "b", "zz"]))


def test_an_unknown_word_weighs_at_least_as_much_as_a_known_one() -> None:
    postings = Postings(DOCS, 1.2, 0.75)
    assert postings.weight("zz") >= max(postings.weight(term) for term in "abcd")


def test_nothing_to_search() -> None:
    assert Postings([], 1.2, 0.75).score(["a"]).tolist() == []
