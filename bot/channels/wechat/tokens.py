"""The access token: one for all processes, fetched by one of them, a little before it is needed.

`stable_token` keeps the old token good for five minutes after a new one is given, so nobody has to wait for anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.channels.wechat.faults import Trouble
from bot.channels.wechat.ports import Busy

log = structlog.get_logger(__name__)

EARLY = timedelta(seconds=280)  # in the last five minutes `stable_token` gives the next one, and both are good
AGAIN = timedelta(seconds=30)  # a fetch that gave one that is nearly over is not repeated at once
CLAIM_SECONDS = 15.0  # for so long one process may be fetching
LOOK_SECONDS = 0.1
CLAIMED_LOOKS = 100

Fetch = Callable[[bool], Awaitable[tuple[str, int]]]  # (force) -> token and its seconds


@dataclass(frozen=True, slots=True)
class Held:
    """A token and until when it is good."""

    token: str
    until: datetime

    def __repr__(self) -> str:
        return f"Held(until={self.until})"


class Shelf(Protocol):
    """Where the processes of an office keep the token for each other. May raise Busy."""

    async def held_token(self) -> Held | None:
        """The token that was kept last."""
        ...

    async def claim_token(self, seconds: float) -> bool:
        """Whether it is ours to fetch the next one; nobody else's for `seconds`."""
        ...

    async def keep_token(self, held: Held) -> None:
        """Keep a token for all; gives up the claim."""
        ...


class Tokens:
    """Gives out the token."""

    def __init__(self, fetch: Fetch, shelf: Shelf, clock: Callable[[], datetime]) -> None:
        self._fetch, self._shelf, self._clock = fetch, shelf, clock
        self._held: Held | None = None
        self._asked_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good for some minutes. Raises Trouble."""
        held = self._held
        if held is None or not self._fresh(held, ""):
            held = await self._other("")
        return held.token

    async def other_than(self, bad: str) -> str:
        """A token after Tencent refused one: fetched once, however many were refused. Raises Trouble."""
        return (await self._other(bad)).token

    async def _other(self, bad: str) -> Held:
        async with self._lock:
            if self._held and self._fresh(self._held, bad):
                return self._held
            self._held = await self._renewed(bad, self._held)
            return self._held

    def _fresh(self, held: Held, bad: str) -> bool:
        now = self._clock()
        just = self._asked_at is not None and timedelta() <= now - self._asked_at < AGAIN
        return held.token != bad and held.until - now >= (timedelta() if just else EARLY)

    async def _renewed(self, bad: str, last: Held | None) -> Held:
        try:
            for _ in range(CLAIMED_LOOKS):
                held = await self._shelf.held_token()
                if held and self._fresh(held, bad):
                    return held
                if await self._shelf.claim_token(CLAIM_SECONDS):
                    break
                if last and self._good(last, bad):  # somebody else is at it, and it is early
                    return last
                await asyncio.sleep(LOOK_SECONDS)
        except Busy:
            log.warning("wechat.token.shelf")  # fetched for this process alone: stable_token gives all the same one
        try:
            return await self._fetched(bad)
        except Trouble:
            if last and self._good(last, bad):
                self._asked_at = self._clock()
                return last
            raise

    def _good(self, held: Held, bad: str) -> bool:
        return held.token != bad and held.until > self._clock()

    async def _fetched(self, bad: str) -> Held:
        token, seconds = await self._fetch(False)
        if token == bad:  # refused, and yet given again: only force helps (20 times a day)
            token, seconds = await self._fetch(True)
        self._asked_at = self._clock()
        held = Held(token, self._asked_at + timedelta(seconds=seconds))
        try:
            await self._shelf.keep_token(held)
        except Busy:
            log.warning("wechat.token.shelf")
        return held
