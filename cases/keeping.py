"""How long a case is kept, and how many may go at once without a human. The terms are config/retention.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.keeping import Retention


@dataclass(frozen=True, slots=True)
class Due:
    """Cases of one lane that ended in one state: they may go when nothing has happened to them since `before`."""

    lane: str
    state: str
    before: datetime


def due(terms: Retention, now: datetime) -> Iterator[Due]:
    """What may go now, by lane and state. A lane or state without a term is kept for ever."""
    for term in terms.cases:
        yield Due(term.lane, term.state, now - timedelta(days=term.days))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go: `cases` of `of_cases`, `people` of `of_people`."""

    cases: int
    of_cases: int
    people: int
    of_people: int

    def waits(self, terms: Retention, approved: int = 0) -> int:
        """How many need a human's word before anything goes; 0 when none does."""
        over = (
            (self.cases, max(terms.allowed(self.of_cases), approved)),
            (self.people, max(terms.allowed(self.of_people), approved)),
        )
        return sum(due for due, may in over if due > may)
