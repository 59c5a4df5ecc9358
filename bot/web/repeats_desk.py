"""What the page of 监察建议 and 村村协作 needs from the rest of the machine. `bot.repeats` is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.web.staff_house import StaffHouse
from cases.case import Actor
from cases.repeats import Zeal


class Unwilling(Exception):
    """A word on a draft that is not taken; `reason` is a key under `advice.error.` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Draft:
    """Like cases that ask for a recommendation. `scope` is "place" or "department", `where` its id."""

    topic: str
    scope: str
    where: str
    numbers: tuple[str, ...]  # of the cases, oldest first
    open: int
    overdue: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A draft that was dealt with. `state` is "done" or "dismissed"."""

    topic: str
    scope: str
    where: str
    cases: int
    state: str
    reason: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One cross-check; `finding` is "" while it is owed."""

    no: str
    unit: str
    asked_at: datetime
    done_at: datetime | None
    finding: str


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page."""

    drafts: Sequence[Draft]
    decided: Sequence[Decided]
    zeal: Sequence[Zeal]
    checks: Sequence[CheckRow]
    cases: int  # from how many like cases
    days: int  # within how many days


class RepeatsDesk(Protocol):
    """The page as a supervisor works on it. Nothing out of the viewer's sight is counted or named."""

    async def board(self, viewer: Actor) -> Board:
        """Everything as it is now."""
        ...

    async def draft(self, viewer: Actor, topic: str, scope: str, where: str) -> Draft | None:
        """One draft as it is now; None when it is no longer one."""
        ...

    async def decide(self, viewer: Actor, draft: Draft, last: str, state: str, reason: str) -> None:
        """It went out, or will not. `last` is the newest case the viewer saw: later ones stay. Raises Unwilling."""
        ...


@runtime_checkable
class RepeatsHouse(StaffHouse, Protocol):
    """A staff room with that page in it."""

    @property
    def repeats(self) -> RepeatsDesk:
        """The page."""
        ...
