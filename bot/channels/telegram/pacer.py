"""How fast we may speak: by chat, by group, overall. Telegram's own limits are unspecified; only its 429 binds.

A forum is one chat, edits and topics count as messages, and a pause of one chat must not silence another. So every
chat has its own slots, and what may wait (cards) steps back behind what may not (answers to citizens).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.channels.telegram.faults import Held

CHATS = 10_000  # remembered at once; the longest silent one is forgotten first
MINUTE = 60.0
CROWD, CROWD_SECONDS = 3, 10.0  # so many chats refused in so short a time: it is the bot that is too fast


@dataclass(frozen=True, slots=True)
class Rates:
    """Sends a second to one chat and to all, and a minute to one group."""

    chat: float = 1.0
    overall: float = 25.0
    group: int = 18
    spare: int = 4  # of a group's, kept from cards: for whoever presses and waits


@dataclass
class _Chat:
    free_at: float = 0.0
    paused_until: float = 0.0
    last: deque[float] = field(default_factory=deque[float])  # slots of the last minute, of a group only


class Pacer:
    """Gives out slots in the order they are asked for. A slot that was given is used, or lost."""

    def __init__(
        self,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.rates = rates or Rates()
        self._clock, self._sleep = clock, sleep
        self._chats: OrderedDict[str, _Chat] = OrderedDict()
        self._free_at = 0.0
        self._refused: deque[tuple[float, str]] = deque()

    def wait(self, chat: str, *, urgent: bool = True) -> float:
        """Seconds until this chat may be spoken to."""
        return max(0.0, self._slot(chat, urgent) - self._clock())

    async def turn(self, chat: str, patience: float = math.inf, *, urgent: bool = True) -> None:
        """Wait for a slot of this chat. Raises Held when it is more than `patience` seconds away."""
        now, slot = self._clock(), self._slot(chat, urgent)
        if slot - now > patience:
            raise Held(slot - now)
        here = self._take(chat, slot)
        if slot > now:
            await self._sleep(slot - now)
        while (more := here.paused_until - self._clock()) > 0:  # refused while this one waited
            if more > patience:
                raise Held(more)
            await self._sleep(more)
        await self._overall(urgent)

    def pause(self, chat: str, seconds: float) -> None:
        """Telegram refused: this chat rests; all of them when several were refused at once."""
        now = self._clock()
        here = self._chats.setdefault(chat, _Chat())
        here.paused_until = max(here.paused_until, now + seconds)
        self._refused.append((now, chat))
        while self._refused[0][0] < now - CROWD_SECONDS:
            self._refused.popleft()
        if len({one for _, one in self._refused}) >= CROWD:
            self._free_at = max(self._free_at, now + seconds)

    def _slot(self, chat: str, urgent: bool) -> float:
        now, here = self._clock(), self._chats.get(chat)
        if here is None:
            return now
        slot = max(now, here.free_at, here.paused_until)
        most = self.rates.group if urgent else max(1, self.rates.group - self.rates.spare)
        if chat.startswith("-") and len(here.last) >= most:
            slot = max(slot, here.last[-most] + MINUTE)
        return slot

    def _take(self, chat: str, slot: float) -> _Chat:
        here = self._chats.setdefault(chat, _Chat())
        self._chats.move_to_end(chat)
        here.free_at = slot + 1 / self.rates.chat
        if chat.startswith("-"):
            here.last.append(slot)
            if len(here.last) > self.rates.group:
                here.last.popleft()
        if len(self._chats) > CHATS:
            self._chats.popitem(last=False)
        return here

    async def _overall(self, urgent: bool) -> None:
        while not urgent and (wait := self._free_at - self._clock()) > 0:
            await self._sleep(wait)
        now = self._clock()
        slot = max(now, self._free_at)
        self._free_at = slot + 1 / self.rates.overall
        if slot > now:
            await self._sleep(slot - now)
