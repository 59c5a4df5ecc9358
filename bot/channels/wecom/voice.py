"""What we say to staff beside the cards: in order within a chat, and again until it is said or cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.channels.wecom.api import Api
from bot.channels.wecom.draw import Drawn
from bot.channels.wecom.faults import Trouble
from bot.channels.wecom.frames import Came
from bot.channels.wecom.ports import Office
from bot.web.security import where
from handlers.wording import fill

log = structlog.get_logger(__name__)

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)  # before each further try of what did not leave us
AGAIN = frozenset({"away", "wait", "passing"})
Work = Coroutine[Any, Any, None]
After = Callable[[], Awaitable[None]]


class Voice:
    """Says things to staff. Nobody waits for it: what was done is done whether or not it can be told."""

    def __init__(self, api: Api, office: Office) -> None:
        self.api, self.office = api, office
        self._last: dict[str, asyncio.Task[None]] = {}

    def text(self, key: str, gaps: Mapping[str, str] | None = None) -> str:
        """Words of ours."""
        return fill(self.office.county.texts["zh"], key, dict(gaps or {}))

    def tell(self, came: Came, drawn: Drawn | str, after: After | None = None) -> None:
        """To whoever wrote or pressed; `after` happens once it is said."""
        shown = Drawn(drawn) if isinstance(drawn, str) else drawn
        self._queue(came.chat, self._told(came, shown, after))

    def say_no(self, came: Came, key: str, gaps: Mapping[str, str] | None = None) -> None:
        """Why it was not done."""
        self.tell(came, self.text(key, gaps))

    def redraw(self, came: Came, drawn: Drawn) -> None:
        """The card that was pressed shows something else; too late for that is no trouble."""
        self._queue(came.chat, self._redrawn(came, drawn))

    def say(self, chat: str, private: bool, drawn: Drawn, after: After | None = None) -> None:
        """Of our own accord."""
        self._queue(chat, self._said(chat, private, drawn, after))

    async def drain(self) -> None:
        """Return when everything is said or given up."""
        while waiting := list(self._last.values()):
            await asyncio.wait(waiting)

    def stop(self) -> None:
        """Say nothing more."""
        for task in self._last.values():
            task.cancel()

    def _queue(self, chat: str, work: Work) -> None:
        before = self._last.get(chat)

        async def afterwards() -> None:
            if before is not None:
                await asyncio.wait([before])
            await _logged(work)

        task = asyncio.create_task(afterwards())
        self._last[chat] = task
        task.add_done_callback(lambda done: self._forget(chat, done))

    def _forget(self, chat: str, done: asyncio.Task[None]) -> None:
        if self._last.get(chat) is done:
            del self._last[chat]

    async def _told(self, came: Came, drawn: Drawn, after: After | None) -> None:
        if came.kind == "message" and came.req:
            try:
                await self.api.answer(came.req, came.chat, drawn)
            except Trouble as trouble:
                if trouble.kind == "maybe":
                    drawn = self._repeated(drawn)
            else:
                await _then(after)
                return
        await self._said(came.chat, came.private, drawn, after)

    async def _said(self, chat: str, private: bool, drawn: Drawn, after: After | None) -> None:
        """A message of our own, until it is out; one in doubt is repeated once, and marked."""
        doubted = False
        for pause in (*PAUSES, 0.0):
            try:
                await self.api.say(chat, drawn, private=private)
            except Trouble as trouble:
                if trouble.kind == "maybe" and not doubted:
                    doubted, drawn = True, self._repeated(drawn)
                elif trouble.kind not in AGAIN or not pause:
                    raise
            else:
                await _then(after)
                return
            await asyncio.sleep(pause)

    def _repeated(self, drawn: Drawn) -> Drawn:
        mark = self.text("wecom.maybe")
        return drawn if mark in drawn.text else replace(drawn, text=f"{drawn.text}\n{mark}")

    async def _redrawn(self, came: Came, drawn: Drawn) -> None:
        await self.api.redraw(came.req, came.task, drawn)


async def _then(after: After | None) -> None:
    if after:
        await after()


async def _logged(work: Work) -> None:
    try:
        await work
    except Trouble as error:
        log.info("wecom.unsent", error=str(error))
    except Exception as error:
        log.warning("wecom.send", error=type(error).__name__, at=where(error))
