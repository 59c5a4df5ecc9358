"""What is new in a talk, told while the page is open: server-sent events.

The stream holds no state: it asks for the letters after the last one it sent, waits for a bell, asks again.
A lost bell costs a heartbeat, never a letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from aiohttp import web

from bot.web.letters import message
from bot.web.security import Fault
from bot.web.session import CHANNEL, Session, read_session

if TYPE_CHECKING:
    from bot.web.server import House

HEARTBEAT_SECONDS = 20.0
WRITE_SECONDS = 30.0
RETRY_MS = 3000
PER_SESSION = 5
IN_ALL = 5000
PAGE = 50


def add_routes(app: web.Application, house: House) -> None:
    """`/talk/events`."""
    streams = Streams(house)
    app.router.add_get("/talk/events", streams.serve, allow_head=False)
    app.on_shutdown.append(streams.close)


class Streams:
    """The open streams of this process, by session."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._open: dict[str, dict[asyncio.Task[None], web.Request]] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with a stream that begins after `Last-Event-ID` or `?after=`."""
        session = read_session(request, self._house.public_url)
        after = whole_number(request.headers.get("Last-Event-ID") or request.query.get("after"))
        self._admit(session)
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        await response.prepare(request)
        task = asyncio.create_task(self._tell(response, session, after))
        self._open.setdefault(session.address, {})[task] = request
        try:
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
                await task
        finally:
            task.cancel()
            self._forget(session, task)
        return response

    async def close(self, app: web.Application) -> None:
        """End every stream, so that the house can close; browsers come back by themselves."""
        for streams in self._open.values():
            for task in streams:
                task.cancel()

    def _admit(self, session: Session) -> None:
        """Raise Fault 429 for one stream too many. Streams whose reader has gone do not count, and end here."""
        mine = self._open.get(session.address, {})
        gone = [task for task, request in mine.items() if request.transport is None]
        for task in gone:
            task.cancel()
        if len(mine) - len(gone) >= PER_SESSION or sum(map(len, self._open.values())) >= IN_ALL:
            raise Fault(429, "streams", wait=30)

    def _forget(self, session: Session, task: asyncio.Task[None]) -> None:
        mine = self._open[session.address]
        del mine[task]
        if not mine:
            del self._open[session.address]

    async def _tell(self, response: web.StreamResponse, session: Session, after: int) -> None:
        await _write(response, f"retry: {RETRY_MS}\n\n")
        while True:
            after = await self._follow(response, session, after)

    async def _follow(self, response: web.StreamResponse, session: Session, after: int) -> int:
        """Tell what is new until the reader leaves.

        Returns early once a stranger has spoken: the house knows the person only now, and must be asked again
        which bells are theirs.
        """
        async with self._house.listen(CHANNEL, session.address) as bell:
            after = await self._catch_up(response, session, after)
            stranger = after == 0
            while not (stranger and after):
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await bell.get()
                except TimeoutError:
                    await _write(response, ": \n\n")
                while not bell.empty():
                    bell.get_nowait()
                after = await self._catch_up(response, session, after)
        return after

    async def _catch_up(self, response: web.StreamResponse, session: Session, after: int) -> int:
        while True:
            letters = await self._house.letters(CHANNEL, session.address, after=after, limit=PAGE)
            for letter in letters:
                data = json.dumps(message(self._house, letter, session.lang), ensure_ascii=False)
                await _write(response, f"id: {letter.id}\ndata: {data}\n\n")
                after = letter.id
            if len(letters) < PAGE:
                return after


async def _write(response: web.StreamResponse, text: str) -> None:
    """Send, or give up on a reader who does not read."""
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(text.encode())


def whole_number(given: str | None) -> int:
    """A letter's id out of a request; 0 for none. Raises Fault 400 for anything else."""
    if not given:
        return 0
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise Fault(400, "bad_request")
    return int(given)
