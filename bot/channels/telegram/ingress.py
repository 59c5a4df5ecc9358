"""Every update once, in the order of its chat, many chats at once; and the one that nobody can take, set aside."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.channels.telegram.parse import Came, Odd, id_of
from bot.channels.telegram.ports import CHANNEL, Busy, House
from bot.web.security import where

log = structlog.get_logger(__name__)

RECENT = 20_000  # updates remembered as taken; older ones are known by their key in the inbox
TRIES = 5
ALBUM_SECONDS, ALBUM_LONGEST = 1.2, 4.0  # an album has no end mark
PAUSE = 0.1  # seconds before the second try, doubling

Dispatch = Callable[[Sequence[Came]], Awaitable[None]]


@dataclass
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


@dataclass
class _Album:
    cames: list[Came]
    done: asyncio.Future[None]
    more: asyncio.Event = field(default_factory=asyncio.Event)


class Ingress:
    """Takes updates. `read` makes a Came of JSON, `dispatch` has its effect and returns after COMMIT."""

    def __init__(self, read: Callable[[Any], Came], dispatch: Dispatch, house: House) -> None:
        self._read, self._dispatch, self._house = read, dispatch, house
        self._taken: OrderedDict[int, None] = OrderedDict()
        self._under_way: dict[int, asyncio.Future[None]] = {}
        self._lanes: dict[str, _Lane] = {}
        self._albums: dict[tuple[str, str], _Album] = {}

    async def take(self, raw: Any) -> None:
        """Have the effect of an update; returns after COMMIT, or when the update was given up.

        Raises Busy when the house cannot take anything now, Odd for what is no update at all.
        """
        number = id_of(raw)
        if number in self._taken:
            return
        if running := self._under_way.get(number):
            await asyncio.shield(running)
            return
        mine = self._under_way[number] = asyncio.get_running_loop().create_future()
        try:
            await self._once(number, raw)
        except BaseException as error:
            mine.set_exception(error if isinstance(error, Exception) else Busy("the house is closing"))
            mine.exception()  # looked at: nobody else may be waiting
            raise
        else:
            mine.set_result(None)
            self._note(number)
        finally:
            del self._under_way[number]

    def _note(self, number: int) -> None:
        self._taken[number] = None
        if len(self._taken) > RECENT:
            self._taken.popitem(last=False)

    async def _once(self, number: int, raw: Any) -> None:
        try:
            came = self._read(raw)
        except Odd as odd:
            await self._set_aside(str(number), str(odd))
            return
        if came.kind == "other":
            return
        if came.album:
            await self._joined(came)
            return
        async with self._in_lane(came.lane):
            await self._tried([came])

    @asynccontextmanager
    async def _in_lane(self, name: str) -> AsyncGenerator[None]:
        lane = self._lanes.setdefault(name, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[name]

    async def _tried(self, cames: Sequence[Came]) -> None:
        """Dispatch, a few times if need be. What is nobody's fault but its own does not hold up the rest."""
        pause = PAUSE
        while True:
            try:
                await self._dispatch(cames)
                return
            except Busy:
                raise
            except Exception as error:
                name = type(error).__name__
                log.warning("telegram.failed", key=cames[0].key, error=name, at=where(error))
                if await self._house.failed(CHANNEL, cames[0].key, name) >= TRIES:
                    await self._house.give_up(CHANNEL, cames[0].key)
                    log.error("telegram.given_up", key=cames[0].key, error=name)
                    return
            await asyncio.sleep(pause)
            pause *= 2

    async def _set_aside(self, key: str, error: str) -> None:
        await self._house.failed(CHANNEL, key, error)
        await self._house.give_up(CHANNEL, key)
        log.error("telegram.odd", key=key, error=error)

    # --- albums ---------------------------------------------------------------------------------------------

    async def _joined(self, came: Came) -> None:
        """The pictures of an album are one message; its chat waits for them."""
        name = (came.chat, came.album)
        if album := self._albums.get(name):
            album.cames.append(came)
            album.more.set()
            await asyncio.shield(album.done)
            return
        album = self._albums[name] = _Album([came], asyncio.get_running_loop().create_future())
        try:
            async with self._in_lane(came.lane):
                await self._collect(album)
                del self._albums[name]
                await self._take_album(album)
        except BaseException as error:
            self._albums.pop(name, None)
            album.done.set_exception(error if isinstance(error, Exception) else Busy("the house is closing"))
            album.done.exception()
            raise
        album.done.set_result(None)

    async def _collect(self, album: _Album) -> None:
        """Wait until nothing more has come for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + ALBUM_LONGEST
        while (left := until - loop.time()) > 0:
            album.more.clear()
            try:
                async with asyncio.timeout(min(ALBUM_SECONDS, left)):
                    await album.more.wait()
            except TimeoutError:
                return

    async def _take_album(self, album: _Album) -> None:
        """What of it was taken before a crash is not taken again."""
        new = await self._house.unknown(CHANNEL, tuple(came.key for came in album.cames))
        cames = sorted((came for came in album.cames if came.key in new), key=lambda came: came.message)
        if cames:
            await self._tried(cames)
