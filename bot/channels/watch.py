"""Whether a platform can be reached, or reaches us.

Its silence is counted, across restarts too; the staff room shows it, and the log names it louder each time.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Protocol

import structlog

from bot.channels import Busy

log = structlog.get_logger(__name__)

NOTED_SECONDS = 60.0  # how often it is written down that all is well
LOUDER_HOURS = (0.25, 1.0, 6.0, 12.0, 18.0, 22.0, 24.0)


class House(Protocol):
    """What a watch asks of the house."""

    async def recall(self, channel: str) -> None:
        """Look up when the platform was spoken to last."""
        ...

    async def reached(self, channel: str, keep: bool) -> timedelta | None:
        """The platform is there. How long it was not, when that was longer than it keeps what is sent."""
        ...

    def away(self, channel: str) -> timedelta:
        """How long it has been out of reach."""
        ...


class Watch:
    """Over one platform. `loses` says what a silence costs."""

    def __init__(self, house: House, channel: str, loses: str) -> None:
        self._house, self._channel, self._loses = house, channel, loses
        self._noted = float("-inf")
        self._step = 0

    async def begin(self) -> None:
        """Recall when it was well last, so that a house that was away knows for how long."""
        try:
            await self._house.recall(self._channel)
        except Busy as busy:
            log.warning(f"{self._channel}.watch", error=str(busy))

    async def well(self) -> None:
        """It answered, or brought us something."""
        if self._step:
            log.info(f"{self._channel}.back")
        self._step = 0
        due = time.monotonic() - self._noted > NOTED_SECONDS
        try:
            gap = await self._house.reached(self._channel, keep=due)
        except Busy as busy:
            log.warning(f"{self._channel}.watch", error=str(busy))
            return
        self._noted = time.monotonic() if due else self._noted
        if gap:
            log.critical(f"{self._channel}.gap", hours=round(gap / timedelta(hours=1), 1), problem=self._loses)

    def ill(self, why: str) -> None:
        """It did not. Louder the longer it lasts."""
        hours = self._house.away(self._channel) / timedelta(hours=1)
        step = sum(hours >= one for one in LOUDER_HOURS)
        if step > self._step:
            self._step = step
            log.critical(f"{self._channel}.silent", hours=round(hours, 1), why=why, problem=self._loses)
