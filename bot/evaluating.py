"""`zhitong faq eval`: labelled questions put to the search as it serves citizens, and the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from faq import book as books
from faq.decide import confidence
from faq.measure import Answered, Figures, Risk, measure, risks
from faq.normalise import load_normaliser
from faq.queries import read_queries
from faq.search import Index
from faq.weights import load_weights

LOOKED_AT = 10  # MRR@10


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Figures by kind of noise, risk at growing coverage, milliseconds a question took, ids the answers lack."""

    kinds: Mapping[str, Figures]
    risks: Sequence[Risk]
    p50: float
    p95: float
    entries: int
    unknown: frozenset[str]


def evaluate(queries: Path, answers: Path, lists: Path) -> Evaluated:
    """Ask every question of the file `queries` of the answers (folder or JSON lines), with the word lists and
    weights of the folder `lists`. Raises BookErrors, SiteFileError."""
    asked = read_queries(queries)
    book = books.load([answers])
    weights = load_weights(lists)
    index = Index.build(book, load_normaliser(lists), weights.search)
    answered: list[Answered] = []
    times: list[float] = []
    for query in asked:
        start = perf_counter()
        hits = index.search(query.text, LOOKED_AT, explained=False)
        sure = confidence(hits, weights.decide)
        times.append((perf_counter() - start) * 1000)
        answered.append(Answered(query.faq_id, query.noise, tuple(hit.entry_id for hit in hits), sure))
    p50, p95 = np.percentile(times or [0.0], [50, 95])
    unknown = frozenset(query.faq_id for query in asked if query.faq_id and not book.get(query.faq_id))
    return Evaluated(measure(answered), risks(answered), float(p50), float(p95), len(book.entries), unknown)


def as_json(found: Evaluated) -> dict[str, dict[str, float]]:
    """The object for programs: figures by kind of noise, and the latency."""
    kinds = {kind: {name: _round(one) for name, one in each.as_dict().items()} for kind, each in found.kinds.items()}
    return {**kinds, "latency_ms": {"p50": _round(found.p50), "p95": _round(found.p95)}}


def _round(value: float) -> float:
    return value if isinstance(value, int) else round(value, 4)


def as_table(found: Evaluated) -> list[str]:
    """The same for people, and how often the surest answers are wrong."""
    lines = [f"{'':12}{'n':>6}{'top-1':>8}{'top-3':>8}{'MRR@10':>8}{'right@2%':>10}{'AURC':>8}"]
    for kind, one in found.kinds.items():
        shares = f"{one.top1:>8.3f}{one.top3:>8.3f}{one.mrr10:>8.3f}{one.right_direct_at_2pct:>10.3f}{one.aurc:>8.3f}"
        lines.append(f"{kind:12}{one.n:>6}{shares}")
    lines += ["", f"{'surest':12}" + "".join(f"{one.coverage:>8.0%}" for one in found.risks)]
    lines.append(f"{'wrong':12}" + "".join(f"{one.risk:>8.1%}" for one in found.risks))
    return [*lines, "", f"{found.entries} entries; {found.p50:.2f} ms p50, {found.p95:.2f} ms p95 a question"]
