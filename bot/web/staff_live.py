"""What changed, told while the room is open: server-sent events that carry numbers and nothing else.

The browser asks again for what it shows, so a lost event costs a moment and never a case; the session is
looked up again before each word, so that somebody logged out or revoked hears nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter

from aiohttp import web

from bot.web.staff_house import StaffHouse
from bot.web.staff_session import Declined, Visit, inside, visit

HEARTBEAT_SECONDS = 20.0
WRITE_SECONDS = 30.0
RETRY_MS = 3000
PER_SESSION = 8


def add_routes(app: web.Application, house: StaffHouse) -> None:
    """`/staff/events`."""
    live = Live(house)
    app.router.add_get("/staff/events", inside(house, live.serve), allow_head=False)
    app.on_shutdown.append(live.close)


class Live:
    """The open streams of the room."""

    def __init__(self, house: StaffHouse) -> None:
        self._house = house
        self._tasks: set[asyncio.Task[None]] = set()
        self._sessions: Counter[str] = Counter()

    async def serve(self, request: web.Request, here: Visit) -> web.StreamResponse:
        """A stream of `event: case` with a number, `event: reload`, and `event: gone` at the end of a session."""
        if self._sessions[here.token] >= PER_SESSION:
            raise Declined(429, "streams", "room.error.streams")
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.headers["Content-Type"] = "text/event-stream; charset=utf-8"
        await response.prepare(request)
        task = asyncio.create_task(self._tell(request, response, here))
        self._tasks.add(task)
        self._sessions[here.token] += 1
        try:
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
                await task
        finally:
            task.cancel()
            self._tasks.discard(task)
            self._sessions -= Counter({here.token: 1})
        return response

    async def close(self, app: web.Application) -> None:
        """End every stream, so that the house can close; browsers come back by themselves."""
        for task in self._tasks:
            task.cancel()

    async def _tell(self, request: web.Request, response: web.StreamResponse, here: Visit) -> None:
        async with self._house.listen_staff(here.viewer) as changed:
            await _write(response, f"retry: {RETRY_MS}\nevent: hello\ndata: {{}}\n\n")
            while True:
                text = ": \n\n"
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        no = await changed.get()
                    text = _event("case", {"no": no}) if no else _event("reload", {})
                now = await visit(request, self._house)
                if now is None or now.viewer != here.viewer:
                    await _write(response, _event("gone", {"in": now is not None}))
                    return
                await _write(response, text)


def _event(name: str, data: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


async def _write(response: web.StreamResponse, text: str) -> None:
    """Send, or give up on a reader who does not read."""
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(text.encode())
