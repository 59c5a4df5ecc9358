"""The same matter again: when it is offered to be joined, when it counts as repeated, when it becomes advice."""

from __future__ import annotations

from pydantic import Field

from config.model import Model


class Advice(Model):
    """From how many like cases, filed within how many days, a recommendation (监察建议) is drafted."""

    cases: int = Field(default=5, ge=2)
    days: int = Field(default=90, ge=1)


class Repeats(Model):
    """repeats.yaml. Days are calendar days; `likeness` is per cent of shared character pairs."""

    offer_from: int = Field(default=2, ge=2)  # people: one alone is never shown to others, not even without a number
    count_from: int = Field(default=5, ge=2)
    recent_days: int = Field(default=90, ge=1)
    repeat_days: int = Field(default=180, ge=1)
    likeness: int = Field(default=28, ge=1, le=100)
    similar: int = Field(default=6, ge=1, le=20)
    advice: Advice = Advice()
