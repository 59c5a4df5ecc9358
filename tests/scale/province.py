"""Three houses on one PostgreSQL and one Redis, citizens who talk to whichever answers, and everything dies."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from asyncpg import PostgresError  # pyright: ignore[reportMissingTypeStubs]

from bot.store.pg_start import place_of
from bot.store.postgres import PgStore, text_of
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery
from tests.faults.promises import Finding, Promises
from tests.faults.reckoning import reckon
from tests.faults.siege import ATTEMPTS, DAY, LEASE, TELL, Kill, hired
from tests.faults.townsfolk import Citizen, Clerk, GivenUp, Town
from tests.scale.cluster import Cluster
from tests.scale.redis_server import RedisServer

FILERS = 4
END_SECONDS = 60.0
REACHED_SECONDS = 6.0
CHANGE = 0.2  # how often it is another house's turn to die
Servers = tuple[Cluster, str, RedisServer]
LATER = "UPDATE outbox SET not_before = 1 WHERE delivered_at IS NULL"  # every lease is over


class Province:
    """Where the town talks to: any house that is up."""

    def __init__(self, houses: list[Nursery], folder: Path, servers: Servers, flip: str) -> None:
        self.houses, self.folder, self.flip = houses, folder, flip
        self.cluster, self.database, self.redis = servers
        self.promises = Promises()
        self.chance = random.Random(20261122)
        self.lives: dict[int, str] = {}  # which house died where
        self.unreached: list[Kill] = []
        self._late = 0.0
        self._dead: int | None = None  # the house that nobody has started again
        self._alone = False
        self._citizens: list[Citizen] = []
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._clerk: asyncio.Task[None] | None = None

    @property
    def life(self) -> int:
        """How many houses there have been: whoever asks again after a death asks another one."""
        return sum(house.life for house in self.houses)

    @property
    def url(self) -> str:
        """A house that answers, as a load balancer would choose it."""
        return self.chance.choice([house for house in self.houses if house.url]).url

    async def up(self) -> None:
        """Return when some house answers."""
        waiting = [asyncio.create_task(house.up()) for house in self.houses]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def start(self, number: int, **order: Any) -> None:
        """One more house, perhaps to be killed at a point."""
        self._blame_the_driver()
        place = {"database": self.cluster.url(self.database), "redis": self.redis.url}
        await self.houses[number].start(Order(str(self.folder), late=self._late, flip=self.flip, **place, **order))

    async def open(self, http: ClientSession, seen: str = "") -> None:
        """All houses, and work begins."""
        for number in range(len(self.houses)):
            await self.start(number, seen=seen)
        town = Town(self, http, self.promises)
        store = PgStore(text_of(place_of(self.cluster.url(self.database)).main), pool=2)
        self._clerk = asyncio.create_task(Clerk(town, await store.write(hired)).work())
        await store.close()
        self._tasks = [asyncio.create_task(self._file(town)) for _ in range(FILERS)]

    @property
    def kills(self) -> int:
        """How many houses died where they should."""
        return len(self.lives)

    async def kill_all(self, kills: Sequence[Kill]) -> None:
        """A house dies at each point, while another goes on; those that miss it are tried again."""
        for _ in range(ATTEMPTS):
            self.unreached = [kill for kill in kills if not await self.kill(kill)]
            if not self.unreached:
                break
            kills = self.unreached
        await self.all_up()

    async def kill(self, kill: Kill) -> bool:
        """One house is started to die at the point, in the place of one that lives or died before; whether it did."""
        number = await self._next()
        victim = self.houses[number]
        await victim.end(signal.SIGKILL)
        self._late += kill.days * DAY + (LEASE if self._alone else 0.0)
        await self.start(number, point="" if kill.after else kill.point, hit=kill.hit, calm=kill.calm)
        if kill.after:
            await asyncio.sleep(kill.after)
            reached = await victim.end(signal.SIGKILL) == -signal.SIGKILL
        else:
            reached = await victim.gone(REACHED_SECONDS)
        await victim.end(signal.SIGKILL)
        if reached:
            self.lives[self.life] = kill.point
            if self.kills % TELL == 0:
                said = self.promises
                print(f"{self.kills} kills, {len(said.numbers)} numbers, wrong: {said.findings}", flush=True)
        return reached

    async def _next(self) -> int:
        if self._alone:
            return 0
        if self._dead is None or self.chance.random() < CHANGE:
            await self.all_up()
            self._dead = self.chance.randrange(len(self.houses))
        return self._dead

    async def all_up(self) -> None:
        """Whoever died is started again."""
        for number in [0] if self._alone else [] if self._dead is None else [self._dead]:
            if not self.houses[number].alive:
                await self.start(number)
        self._dead = None

    async def alone(self) -> None:
        """Everybody goes home and all houses close; from now on there is one, which dies again and again."""
        await self.later(0)
        for house in self.houses:
            await house.end(signal.SIGKILL)
        self._alone = True

    async def later(self, days: int, seen: str = "") -> None:
        """Days pass with all houses shut. No login outlives them, so that everybody goes home."""
        await self.send_home()
        for house in self.houses:
            await house.end(signal.SIGKILL)
        self._late += days * DAY
        for number in range(len(self.houses)):
            await self.start(number, seen=seen)

    async def work(self, cases: int, answers: int = 0) -> None:
        """Return when so many more numbers were spoken and cases answered."""
        said = self.promises
        goal, answered = len(said.numbers) + cases, len(said.answered) + answers
        async with asyncio.timeout(END_SECONDS):
            while len(said.numbers) < goal or len(said.answered) < answered:
                self._blame_the_driver()
                await asyncio.sleep(0.02)

    async def _file(self, town: Town) -> None:
        while not self._closing.is_set():
            citizen = Citizen(town)
            self._citizens.append(citizen)
            await citizen.file()

    def _blame_the_driver(self) -> None:
        for task in self._tasks:
            error = task.exception() if task.done() and not task.cancelled() else None
            if error and not isinstance(error, GivenUp):
                raise error

    async def close(self) -> list[Finding]:
        """Everybody finishes, what is owed is delivered, the houses stop politely; what is wrong then."""
        self._closing.set()
        await self.all_up()
        _, late = await asyncio.wait(self._tasks, timeout=END_SECONDS)
        for _ in late:
            self.promises.broken("refused", "somebody never got an answer")
        await self.send_home()
        await self._deliver()
        for house in [house for house in self.houses if house.alive]:
            if status := await house.end(signal.SIGTERM):
                self.promises.broken("refused", f"SIGTERM ended with {status}", house.life)
        return await reckon(self.promises, self.folder, self.cluster.url(self.database))

    async def send_home(self) -> None:
        """Nobody asks for anything any more."""
        tasks = [*([self._clerk] if self._clerk else []), *self._tasks]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, GivenUp):
                await task

    async def _deliver(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS / 2):
                while self._owed():
                    with suppress(PostgresError):  # a deadlock with a house that settles just now
                        self.cluster.ask(self.database, LATER)
                    await asyncio.gather(*(one.read() for one in self._citizens), return_exceptions=True)
                    await asyncio.sleep(0.3)

    def _owed(self) -> int:
        rows = self.cluster.ask(self.database, "SELECT count(*) FROM outbox WHERE delivered_at IS NULL")
        return int(rows[0][0])


@asynccontextmanager
async def province(
    houses: list[Nursery], folder: Path, servers: Servers, flip: str = "", seen: str = ""
) -> AsyncGenerator[Province]:
    """A province; whatever happens in it, no house outlives it."""
    folder.mkdir()
    (folder / WORLD).touch()
    async with AsyncExitStack() as until:
        http = await until.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
        town = Province(houses, folder, servers, flip)
        await town.open(http, seen)
        try:
            yield town
        finally:
            await town.send_home()
            for house in houses:
                await house.end(signal.SIGKILL)
