"""`/wechat`: every push is answered inside 4.5 seconds, honestly (design §4).

At 4.0 s a turn that has committed answers at once; one that has not begun is withdrawn, and the citizen reads that
nothing was received; one inside its transaction answers `success`, and its reply follows as a message of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from aiohttp import web

from bot.channels.wechat.citizens import Answer, Citizens
from bot.channels.wechat.crypto import BODY_MOST, Crypto, Forged, Stamp
from bot.channels.wechat.draw import passive
from bot.channels.wechat.parse import Came, Odd, parse
from bot.channels.wechat.ports import Busy, House, Told
from bot.web.bodies import read_body
from bot.web.security import where

log = structlog.get_logger(__name__)

START_SECONDS = 4.0  # a turn that has not begun by then never will
ANSWER_SECONDS = 4.1  # and one that has is not waited for any longer
RECENT = 5000  # answers that are kept for Tencent's retries
SKEW_SECONDS = 300.0
SUCCESS = "success"


class Sender(Protocol):
    """Who can write to somebody outside of an answer."""

    async def say(self, openid: str, text: str) -> None:
        """A note; losing it loses nothing else."""
        ...


@dataclass
class _Lane:
    """The pushes of one person that are under way."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Ingress:
    """The door Tencent knocks at."""

    def __init__(self, crypto: Crypto, citizens: Citizens, house: House, sender: Sender) -> None:
        self._crypto, self._citizens, self._house, self._sender = crypto, citizens, house, sender
        self._under_way: dict[str, asyncio.Task[Told | Answer]] = {}
        self._recent: OrderedDict[str, Answer] = OrderedDict()
        self._lanes: dict[str, _Lane] = {}
        self._after: set[asyncio.Task[None]] = set()
        self._alarmed = 0.0

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """The question that Tencent asks when the address is entered."""
        query = request.query
        stamp = Stamp(query.get("signature", ""), query.get("timestamp", ""), query.get("nonce", ""))
        try:
            return web.Response(text=self._crypto.echo(stamp, query.get("echostr", "")[:1000]))
        except Forged:
            return _refused(403)

    async def push(self, request: web.Request) -> web.StreamResponse:
        """One push. Whatever is not from Tencent to us is refused alike."""
        began = asyncio.get_running_loop().time()
        body, query = await read_body(request, BODY_MOST), request.query
        stamp = Stamp(query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""))
        try:
            came = parse(self._crypto.open(stamp, body))
        except Forged:
            return _refused(403)
        except Odd as odd:
            log.error("wechat.odd", error=str(odd))
            return _refused(400)
        self._look_at_clock(stamp.timestamp)
        answer = await self._answer(came, began)
        response = self._response(came, answer)
        await response.prepare(request)
        await response.write_eof()
        self._told(came, answer)
        return response

    def _response(self, came: Came, answer: Answer) -> web.Response:
        if not answer.text:
            return web.Response(text=SUCCESS)
        stamp = int(time.time())
        sealed = self._crypto.seal(passive(came.sender, came.official, stamp, answer.text), str(stamp))
        return web.Response(text=sealed, content_type="application/xml")

    # --- five seconds -----------------------------------------------------------------------------------------

    async def _answer(self, came: Came, began: float) -> Answer:
        """What is said to a push; to its retries the same."""
        if known := self._recent.get(came.key):
            return known
        task = self._under_way.get(came.key)
        mine = task is None
        if task is None:
            task = self._under_way[came.key] = asyncio.create_task(self._turn(came, began))
            task.add_done_callback(lambda _: self._under_way.pop(came.key, None))
        left = began + ANSWER_SECONDS - asyncio.get_running_loop().time()
        await asyncio.wait({task}, timeout=max(left, 0.0))
        if not task.done():
            if mine:
                self._loosely(self._late(came, task))
            return Answer()
        return self._said(came, task)

    def _said(self, came: Came, task: asyncio.Task[Told | Answer]) -> Answer:
        if known := self._recent.get(came.key):
            return known
        try:
            told = task.result()
        except Busy as error:
            log.warning("wechat.busy", error=str(error))
            return Answer(self._citizens.word(came.sender, "wechat.busy"))
        except Exception as error:
            log.error("wechat.failed", error=type(error).__name__, at=where(error))
            return Answer(self._citizens.word(came.sender, "wechat.busy"))
        answer = self._citizens.answer(came, told) if isinstance(told, Told) else told
        self._recent[came.key] = answer
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return answer

    async def _turn(self, came: Came, began: float) -> Told | Answer:
        """The turns of one person go in the order of their pushes."""
        until = began + START_SECONDS
        async with self._in_lane(came.sender, until):
            return await self._citizens.turn(came, until - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _in_lane(self, name: str, until: float) -> AsyncGenerator[None]:
        lane = self._lanes.setdefault(name, _Lane())
        lane.users += 1
        try:
            try:
                async with asyncio.timeout_at(until if lane.users > 1 else None):
                    await lane.lock.acquire()
            except TimeoutError:
                raise Busy("the message before it takes long") from None
            try:
                yield
            finally:
                lane.lock.release()
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[name]

    async def _late(self, came: Came, task: asyncio.Task[Told | Answer]) -> None:
        """`success` was answered while the turn was in its transaction: what it said follows, whatever it was."""
        await asyncio.wait({task})
        answer = self._said(came, task)
        told = task.result() if not task.exception() else answer
        if isinstance(told, Told):
            await self._house.owe(told.taken)
            await self._house.back(came.sender)
        elif answer.text:
            await self._sender.say(came.sender, answer.text)

    # --- afterwards -------------------------------------------------------------------------------------------

    def _told(self, came: Came, answer: Answer) -> None:
        """The answer is out: what went with it is delivered, what did not follows."""
        if answer.rows:
            self._loosely(self._house.delivered(answer.rows))
        if answer.waits:
            self._loosely(self._house.back(came.sender))

    def _loosely(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_noting(work))
        self._after.add(task)
        task.add_done_callback(self._after.discard)

    async def drain(self) -> None:
        """Return when nothing is under way."""
        while waiting := [*self._under_way.values(), *self._after]:
            await asyncio.wait(waiting)

    def _look_at_clock(self, stamp: str) -> None:
        """A message is never refused for its timestamp: replays stop at its key. But a wrong clock is worth a word."""
        now = self._house.clock().timestamp()
        skew = abs(now - int(stamp)) if stamp.isascii() and stamp.isdecimal() else 0.0
        self._house.skewed(skew)
        if skew > SKEW_SECONDS and time.monotonic() - self._alarmed > 60:
            self._alarmed = time.monotonic()
            log.warning("wechat.clock", seconds=int(skew))


async def _noting(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:
        log.warning("wechat.after", error=type(error).__name__, at=where(error))


def _refused(status: int) -> web.Response:
    """The one answer to everything that is not a push."""
    return web.Response(status=status, text="")
