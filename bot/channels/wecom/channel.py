"""The channel as a whole: one connection in all processes, held by whoever has the lease."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.channels import Busy
from bot.channels.watch import Watch
from bot.channels.wecom.api import Api
from bot.channels.wecom.board import Boards
from bot.channels.wecom.desk import Desk
from bot.channels.wecom.hook import Hooks
from bot.channels.wecom.ingress import Ingress
from bot.channels.wecom.line import Bot, Ended, Line, Pace
from bot.channels.wecom.pacer import Pacer
from bot.channels.wecom.ports import CHANNEL, Office
from bot.channels.wecom.voice import Voice

log = structlog.get_logger(__name__)

DISPLACED = "another program connects with this bot: WeCom allows one. Stop it there; here it is tried again later"
LOSES = "cases wait for the group, and what staff write there may be lost: they have the staff room meanwhile"
REFUSED = "WeCom does not take this bot id and secret: check ZHITONG_WECOM_BOT_ID and ZHITONG_WECOM_BOT_SECRET"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: a lease's length and how often it is renewed, looked for, and how long one waits before trying again."""

    lease: float = 8.0
    renew: float = 2.0
    look: float = 1.0
    pause: float = 1.0
    longest_pause: float = 30.0
    displaced: float = 300.0
    longest_displaced: float = 3600.0
    refused: float = 60.0


class WeCom:
    """Staff in groups, through the bot's long connection."""

    def __init__(
        self,
        bot: Bot,
        office: Office,
        pace: Pace | None = None,
        times: Times | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self._office, self.times = office, times or Times()
        self.watch = Watch(office, CHANNEL, LOSES)
        self.line = Line(bot, lambda came: self.ingress.take(came), self.watch.well, pace)
        self.api = Api(self.line, pacer)
        self.voice = Voice(self.api, office)
        self.desk = Desk(office, self.voice)
        self.boards = Boards(self.api, office)
        self.ingress = Ingress(self.desk.take, office, self.desk.lost)
        self._showing: asyncio.Task[None] | None = None
        self._tried = 0  # connections in a row that did not last, and displacements
        self._displaced = 0

    def add_routes(self, app: web.Application) -> None:
        """Nothing is answered over http: the gateway is called, and calls nobody."""

    async def run(self, taking: bool = True, sending: bool = True) -> None:
        """Work for ever. A bot that is displaced or not taken is said aloud, and the rest of the house goes on.

        One connection does both: a process that is not `sending` leaves it to another.
        """
        if not sending:
            await asyncio.Event().wait()
        while True:
            if not await self._claimed():
                await asyncio.sleep(self.times.look)
                continue
            ended = await self._held()
            self.watch.ill(ended)
            await asyncio.sleep(self._pause(ended))

    async def _claimed(self) -> bool:
        try:
            return await self._office.claim(self.times.lease)
        except Busy:
            return False

    async def _held(self) -> Ended:
        """One session under the lease; why it ended."""
        await self.watch.begin()
        keeper = asyncio.create_task(self._keep())
        try:
            return await self.line.session(self._opened)
        finally:
            keeper.cancel()
            if self._showing:
                self._showing.cancel()
                await asyncio.gather(self._showing, return_exceptions=True)
                self._showing = None
            with suppress(Busy):
                await self._office.release()

    async def _keep(self) -> None:
        """Renew the lease; who cannot lets go of the connection before somebody else may have it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.times.lease
        while True:
            await asyncio.sleep(self.times.renew)
            began = loop.time()
            try:
                async with asyncio.timeout(max(0.1, until - began - self.times.renew / 2)):
                    held = await self._office.claim(self.times.lease)
            except (Busy, TimeoutError):
                held = loop.time() < until - self.times.renew
            else:
                until = began + self.times.lease
            if not held:
                log.warning("wecom.lease_lost")
                await self.line.close()
                return

    def _opened(self) -> None:
        log.info("wecom.open")
        self._tried = 0
        self._showing = asyncio.create_task(self._show())

    async def _show(self) -> None:
        await self.watch.well()
        with suppress(Busy):
            await self.desk.catch_up()
        await self.boards.run()

    def _pause(self, ended: Ended) -> float:
        times = self.times
        if ended == "displaced":
            log.critical("wecom.displaced", problem=DISPLACED)
            self._displaced += 1
            return min(times.displaced * 2 ** (self._displaced - 1), times.longest_displaced)
        if ended == "refused":
            log.critical("wecom.refused", problem=REFUSED)
            return times.refused
        self._tried += 1
        log.warning("wecom.ended", why=ended)
        return min(times.pause * 2 ** min(self._tried - 1, 10), times.longest_pause)

    async def close(self) -> None:
        """Say what is under way while that is possible, then let go."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await self.ingress.drain()
                await self.voice.drain()
        self.voice.stop()


class WeComHooks:
    """Groups that can only be written to."""

    def __init__(self, hooks: Hooks, office: Office, times: Times | None = None) -> None:
        self.hooks, self._office, self.times = hooks, office, times or Times()
        self.boards = Boards(hooks, office, buttons=False)

    def add_routes(self, app: web.Application) -> None:
        """Nothing."""

    async def run(self, taking: bool = True, sending: bool = True) -> None:
        """Show what is owed, in one process at a time."""
        if not sending:
            await asyncio.Event().wait()
        while True:
            held = False
            with suppress(Busy):
                held = await self._office.claim(self.times.lease)
            if held:
                await self._shown()
            await asyncio.sleep(self.times.look)

    async def _shown(self) -> None:
        showing = asyncio.create_task(self.boards.run())
        try:
            while not showing.done():
                await asyncio.sleep(self.times.renew)
                if not await self._office.claim(self.times.lease):
                    return
        except Busy:
            return
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
            with suppress(Busy):
                await self._office.release()

    async def close(self) -> None:
        """Let go."""
        await self.hooks.close()
