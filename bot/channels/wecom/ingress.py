"""Every callback once, in the order of its chat, many chats at once; and the one that nobody can take, set aside."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from bot.channels import Busy
from bot.channels.wecom.frames import Came
from bot.channels.wecom.ports import CHANNEL, Office
from bot.web.security import where

log = structlog.get_logger(__name__)

RECENT = 20_000  # callbacks remembered as taken; older ones are known by their drafts and by the inbox
TRIES = 5
PAUSE = 0.2  # seconds before the second try, doubling


class Ingress:
    """Takes callbacks. `dispatch` returns after COMMIT, `lost` tells whoever wrote that it was not taken."""

    def __init__(
        self, dispatch: Callable[[Came], Awaitable[None]], office: Office, lost: Callable[[Came], None]
    ) -> None:
        self._dispatch, self._office, self._lost = dispatch, office, lost
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._last: dict[str, asyncio.Task[None]] = {}

    def take(self, came: Came) -> None:
        """One callback; the same once more is nothing."""
        if came.key in self._taken:
            return
        self._taken[came.key] = None
        if len(self._taken) > RECENT:
            self._taken.popitem(last=False)
        before = self._last.get(came.chat)
        task = asyncio.create_task(self._after(before, came))
        self._last[came.chat] = task
        task.add_done_callback(lambda done: self._forget(came.chat, done))

    def _forget(self, chat: str, done: asyncio.Task[None]) -> None:
        if self._last.get(chat) is done:
            del self._last[chat]

    async def drain(self) -> None:
        """Return when everything that came has had its effect."""
        while waiting := list(self._last.values()):
            await asyncio.wait(waiting)

    async def _after(self, before: asyncio.Task[None] | None, came: Came) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await self._tried(came)
        except Busy:
            log.warning("wecom.busy")
            self._taken.pop(came.key, None)
            self._lost(came)

    async def _tried(self, came: Came) -> None:
        """Dispatch, a few times if need be: the gateway will not bring it again."""
        pause = PAUSE
        for more in range(TRIES, 0, -1):
            try:
                await self._dispatch(came)
                return
            except Busy:
                if more == 1:
                    raise
            except Exception as error:
                name = type(error).__name__
                log.warning("wecom.failed", key=came.key, error=name, at=where(error))
                if await self._office.failed(CHANNEL, came.key, name) >= TRIES or more == 1:
                    await self._office.give_up(CHANNEL, came.key)
                    log.error("wecom.given_up", key=came.key, error=name)
                    self._lost(came)
                    return
            await asyncio.sleep(pause)
            pause *= 2
