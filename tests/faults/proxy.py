"""A bad line: a TCP proxy that does to a chosen request what networks do.

`Proxy(target)` forwards. `meet(fault)` lets the next requests that hold `fault.when` meet the fault; what was met is
counted, so that a test can show that its fault took place.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["latency", "reset", "cut", "black hole", "drip", "swallow"]
PIECE = 1 << 16


@dataclass
class Bad:
    """What requests that hold `when` meet, `times` of them. `bytes` of the reply pass before it is cut."""

    kind: Kind
    when: bytes
    times: int = 1
    seconds: float = 0.3
    bytes: int = 40


class Proxy:
    """One line to one server."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._bad: Bad | None = None
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self.met = 0
        self.url = ""

    def meet(self, bad: Bad) -> None:
        """From now on."""
        self._bad, self.met = bad, 0

    async def open(self) -> Proxy:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._line, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def close(self) -> None:
        """Hang up on everybody."""
        assert self._server
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _line(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)
        with suppress(OSError, asyncio.CancelledError):
            far, there = await asyncio.open_connection(self._host, self._port)
            line = _Line(self, near, back, far, there)
            await line.run()

    def bad_for(self, request: bytes) -> Bad | None:
        """What this piece of a request meets."""
        bad = self._bad
        if bad is None or self.met >= bad.times or bad.when not in request:
            return None
        self.met += 1
        return bad


class _Line:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: Proxy,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        there: asyncio.StreamWriter,
    ) -> None:
        self._proxy, self._near, self._back, self._far, self._there = proxy, near, back, far, there
        self._bad: Bad | None = None

    async def run(self) -> None:
        """Until either side hangs up."""
        ways = [asyncio.create_task(self._asked()), asyncio.create_task(self._answered())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (self._back, self._there):
                writer.close()

    async def _asked(self) -> None:
        while piece := await self._near.read(PIECE):
            bad = self._proxy.bad_for(piece)
            self._bad = bad or self._bad
            match bad.kind if bad else "":
                case "reset":
                    self._hang_up()
                    return
                case "black hole":
                    await asyncio.sleep(3600)
                case "latency":
                    assert bad
                    await asyncio.sleep(bad.seconds)
                case _:
                    pass
            self._there.write(piece)
            await self._there.drain()

    async def _answered(self) -> None:
        while piece := await self._far.read(PIECE):
            match self._bad.kind if self._bad else "":
                case "swallow":
                    self._hang_up()
                    return
                case "cut":
                    assert self._bad
                    self._back.write(piece[: self._bad.bytes])
                    await self._back.drain()
                    self._hang_up()
                    return
                case "drip":
                    await self._drip(piece)
                case _:
                    self._back.write(piece)
            await self._back.drain()

    async def _drip(self, piece: bytes) -> None:
        for at in range(0, len(piece), 16):
            self._back.write(piece[at : at + 16])
            await self._back.drain()
            await asyncio.sleep(0.002)

    def _hang_up(self) -> None:
        """Not a farewell but a reset."""
        sock: socket.socket | None = self._back.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._back.transport.abort()


@asynccontextmanager
async def bad_line(target: str) -> AsyncGenerator[Proxy]:
    """A proxy before a server."""
    proxy = await Proxy(target).open()
    try:
        yield proxy
    finally:
        await proxy.close()
