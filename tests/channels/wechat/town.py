"""A whole house behind real HTTP, a fake Tencent in front of it, and people with phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import Connection, select

from bot.app import House, build, open_core, running
from bot.channels.wechat.channel import WeChat
from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN
from bot.demo.fakes.wechat import SECRET, FakeWeChat, Json
from bot.outbox import BELL
from bot.site import Site
from bot.store import cases, people, staff
from bot.store.tables import case as case_table
from bot.store.tables import outbox
from bot.web.server import make_app
from cases.case import Case
from config.settings import Settings
from handlers.messages import Inbound
from tests.channels.files import sample
from tests.channels.wechat.phone import read
from tests.conversations.player import Heard

T = TypeVar("T")
OWN = "不，单独反映"
SOON = 8.0
PUBLIC = "https://zhitong.example.test"


def settings(api: FakeWeChat, folder: Path, **more: Any) -> Settings:
    """The environment of such a house."""
    return Settings(
        data_dir=folder,
        public_url=more.pop("public_url", PUBLIC),
        wechat_app_id=APP_ID,
        wechat_app_secret=SecretStr(SECRET),
        wechat_token=SecretStr(TOKEN),
        wechat_aes_key=SecretStr(AES_KEY),
        wechat_api_url=api.url,
        **more,
    )


@dataclass
class Town:
    """People, an office, and WeChat between them."""

    api: FakeWeChat
    house: House
    line: WeChat
    url: str
    ahead: timedelta = timedelta()
    seen: dict[str, int] = field(default_factory=dict[str, int])

    def now(self) -> datetime:
        """The clock of the house and of Tencent."""
        return datetime.now(UTC) + self.ahead

    async def until(self, what: Callable[[], Any], seconds: float = SOON) -> Any:
        """What `what` gives, as soon as it gives something."""
        end = asyncio.get_running_loop().time() + seconds
        while not (found := what()):
            assert asyncio.get_running_loop().time() < end, "it did not happen"
            await asyncio.sleep(0.01)
        return found

    async def say(self, who: str, text: str, **fields: str) -> Heard:
        """Somebody types; what they read at once."""
        return read(await self.api.push(self.api.message(who, "text", Content=text, **fields)))

    async def tap(self, who: str, heard: Heard, label: str) -> Heard:
        """Somebody taps a choice; what must be typed is typed."""
        token = heard.token(label)
        return await self.say(who, label, **({"bizmsgmenuid": token} if token != label else {}))

    async def file(self, who: str, story: str = "小区门口的垃圾堆了半个月没人清") -> str:
        """Somebody files a complaint; its number."""
        asked = await self.say(who, story)
        await self.tap(who, asked, "同意" if "同意" in asked.labels else "另外反映一件")
        for words in ("1", "城关街道", "就在城关街道，不分村"):
            last = await self.say(who, words)
        if OWN in last.labels:  # others said it before
            await self.tap(who, last, OWN)
        await self.say(who, "匿名")
        filed = await self.say(who, "提交")
        found = re.search(r"MS\d{8}-\d{4}", filed.text)
        assert found, filed.text
        return found[0]

    async def gets(self, who: str, words: str) -> str:
        """The newest text on somebody's screen that holds these words; waits for it."""
        screen = self.api.fan(who).screen
        return await self.until(lambda: next((one for one in reversed(screen) if words in one), None))

    async def hire(self, name: str, role: str, unit: str) -> int:
        """A member of staff; their id."""
        code = await self.write(lambda conn: staff.add(conn, name, (role,), unit, self.now()))
        row = await self.house.core.store.read(lambda conn: staff.code_staff(conn, code, self.now()))
        assert row is not None
        return row.id

    async def act(self, staff_id: int, act: str, no: str, text: str = "", **fields: str) -> Json:
        """A press in the staff room."""
        key = f"room-{asyncio.get_running_loop().time()}"
        inbound = Inbound("staff", key, str(staff_id), self.now(), text, act, case=no, fields=fields)
        return dict((await self.house.core.take(inbound)).data)

    async def answer(self, no: str, text: str = "垃圾已经清运。") -> None:
        """The department answers a case."""
        case = next(one for one in await self.cases() if one.no == no)
        clerk = await self.hire(f"王芳{no[-4:]}", "clerk", case.department)
        done = await self.act(clerk, "answer", no, text)
        assert "error" not in done, done

    async def cases(self) -> list[Case]:
        """Every case, oldest first."""
        vault, query = self.house.core.vault, select(case_table).order_by(case_table.c.id)
        return await self.read(lambda conn: cases.many(conn, vault, query))

    async def owed(self) -> list[Json]:
        """Letters that have not reached anybody."""
        query = select(outbox).where(outbox.c.delivered_at.is_(None), outbox.c.kind != "card")
        return await self.read(lambda conn: [dict(row) for row in conn.execute(query).mappings()])

    async def settled(self, **states: int) -> None:
        """Wait until undelivered letters are in these states, so many of each."""

        async def counts() -> dict[str, int]:
            rows = [row["state"] for row in await self.owed()]
            return {state: rows.count(state) for state in set(rows)}

        end = asyncio.get_running_loop().time() + SOON
        while (found := await counts()) != states:
            assert asyncio.get_running_loop().time() < end, (found, states)
            await asyncio.sleep(0.02)

    async def passes(self, seconds: float) -> None:
        """Time passes, and the outbox looks."""
        self.ahead += timedelta(seconds=seconds)
        self.house.core.bells.ring(BELL)
        await asyncio.sleep(0.05)

    async def person(self, who: str) -> int:
        """The id of somebody the house knows; 0 for a stranger."""
        core = self.house.core

        def find(conn: Connection) -> int:
            known = people.find(conn, core.vault, "wechat", who, self.now(), touch=False)
            return known.citizen.id if known else 0

        return await self.read(find)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Look into the store."""
        return await self.house.core.store.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Change it."""
        return await self.house.core.store.write(work)


@asynccontextmanager
async def at_home(api: FakeWeChat, folder: Path, site: Site | None = None, **more: Any) -> AsyncGenerator[Town]:
    """The office at work, and Tencent knocking at its door."""
    given = settings(api, folder, **more)
    core = open_core(given, site or sample())
    town: Town | None = None
    core.clock = lambda: town.now() if town else datetime.now(UTC)
    house = build(core, given)
    line = next(one for one in house.lines if isinstance(one, WeChat))
    async with running(house):
        app = make_app(house.door)
        line.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            listener = web.TCPSite(runner, "127.0.0.1", 0)
            await listener.start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            town = Town(api, house, line, url)
            api.house, api.clock = url, lambda: town.now().timestamp()
            yield town
        finally:
            await runner.cleanup()
