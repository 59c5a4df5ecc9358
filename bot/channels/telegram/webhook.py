"""Updates pushed by Telegram: the secret first, then the body, and 200 only after COMMIT."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiohttp import web

from bot.channels.telegram.api import Api, Hook
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.parse import Odd
from bot.channels.telegram.ports import Busy
from bot.channels.watch import Watch
from bot.web.bodies import read_body
from bot.web.security import Fault

log = structlog.get_logger(__name__)

PATH = "/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LOOK_SECONDS = 600.0  # how often we make sure that Telegram still knows where we are
AGAIN_SECONDS = 10.0


class Webhook:
    """The one address Telegram posts to."""

    def __init__(
        self, api: Api, take: Callable[[Any], Awaitable[None]], watch: Watch, secret: str, public_url: str
    ) -> None:
        self._api, self._take, self._watch = api, take, watch
        self._secret, self._public_url = secret.encode(), public_url

    async def take(self, request: web.Request) -> web.Response:
        """One update. 403 without the secret, the body unread; 503 when it could not be kept: Telegram repeats it."""
        if not self._known(request):
            raise Fault(403, "origin")
        try:
            raw = json.loads(await read_body(request))
        except (ValueError, RecursionError) as broken:
            raise Fault(400, "bad_request") from broken
        try:
            await self._take(raw)
        except Odd as odd:
            raise Fault(400, "bad_request") from odd
        except Busy as busy:
            raise Fault(503, "busy", wait=5) from busy
        return web.Response()

    def _known(self, request: web.Request) -> bool:
        given = request.headers.getall(HEADER, [])
        told = given[0].encode("utf-8", "surrogateescape") if len(given) == 1 else b""
        return hmac.compare_digest(told, self._secret) and len(given) == 1

    async def keep(self) -> None:
        """Tell Telegram where we are, and again when somebody told it otherwise. Raises Trouble for a bad token."""
        known = ""
        while True:
            try:
                if known != self._address:
                    await self._api.webhook(self._address, self._secret.decode())
                    log.info("telegram.webhook", moved=bool(known))
                await self._look(await self._api.hook())
                await asyncio.sleep(LOOK_SECONDS)
                hook = await self._api.hook()
                known = hook.url
                await self._look(hook)
            except Trouble as trouble:
                if trouble.kind == "unauthorised":
                    raise
                log.warning("telegram.webhook", kind=trouble.kind)
                self._watch.ill(str(trouble))
                await asyncio.sleep(max(AGAIN_SECONDS, trouble.after))

    async def _look(self, hook: Hook) -> None:
        """Telegram has updates it could not bring us, or it has none."""
        fresh = hook.error_at is not None and datetime.now(UTC) - hook.error_at < timedelta(seconds=2 * LOOK_SECONDS)
        if hook.waiting and fresh:
            self._watch.ill(f"the webhook: {hook.error}")
        else:
            await self._watch.well()

    @property
    def _address(self) -> str:
        return self._public_url + PATH
