"""The sample county, read once: these tables are about its places and its words."""

import pytest

from config.load import load
from config.schema import County


@pytest.fixture(scope="session")
def county() -> County:
    """The packaged files."""
    return load(None)
