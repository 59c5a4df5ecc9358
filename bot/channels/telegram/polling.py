"""Long polling: the offset moves only past what is committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from bot.channels.telegram.api import POLL_SECONDS, Api
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.parse import Odd, id_of
from bot.channels.telegram.ports import Busy
from bot.channels.watch import Watch

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5  # how long a slow chat may keep others waiting for the next look
PAUSE, LONGEST_PAUSE = 0.5, 30.0
RECENT_SECONDS = 60.0
NEW_PATIENCE, OLD_PATIENCE = 3, 8  # times in that span that a poller lets itself be cut off


class Second(Exception):
    """Somebody else polls with our token."""


class Poller:
    """Asks for updates for ever."""

    def __init__(
        self, api: Api, take: Callable[[Any], Awaitable[None]], watch: Watch, seconds: int = POLL_SECONDS
    ) -> None:
        self._api, self._take, self._watch, self._seconds = api, take, watch, seconds
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._offset = 0
        self._since = time.monotonic()
        self._cut_off: list[float] = []

    async def run(self) -> None:
        """Poll until cancelled. Raises Second when there is another poller, Trouble for a token that is not good."""
        pause = PAUSE
        try:
            while True:
                try:
                    await self._look()
                    pause = PAUSE
                except Trouble as trouble:
                    if trouble.kind == "second" and self._outdone():
                        raise Second from trouble
                    if trouble.kind == "unauthorised":
                        raise
                    log.warning("telegram.poll", kind=trouble.kind)
                    self._watch.ill(str(trouble))
                    await asyncio.sleep(max(pause, trouble.after))
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            for task in self._under_way.values():
                task.cancel()

    def _outdone(self) -> bool:
        """Two pollers cut each other off in turn. The one that came last gives way first."""
        now = time.monotonic()
        self._cut_off.append(now)
        recent = [at for at in self._cut_off if at > now - RECENT_SECONDS]
        self._cut_off = recent
        return len(recent) >= (NEW_PATIENCE if now - self._since < RECENT_SECONDS else OLD_PATIENCE)

    async def _look(self) -> None:
        came = await self._api.updates(self._offset, 0 if self._under_way else self._seconds)
        await self._watch.well()
        for raw in came:
            try:
                number = id_of(raw)
            except Odd:
                continue
            if number not in self._under_way and number >= self._offset:
                self._under_way[number] = asyncio.create_task(self._patiently(raw))
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=LOOK_SECONDS)
        self._move(max((id_of(raw) for raw in came), default=self._offset - 1))

    def _move(self, newest: int) -> None:
        """To the oldest update that is not taken, else past the newest."""
        for number in [number for number, task in self._under_way.items() if task.done()]:
            self._under_way.pop(number).result()
        self._offset = min(self._under_way, default=newest + 1)

    async def _patiently(self, raw: Any) -> None:
        """A house that cannot write now is waited for: Telegram keeps what we do not confirm."""
        pause = PAUSE
        while True:
            try:
                await self._take(raw)
                return
            except Busy as error:
                log.warning("telegram.store", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
