"""House after house is started over one folder and killed, while the townsfolk go on filing and answering."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from sqlalchemy import Connection

from bot.app import DATABASE
from bot.store import staff
from bot.store.sqlite import open_store
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery, first
from tests.faults.promises import Finding, Promises
from tests.faults.reckoning import reckon
from tests.faults.townsfolk import RETRY, Citizen, Clerk, GivenUp, Town

ANY_MOMENT = "any moment"
START = "start: a statement"
LEASE = 61.0  # seconds by which each house's clock is ahead of the one before: its leases have run out
DAY = 86400.0
REACHED_SECONDS = 8.0
END_SECONDS = 30.0
READ_SECONDS = 0.05  # of each of those who open their page at the end
TOGETHER = 16  # of them at once
ATTEMPTS = 3
FILERS = 3
SOME = 10  # cases between two attempts at what was missed
TELL = 50  # kills after which a long run says how it goes


@dataclass(frozen=True)
class Kill:
    """Where the next house dies: at a point after `calm` COMMITs, the `hit`-th time, or after some seconds.

    `days` pass before that house.
    """

    point: str
    hit: int = 1
    calm: int = 0
    after: float = 0.0
    days: int = 0


@dataclass
class Row:
    """What came of the kills at one point."""

    kills: int = 0
    cut: int = 0
    anew: int = 0
    again: int = 0
    lost: int = 0
    doubled: int = 0


class Siege:
    """One folder, one town, many houses."""

    def __init__(self, nursery: Nursery, folder: Path, http: ClientSession, flip: str = "") -> None:
        self.promises = Promises()
        self.lives: dict[int, str] = {}  # which house died where
        self.unreached: list[Kill] = []
        self._folder = folder
        self._flip = flip
        self._late = 0.0
        self._nursery = nursery
        self._town = Town(nursery, http, self.promises)
        self._citizens: list[Citizen] = []
        self._uploading, self._closing = asyncio.Event(), asyncio.Event()
        self._clerk: asyncio.Task[None] | None = None
        self._others: list[asyncio.Task[None]] = []
        self._home = False
        self._began = time.monotonic()

    # --- houses --------------------------------------------------------------------------------------

    async def open(self, seen: Path | None = None) -> None:
        """The first house, which nobody kills; a clerk is hired beside it, and work begins."""
        assert await self._start(seen=str(seen or ""))
        clerk = Clerk(self._town, await hire(self._folder))
        self._clerk = asyncio.create_task(clerk.work())
        self._others = [asyncio.create_task(self._file()) for _ in range(FILERS)]
        self._others.append(asyncio.create_task(self._upload()))

    async def kill_all(self, kills: Sequence[Kill]) -> None:
        """One house for each, until it is dead; those that miss their point are tried again after some work."""
        for _ in range(ATTEMPTS):
            await self.kill(kills)
            if not self.unreached:
                return
            kills = self.unreached
            if not self._home:
                await self.work(cases=min(len(kills), SOME))

    async def kill(self, kills: Sequence[Kill]) -> None:
        """One house for each, until it is dead or has missed its point; at last one that lives."""
        self.unreached = [kill for kill in kills if not await self._killed(kill)]
        await self.rest()

    async def rest(self, days: int = 0, seen: Path | None = None) -> None:
        """One more house that nobody kills, perhaps with a clock that is days ahead."""
        await self._nursery.end(signal.SIGKILL)
        await self._pass(days)
        assert await self._start(seen=str(seen or ""))
        self._look_for_losses()

    async def _killed(self, kill: Kill) -> bool:
        """Whether the next house died where it should."""
        await self._nursery.end(signal.SIGKILL)
        self._uploading.set() if kill.point.startswith("upload") else self._uploading.clear()
        await self._pass(kill.days)
        up = await self._start(point="" if kill.after else kill.point, hit=kill.hit, calm=kill.calm)
        self.lives[self._nursery.life] = kill.point
        self._look_for_losses()
        if len(self.lives) % TELL == 0:
            said = self.promises
            took = time.monotonic() - self._began
            print(
                f"{took:5.0f} s  {len(self.lives)} kills, {len(said.numbers)} numbers, wrong: {said.findings}",
                flush=True,
            )
        if kill.after:
            await asyncio.sleep(kill.after)
            return await self._nursery.end(signal.SIGKILL) == -signal.SIGKILL
        return not up or await self._nursery.gone(REACHED_SECONDS)

    async def _start(self, **order: Any) -> bool:
        self._blame_the_driver()
        return await self._nursery.start(Order(str(self._folder), late=self._late, flip=self._flip, **order))

    async def _pass(self, days: int) -> None:
        """Time between two houses. No login outlives days, so the clerk goes home; unused uploads may be forgotten."""
        self._late += LEASE + days * DAY
        if days and self._clerk:
            await _cancel(self._clerk)
            self.promises.files.clear()

    def _look_for_losses(self) -> None:
        """What the house before this one promised must be found by this one."""
        known = {finding.what for finding in self.promises.findings}
        for what in sorted(self.promises.lost(self._folder) - known):
            self.promises.broken("lost", what, self._nursery.life - 1)

    # --- townsfolk -----------------------------------------------------------------------------------

    async def work(self, *, cases: int, answers: int = 0, files: int = 0) -> None:
        """Return when so much more has been promised."""
        said = self.promises

        def done() -> tuple[int, int, int]:
            return len(said.numbers), len(said.answered), len(said.files)

        goal = [now + more for now, more in zip(done(), (cases, answers, files), strict=True)]
        self._uploading.set() if files else self._uploading.clear()
        async with asyncio.timeout(END_SECONDS):
            while any(now < then for now, then in zip(done(), goal, strict=True)):
                self._blame_the_driver()
                await asyncio.sleep(RETRY)

    async def _file(self) -> None:
        while not self._closing.is_set():
            citizen = Citizen(self._town)
            self._citizens.append(citizen)
            await citizen.file()

    async def _upload(self) -> None:
        while not self._closing.is_set():
            await first(self._uploading.wait(), self._closing.wait())
            if self._uploading.is_set():
                await Citizen(self._town).upload()

    def _blame_the_driver(self) -> None:
        """A mistake in the townsfolk is not a finding."""
        for task in self._others:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error and not isinstance(error, GivenUp):
                raise error

    # --- the end -------------------------------------------------------------------------------------

    async def close(self) -> list[Finding]:
        """Let everybody finish, deliver what is owed, stop the house politely, and look at what it left."""
        self._closing.set()
        _, unanswered = await asyncio.wait(self._others, timeout=END_SECONDS)
        for _ in unanswered:
            self.promises.broken("refused", "somebody never got an answer")
        await self.send_home()
        await self._deliver()
        status = await self._nursery.end(signal.SIGTERM)
        if status:
            self.promises.broken("refused", f"SIGTERM ended with {status}", self._nursery.life)
        return await reckon(self.promises, self._folder)

    async def send_home(self) -> None:
        """Nobody asks for anything any more."""
        self._home = True
        await _cancel(*([self._clerk] if self._clerk else []), *self._others)

    async def _deliver(self) -> None:
        """Everybody opens their page until nothing waits for them any more; who gave up is a finding already."""
        readers, together = set(self._citizens), asyncio.Semaphore(TOGETHER)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS + len(readers) * READ_SECONDS):
                while readers and self.promises.undelivered(self._folder):
                    await asyncio.gather(*(self._read(citizen, readers, together) for citizen in list(readers)))

    async def _read(self, citizen: Citizen, readers: set[Citizen], together: asyncio.Semaphore) -> None:
        try:
            async with together:
                await citizen.read()
        except GivenUp:
            readers.discard(citizen)

    def rows(self, findings: Sequence[Finding]) -> dict[str, Row]:
        """What came of it, by point."""
        rows: dict[str, Row] = {}
        for life, point in self.lives.items():
            row = rows.setdefault(point, Row())
            row.kills += 1
            row.cut += self.promises.cut[life]
            row.anew += self.promises.anew[life]
            row.again += self.promises.again[life]
            row.lost += sum(finding.kind == "lost" and life in finding.lives for finding in findings)
            row.doubled += sum(finding.kind == "doubled" and life in finding.lives for finding in findings)
        return rows


async def hire(folder: Path) -> str:
    """A dispatcher who also is a clerk; the token of their session. Beside a running house, as `staff add` is."""
    store = open_store(folder / DATABASE)
    try:
        return await store.write(hired)
    finally:
        await store.close()


def hired(conn: Connection) -> str:
    """The same inside a write."""
    now = datetime.now(UTC)
    code = staff.add(conn, "王芳", ["clerk", "dispatcher"], "zhiban", now)
    staff.redeem(conn, code, "$argon2id$nobody-logs-in-with-this", now)
    return staff.open_session(conn, staff.credential(conn, "王芳"), now)


@asynccontextmanager
async def siege(nursery: Nursery, folder: Path, flip: str = "") -> AsyncGenerator[Siege]:
    """A siege; whatever happens in it, no house outlives it."""
    folder.mkdir()
    (folder / WORLD).touch()
    async with ClientSession(timeout=ClientTimeout(total=10)) as http:
        made = Siege(nursery, folder, http, flip)
        try:
            yield made
        finally:
            await made.send_home()
            await nursery.end(signal.SIGKILL)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, GivenUp):
            await task


def moments(count: int, seed: int) -> list[Kill]:
    """Kills at any moment of a house's first half second."""
    chance = random.Random(seed)
    return [Kill(ANY_MOMENT, after=chance.uniform(0.01, 0.5)) for _ in range(count)]


def table(rows: dict[str, Row]) -> str:
    """Point, kills, what was lost or doubled, and what people saw."""
    lines = [f"{'point':38} kills  lost  doubled  got no answer, asked again: taken anew | same words again"]
    for point, row in sorted(rows.items()):
        seen = f"{row.cut:13} {row.anew:25} | {row.again}"
        lines.append(f"{point:38} {row.kills:5} {row.lost:5} {row.doubled:8}  {seen}")
    return "\n".join(lines)
