"""A fake Tencent and a whole house beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from bot.demo.fakes.wechat import FakeWeChat
from tests.channels.wechat.town import Town, at_home


@pytest_asyncio.fixture
async def api() -> AsyncGenerator[FakeWeChat]:
    """WeChat."""
    fake = await FakeWeChat().open()
    yield fake
    await fake.close()


@pytest_asyncio.fixture
async def town(api: FakeWeChat, tmp_path: Path) -> AsyncGenerator[Town]:
    """A house it pushes to."""
    async with at_home(api, tmp_path) as town:
        yield town
