"""A group's budget: so many messages a minute, and cards step back behind what somebody waits for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.channels.wecom.faults import Held

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages of our own to one group a minute; `spare` of them are kept from cards."""

    group: int = 18
    spare: int = 4


class Pacer:
    """Counts what is sent, by chat."""

    def __init__(
        self,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.rates, self._clock, self._sleep = rates or Rates(), clock, sleep
        self._sent: dict[str, deque[float]] = {}
        self._paused: dict[str, float] = {}

    def wait(self, chat: str, urgent: bool = False) -> float:
        """Seconds until this chat may be written to."""
        now, sent = self._clock(), self._sent.get(chat, deque())
        while sent and sent[0] <= now - MINUTE:
            sent.popleft()
        most = self.rates.group if urgent else max(1, self.rates.group - self.rates.spare)
        slot = sent[-most] + MINUTE if len(sent) >= most else now
        return max(0.0, slot - now, self._paused.get(chat, 0.0) - now)

    async def turn(self, chat: str, urgent: bool) -> None:
        """Take a slot. What is urgent waits for one; a card is held, and drawn anew when there is one. Raises Held."""
        while (wait := self.wait(chat, urgent)) > 0:
            if not urgent:
                raise Held(wait)
            await self._sleep(wait)
        self.count(chat)

    async def rest(self, seconds: float) -> None:
        """Wait, by the same clock."""
        await self._sleep(seconds)

    def count(self, chat: str) -> None:
        """Something was sent."""
        self._sent.setdefault(chat, deque()).append(self._clock())

    def pause(self, chat: str, seconds: float) -> None:
        """The gateway refused: the chat rests."""
        self._paused[chat] = max(self._paused.get(chat, 0.0), self._clock() + seconds)
