"""A visitor in front of a fake house: the real pages over a real socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import CookieJar
from aiohttp.test_utils import TestServer

from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor, serve


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    """A house without letters."""
    return FakeHouse(tmp_path)


@pytest_asyncio.fixture
async def server(house: FakeHouse) -> AsyncGenerator[TestServer]:
    """The pages over it."""
    async with serve(house) as running:
        yield running


@pytest_asyncio.fixture
async def visitor(server: TestServer) -> AsyncGenerator[Visitor]:
    """Somebody with a browser of their own."""
    async with Visitor(server, cookie_jar=CookieJar(unsafe=True)) as someone:
        yield someone


@pytest_asyncio.fixture
async def neighbour(server: TestServer) -> AsyncGenerator[Visitor]:
    """Somebody else."""
    async with Visitor(server, cookie_jar=CookieJar(unsafe=True)) as someone:
        yield someone
