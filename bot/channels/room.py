"""The web staff room as a channel for cards: the card is drawn from the case when it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.bells import Bells
from bot.outbox import Sent

BELL = "staff"


class Room:
    """Tells the open rooms that a case changed; it stands in the department's list either way."""

    def __init__(self, bells: Bells, number_of: Callable[[int], Awaitable[str]]) -> None:
        self._bells, self._number_of = bells, number_of

    async def show(self, case_id: int) -> Sent:
        """Ring for the case."""
        no = await self._number_of(case_id)
        if not no:
            return Sent("failed", "no such case", permanent=True)
        self._bells.ring(BELL, no)
        return Sent("delivered")
