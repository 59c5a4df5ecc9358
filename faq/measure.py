"""How good is a search? The figures by which ways of matching are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

FALSE_ANSWERS = 0.02
COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Answered:
    """One question put to a search: the right id (None: out of scope), kind of noise, ids found best first, and how
    sure the search was of the first (any number that grows with certainty)."""

    wanted: str | None
    noise: str
    found: tuple[str, ...]
    sure: float

    @property
    def right(self) -> bool:
        """Whether the first id found is the wanted one."""
        return self.wanted is not None and self.found[:1] == (self.wanted,)


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of the `n` questions in scope, 0 to 1; `aurc` is over all questions, lower is better."""

    n: int
    top1: float
    top3: float
    mrr10: float
    right_direct_at_2pct: float
    aurc: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Risk:
    """When the surest `coverage` of all questions is answered directly, `risk` of these answers is wrong."""

    coverage: float
    risk: float


def measure(rows: Iterable[Answered]) -> dict[str, Figures]:
    """Return the figures for each kind of noise, `none` called `clean`."""
    kinds: dict[str, list[Answered]] = {}
    for row in rows:
        kinds.setdefault("clean" if row.noise == "none" else row.noise, []).append(row)
    return {kind: figures(answered) for kind, answered in kinds.items()}


def risks(rows: Sequence[Answered]) -> list[Risk]:
    """Return the risk at each of COVERAGES, over questions of every kind, in scope and out of it."""
    surest = sorted(rows, key=lambda row: -row.sure)
    heads = [(share, surest[: round(share * len(surest))]) for share in COVERAGES]
    return [Risk(share, _share(sum(not row.right for row in head), head)) for share, head in heads]


def figures(rows: Sequence[Answered]) -> Figures:
    """Return the figures of questions of one kind."""
    inside = [row for row in rows if row.wanted is not None]
    return Figures(
        n=len(inside),
        top1=_share(sum(row.right for row in inside), inside),
        top3=_share(sum(row.wanted in row.found[:3] for row in inside), inside),
        mrr10=_share(sum(_reciprocal(row) for row in inside), inside),
        right_direct_at_2pct=_right_direct(rows, inside),
        aurc=_risk_coverage(rows),
    )


def _share(part: float, of: Sequence[object]) -> float:
    return part / len(of) if of else 0.0


def _reciprocal(row: Answered) -> float:
    return 1 / (row.found.index(row.wanted) + 1) if row.wanted in row.found[:10] else 0.0


def _right_direct(rows: Sequence[Answered], inside: Sequence[Answered]) -> float:
    """Right direct answers when the bar is so high that at most 2 % of the questions out of scope pass it."""
    outside = sorted((row.sure for row in rows if row.wanted is None), reverse=True)
    allowed = int(FALSE_ANSWERS * len(outside))
    bar = outside[allowed] if len(outside) > allowed else float("-inf")
    return _share(sum(row.right and row.sure > bar for row in inside), inside)


def _risk_coverage(rows: Sequence[Answered]) -> float:
    """Mean share of wrong answers as the bar is lowered question by question, surest first."""
    wrong, total = 0, 0.0
    for count, row in enumerate(sorted(rows, key=lambda row: -row.sure), 1):
        wrong += not row.right
        total += wrong / count
    return _share(total, rows)
