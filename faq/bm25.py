"""BM25 over any kind of terms: postings in flat numpy arrays, one slice a term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int32]


def grams(tokens: Sequence[str]) -> list[str]:
    """Return the tokens and each pair of neighbours."""
    return [*tokens, *(left + right for left, right in pairwise(tokens))]


class Postings:
    """Documents by term: `docs[starts[t]:starts[t+1]]` hold term t with BM25 `impacts`."""

    def __init__(self, documents: Sequence[Sequence[str]], k1: float, b: float) -> None:
        self.size = len(documents)
        self.terms: dict[str, int] = {}
        term_ids, docs, counts = self._count(documents)
        order = np.argsort(term_ids, kind="stable")
        self.docs: Ints = docs[order]
        frequency = np.bincount(term_ids, minlength=len(self.terms))
        self.starts: NDArray[np.int64] = np.concatenate(([0], np.cumsum(frequency)))
        self.idf: Floats = np.log1p((self.size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        self.impacts: Floats = self._impacts(documents, counts[order], term_ids[order], k1, b)

    def _count(self, documents: Sequence[Sequence[str]]) -> tuple[Ints, Ints, Floats]:
        terms = self.terms
        term_ids: list[int] = []
        docs: list[int] = []
        counts: list[int] = []
        for number, document in enumerate(documents):
            tally = Counter(document)
            term_ids.extend(terms.setdefault(term, len(terms)) for term in tally)
            counts.extend(tally.values())
            docs.extend([number] * len(tally))
        return np.array(term_ids, np.int32), np.array(docs, np.int32), np.array(counts, np.float32)

    def _impacts(
        self, documents: Sequence[Sequence[str]], counts: Floats, term_ids: Ints, k1: float, b: float
    ) -> Floats:
        lengths = np.array([len(document) for document in documents], np.float32)
        relative = lengths / max(float(lengths.mean()) if self.size else 1.0, 1e-9)
        damping = k1 * (1 - b + b * relative[self.docs])
        return self.idf[term_ids] * counts * (k1 + 1) / (counts + damping)

    def score(self, query: Sequence[str]) -> Floats:
        """Return every document's score, each query term counted once."""
        return self._sum(query, self.impacts)

    def coverage(self, query: Sequence[str]) -> Floats:
        """Return for every document the share of the query, by weight, that it holds: 0 to 1."""
        return self._sum(query, None) / np.float32(self.ideal(query))

    def _sum(self, query: Sequence[str], impacts: Floats | None) -> Floats:
        found = [self.terms[term] for term in set(query) if term in self.terms]
        if not found:
            return np.zeros(self.size, np.float32)
        spans = [slice(self.starts[term], self.starts[term + 1]) for term in found]
        docs = np.concatenate([self.docs[span] for span in spans])
        if impacts is None:
            weights = np.repeat(self.idf[found], [span.stop - span.start for span in spans])
        else:
            weights = np.concatenate([impacts[span] for span in spans])
        return np.bincount(docs, weights, minlength=self.size).astype(np.float32)

    def weight(self, term: str) -> float:
        """Return the idf of a term; an unknown term weighs as much as the rarest possible."""
        known = self.terms.get(term)
        return float(self.idf[known]) if known is not None else float(np.log1p((self.size + 0.5) / 0.5))

    def ideal(self, query: Sequence[str]) -> float:
        """Return the score of a text of average length that holds each query term once."""
        return sum(self.weight(term) for term in set(query)) or 1.0
