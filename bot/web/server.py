"""The web house: which pages there are, and what they need from the rest of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiohttp import web

from bot.stored import Stored
from bot.web import citizen, events, staff, uploads
from bot.web.pages import PAGES, Pages, add_static
from bot.web.security import guard, protect
from bot.web.staff_house import StaffHouse
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Taken

ROOMS = (citizen, events, uploads)


class House(Protocol):
    """What the pages need. `bot.app` is the real one, `tests.web.fake_house` the one for trying things out."""

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        ...

    @property
    def public_url(self) -> str:
        """ "" or "https://…": under https cookies are Secure and bound to the host."""
        ...

    def code_of(self, case_id: int) -> str:
        """The query code of a case, computed now."""
        ...

    async def take(self, inbound: Inbound) -> Taken:
        """One turn. Raises StoreBusy or StoreFull: then nothing was taken."""
        ...

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        """Letters of a talk, oldest first; none for an unknown address.

        With `after`, the first ones after that id; with `before`, the last ones before it; else the last ones.
        """
        ...

    def listen(self, channel: str, address: str) -> AbstractAsyncContextManager[asyncio.Queue[Any]]:
        """A queue that holds something whenever there may be new letters for this person."""
        ...

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file of this person. Raises bot.web.uploads.Refused for one we do not take."""
        ...

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """A file this person sent or was sent; None for any other."""
        ...

    async def ready(self) -> dict[str, str]:
        """What is not well, by part; empty when we can serve. Never waits for other people's servers."""
        ...


def make_app(house: House, talk: bool = True, staff_room: bool = True) -> web.Application:
    """The pages over one house, those that this process serves; the staff room too, when the house has one."""
    app = web.Application(middlewares=[guard(house)])
    app[PAGES] = Pages()
    app.on_response_prepare.append(protect)
    add_static(app, app[PAGES].assets)
    _add_health(app, house)
    for room in ROOMS if talk else ():
        room.add_routes(app, house)
    if staff_room and isinstance(house, StaffHouse):
        staff.add_routes(app, house)
    return app


def _add_health(app: web.Application, house: House) -> None:
    async def alive(request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def ready(request: web.Request) -> web.Response:
        wrong = await house.ready()
        return web.json_response({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
