"""One office and one Chromium a session (and a worker); a fresh town a story."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.office import SESSIONS, Office
from tests.browser.town import TIMEOUT_MS, Networks, Town
from tests.web.browser import CHROMIUM, FLAGS, need_chromium

expect.set_options(timeout=TIMEOUT_MS)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """The system's Chromium. Skips loudly without it, fails where it was promised."""
    need_chromium()
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Office]:
    """The real server, with the colleagues logged in."""
    running = Office(tmp_path_factory.mktemp("office") / "data")
    running.start()
    try:
        await running.take_on(*SESSIONS)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def networks() -> Networks:
    """Where people come from."""
    return Networks()


@pytest_asyncio.fixture(loop_scope="session")
async def town(office: Office, browser: Browser, networks: Networks) -> AsyncGenerator[Town]:
    """Nobody there yet. Anything a browser complains about fails the story."""
    if not office.running:  # a story that failed may have left it dead
        office.start()
    made = Town(office, browser, networks)
    yield made
    assert await made.goes_home() == []
