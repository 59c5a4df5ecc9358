"""From a citizen's words to the entries that may answer them, best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from faq.bm25 import Floats, Postings
from faq.book import Book
from faq.facets import Facets
from faq.normalise import Normaliser, shipped
from faq.owners import MOST_TEXTS, Owners
from faq.views import View, view
from faq.weights import SearchWeights, shipped_weights
from faq.why import Why, explain

__all__ = ["Hit", "Index", "Labels", "Why"]
UNEXPLAINED = Why((), (), ())

Labels = Mapping[str, tuple[str, ...]]
Signals = dict[str, Floats]
# A clause shorter than this may be like many entries by accident (可以吗).
_FULL_CLAUSE = 6
_MOST_CLAUSES = 24
# Of the clearest clause's clarity, squared: what is less clear is not part of the question.
_UNDERSTOOD = 0.25


@dataclass(frozen=True, slots=True)
class Hit:
    """One found entry. `score` compares hits of one index; `signals` are its parts, by the names in weights.yaml;
    `exact`: the question is, but for courtesies and synonyms, one of the entry's texts."""

    entry_id: str
    score: float
    why: Why
    signals: Mapping[str, float]
    exact: bool


class Index:
    """What is searched. Built once from texts, then only read: safe to share between threads."""

    def __init__(
        self,
        items: Iterable[tuple[str, Sequence[str]]],
        labels: Labels | None = None,
        normaliser: Normaliser | None = None,
        weights: SearchWeights | None = None,
    ) -> None:
        self._normalise = normaliser or shipped()
        self._weights = weights or shipped_weights().search
        self.ids: list[str] = []
        self._forms: list[str] = []
        self._owners: list[int] = []
        self._exact: dict[str, set[int]] = {}
        for entry_id, texts in items:
            self._add(entry_id, texts)
        views = [view(form) for form in self._forms]
        self._sounds = [one.sounds for one in views]
        self._bounds = np.searchsorted(self._owners, np.arange(len(self.ids) + 1))
        # Of many aliases one is like anything: without this an entry without aliases loses to those that have them.
        self._luck = self._weights.per_text * np.log(np.maximum(np.diff(self._bounds), 1))
        self._post(views)
        self._facets, self._columns = self._label(views, labels or {})
        self._habits = None if labels else self._own(views)

    @classmethod
    def build(cls, book: Book, normaliser: Normaliser | None = None, weights: SearchWeights | None = None) -> Index:
        """Return the Index of a book's questions and aliases, labelled by policy and aspect if all have them."""
        labels = {one.id: (one.policy, one.aspect) for one in book.entries}
        known = all(policy and aspect for policy, aspect in labels.values())
        items = ((one.id, (one.question, *one.aliases)) for one in book.entries)
        return cls(items, labels if known else None, normaliser, weights)

    @classmethod
    def build_from(
        cls,
        items: Iterable[tuple[str, Sequence[str]]],
        labels: Labels | None = None,
        normaliser: Normaliser | None = None,
        weights: SearchWeights | None = None,
    ) -> Index:
        """Return the Index of any small catalogue: (id, texts that mean it).

        `labels`, if given, names the same kinds of label for every id; what entries of one label share is learned.
        """
        return cls(items, labels, normaliser, weights)

    def _add(self, entry_id: str, texts: Sequence[str]) -> None:
        forms = [form for form in dict.fromkeys(self._normalise(text) for text in texts) if form]
        if not forms:
            return
        for form in forms:
            self._exact.setdefault(form, set()).add(len(self.ids))
        self._forms.extend(forms)
        self._owners.extend([len(self.ids)] * len(forms))
        self.ids.append(entry_id)

    def _post(self, views: Sequence[View]) -> None:
        weights = self._weights
        pooled: list[list[str]] = [[] for _ in self.ids]
        pooled_sounds: list[list[str]] = [[] for _ in self.ids]
        for owner, one in zip(self._owners, views, strict=True):
            pooled[owner].extend(one.terms)
            pooled_sounds[owner].extend(one.sound_terms)
        self._texts = Postings([one.terms for one in views], weights.text_k1, weights.b)
        self._pool = Postings(pooled, weights.pool_k1, weights.b)
        self._pool_sounds = Postings(pooled_sounds, weights.pool_k1, weights.b)

    def _label(self, views: Sequence[View], labels: Labels) -> tuple[Facets | None, NDArray[np.int64]]:
        if not labels or not views:
            return None, np.zeros((0, 0), np.int64)
        wanted = [labels[self.ids[owner]] for owner in self._owners]
        facets = Facets([one.all_terms for one in views], wanted, self._weights.ridge)
        return facets, np.array([[facets.columns[pair] for pair in enumerate(labels[one])] for one in self.ids])

    def _own(self, views: Sequence[View]) -> Owners | None:
        if not len(self.ids) < len(views) <= MOST_TEXTS:
            return None
        return Owners([one.all_terms for one in views], self._owners, self._weights.own_ridge)

    def form(self, text: str) -> str:
        """Return a text in the form in which this index compares texts."""
        return self._normalise(text)

    def search(self, text: str, k: int = 5, explained: bool = True) -> list[Hit]:
        """Return up to `k` hits, exact ones first, then by score; empty when nothing is alike. Never raises.

        `explained`: say of every hit why it was found, which is a quarter of the work.
        """
        if not self.ids:
            return []
        heard, signals = self._understand(text)
        exact = self._exact.get(self._normalise(text), set())
        best = _top(self._fuse(signals) - self._luck, int(self._weights.candidates))
        best = np.union1d(best, np.array(sorted(exact), np.int64))
        parts = {name: values[best] for name, values in signals.items()}
        parts["ratio"] = self._ratios(heard, best)
        scores = self._fuse(parts) - self._luck[best]
        parts["coverage"] = self._pool.coverage(heard.terms)[best]
        if "own" in signals:
            parts["lead"] = _leads(signals["own"])[best]
        order = np.lexsort((-scores, np.array([int(entry) not in exact for entry in best], float)))[:k]
        size = log(self._pool.ideal(heard.terms))
        rewritten = self._normalise.rewritten(text) if explained else []
        hits: list[Hit] = []
        for place in order:
            entry, found = int(best[place]), {name: float(values[place]) for name, values in parts.items()}
            why = self._why(rewritten, heard, entry) if explained else UNEXPLAINED
            hits.append(Hit(self.ids[entry], float(scores[place]), why, found | {"size": size}, entry in exact))
        return hits

    def _understand(self, text: str) -> tuple[View, Signals]:
        """Return what of a message was understood, and how every entry answers to it.

        A long message is heard clause by clause; a clause that is like nothing here (我等了很久) counts little.
        """
        whole = view(self._normalise(text))
        clauses = self._clauses(text) if len(whole.form) > self._weights.long_message else []
        if len(clauses) < 2:
            return whole, self._signals(whole)
        found = [self._signals(clause) for clause in clauses]
        clear = np.array([self._clarity(clause, one) for clause, one in zip(clauses, found, strict=True)])
        clear = (clear / max(float(clear.max()), 1e-9)) ** 2
        share = clear * [self._pool.ideal(clause.terms) for clause in clauses]
        share = share / max(float(share.sum()), 1e-9)
        mixed: Signals = {name: np.tensordot(share, [one[name] for one in found], 1) for name in found[0]}
        kept = "".join(clause.form for clause, how in zip(clauses, clear, strict=True) if how >= _UNDERSTOOD)
        return view(kept or whole.form), mixed

    def _clauses(self, text: str) -> list[View]:
        forms = self._normalise.clauses(text)
        if len(forms) > _MOST_CLAUSES:
            forms = forms[: _MOST_CLAUSES // 2] + forms[-_MOST_CLAUSES // 2 :]
        return [view(form) for form in forms]

    def _clarity(self, clause: View, signals: Signals) -> float:
        return max(float(self._fuse(signals).max()), 0.0) * min(1.0, len(clause.form) / _FULL_CLAUSE)

    def _signals(self, one: View) -> Signals:
        texts = self._texts.score(one.terms) / self._texts.ideal(one.terms)
        found = {
            "text": np.maximum.reduceat(texts, self._bounds[:-1]),
            "pool": self._pool.score(one.terms) / self._pool.ideal(one.terms),
            "sound": self._pool_sounds.score(one.sound_terms) / self._pool_sounds.ideal(one.sound_terms),
        }
        if self._facets is not None:
            found["label"] = self._facets.score(one.all_terms)[self._columns].sum(axis=1)
        if self._habits is not None:
            found["own"] = self._habits.score(one.all_terms)
        return found

    def _fuse(self, signals: Mapping[str, Floats]) -> Floats:
        total = sum(getattr(self._weights, name) * values for name, values in signals.items())
        return np.asarray(total, np.float32)

    def _ratios(self, heard: View, best: NDArray[np.int64]) -> Floats:
        return np.array([max(self._each_ratio(heard, int(entry))) for entry in best], np.float32) / 100

    def _each_ratio(self, heard: View, entry: int) -> Iterator[float]:
        for text in range(self._bounds[entry], self._bounds[entry + 1]):
            yield fuzz.ratio(heard.sounds, self._sounds[text])

    def _why(self, rewritten: list[tuple[str, str]], heard: View, entry: int) -> Why:
        mine = slice(int(self._bounds[entry]), int(self._bounds[entry + 1]))
        return explain(heard.form, rewritten, self._forms[mine], self._sounds[mine])


def _leads(values: Floats) -> Floats:
    """Return how far each value is ahead of the best of the others."""
    best = int(values.argmax())
    others = np.full(len(values), values[best])
    others[best] = np.delete(values, best).max(initial=0.0)
    return values - others


def _top(scores: Floats, count: int) -> NDArray[np.int64]:
    """Return where the `count` highest positive scores are, in no order."""
    best = np.argpartition(-scores, min(count, len(scores)) - 1)[:count]
    return best[scores[best] > 0]
