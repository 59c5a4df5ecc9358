"""One process for all tests of this folder: it has read the files, and every house is a fork of it."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.faults.nursery import Nursery, nursery


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def houses(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Nursery]:
    """Where houses come from."""
    async with nursery(tmp_path_factory.mktemp("nursery") / "errors") as made:
        yield made
