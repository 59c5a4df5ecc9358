"""The only module that speaks to Telegram: every call waits for its slot and says what became of it."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from telegram import Bot, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.draw import Asks, Drawn
from bot.channels.telegram.faults import Trouble, sorted_out
from bot.channels.telegram.network import Asked, Network
from bot.channels.telegram.pacer import Pacer
from bot.stored import Stored

T = TypeVar("T")
PUBLIC = "https://api.telegram.org"
POLL_SECONDS = 30
SEND_SECONDS = 10.0
_NO_PREVIEW = {"is_disabled": True}
Json = dict[str, Any]
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as Telegram sees it: updates that wait, and what went wrong last."""

    url: str
    waiting: int
    error_at: datetime | None
    error: str


class Api:
    """One bot. `request` is for measurements, which replace the network and nothing else."""

    def __init__(
        self, token: str, root: str = "", pacer: Pacer | None = None, request: BaseRequest | None = None
    ) -> None:
        _silence()
        self.pacer = pacer or Pacer()
        root = root or PUBLIC
        self._asking = request or Network(POLL_SECONDS + 10, 2)
        self._sending = request or Network(SEND_SECONDS, 64)
        self.bot = Bot(
            token, f"{root}/bot", f"{root}/file/bot", request=self._sending, get_updates_request=self._asking
        )
        self.name = ""

    async def open(self) -> None:
        """Learn who we are. Raises Trouble."""
        await self._free(self.bot.initialize())
        self.name = self.bot.username or ""

    async def close(self) -> None:
        """Let go of the connections."""
        await self.bot.shutdown()
        for network in (self._asking, self._sending):  # a bot that was stopped while it opened has forgotten them
            await network.shutdown()

    # --- what counts against a chat's limits ------------------------------------------------------------------

    async def say(
        self,
        chat: str,
        drawn: Drawn,
        *,
        thread: int = 0,
        reply_to: int = 0,
        patience: float = 20.0,
        urgent: bool = True,
    ) -> int:
        """Send one message; its id. Raises Held and Trouble."""
        # Not Bot.send_message, which makes objects of all this and of the whole answer: half a turn's time.
        asked = Asked(
            {
                "chat_id": chat,
                "text": drawn.text,
                "entities": _entities(drawn),
                "message_thread_id": thread or None,
                "reply_markup": _markup(drawn),
                "reply_parameters": {"message_id": reply_to, "allow_sending_without_reply": True} if reply_to else None,
                "link_preview_options": _NO_PREVIEW,
            }
        )
        url = f"{self.bot.base_url}/sendMessage"
        sent = await self._paced(chat, lambda: self._sending.post(url, cast(RequestData, asked)), patience, urgent)
        return int(cast(dict[str, Any], sent)["message_id"])

    async def rewrite(
        self, chat: str, message: int, drawn: Drawn, *, patience: float = 20.0, urgent: bool = True
    ) -> None:
        """Change a message of ours. Raises Held and Trouble; what is the same already is no trouble."""
        asked = Asked(
            {
                "chat_id": chat,
                "message_id": message,
                "text": drawn.text,
                "entities": _entities(drawn),
                "reply_markup": _inline(drawn),
                "link_preview_options": _NO_PREVIEW,
            }
        )
        await self._quiet(
            self._paced(
                chat,
                lambda: self._sending.post(f"{self.bot.base_url}/editMessageText", cast(RequestData, asked)),
                patience,
                urgent,
            )
        )

    async def send_file(self, chat: str, stored: Stored, name: str, photo: bool, patience: float = 20.0) -> int:
        """Send a stored file; the message's id."""
        data = await asyncio.to_thread(stored.read_bytes)

        async def send() -> Any:
            if photo:
                return await self.bot.send_photo(int(chat), data, filename=name)
            return await self.bot.send_document(int(chat), data, filename=name)

        return (await self._paced(chat, send, patience, True)).message_id

    async def make_topic(self, chat: str, title: str) -> int:
        """A topic of a forum; its thread."""
        made = await self._paced(chat, lambda: self.bot.create_forum_topic(int(chat), title), math.inf, False)
        return made.message_thread_id

    async def name_topic(self, chat: str, thread: int, title: str) -> None:
        """Another title for a topic."""
        call = self._paced(chat, lambda: self.bot.edit_forum_topic(int(chat), thread, name=title), math.inf, False)
        await self._quiet(call)

    async def close_topic(self, chat: str, thread: int) -> None:
        """Nothing more is written there, but by us."""
        await self._quiet(self._paced(chat, lambda: self.bot.close_forum_topic(int(chat), thread), math.inf, False))

    async def open_topic(self, chat: str, thread: int) -> None:
        """A closed topic goes on."""
        await self._quiet(self._paced(chat, lambda: self.bot.reopen_forum_topic(int(chat), thread), math.inf, False))

    async def react(self, chat: str, message: int, sign: str, patience: float) -> None:
        """Put a sign under somebody's message, in place of ours that is there. Raises Held and Trouble."""
        call = self._paced(
            chat, lambda: self.bot.set_message_reaction(int(chat), message, sign), patience, urgent=False
        )
        await self._quiet(call)

    # --- what does not ----------------------------------------------------------------------------------------

    async def answer(self, callback: str, text: str = "", alert: bool = False) -> None:
        """Stop the little clock on a button; too late is no trouble."""
        await self._quiet(self._free(self.bot.answer_callback_query(callback, text[:190] or None, alert)))

    async def fetch(self, file_id: str, largest: int) -> bytes:
        """A file somebody sent. Raises Trouble; kind "refused" when it is larger than Telegram or we allow."""
        file = await self._free(self.bot.get_file(file_id))
        if (file.file_size or 0) > largest:
            raise Trouble("refused", about="size")
        return bytes(await self._free(file.download_as_bytearray()))

    async def updates(self, offset: int, seconds: int) -> list[dict[str, Any]]:
        """What has come since, as JSON: parsed one by one, so that an odd one spoils no other."""
        asked = urlencode({"offset": offset, "timeout": seconds, "allowed_updates": json.dumps(UPDATES), "limit": 100})
        # Not Bot.get_updates: it parses all or none, and what it cannot parse it would log.
        url = f"{self.bot.base_url}/getUpdates?{asked}"
        return cast(list[dict[str, Any]], await self._free(self._asking.post(url, read_timeout=seconds + 10)))

    async def commands(self, menu: Mapping[str, str], chat: str) -> None:
        """What stands in the menu of one group, or with "" of every private chat."""
        scope = BotCommandScopeChat(int(chat)) if chat else BotCommandScopeAllPrivateChats()
        await self._free(self.bot.set_my_commands(list(menu.items()), scope=scope))

    async def hook(self) -> Hook:
        """Where Telegram posts to now, and how that goes."""
        info = await self._free(self.bot.get_webhook_info())
        return Hook(info.url, info.pending_update_count, info.last_error_date, (info.last_error_message or "")[:100])

    async def webhook(self, url: str, secret: str) -> None:
        """Have updates pushed to `url`, or with "" stop it. What waits at Telegram is kept."""
        if url:
            call = self.bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES, max_connections=40)
        else:
            call = self.bot.delete_webhook(drop_pending_updates=False)
        await self._free(call)

    async def _paced(self, chat: str, call: Callable[[], Awaitable[T]], patience: float, urgent: bool) -> T:
        """Send in the chat's own time. Who has the patience waits a refusal out; cards are drawn anew instead."""
        while True:
            await self.pacer.turn(chat, patience, urgent=urgent)
            try:
                return await self._free(call())
            except Trouble as trouble:
                if trouble.kind != "wait":
                    raise
                self.pacer.pause(chat, trouble.after + 1)
                patience -= trouble.after + 1
                if not urgent or patience < 0:
                    raise

    async def _free(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except TelegramError as error:
            raise sorted_out(error) from error

    async def _quiet(self, call: Awaitable[Any]) -> None:
        try:
            await call
        except Trouble as trouble:
            if trouble.kind != "unchanged":
                raise


def _entities(drawn: Drawn) -> list[Json] | None:
    marks = [{"type": one.type, "offset": one.offset, "length": one.length, "url": one.url} for one in drawn.marks]
    return [{name: value for name, value in mark.items() if value != ""} for mark in marks] or None


def _markup(drawn: Drawn) -> Json | None:
    if not drawn.asks:
        return _inline(drawn)
    ask = "request_location" if drawn.asks is Asks.PLACE else "request_contact"
    keyboard = [[{"text": drawn.ask_label, ask: True}]]
    return {"keyboard": keyboard, "resize_keyboard": True, "one_time_keyboard": True}


def _inline(drawn: Drawn) -> Json | None:
    rows = [[_button(label, data) for label, data in row] for row in drawn.buttons]
    return {"inline_keyboard": rows} if rows else None


def _button(label: str, data: str) -> Json:
    kind = "url" if data.startswith(("https://", "http://")) else "callback_data"
    return {"text": label, kind: data}


def _silence() -> None:
    """PTB logs an update it cannot parse, and httpx every address with the token in it."""
    for name in ("telegram", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
