"""Three houses on one PostgreSQL and one Redis, citizens who talk to whichever answers, and everything dies."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout
from asyncpg import PostgresError  # pyright: ignore[reportMissingTypeStubs]

from bot.store.pg_start import place_of
from bot.store.postgres import PgStore, text_of
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery
from tests.faults.promises import Finding, Promises
from tests.faults.reckoning import reckon
from tests.faults.siege import hired
from tests.faults.townsfolk import Citizen, Clerk, GivenUp, Town
from tests.scale.cluster import Cluster
from tests.scale.redis_server import RedisServer

FILERS = 4
END_SECONDS = 60.0
LATER = "UPDATE outbox SET not_before = 1 WHERE delivered_at IS NULL"  # every lease is over


class Province:
    """Where the town talks to: any house that is up."""

    def __init__(
        self, houses: list[Nursery], folder: Path, servers: tuple[Cluster, str, RedisServer], flip: str
    ) -> None:
        self.houses, self.folder, self.flip = houses, folder, flip
        self.cluster, self.database, self.redis = servers
        self.promises = Promises()
        self.chance = random.Random(20261122)
        self.kills = 0
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

    async def start(self, number: int, point: str = "", hit: int = 1) -> None:
        """One more house, perhaps to be killed at a point."""
        order = Order(
            str(self.folder), point=point, hit=hit, flip=self.flip,
            database=self.cluster.url(self.database), redis=self.redis.url,
        )  # fmt: skip
        await self.houses[number].start(order)

    async def open(self, http: ClientSession) -> None:
        """All houses, and work begins."""
        for number in range(len(self.houses)):
            await self.start(number)
        town = Town(self, http, self.promises)
        store = PgStore(text_of(place_of(self.cluster.url(self.database)).main), pool=2)
        self._clerk = asyncio.create_task(Clerk(town, await store.write(hired)).work())
        await store.close()
        self._tasks = [asyncio.create_task(self._file(town)) for _ in range(FILERS)]

    async def kill(self, point: str, hit: int = 1, seconds: float = 4.0) -> bool:
        """A house is replaced by one that dies at the point; then by one that lives. Whether it did die there."""
        number = self.chance.randrange(len(self.houses))
        await self.houses[number].end(signal.SIGKILL)
        await self.start(number, point, hit)
        reached = await self.houses[number].gone(seconds)
        await self.houses[number].end(signal.SIGKILL)
        await self.start(number)
        self.kills += 1 + reached
        return reached

    async def work(self, cases: int) -> None:
        """Return when so many more numbers were spoken."""
        goal = len(self.promises.numbers) + cases
        async with asyncio.timeout(END_SECONDS):
            while len(self.promises.numbers) < goal:
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
        _, late = await asyncio.wait(self._tasks, timeout=END_SECONDS)
        for _ in late:
            self.promises.broken("refused", "somebody never got an answer")
        await self.send_home()
        await self._deliver()
        for house in self.houses:
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
    houses: list[Nursery], folder: Path, cluster: Cluster, database: str, redis: RedisServer, flip: str = ""
) -> AsyncGenerator[Province]:
    """A province; whatever happens in it, no house outlives it."""
    folder.mkdir()
    (folder / WORLD).touch()
    async with AsyncExitStack() as until:
        http = await until.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
        town = Province(houses, folder, (cluster, database, redis), flip)
        await town.open(http)
        try:
            yield town
        finally:
            await town.send_home()
            for house in houses:
                await house.end(signal.SIGKILL)
