"""A real browser for the pages: the system's Chromium. Skipped loudly without it, required when CI=true."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import ConsoleMessage, FilePayload, Locator, Page, async_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PERMISSIONS = ["microphone", "geolocation", "clipboard-read", "clipboard-write"]
QUIET = ("net::ERR_", "the server responded with a status of")  # lost lines are what some tests are about


def need_chromium() -> None:
    """Skip, or fail where a browser was promised."""
    if not CHROMIUM.exists():
        why = f"NO BROWSER: {CHROMIUM} is missing, the page itself was not tried"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)


@asynccontextmanager
async def open_page(
    server: TestServer, path: str = "/", device: dict[str, Any] = PHONE, **more: Any
) -> AsyncGenerator[Page]:
    """A page in a browser of its own. Anything the browser complains about fails the test."""
    need_chromium()
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(word in message.text for word in QUIET):
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            context = await browser.new_context(
                base_url=str(server.make_url("/")),
                permissions=PERMISSIONS,
                geolocation={"latitude": 30.1, "longitude": 104.2},
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
                **device,
                **more,
            )
            context.set_default_timeout(8000)
            page = await context.new_page()
            page.on("console", complain)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(path)
            if more.get("java_script_enabled", True):
                await page.wait_for_selector("html.js")
            yield page
        finally:
            await browser.close()
    assert complaints == []


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738"
    "550000000049454e44ae426082"
)


def button(page: Page, label: str) -> Locator:
    """A button by its exact name, as a screen reader says it."""
    return page.get_by_role("button", name=label, exact=True)


def bubble(page: Page, text: str) -> Locator:
    """A message of the citizen."""
    return page.locator(".m.me", has_text=text)


async def write(page: Page, text: str) -> None:
    """Type and send."""
    await page.get_by_role("textbox", name="您要说的话").fill(text)
    await button(page, "发送").click()


def picture(name: str) -> FilePayload:
    """A small picture."""
    return {"name": name, "mimeType": "image/png", "buffer": PNG}


async def choose_files(page: Page, tool: str, *files: FilePayload) -> None:
    """Through the "+" panel, as a hand does it."""
    await button(page, "照片、录音、位置、文件").click()
    async with page.expect_file_chooser() as chooser:
        await page.locator("#panel").get_by_role("button", name=tool).click()
    await (await chooser.value).set_files(list(files))
