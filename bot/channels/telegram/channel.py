"""The channel as a whole: opened with the house, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import web

from bot.channels import ChannelStopped
from bot.channels.telegram.api import Api
from bot.channels.telegram.board import Boards
from bot.channels.telegram.citizens import Citizens
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.group import Groups
from bot.channels.telegram.ingress import Ingress
from bot.channels.telegram.parse import Came, parse
from bot.channels.telegram.polling import Poller, Second
from bot.channels.telegram.ports import CHANNEL, Office
from bot.channels.telegram.sending import Sending
from bot.channels.telegram.webhook import PATH, Webhook
from bot.channels.watch import Watch
from bot.outbox import Sent
from handlers.messages import Letter
from handlers.staff.orders import QUESTIONS, VERBS

log = structlog.get_logger(__name__)

PAUSE, LONGEST_PAUSE = 1.0, 60.0
CLOSED_SECONDS = 5.0  # a letter waits so long for a channel that is not open yet
SECOND = "another process polls with this Telegram token: stop it first, or set ZHITONG_TELEGRAM_WEBHOOK_SECRET"
LOSES = "Telegram keeps updates for 24 hours: what citizens write is lost after that"
UNKNOWN = "Telegram does not know this token: check ZHITONG_TELEGRAM_TOKEN"


class Telegram:
    """Citizens in private chats, staff in groups."""

    def __init__(self, api: Api, house: Office, secret: str = "", public_url: str = "") -> None:
        self.api = api
        self.watch = Watch(house, CHANNEL, LOSES)
        self._hook = Webhook(api, self.take, self.watch, secret, public_url) if secret else None
        self.poller: Poller | None = None
        self._open = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None
        self._house, self.sending = house, Sending()
        self.citizens = Citizens(api, house, self.sending)
        self.boards = Boards(api, house, self.sending)
        self.groups = Groups(api, house, self.boards, self.sending)
        self.ingress = Ingress(lambda raw: parse(raw, api.bot), self._dispatch, house)

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """A letter the outbox owes to somebody here."""
        if not self._open.is_set():
            return Sent("held", after=CLOSED_SECONDS)
        return await self.citizens.send(address, letter, lang, maybe)

    def add_routes(self, app: web.Application) -> None:
        """The webhook, when there is one."""
        if self._hook:
            app.router.add_post(PATH, self._hook.take)

    async def _dispatch(self, cames: Sequence[Came]) -> None:
        if not self._house.county.office.telegram.allowed:
            return
        await (self.citizens if cames[0].private else self.groups).take(cames)

    async def run(self, taking: bool = True, sending: bool = True) -> None:
        """Work for ever; one process takes updates, one shows cases in the groups.

        It waits for a Telegram that is down, ends the process for a token that is wrong.
        """
        try:
            await self.watch.begin()
            await self._opened()
            if sending:
                self._showing = asyncio.create_task(self.boards.run())
                self.sending.loosely(self._commands())
            if not taking:
                await asyncio.Event().wait()
            elif self._hook:
                await self._hook.keep()
            else:
                await self.api.webhook("", "")
                self.poller = Poller(self.api, self.ingress.take, self.watch)
                await self.poller.run()
        except Second:
            raise ChannelStopped(SECOND) from None
        except Trouble as trouble:
            if trouble.kind != "unauthorised":
                raise
            raise ChannelStopped(UNKNOWN) from None
        finally:
            if self._showing:
                self._showing.cancel()

    async def _commands(self) -> None:
        """The menu of commands, for citizens and for each group."""
        texts = self._house.county.texts["zh"]
        menu = {"start": "word.menu"} | {name: f"word.{name}" for name in ("report", "policy", "progress", "privacy")}
        await self.api.commands({name: texts[key] for name, key in menu.items()}, "")
        asked = {"r": texts["act.answer"]} | {name: texts[f"group.command.{name}"] for name in QUESTIONS}
        acts = {str(act): texts[f"act.{act}"] for act in VERBS}
        for group in self._house.groups():
            await self.api.commands(asked | acts, group.chat)

    async def _opened(self) -> None:
        pause = PAUSE
        while True:
            try:
                await self.api.open()
                self._open.set()
                log.info("telegram.open")
                return
            except Trouble as trouble:
                if trouble.kind == "unauthorised":
                    raise
                log.warning("telegram.unreachable", kind=trouble.kind)
                self.watch.ill(str(trouble))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def take(self, raw: Any) -> None:
        """One update, however it came."""
        await self.ingress.take(raw)

    async def close(self) -> None:
        """Send what is under way, then let go."""
        await self.citizens.drain()
        await self.api.close()
