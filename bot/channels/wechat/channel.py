"""The Official Account as a whole: opened with the house, closed with it."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.channels.wechat.api import Api
from bot.channels.wechat.citizens import Citizens
from bot.channels.wechat.crypto import Crypto
from bot.channels.wechat.delivery import Delivery
from bot.channels.wechat.fetching import Fetcher
from bot.channels.wechat.full_text import FullText
from bot.channels.wechat.ingress import Ingress
from bot.channels.wechat.ports import House
from bot.outbox import Sent
from handlers.messages import Letter


class WeChat:
    """Citizens who follow the account."""

    def __init__(self, crypto: Crypto, api: Api, house: House) -> None:
        self.api = api
        self.citizens = Citizens(house)
        self.delivery = Delivery(api, house, self.citizens)
        self.ingress = Ingress(crypto, self.citizens, house, self.delivery)
        self.fetcher = Fetcher(api, house, self.citizens.media_came)
        self._pages = FullText(house)

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """A letter the outbox owes to somebody here."""
        return await self.delivery.send(address, letter, lang, maybe)

    def add_routes(self, app: web.Application) -> None:
        """Where Tencent knocks, and where a link of ours leads."""
        app.router.add_get("/wechat", self.ingress.verify)
        app.router.add_post("/wechat", self.ingress.push)
        self._pages.add_routes(app)

    async def run(self, taking: bool = True, sending: bool = True) -> None:
        """Fetch files for ever: all else is done when Tencent knocks or the outbox sends."""
        await (self.fetcher.run() if sending else asyncio.Event().wait())

    async def close(self) -> None:
        """Finish what is under way, then let go."""
        await self.ingress.drain()
        await self.api.close()
