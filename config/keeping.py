"""The shape of retention.yaml: how long what is kept, and how much may go without a human."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.model import Model

Ended = Literal["closed", "refused", "withdrawn", "merged"]


class Term(Model):
    """How many days a case of one lane stays after it ended in this state; `source` says who decided it."""

    lane: Literal["service", "tip"]
    state: Ended
    days: int = Field(ge=1)
    source: str = Field(min_length=1)


class Retention(Model):
    """retention.yaml (个人信息保护法第十九条: no longer than the purpose needs). All days are calendar days.

    `inbox_days` may not fall below seven: WeChat may send a message again for that long.
    """

    cases: tuple[Term, ...]
    talk_days: int = Field(ge=1)
    people_days: int = Field(ge=1)
    inbox_days: int = Field(ge=7)
    at_hour: int = Field(default=3, ge=0, le=23)
    most_percent: float = Field(default=1.0, ge=0, le=1)
    most_cases: int = Field(default=200, ge=0)

    def days_of(self, lane: str, state: str) -> int | None:
        """Days after which a case of this lane and state may go; None: never."""
        return next((one.days for one in self.cases if (one.lane, one.state) == (lane, state)), None)

    def allowed(self, total: int) -> int:
        """How many of `total` may go in one run without a human: never more than one in a hundred."""
        return min(int(total * self.most_percent / 100), self.most_cases)
