"""A member of staff at a real browser."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, expect

from cases.case import Actor
from tests.web.browser import DESK, open_page
from tests.web.fake_office import Office

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ANSWER = "抢修班今天下午已换好主管，路面明天修补。"


@asynccontextmanager
async def seat(
    server: TestServer, office: Office, who: Actor, no: str = "", device: dict[str, Any] = DESK
) -> AsyncGenerator[Page]:
    """The room with `who` in it, and the case `no` open."""
    async with open_page(server, "/staff/login", device) as page:
        url = str(server.make_url("/"))
        await page.context.add_cookies([{"name": "zt_staff", "value": office.session_of(who), "url": url}])
        await page.goto(f"/staff#{no}" if no else "/staff")
        await expect(page.locator("#room")).to_be_visible()
        if no:
            await expect(page.get_by_role("heading", name=no, exact=True)).to_be_visible()
        yield page


def card(page: Page, no: str) -> Locator:
    """A card by its number, as a screen reader says it."""
    return page.get_by_role("article", name=no)


def button(page: Page | Locator, label: str) -> Locator:
    """A button by its exact name."""
    return page.get_by_role("button", name=label, exact=True)


def writing(page: Page) -> Locator:
    """The composer."""
    return page.get_by_role("textbox", name="要写的内容")
