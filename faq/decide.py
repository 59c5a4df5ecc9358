"""What to do with the hits: answer, offer choices, or say that there is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import TYPE_CHECKING, Literal, TypeAlias

from faq.book import Book, Entry
from faq.grievance import grievance
from faq.weights import Confidence, DecideWeights, shipped_weights

if TYPE_CHECKING:  # the search brings numpy along: whoever only handles verdicts need not wait for it
    from faq.search import Hit

__all__ = ["Band", "Verdict", "confidence", "covers", "decide", "grievance", "usable"]

Band = Literal["answer", "choices", "none"]
Found: TypeAlias = "Sequence[tuple[Hit, Entry]]"
SHOWN = 3
ASPECTS = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do: `band`, and up to three `entries`, likeliest first.

    `confidence` (0–1) that the first entry is right; `policy` when it is clear which one is meant; `ask_aspects`:
    entries of that policy to choose from, one an aspect, when the policy is clear and the aspect is not.
    """

    band: Band
    entries: tuple[Entry, ...]
    confidence: float
    policy: str | None
    ask_aspects: tuple[Entry, ...]


def decide(
    text: str,
    hits: Sequence[Hit],
    book: Book,
    today: date,
    region: str | None = None,
    weights: DecideWeights | None = None,
) -> Verdict:
    """Return the Verdict on a question's hits: best first, eight are a good number to ask the index for.

    `region` is the full name of where the asker or the office is; None leaves regions aside.
    """
    weights = weights or shipped_weights().decide
    found = [(hit, entry) for hit in hits if (entry := book.get(hit.entry_id)) is not None]
    found = _without_superseded(found, today, region)
    if not text.strip() or not found:
        return Verdict("none", (), 0.0, None, ())
    exact = [entry for hit, entry in found if hit.exact]
    if exact:
        return _exact(exact, found, today, region)
    return _by_confidence(found, today, region, weights)


def confidence(hits: Sequence[Hit], weights: DecideWeights | None = None) -> float:
    """Return the calibrated probability that the first hit is the right entry."""
    if not hits:
        return 0.0
    model = _model(hits, weights or shipped_weights().decide)
    first = hits[0].signals
    margin = hits[0].score - (hits[1].score if len(hits) > 1 else 0.0)
    odds = model.intercept + model.score * hits[0].score + model.margin * margin
    odds += model.coverage * first.get("coverage", 0.0) + model.ratio * first.get("ratio", 0.0)
    odds += model.size * first.get("size", 0.0) + model.lead * first.get("lead", 0.0)
    return 1 / (1 + exp(-max(min(odds, 50.0), -50.0)))


def _model(hits: Sequence[Hit], weights: DecideWeights) -> Confidence:
    signals = hits[0].signals
    return weights.labelled if "label" in signals else weights.taught if "lead" in signals else weights.plain


def usable(entry: Entry, today: date, region: str | None) -> bool:
    """Return whether an entry may be answered directly: not expired, and meant for this region."""
    return today <= entry.valid_to and covers(entry.region, region)


def covers(written: str, region: str | None) -> bool:
    """Return whether an entry for the region `written` holds in `region`: 四川省 covers 四川省示例县."""
    return region is None or written in ("", "全国") or written in region


def _without_superseded(found: Found, today: date, region: str | None) -> list[tuple[Hit, Entry]]:
    """Leave out an entry that may not be used when one that may says the same of the same policy."""
    current = {(entry.policy, entry.aspect) for _, entry in found if entry.policy and usable(entry, today, region)}
    return [
        (hit, entry)
        for hit, entry in found
        if usable(entry, today, region) or (entry.policy, entry.aspect) not in current
    ]


def _exact(exact: Sequence[Entry], found: Found, today: date, region: str | None) -> Verdict:
    good = [entry for entry in exact if usable(entry, today, region)]
    if len(good) == 1:
        return Verdict("answer", (good[0],), 1.0, good[0].policy or None, ())
    if good:
        return Verdict("choices", tuple(good[:SHOWN]), 1 / len(good), _common_policy(good), ())
    shown = dict.fromkeys([*exact, *(entry for _, entry in found)])
    return Verdict("choices", tuple(shown)[:SHOWN], 0.0, _common_policy(exact), ())


def _by_confidence(found: Found, today: date, region: str | None, weights: DecideWeights) -> Verdict:
    hits = [hit for hit, _ in found]
    sure = confidence(hits, weights)
    if sure < _model(hits, weights).choices_above:
        return Verdict("none", (), sure, None, ())
    first, policy = found[0][1], _clear_policy(found, weights.rival)
    twins = len(hits) > 1 and hits[1].score > (1 - weights.twin) * hits[0].score
    clear = bool(policy) or not first.policy  # 什么时候发 is sure of what is asked, and of which policy not at all
    if sure >= weights.answer_above and clear and not twins and usable(first, today, region):
        return Verdict("answer", (first,), sure, first.policy or None, ())
    likely = [entry for _, entry in found if policy is None or entry.policy == policy]
    asked = {entry.aspect: entry for entry in reversed(likely)} if policy else {}
    in_order = tuple(entry for entry in likely if asked.get(entry.aspect) is entry)
    return Verdict("choices", tuple(likely[:SHOWN]), sure, policy, in_order[:ASPECTS])


def _clear_policy(found: Found, rival: float) -> str | None:
    """Return the first hit's policy if no other policy comes near it."""
    first_hit, first = found[0]
    rivals = [hit.score for hit, entry in found if entry.policy != first.policy]
    return first.policy if first.policy and max(rivals, default=0.0) < rival * first_hit.score else None


def _common_policy(entries: Sequence[Entry]) -> str | None:
    names = {entry.policy for entry in entries}
    return (names.pop() or None) if len(names) == 1 else None
