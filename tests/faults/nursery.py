"""Starts houses, one after the other, over the same folder; knows when one is up and when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.child import Order

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


class Nursery:
    """At most one house at a time. `life` counts them."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process, self._errors = process, errors
        self._up, self._gone = asyncio.Event(), asyncio.Event()
        self._gone.set()
        self.life = 0
        self.pid = 0
        self.url = ""
        self.status = 0

    def inside(self, path: Path) -> Path:
        """A path as the houses see it, who may have a disk of their own."""
        return Path(f"/proc/{self._process.pid}/root") / path.relative_to("/")

    def complaints(self) -> str:
        """What houses have said on stderr so far."""
        return self._errors.read_text(encoding="utf-8")

    async def start(self, order: Order) -> bool:
        """Start a house; whether it lived long enough to answer."""
        assert self._gone.is_set() and self._process.stdin
        self._gone.clear()
        self.life += 1
        self._process.stdin.write((json.dumps(asdict(order)) + "\n").encode())
        await self._process.stdin.drain()
        async with asyncio.timeout(START_SECONDS):
            await first(self._up.wait(), self._gone.wait())
        return self._up.is_set()

    async def up(self) -> None:
        """Return when there is a house to talk to."""
        await self._up.wait()

    @property
    def alive(self) -> bool:
        """Whether a house lives, as far as has been heard."""
        return not self._gone.is_set()

    async def gone(self, seconds: float) -> bool:
        """Whether the house ended within so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), seconds)
        return self._gone.is_set()

    async def end(self, sign: signal.Signals) -> int:
        """Send the house a signal and wait; its exit status, negative for the signal it died of."""
        if not self._gone.is_set():
            with contextlib.suppress(ProcessLookupError):  # it was faster
                os.kill(self.pid, sign)
        assert await self.gone(START_SECONDS)
        return self.status

    async def listen(self) -> None:
        """Hear what the houses tell, for ever."""
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            told: dict[str, Any] = json.loads(line)
            if "port" in told:
                self.pid, self.url = told["pid"], f"http://127.0.0.1:{told['port']}"
                self._up.set()
            elif "ended" in told:
                self.status = told["ended"]
                self._up.clear()
                self._gone.set()


@asynccontextmanager
async def nursery(errors: Path, *around: str) -> AsyncGenerator[Nursery]:
    """A nursery with its process, perhaps a command `around` it; what houses complain of goes to `errors`."""
    command = (*around, sys.executable, "-m", "tests.faults.child")
    with errors.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=-1, stdout=-1, stderr=stderr)
    made = Nursery(process, errors)
    assert process.stdin and process.stdout
    async with asyncio.timeout(START_SECONDS):
        assert await process.stdout.readline() == b'{"ready": true}\n', errors.read_text(encoding="utf-8")
    hearing = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        process.stdin.close()  # a house that still lives ends by this, and then the nursery
        await asyncio.wait_for(process.wait(), 10)
        await hearing


async def first(*waiting: Coroutine[Any, Any, Any]) -> None:
    """Return when one of them has."""
    tasks = [asyncio.create_task(one) for one in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
