"""A town for each test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests.review.town import Town


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncGenerator[Town]:
    """An office at noon, in memory."""
    made = Town(tmp_path)
    yield made
    await made.close()
