"""What is sent beside the work: in order within a chat, and never waited for by whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.channels.telegram.faults import Held, Trouble
from bot.web.security import where

log = structlog.get_logger(__name__)

Work = Coroutine[Any, Any, Any]


class Sending:
    """Work under way, by chat."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[None]] = {}
        self._loose: set[asyncio.Task[None]] = set()

    def queue(self, chat: str, work: Work) -> None:
        """Do this after whatever else goes to the chat."""
        before = self._last.get(chat)

        async def after() -> None:
            if before is not None:
                await asyncio.wait([before])
            await _logged(work)

        task = asyncio.create_task(after())
        self._last[chat] = task
        task.add_done_callback(lambda done: self._forget(chat, done))

    async def sent(self, chat: str, seconds: float) -> None:
        """Return when what was queued for the chat is done, or after so long."""
        if last := self._last.get(chat):
            await asyncio.wait([last], timeout=seconds)

    def _forget(self, chat: str, done: asyncio.Task[None]) -> None:
        if self._last.get(chat) is done:
            del self._last[chat]

    def loosely(self, work: Work) -> None:
        """Do this some time soon."""
        task = asyncio.create_task(_logged(work))
        self._loose.add(task)
        task.add_done_callback(self._loose.discard)

    async def drain(self) -> None:
        """Return when everything is done."""
        while waiting := [*self._last.values(), *self._loose]:
            await asyncio.wait(waiting)


async def _logged(work: Work) -> None:
    """What fails here is told again by the outbox, or was worth saying only now."""
    try:
        await work
    except (Held, Trouble) as error:
        log.info("telegram.unsent", error=type(error).__name__)
    except Exception as error:
        log.warning("telegram.send", error=type(error).__name__, at=where(error))
