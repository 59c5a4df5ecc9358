"""Thresholds from what citizens pressed: how sure is sure enough, in this county, with these answers?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from faq.learn import NONE, Logged

__all__ = ["Calibration", "Step", "calibrate"]

ENOUGH = 200  # labels below which a suggestion would be a guess
ENOUGH_WRONG = 20  # of them wrong: without mistakes nobody knows where they begin
IN_A_STEP = 50
RIGHT = 0.9  # a direct answer should be right this often, at the lower end of what the labels allow
CHOSEN = 0.1  # choices of which fewer than this are taken are not worth showing
_Z = 1.96  # 95 % confidence
_STEPS = [n / 100 for n in range(5, 100, 5)]


@dataclass(frozen=True, slots=True)
class Step:
    """Questions answered with at least this confidence: how many have a label, how many of those were right."""

    above: float
    labels: int
    right: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the labels say. `missing` > 0: too few for a suggestion. A threshold of None: leave it as it is."""

    labels: int
    right: int
    missing: int
    answer_above: float | None
    choices_above: float | None
    steps: tuple[Step, ...]


def calibrate(rows: Iterable[Logged]) -> Calibration:
    """Return what the clicks in the log say about the thresholds.

    A label is a typed question of which the citizen pressed an entry, 都不是, 有帮助 or 没帮助; of one person the
    same press for the same entries counts once.
    """
    labels = _labels(rows)
    right = sum(good for _, good, _ in labels)
    missing = max(ENOUGH - len(labels), ENOUGH_WRONG - (len(labels) - right), 0)
    steps = tuple(_step(labels, above) for above in _STEPS)
    if missing:
        return Calibration(len(labels), right, missing, None, None, steps)
    good = [step.above for step in steps if step.labels >= IN_A_STEP and _at_least(step) >= RIGHT]
    return Calibration(len(labels), right, 0, min(good, default=None), _choices_above(labels), steps)


_Label = tuple[float, bool, bool]  # how sure, the first entry was right, some entry was


def _labels(rows: Iterable[Logged]) -> list[_Label]:
    seen: dict[tuple[object, ...], _Label] = {}
    for row in rows:
        label = _label(row)
        if label:
            seen.setdefault((row.person, row.shown, row.picked, row.felt), label)
    return list(seen.values())


def _label(row: Logged) -> _Label | None:
    if row.arrival != "typed" or not row.shown or row.felt == "file":
        return None
    if row.band == "answer":
        return (row.confidence, row.felt == "ok", row.felt == "ok") if row.felt else None
    if not row.picked:
        return None
    some = row.picked != NONE
    return row.confidence, row.picked == row.shown[0] and row.felt != "bad", some


def _step(labels: Sequence[_Label], above: float) -> Step:
    inside = [right for sure, right, _ in labels if sure >= above]
    return Step(above, len(inside), sum(inside))


def _at_least(step: Step) -> float:
    """The lower end of Wilson's interval for the share that is right."""
    n, share = step.labels, step.right / step.labels
    spread = _Z * sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    return (share + _Z * _Z / (2 * n) - spread) / (1 + _Z * _Z / n)


def _choices_above(labels: Sequence[_Label]) -> float | None:
    """The highest line below which hardly anybody takes one of the choices."""
    found: float | None = None
    for line in _STEPS:
        below = [some for sure, _, some in labels if sure < line]
        if len(below) >= IN_A_STEP and sum(below) < CHOSEN * len(below):
            found = line
    return found
