"""Which policy, and which side of it? A linear reader of the words that tell labels apart.

Villagers' aspects cross policies (没打到卡头 is 没到账 whatever the money is called), so what all entries of one
label share is learned once for the label. Ridge regression, solved by conjugate gradients when the index is
built: nothing is shipped but the clerks' own texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from faq.bm25 import Floats

_STEPS = 8
_STOP = 1e-3


class Facets:
    """All kinds of label (policy, aspect) over documents of terms, solved together."""

    def __init__(self, documents: Sequence[Sequence[str]], labels: Sequence[tuple[str, ...]], ridge: float) -> None:
        kinds = sorted({pair for row in labels for pair in enumerate(row)})
        self.columns = {pair: number for number, pair in enumerate(kinds)}
        self._terms = _shared_terms(documents)
        matrix = _Matrix(documents, self._terms)
        self._idf = matrix.idf
        wanted = np.zeros((len(documents), len(self.columns)), np.float32)
        for number, row in enumerate(labels):
            wanted[number, [self.columns[pair] for pair in enumerate(row)]] = 1
        self._weights: Floats = _ridge(matrix, wanted - wanted.mean(axis=0), ridge)

    def score(self, terms: Sequence[str]) -> Floats:
        """Return how much a text speaks for each of `columns`: about 0 when it says nothing, 1 when it is clear."""
        found = [self._terms[term] for term in set(terms) if term in self._terms]
        if not found:
            return np.zeros(len(self.columns), np.float32)
        weights = self._idf[found]
        return weights / max(float(np.linalg.norm(weights)), 1e-9) @ self._weights[found]


class _Matrix:
    """Texts × terms, rows of unit length, as flat arrays in both orders."""

    def __init__(self, documents: Sequence[Sequence[str]], terms: dict[str, int]) -> None:
        rows = [sorted({terms[term] for term in document if term in terms}) for document in documents]
        lengths = np.array([len(row) for row in rows])
        self.shape = (len(rows), len(terms))
        self._cols = np.array([term for row in rows for term in row], np.int32)
        self._rows = np.repeat(np.arange(len(rows), dtype=np.int32), lengths)
        frequency = np.bincount(self._cols, minlength=len(terms))
        self.idf: Floats = (np.log((1 + len(rows)) / (1 + frequency)) + 1).astype(np.float32)
        raw = self.idf[self._cols]
        norms = np.sqrt(np.bincount(self._rows, raw * raw, minlength=len(rows)))
        self._values = (raw / norms[self._rows]).astype(np.float32)
        self._by_term = np.argsort(self._cols, kind="stable")

    def times(self, weights: Floats) -> Floats:
        """Return texts × terms · weights."""
        return _sums(self._rows, self._values, weights, self._cols, self.shape[0])

    def transposed_times(self, values: Floats) -> Floats:
        """Return terms × texts · values."""
        order = self._by_term
        return _sums(self._cols[order], self._values[order], values, self._rows[order], self.shape[1])


def _sums(keys: NDArray[np.int32], values: Floats, factors: Floats, places: NDArray[np.int32], size: int) -> Floats:
    """Add up `values` times the row of `factors` at its place, where they share one of the sorted `keys`.

    Column by column: four times as fast as all at once.
    """
    out = np.zeros((size, factors.shape[1]), np.float32)
    if len(keys):
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        for column, one in enumerate(np.ascontiguousarray(factors.T)):
            out[keys[firsts], column] = np.add.reduceat(values * one[places], firsts)
    return out


def _shared_terms(documents: Sequence[Sequence[str]]) -> dict[str, int]:
    """Number the terms that at least two texts hold: the others cannot tell anything about a label."""
    seen: dict[str, int] = {}
    for document in documents:
        for term in set(document):
            seen[term] = seen.get(term, 0) + 1
    return {term: number for number, term in enumerate(sorted(term for term in seen if seen[term] > 1))}


def _ridge(matrix: _Matrix, wanted: Floats, ridge: float) -> Floats:
    """Solve (XᵀX + ridge·I) W = Xᵀ·wanted, all columns at once."""

    def apply(weights: Floats) -> Floats:
        return matrix.transposed_times(matrix.times(weights)) + np.float32(ridge) * weights

    return _conjugate_gradients(apply, matrix.transposed_times(wanted))


def _conjugate_gradients(apply: Callable[[Floats], Floats], target: Floats) -> Floats:
    solution = np.zeros_like(target)
    residual = target.copy()
    step = residual.copy()
    energy = _energy(residual, residual)
    enough = _STOP**2 * energy + 1e-12
    for _ in range(_STEPS):
        if bool((energy <= enough).all()):
            break
        image = apply(step)
        length = energy / np.maximum(_energy(step, image), 1e-12)
        solution += length * step
        residual -= length * image
        rest = _energy(residual, residual)
        step = residual + rest / np.maximum(energy, 1e-12) * step
        energy = rest
    return solution


def _energy(left: Floats, right: Floats) -> Floats:
    return np.einsum("ij,ij->j", left, right)
