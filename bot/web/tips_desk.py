"""What the staff room needs to open an informant's name. `bot.tips` is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from bot.web.staff_house import StaffHouse
from cases.case import Actor

AskingState = Literal["waiting", "open", "over", "denied", "lapsed"]


class TipRefused(Exception):
    """It was not done; `reason` is a key under `illegal.` in the texts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AskingShown:
    """A request to see a name, as the room shows it. `mine`: the viewer's own, which others decide."""

    id: int
    who: str
    reason: str
    at: datetime
    state: AskingState
    mine: bool
    decided_by: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who handed a tip in, for as long as the lease lasts."""

    name: str
    phone: str
    until: datetime


class TipsDesk(Protocol):
    """Names behind tips: asked for by one, granted by another, each look kept. Raises TipRefused."""

    async def askings(self, viewer: Actor, no: str) -> Sequence[AskingShown]:
        """The requests about a tip, newest first."""
        ...

    async def ask(self, viewer: Actor, no: str, reason: str) -> None:
        """Ask to see the name."""
        ...

    async def decide(self, viewer: Actor, no: str, asking: int, granted: bool) -> None:
        """Say yes or no to somebody else's request."""
        ...

    async def look(self, viewer: Actor, no: str) -> Identity:
        """The name, while the viewer's own lease lasts."""
        ...


@runtime_checkable
class TipsHouse(StaffHouse, Protocol):
    """A house that takes tips."""

    @property
    def tips(self) -> TipsDesk:
        """The names behind them."""
        ...
