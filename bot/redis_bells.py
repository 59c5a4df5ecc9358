"""Bells between processes. Redis may be wiped, killed or away at any moment: rows are truth, and sweeps find them.

What every process may want to hear goes over pub/sub. What one of them is to do goes through a stream with a consumer
group, so that each bell wakes one process and the work is spread. Nothing here says what there is to do: whoever wakes
looks into the outbox. Topics travel as digests: some name a person's address.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bot.bells import Bells

log = structlog.get_logger(__name__)

GROUP = "workers"
AGAIN_SECONDS = 1.0
BLIND_SECONDS = 5.0  # how often everybody looks for themselves while there is no Redis
READ_MS = 2000
KEPT = 10_000  # bells in the stream, and bells waiting to be sent: more of them wake nobody sooner
IDLE_MS = 3_600_000  # consumers of processes long gone
_FAULTS = (RedisError, OSError, asyncio.TimeoutError)

_FROM_URL: Any = Redis.from_url  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

Told = Callable[[str], None]


class RedisBells(Bells):
    """The bells of one process among several. `spread` are topics that one process is to hear, whichever."""

    def __init__(self, url: str, spread: frozenset[str]) -> None:
        super().__init__()
        patience = {"socket_connect_timeout": 2, "socket_timeout": READ_MS / 1000 + 3, "health_check_interval": 5}
        self._redis: Any = _FROM_URL(url, decode_responses=True, **patience)
        number = self._redis.connection_pool.connection_kwargs.get("db", 0)
        self._channel = f"zhitong:{number}:bells"
        self._stream = f"zhitong:{number}:work"
        self._me = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._spread = spread
        self._owed: deque[tuple[Hashable, str]] = deque(maxlen=KEPT)
        self._more = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._following: dict[str, Told] = {}
        self._topics: dict[str, Hashable] = {}
        self.hearing = False
        """Whether the other processes are heard just now."""

    def ring(self, topic: Hashable, word: str = "") -> None:
        if topic not in self._spread:
            super().ring(topic, word)
        self.tell(topic, word)

    def tell(self, topic: Hashable, word: str) -> None:
        self._owed.append((topic, word))
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._more.set)

    def follow(self, topic: Hashable, told: Told) -> None:
        self._following[digest(topic)] = told

    @asynccontextmanager
    async def listen(self, *topics: Hashable) -> AsyncGenerator[asyncio.Queue[str]]:
        names = {digest(topic): topic for topic in topics}
        self._topics |= names
        try:
            async with super().listen(*topics) as queue:
                yield queue
        finally:
            for name, topic in names.items():
                if not self.heard(topic):
                    self._topics.pop(name, None)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._more.set()
        async with asyncio.TaskGroup() as tasks:
            for work in (self._speak, self._hear, self._take):
                tasks.create_task(self._for_ever(work))
            tasks.create_task(self._look_while_deaf())

    async def close(self) -> None:
        with suppress(*_FAULTS):
            await self._redis.xgroup_delconsumer(self._stream, GROUP, self._me)
        with suppress(*_FAULTS):
            await self._redis.aclose()

    async def _for_ever(self, work: Callable[[], Any]) -> None:
        told = False
        while True:
            try:
                await work()
            except _FAULTS as error:
                if not told:
                    log.warning("redis.away", error=type(error).__name__)
                told = True
            else:
                told = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _speak(self) -> None:
        """Send what was rung. What cannot be sent is rung here, where it can be: losing the rest costs a sweep."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._owed:
                some = [self._owed.popleft() for _ in range(min(len(self._owed), 200))]
                try:
                    await self._send(some)
                except _FAULTS:
                    for topic in {topic for topic, _ in some} & self._spread:
                        super().ring(topic)
                    raise

    async def _send(self, some: list[tuple[Hashable, str]]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        work = {topic for topic, _ in some if topic in self._spread}
        for topic, word in some:
            if topic not in self._spread:
                pipe.publish(self._channel, json.dumps([self._me, digest(topic), word]))
        for topic in work:  # one bell for all of them: who wakes takes whatever is due
            pipe.xadd(self._stream, {"topic": digest(topic)}, maxlen=KEPT, approximate=True)
        await pipe.execute()

    async def _hear(self) -> None:
        try:
            async with self._redis.pubsub(ignore_subscribe_messages=True) as heard:
                await heard.subscribe(self._channel)
                self.hearing = True
                self._look_all()  # at what was rung while we were deaf
                while True:
                    message = await heard.get_message(timeout=READ_MS / 1000)
                    if message is not None:
                        self._heard(str(message["data"]))
        finally:
            self.hearing = False

    def _heard(self, data: str) -> None:
        try:
            who, name, word = json.loads(data)
        except (ValueError, TypeError):
            return
        if who == self._me:
            return
        if told := self._following.get(name):
            told(str(word))
        elif (topic := self._topics.get(name)) is not None:
            super().ring(topic, str(word))

    async def _take(self) -> None:
        """Wake when it is this process's turn; only where somebody works on what is spread."""
        if not any(self.heard(topic) for topic in self._spread):
            return
        await self._join()
        while True:
            found = await self._redis.xreadgroup(GROUP, self._me, {self._stream: ">"}, count=8, block=READ_MS)
            for _, entries in found or ():
                for topic in {entry[1].get("topic", "") for entry in entries}:
                    super().ring(self._topics.get(topic, ""))
                await self._redis.xack(self._stream, GROUP, *(entry[0] for entry in entries))

    async def _join(self) -> None:
        """Make stream and group where there are none, also after Redis was wiped; forget consumers long gone."""
        try:
            await self._redis.xgroup_create(self._stream, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        for one in await self._redis.xinfo_consumers(self._stream, GROUP):
            if one["idle"] > IDLE_MS:
                await self._redis.xgroup_delconsumer(self._stream, GROUP, one["name"])

    async def _look_while_deaf(self) -> None:
        while True:
            await asyncio.sleep(BLIND_SECONDS)
            if not self.hearing:
                self._look_all()

    def _look_all(self) -> None:
        for topic in list(self._topics.values()):
            super().ring(topic)


def digest(topic: Hashable) -> str:
    """A topic as Redis sees it: some topics name a person's address."""
    return hashlib.sha256(repr(topic).encode("utf-8", "surrogatepass")).hexdigest()[:32]
