"""A server for each worker of the tests, a fresh database for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot.conftest import office
from tests.faults.nursery import Nursery, nursery
from tests.scale.cluster import BIN, Cluster
from tests.scale.house import PgTalkHouse
from tests.scale.redis_server import REDIS, RedisServer

__all__ = ["office"]  # a fixture
REQUIRED = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def cluster() -> Generator[Cluster]:
    """A running server of our own; without PostgreSQL on the machine the test is skipped, except in CI."""
    if BIN is None:
        assert not REQUIRED, "CI needs PostgreSQL (initdb, postgres)"
        pytest.skip("PostgreSQL is not installed (initdb): nothing here was tested on it")
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def database(cluster: Cluster) -> Generator[str]:
    """A fresh, migrated office's database by name."""
    name = cluster.office()
    yield name
    cluster.drop(name)


@pytest.fixture
def pg_house(cluster: Cluster, database: str, tmp_path: Path) -> Generator[PgTalkHouse]:
    """A house on PostgreSQL."""
    made = PgTalkHouse(tmp_path, cluster.url(database))
    yield made
    made.end()


@pytest.fixture
def redis() -> Generator[RedisServer]:
    """A running, empty Redis of our own."""
    if REDIS is None:
        assert not REQUIRED, "CI needs Redis (redis-server)"
        pytest.skip("Redis is not installed (redis-server): nothing here was tested on it")
    made = RedisServer()
    made.start()
    yield made
    made.remove()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[list[Nursery]]:
    """Two nurseries, which have read the files once."""
    folder = tmp_path_factory.mktemp("houses")
    async with AsyncExitStack() as until:
        yield [await until.enter_async_context(nursery(folder / f"errors{n}")) for n in range(2)]
