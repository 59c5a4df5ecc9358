"""What most tests of the store begin with."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.connect import DATABASE
from bot.store.sqlite import SqliteStore, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of this test lies."""
    return tmp_path / DATABASE


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    """A new store, closed after the test."""
    opened = open_store(path)
    yield opened
    await opened.close()
