"""A gateway of our own that speaks the published frames of the 智能机器人's long connection, over a real WebSocket.

It lets in one connection a bot, displaces the older one as the real one does, refuses what the real one refuses
(text as a message of our own, a request id answered twice, a stream under a press, a card's task id used twice), and
can be told to be slow, silent, away or to speak nonsense. Groups are remembered as people read them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from ssl import SSLContext
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]
BOT, SECRET, NAME = "aib-test", "fake-secret-for-tests", "信访助手"
BAD_TYPE, BAD_REQ, BAD_CHAT, TOO_FAST = 40008, 846605, 93006, 846607
UNSUBSCRIBED, BAD_AUTH = 846609, 853000
WELL = {"errcode": 0, "errmsg": "ok"}
MINUTE = 60.0
COMMAND = re.compile(r"(?<![\w/:.<＜])/[a-z]{2,}(?![\w/])")


@dataclass(frozen=True)
class Shown:
    """One message of the bot's as a group reads it. `card` is the buttons below it, by label."""

    text: str
    at: float
    card: Json | None = None
    answer: bool = False
    update: bool = False

    @property
    def buttons(self) -> dict[str, str]:
        """What each button sends."""
        return {one["text"]: one["key"] for one in (self.card or {}).get("button_list", ())}


@dataclass
class Connection:
    """One WebSocket."""

    socket: web.WebSocketResponse
    bot: str = ""


class FakeGateway:
    """`meets` may give an errcode for a frame in place of its effect; `delay` is before every acknowledgement."""

    def __init__(self) -> None:
        self.live: Connection | None = None
        self.connections: list[Connection] = []
        self.chats: dict[str, list[Shown]] = {}
        self.gone: set[str] = set()
        self.frames: list[Json] = []
        self.refused: list[tuple[int, Json]] = []
        self.meets: Callable[[Json], int] = lambda frame: 0
        self.silent: Callable[[Json], bool] = lambda frame: False
        self.delay = 0.0
        self.away = False
        self.per_minute = 30
        self.clock: Callable[[], float] = time.monotonic
        self._open: dict[str, str] = {}  # requests that may be answered: req_id -> chat
        self._presses: dict[str, tuple[str, str]] = {}  # req_id -> (chat, task)
        self._tasks: set[str] = set()
        self._acks: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self.port, self.scheme = 0, "ws"

    # --- the server ---------------------------------------------------------------------------------------------

    async def open(self, tls: SSLContext | None = None) -> FakeGateway:
        """Listen, on the same port as before when it was away."""
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=tls, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.scheme = "wss" if tls else "ws"
        return self

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Drop everybody and stop listening."""
        for connection in list(self.connections):
            with suppress(Exception):
                await connection.socket.close()
        await self._runner.cleanup()

    async def drop(self) -> None:
        """The line breaks."""
        if self.live:
            transport = self.live.socket._req.transport  # pyright: ignore
            assert transport
            transport.abort()
            self.live = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(socket)
        self.connections.append(connection)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._took(connection, message.data)
        finally:
            self.connections.remove(connection)
            if self.live is connection:
                self.live = None
        return socket

    async def _took(self, connection: Connection, data: str) -> None:
        frame = json.loads(data)
        assert set(frame) <= {"cmd", "headers", "body"}, frame
        assert frame["headers"]["req_id"], frame
        self.frames.append(frame)
        if self.silent(frame):
            return
        code = self.meets(frame) or await self._do(connection, frame)
        if code:
            self.refused.append((code, frame))
        told = {"headers": {"req_id": frame["headers"]["req_id"]}, **(WELL if not code else _wrong(code))}
        if self.delay:
            task = asyncio.create_task(self._late(connection, told))
            self._acks.add(task)
            task.add_done_callback(self._acks.discard)
        else:
            await _send(connection, told)

    async def _late(self, connection: Connection, told: Json) -> None:
        await asyncio.sleep(self.delay)
        await _send(connection, told)

    async def _do(self, connection: Connection, frame: Json) -> int:
        cmd, body, req = frame["cmd"], frame.get("body", {}), frame["headers"]["req_id"]
        if cmd == "aibot_subscribe":
            return await self._subscribe(connection, body)
        if connection is not self.live:
            return UNSUBSCRIBED
        match cmd:
            case "ping":
                return 0
            case "aibot_send_msg":
                return self._own(body)
            case "aibot_respond_msg":
                return self._answer(req, body)
            case "aibot_respond_update_msg":
                return self._update(req, body)
            case _:
                raise AssertionError(f"the gateway knows no {cmd}")

    async def _subscribe(self, connection: Connection, body: Json) -> int:
        if (body.get("bot_id"), body.get("secret")) != (BOT, SECRET):
            return BAD_AUTH
        if self.live and self.live is not connection:
            await _send(self.live, event("disconnected_event", next(self._numbers)))
        self.live = connection
        return 0

    # --- what the bot says --------------------------------------------------------------------------------------

    def _own(self, body: Json) -> int:
        kind, chat = body.get("msgtype"), body.get("chatid")
        if not isinstance(chat, str) or chat in self.gone or body.get("chat_type") not in (None, 0, 1, 2):
            return BAD_CHAT
        if kind == "markdown":
            return self._say(chat, Shown(_content(body["markdown"]), self.clock()))
        if kind == "template_card":
            return self._say(chat, Shown("", self.clock(), self._card(body["template_card"])))
        return BAD_TYPE

    def _answer(self, req: str, body: Json) -> int:
        chat = self._open.pop(req, "")
        if not chat:
            return BAD_REQ
        if body.get("msgtype") not in ("stream", "stream_with_template_card"):
            return BAD_TYPE
        assert body["stream"]["finish"] is True
        assert body["stream"]["id"]
        card = self._card(body["template_card"]) if "template_card" in body else None
        return self._say(chat, Shown(_content(body["stream"]), self.clock(), card, answer=True))

    def _update(self, req: str, body: Json) -> int:
        chat, task = self._presses.pop(req, ("", ""))
        card = body["template_card"]
        if not chat or card["task_id"] != task:
            return BAD_REQ
        assert body["response_type"] == "update_template_card"
        shown = Shown("", self.clock(), _checked(card), update=True)
        self.chats.setdefault(chat, []).append(shown)
        return 0

    def _card(self, card: Json) -> Json:
        assert card["task_id"] not in self._tasks, "a task id is used once"
        self._tasks.add(card["task_id"])
        return _checked(card)

    def _say(self, chat: str, shown: Shown) -> int:
        here = self.chats.setdefault(chat, [])
        now = self.clock()
        if sum(1 for one in here if one.at > now - MINUTE and not one.update) >= self.per_minute:
            return TOO_FAST
        here.append(shown)
        return 0

    # --- what people do -----------------------------------------------------------------------------------------

    def message(self, user: str, text: str, chat: str = "", quote: str = "", key: str = "", **body: Any) -> Json:
        """A message to the bot, in a group with @ before it, or in private."""
        number = next(self._numbers)
        req = f"req-{number}"
        said = f"@{NAME} {text}" if chat else text
        what: Json = {"msgtype": "text", "text": {"content": said}}
        quoted = {"quote": {"msgtype": "text", "text": {"content": quote}}} if quote else {}
        self._open[req] = chat or user
        return _callback("aibot_msg_callback", req, key or f"msg-{number}", user, chat, {**what, **quoted, **body})

    def press(self, user: str, card: Json, data: str, chat: str = "") -> Json:
        """A press on a button."""
        number = next(self._numbers)
        req, task = f"req-{number}", card["task_id"]
        self._presses[req] = (chat or user, task)
        told = {"card_type": card["card_type"], "event_key": data, "task_id": task}
        inner = {"eventtype": "template_card_event", "template_card_event": told}
        body = {"msgtype": "event", "event": inner}
        return _callback("aibot_event_callback", req, f"msg-{number}", user, chat, body)

    async def push(self, *frames: Json | str) -> None:
        """Bring something to whoever is connected, or will be soon: a busy machine loses its line now and then."""
        async with asyncio.timeout(20):
            while self.live is None:
                await asyncio.sleep(0.02)
        for frame in frames:
            await _send(self.live, frame)

    def told(self, chat: str) -> list[Shown]:
        """All that the bot has said there."""
        return self.chats.get(chat, [])


def event(kind: str, number: int, user: str = "") -> Json:
    """An event of the gateway's."""
    body: Json = {"msgtype": "event", "create_time": 1_700_000_000, "event": {"eventtype": kind}}
    return _callback("aibot_event_callback", f"req-e{number}", f"msg-e{number}", user, "", body)


def _callback(cmd: str, req: str, key: str, user: str, chat: str, body: Json) -> Json:
    where = {"chatid": chat, "chattype": "group"} if chat else {"chattype": "single"}
    from_ = {"from": {"userid": user}} if user else {}
    return {"cmd": cmd, "headers": {"req_id": req}, "body": {"msgid": key, "aibotid": BOT, **where, **from_, **body}}


def _content(part: Json) -> str:
    content = part["content"]
    assert 0 < len(content.encode()) <= 20480, "too long, or empty"
    assert not COMMAND.search(content), f"nobody types commands here: {content}"
    return content


def _checked(card: Json) -> Json:
    assert card["card_type"] == "button_interaction"
    assert 0 < len(card["button_list"]) <= 6
    for button in card["button_list"]:
        assert 0 < len(button["text"]) <= 10, button
        assert 0 < len(button["key"].encode()) <= 1024
        assert button["style"] in (1, 2, 3, 4)
    title = card["main_title"]
    assert title["title"], card
    assert len(title["title"]) <= 26
    assert len(title.get("desc", "")) <= 30
    assert len(card["task_id"]) <= 128
    return card


def _wrong(code: int) -> Json:
    return {"errcode": code, "errmsg": f"refused ({code})"}


async def _send(connection: Connection, what: Json | str) -> None:
    with suppress(ConnectionError, RuntimeError):
        await connection.socket.send_str(what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
