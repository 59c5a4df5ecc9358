"""What entries of one label share is learned for the label."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from faq.bm25 import grams
from faq.facets import Facets

Matrix = NDArray[np.float64]

TEXTS = [
    ("低保多少钱", ("低保", "标准")),
    ("低保要什么条件", ("低保", "条件")),
    ("高龄津贴多少钱", ("高龄", "标准")),
    ("高龄津贴要什么条件", ("高龄", "条件")),
    ("五保一个月多少钱", ("五保", "标准")),
    ("五保要什么条件", ("五保", "条件")),
]


def facets() -> Facets:
    return Facets([grams(text) for text, _ in TEXTS], [labels for _, labels in TEXTS], ridge=1.0)


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [("低保好多", 0, "低保"), ("高龄", 0, "高龄"), ("养老金多少钱", 1, "标准"), ("孤儿要什么条件", 1, "条件")],
)
def test_the_likeliest_label(text: str, kind: int, label: str) -> None:
    learned = facets()
    scores = learned.score(grams(text))
    of_kind = {name: float(scores[column]) for (k, name), column in learned.columns.items() if k == kind}
    assert max(of_kind, key=lambda name: of_kind[name]) == label


def test_words_never_seen_say_nothing() -> None:
    assert facets().score(grams("天地玄黄")).tolist() == [0] * 5


def test_the_solution_is_the_ridge_solution() -> None:
    learned = facets()
    terms = sorted({term for text, _ in TEXTS for term in grams(text)})
    shared = [term for term in terms if sum(term in grams(text) for text, _ in TEXTS) > 1]
    count = np.array([sum(term in grams(text) for text, _ in TEXTS) for term in shared])
    idf: Matrix = np.log((1 + len(TEXTS)) / (1 + count)) + 1
    rows: Matrix = np.array([_row(text, shared, idf) for text, _ in TEXTS])
    wanted: Matrix = np.array([[name == labels[kind] for kind, name in learned.columns] for _, labels in TEXTS], float)
    gram: Matrix = rows.T @ rows + np.eye(len(shared))
    exact = cast(Matrix, np.linalg.solve(gram, rows.T @ (wanted - wanted.mean(axis=0))))
    assert learned.score(grams("低保多少")) == pytest.approx(_row("低保多少", shared, idf) @ exact, abs=0.02)


def _row(text: str, terms: list[str], idf: Matrix) -> Matrix:
    values = np.array([term in grams(text) for term in terms], float) * idf
    return values / np.sqrt((values * values).sum())
