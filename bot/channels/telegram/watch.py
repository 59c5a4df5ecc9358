"""Whether Telegram can be reached, or reaches us. It keeps updates for a day: a longer silence loses letters.

So the silence is counted, across restarts too; the staff room shows it, and the log names it louder each time.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from bot.channels.telegram.ports import CHANNEL, Busy, House

log = structlog.get_logger(__name__)

NOTED_SECONDS = 60.0  # how often it is written down that all is well
LOUDER_HOURS = (0.25, 1.0, 6.0, 12.0, 18.0, 22.0, 24.0)
LOSES = "Telegram keeps updates for 24 hours: what citizens write is lost after that"


class Watch:
    """Over one bot."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._noted = float("-inf")
        self._step = 0

    async def begin(self) -> None:
        """Recall when it was well last, so that a house that was away knows for how long."""
        try:
            await self._house.recall(CHANNEL)
        except Busy as busy:
            log.warning("telegram.watch", error=str(busy))

    async def well(self) -> None:
        """Telegram answered, or brought us something."""
        if self._step:
            log.info("telegram.back")
        self._step = 0
        due = time.monotonic() - self._noted > NOTED_SECONDS
        try:
            gap = await self._house.reached(CHANNEL, keep=due)
        except Busy as busy:
            log.warning("telegram.watch", error=str(busy))
            return
        self._noted = time.monotonic() if due else self._noted
        if gap:
            log.critical("telegram.gap", hours=round(gap / timedelta(hours=1), 1), problem=LOSES)

    def ill(self, why: str) -> None:
        """It did not. Louder the longer it lasts."""
        hours = self._house.away(CHANNEL) / timedelta(hours=1)
        step = sum(hours >= one for one in LOUDER_HOURS)
        if step > self._step:
            self._step = step
            log.critical("telegram.silent", hours=round(hours, 1), why=why, problem=LOSES)
