"""A town whose office takes tips."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests.tips.stage import TipTown


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncGenerator[TipTown]:
    """An office at noon, in memory, with two custodians."""
    made = TipTown(tmp_path)
    await made.open()
    yield made
    await made.close()
