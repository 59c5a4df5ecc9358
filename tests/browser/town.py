"""The town: the office, one Chromium, and everybody who stands in front of it during one story."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from playwright.async_api import Browser

from tests.browser.office import Colleague, Office
from tests.browser.people import DESK, PHONE, WATCH, Citizen, Clerk, Person

Who = TypeVar("Who", bound=Person)
TIMEOUT_MS = 15_000


class Networks:
    """A network of their own for everybody: what is slowed down by source is not what is tested here."""

    def __init__(self) -> None:
        self._given = 0

    def another(self) -> str:
        """An address nobody had before."""
        self._given += 1
        return f"10.{self._given >> 8 & 255}.{self._given & 255}.1"


@dataclass
class Town:
    """Who is there in one story."""

    office: Office
    browser: Browser
    networks: Networks
    people: list[Person] = field(default_factory=list[Person])

    async def citizen(self, device: dict[str, Any] = PHONE, **more: Any) -> Citizen:
        """Somebody who has never seen the page."""
        return await self._join(Citizen, device, **more)

    async def clerk(self, colleague: Colleague | None = None, device: dict[str, Any] = DESK) -> Clerk:
        """A colleague in the staff room; without one, somebody at its door."""
        someone = await self._join(Clerk, device)
        if colleague:
            token = self.office.sessions[colleague]
            await someone.context.add_cookies([{"name": "zt_staff", "value": token, "url": self.office.url}])
            await someone.comes()
        return someone

    async def _join(self, kind: type[Who], device: dict[str, Any], **more: Any) -> Who:
        context = await self.browser.new_context(
            base_url=self.office.url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            extra_http_headers={"X-Forwarded-For": self.networks.another()},
            **device,
            **more,
        )
        context.set_default_timeout(TIMEOUT_MS)
        await context.add_init_script(WATCH)
        someone = kind(context, await context.new_page())
        someone.watch()
        self.people.append(someone)
        return someone

    async def goes_home(self) -> list[str]:
        """Everybody leaves; what their browsers complained of."""
        for someone in self.people:
            await someone.context.close()
        return [said for someone in self.people for said in someone.unforgiven()]
