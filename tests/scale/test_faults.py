"""Houses, PostgreSQL and Redis die under a working province: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.faults.nursery import Nursery
from tests.scale.cluster import Cluster
from tests.scale.province import Province, province
from tests.scale.redis_server import RedisServer

DEEP = os.environ.get("ZHITONG_DEEP") == "1"
HITS = (1, 2, 5) if DEEP else (1,)
POINTS = (
    "pg: before INSERT inbox",
    "pg: before INSERT case",
    "pg: before INSERT key",
    "pg: before INSERT outbox",
    "pg: before UPDATE outbox",
    "pg: before COMMIT",
    "web: before the answer",
    "outbox: before send",
    "outbox: after send",
)
MORE = (
    "pg: before SELECT person",
    "pg: before INSERT person",
    "pg: before INSERT letter",
    "pg: before INSERT event",
    "pg: before INSERT obligation",
    "pg: before INSERT counter",
    "pg: before UPDATE conversation",
    "pg: before UPDATE inbox",
    "staff: before the answer",
)

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(3600 if DEEP else 180)]


async def test_every_promise_survives_kill_9_on_postgresql(
    houses: list[Nursery],
    cluster: Cluster,
    database: str,
    redis: RedisServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with province(houses, tmp_path / "province", cluster, database, redis) as town:
        await town.work(cases=3)
        kills = [(point, hit) for point in (*POINTS, *(MORE if DEEP else ())) for hit in HITS]
        missed = [point for point, hit in kills if not await town.kill(point, hit)]
        wrong = await town.close()
    with capsys.disabled():
        print(f"\nPostgreSQL: {town.kills} kills, {summary(town)}, wrong: {wrong[:5] or 'nothing'}")
    assert wrong == []
    assert missed == []
    assert len(town.promises.numbers) >= 8


def summary(town: Province) -> str:
    """One line of figures."""
    said = town.promises
    return f"{len(said.numbers)} numbers, {len(said.answered)} answers, {sum(said.cut.values())} requests cut off"


@pytest.mark.parametrize("how", ["PostgreSQL killed", "Redis flushed", "Redis killed"])
async def test_a_server_lost_is_no_promise_lost(
    houses: list[Nursery],
    cluster: Cluster,
    database: str,
    redis: RedisServer,
    tmp_path: Path,
    how: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lost 0, and the next number is spoken within 15 s of PostgreSQL's return and within 10 s of Redis's loss."""
    worst = 0.0
    async with province(houses, tmp_path / "province", cluster, database, redis) as town:
        for _ in range(5 if DEEP else 1):
            await town.work(cases=2)
            await lose(how, cluster, redis)
            began = time.monotonic()
            await town.work(cases=1)
            worst = max(worst, time.monotonic() - began)
        wrong = await town.close()
    with capsys.disabled():
        print(f"\n{how}: next number after {worst:.1f} s at most, {summary(town)}, wrong: {wrong[:5] or 'nothing'}")
    assert wrong == []
    assert worst <= (15 if "PostgreSQL" in how else 10)


async def lose(how: str, cluster: Cluster, redis: RedisServer) -> None:
    """It happens; PostgreSQL comes back after a while, and so does Redis, empty."""
    match how:
        case "PostgreSQL killed":
            await asyncio.to_thread(cluster.kill)
            await asyncio.sleep(1.0)
            await asyncio.to_thread(cluster.start)
        case "Redis killed":
            redis.kill()
            await asyncio.sleep(0.5)
            redis.start()
        case _:
            redis.tell("FLUSHALL")


async def test_a_row_delivered_at_xadd_is_noticed(
    houses: list[Nursery], cluster: Cluster, database: str, redis: RedisServer, tmp_path: Path
) -> None:
    """The suite above would see it if rows counted as delivered once they are in the stream."""
    async with province(houses, tmp_path / "province", cluster, database, redis, "delivered at XADD") as town:
        for _ in range(6):
            await town.work(cases=1)
            redis.tell("FLUSHALL")
        wrong = await town.close()
    assert "undelivered" in {finding.kind for finding in wrong}, wrong
