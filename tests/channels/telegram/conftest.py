"""A fake Telegram and a whole house beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from bot.demo.fakes.telegram import FakeApi
from tests.channels.telegram.town import Town, at_home


@pytest_asyncio.fixture
async def api() -> AsyncGenerator[FakeApi]:
    """Telegram."""
    fake = await FakeApi().open()
    yield fake
    await fake.close()


@pytest_asyncio.fixture
async def town(api: FakeApi, tmp_path: Path) -> AsyncGenerator[Town]:
    """A house that polls it."""
    async with at_home(api, tmp_path) as town:
        yield town
