"""The long connection: one WebSocket, subscribed, kept alive, every request waiting for its acknowledgement.

It neither reconnects nor decides anything: `session` ends, saying why, and `channel` does the rest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Literal, cast

import structlog
from aiohttp import (
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
)

from bot import outgoing
from bot.channels.wecom import frames
from bot.channels.wecom.faults import Trouble, of_code
from bot.channels.wecom.frames import Came, Json, Odd

log = structlog.get_logger(__name__)

# displaced: another connection took our place. refused: the gateway does not know this bot or secret.
Ended = Literal["displaced", "refused", "dropped", "unreachable", "closed"]
FRAME_MOST = 2**20
SETTLE_SECONDS = 0.5  # in which whoever was refused can note that nothing has left us
UNTRUSTED = "no root we trust vouches for this gateway; a private deployment has its own: ZHITONG_WECOM_CA_FILE"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between heartbeats, until an acknowledgement is given up, until a connection is."""

    beat: float = 30.0
    ack: float = 10.0
    connect: float = 10.0


@dataclass(frozen=True, slots=True)
class Bot:
    """Where the gateway is, and who we are there. `tls` None: not encrypted, to this machine only."""

    url: str
    id: str
    secret: str
    tls: SSLContext | None = None


class Line:
    """One bot's connection. `took` hears every callback, at once and in order, `alive` each heartbeat's answer."""

    def __init__(
        self, bot: Bot, took: Callable[[Came], None], alive: Callable[[], Awaitable[None]], pace: Pace | None = None
    ) -> None:
        self._bot, self._took, self._alive, self.pace = bot, took, alive, pace or Pace()
        self._socket: ClientWebSocketResponse | None = None
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._displaced = False
        self._leaving: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether something can be sent now."""
        return self._socket is not None and not self._displaced

    async def session(self, opened: Callable[[], None]) -> Ended:
        """Connect, subscribe, read until it ends; why it did. `opened` is called when the bot is subscribed."""
        self._displaced = False
        timeout = ClientTimeout(total=None, sock_connect=self.pace.connect)
        try:
            async with outgoing.session(1, timeout) as http, self._connected(http) as socket:
                return await self._subscribed(socket, opened)
        except ClientSSLError as error:
            log.critical("wecom.untrusted", error=type(error).__name__, problem=UNTRUSTED)
            return "unreachable"
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            log.info("wecom.unreachable", error=type(error).__name__)
            return "unreachable"
        finally:
            self._socket = None
            self._fail_waiting()

    def _connected(self, http: ClientSession) -> Any:
        tls = self._bot.tls if self._bot.tls is not None else True
        closing = ClientWSTimeout(ws_close=2.0)  # pyright: ignore[reportCallIssue]
        return http.ws_connect(self._bot.url, ssl=tls, max_msg_size=FRAME_MOST, timeout=closing, autoping=True)

    async def _subscribed(self, socket: ClientWebSocketResponse, opened: Callable[[], None]) -> Ended:
        reading = asyncio.create_task(self._read(socket))
        beating: asyncio.Task[None] | None = None
        try:
            self._socket = socket
            try:
                await self.ask(frames.SUBSCRIBE, {"bot_id": self._bot.id, "secret": self._bot.secret})
            except Trouble as trouble:
                log.warning("wecom.unsubscribed", error=str(trouble))
                return "refused" if trouble.kind in ("refused", "gone") else "dropped"
            opened()
            beating = asyncio.create_task(self._beat(socket))
            await reading
            return "displaced" if self._displaced else "dropped"
        finally:
            for task in (reading, beating):
                if task:
                    task.cancel()

    async def close(self) -> None:
        """End the session from outside."""
        if self._socket:
            with suppress(ClientError, ConnectionError):
                await self._socket.close()

    # --- asking -------------------------------------------------------------------------------------------------

    async def ask(self, cmd: str, body: Json | None = None, req: str = "") -> None:
        """Send one request and wait until the gateway has it. Raises Trouble."""
        socket, req = self._socket, req or frames.fresh(cmd)
        if socket is None or socket.closed or self._displaced:
            raise Trouble("away")
        if req in self._waiting:
            raise Trouble("refused", "answered already")
        answer = self._waiting[req] = asyncio.get_running_loop().create_future()
        frame: Json = {"cmd": cmd, "headers": {"req_id": req}}
        try:
            try:
                await socket.send_str(json.dumps({**frame, "body": body} if body is not None else frame))
            except (ClientError, ConnectionError, RuntimeError) as error:
                raise Trouble("maybe", type(error).__name__) from error
            async with asyncio.timeout(self.pace.ack):
                told = await answer
        except TimeoutError:
            raise Trouble("maybe", "no acknowledgement") from None
        finally:
            self._waiting.pop(req, None)
        code = told.get("errcode", 0)
        if code == 0:
            return
        trouble = of_code(code if isinstance(code, int) else 0)
        if trouble.kind == "away":  # the gateway knows nothing of us any more: subscribe anew
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._leave)
        raise trouble

    def _leave(self) -> None:
        self._leaving = asyncio.create_task(self.close())

    def _fail_waiting(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Trouble("maybe", "the connection ended"))

    async def _beat(self, socket: ClientWebSocketResponse) -> None:
        """Two heartbeats nobody answered: the connection is dead, whatever the socket says."""
        missed = 0
        while missed < 2:
            await asyncio.sleep(self.pace.beat)
            try:
                await self.ask(frames.PING)
            except Trouble:
                missed += 1
            else:
                missed = 0
                await self._alive()
        log.warning("wecom.silent")
        with suppress(ClientError, ConnectionError):
            await socket.close()

    # --- hearing ------------------------------------------------------------------------------------------------

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._heard(message.data)
            if self._displaced:
                break

    def _heard(self, data: str | bytes) -> None:
        try:
            frame = json.loads(data)
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            log.warning("wecom.malformed")
            return
        frame = cast(Json, frame)
        if "cmd" not in frame or frame["cmd"] in (None, ""):
            self._answered(frame)
            return
        try:
            came = frames.parse(frame)
        except Odd as odd:
            log.warning("wecom.odd", about=str(odd))
            return
        if came.kind == "displaced":
            self._displaced = True
        elif came.kind == "other":
            log.info("wecom.unknown_frame")
        else:
            self._took(came)

    def _answered(self, frame: Json) -> None:
        headers = frame.get("headers")
        req = cast(Json, headers).get("req_id") if isinstance(headers, dict) else None
        waiting = self._waiting.get(req) if isinstance(req, str) else None
        if waiting and not waiting.done():
            waiting.set_result(frame)
