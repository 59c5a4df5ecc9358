"""A fake gateway and a whole house beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import Town, at_home
from tests.scale.conftest import cluster, database

__all__ = ["cluster", "database"]  # fixtures


@pytest_asyncio.fixture
async def api() -> AsyncGenerator[FakeGateway]:
    """WeCom."""
    fake = await FakeGateway().open()
    yield fake
    await fake.close()


@pytest_asyncio.fixture
async def town(api: FakeGateway, tmp_path: Path) -> AsyncGenerator[Town]:
    """A house that is connected to it."""
    async with at_home(api, tmp_path) as town:
        yield town
