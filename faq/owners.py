"""Whose words are these? A linear reader of every entry's own texts, for answers that carry no policy and aspect.

Kernel ridge regression over all texts, solved at once when the index is built: where people have asked for the same
thing in several ways, it learns which of their words tell the entries apart. Nothing is shipped but those texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from faq.bm25 import Floats, Postings

# Solving takes the cube of the number of texts and memory its square: 0.5 s and 32 MB at this many.
MOST_TEXTS = 2048


class Owners:
    """Texts of terms, each owned by one entry; `owners` are numbers from 0 upward."""

    def __init__(self, documents: Sequence[Sequence[str]], owners: Sequence[int], ridge: float) -> None:
        self._texts = Postings([list(dict.fromkeys(terms)) for terms in documents], 0.0, 0.0)
        self._lengths = np.array([sqrt(self._texts.ideal(terms)) for terms in documents], np.float32)
        alike = np.stack([self._likeness(terms) for terms in documents])
        alike[np.diag_indices_from(alike)] += np.float32(ridge)
        wanted = np.zeros((len(documents), max(owners) + 1), np.float32)
        wanted[np.arange(len(documents)), owners] = 1
        self._weights: Floats = np.linalg.solve(alike, wanted - wanted.mean(axis=0))

    def score(self, terms: Sequence[str]) -> Floats:
        """Return how much a text speaks for each owner: about 0 when it says nothing, 1 when it is clear."""
        # Not BLAS: its threads wait for each other longer than this takes.
        return np.einsum("i,ij->j", self._likeness(terms), self._weights)

    def _likeness(self, terms: Sequence[str]) -> Floats:
        """The cosine to every text, terms weighted by their idf."""
        return self._texts.score(terms) / (self._lengths * np.float32(sqrt(self._texts.ideal(terms))))
