"""A whole house over a fake Telegram: store, outbox and channel as in the office, only faster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot.app import House, build, open_core, running
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.pacer import Pacer, Rates
from bot.demo.fakes.telegram import TOKEN, FakeApi, buttons
from bot.site import Site
from bot.store import cases, staff
from bot.store.tables import case as case_table
from bot.store.tables import outbox
from bot.web.server import make_app
from cases.case import Actor, Case
from config.settings import Settings
from handlers.messages import Inbound
from tests.channels.files import sample

Json = dict[str, Any]
_keys = count(1)
FAST = Rates(chat=1000.0, overall=5000.0, group=100_000)
OWN = "不，单独反映"
SOON = 20.0  # seconds until what should happen must have happened; a busy machine takes its time


@dataclass
class Town:
    """People, an office, and Telegram between them."""

    api: FakeApi
    house: House
    line: Telegram
    seen: dict[int, int] = field(default_factory=dict[int, int])

    def poller_since(self, seconds: float) -> None:
        """The poller began so many seconds from now."""
        assert self.line.poller is not None
        self.line.poller._since += seconds  # pyright: ignore[reportPrivateUsage]

    async def until(self, what: Callable[[], Any], seconds: float = SOON) -> Any:
        """What `what` gives, as soon as it gives something."""
        end = asyncio.get_running_loop().time() + seconds
        while not (found := what()):
            assert asyncio.get_running_loop().time() < end, "it did not happen"
            await asyncio.sleep(0.01)
        return found

    async def hears(self, chat: int) -> list[Json]:
        """What the bot has said in a chat since the last look; waits until there is something, and for its end."""
        await self.until(lambda: len(self.api.told(chat)) > self.seen.get(chat, 0))
        await self.line.citizens.drain()
        told = self.api.told(chat)
        new, self.seen[chat] = told[self.seen.get(chat, 0) :], len(told)
        return [one for one in new if "keyboard" not in one.get("reply_markup", {})]

    async def gets(self, chat: int, words: str) -> Json:
        """The newest message of the bot in a chat that holds these words; waits for it."""

        def found() -> Json | None:
            new = self.api.told(chat)[self.seen.get(chat, 0) :]
            return next((one for one in reversed(new) if words in one.get("text", "")), None)

        message = await self.until(found)
        self.seen[chat] = len(self.api.told(chat))
        return message

    async def say(self, user: int, text: str) -> Json:
        """A citizen says something; the last message of the answer."""
        self.api.say(user, text)
        return (await self.hears(user))[-1]

    async def press(self, user: int, message: Json, label: str) -> Json:
        """A citizen presses a button; the last message of the answer."""
        data = dict(buttons(message))[label]
        self.api.press(user, message, data)
        return (await self.hears(user))[-1]

    async def file(self, user: int, story: str = "小区门口的垃圾堆了半个月没人清") -> str:
        """A citizen files a complaint; its number."""
        consent = await self.say(user, story)
        await self.press(user, consent, "同意")
        for words in ("1", "城关街道", "就在城关街道，不分村"):
            last = await self.say(user, words)
        if OWN in dict(buttons(last)):  # others said it before
            await self.press(user, last, OWN)
        await self.say(user, "匿名")
        filed = await self.say(user, "提交")
        return next(word for word in filed["text"].replace("：", "\n").split("\n") if word.startswith("MS"))

    async def hire(self, name: str, role: str, unit: str) -> int:
        """A member of staff; their id."""
        now = self.house.core.clock()
        code = await self.house.core.store.write(lambda conn: staff.add(conn, name, (role,), unit, now))
        self.codes[name] = code
        row = await self.house.core.store.read(lambda conn: staff.code_staff(conn, code, now))
        assert row is not None
        return row.id

    codes: dict[str, str] = field(default_factory=dict[str, str])

    async def actor(self, staff_id: int) -> Actor:
        """A member of staff as an actor."""
        found = await self.house.core.store.read(lambda conn: staff.actor(conn, str(staff_id)))
        assert found is not None
        return found

    async def act(self, staff_id: int, act: str, no: str, text: str = "", **fields: str) -> Json:
        """A press in the staff room."""
        key = f"room-{next(_keys)}"
        inbound = Inbound("staff", key, str(staff_id), self.house.core.clock(), text, act, case=no, fields=fields)
        return dict((await self.house.core.take(inbound)).data)

    async def cases(self) -> list[Case]:
        """Every case, oldest first."""
        vault = self.house.core.vault
        query = select(case_table).order_by(case_table.c.id)
        return await self.house.core.store.read(lambda conn: cases.many(conn, vault, query))

    async def owed(self, kind: str = "") -> list[Json]:
        """Rows of the outbox that are not delivered."""
        query = select(outbox).where(outbox.c.delivered_at.is_(None))
        rows = await self.house.core.store.read(lambda conn: [dict(row) for row in conn.execute(query).mappings()])
        return [row for row in rows if not kind or row["kind"] == kind]


SECRET = "a-secret_of-ours"


@asynccontextmanager
async def by_webhook(api: FakeApi, folder: Path, **more: Any) -> AsyncGenerator[tuple[Town, TestClient[Any, Any]]]:
    """The office behind its webhook, with a client that plays Telegram."""
    hook = {"telegram_webhook_secret": SecretStr(SECRET), "public_url": "https://example.test"}
    async with at_home(api, folder, **hook, **more) as town:
        app = make_app(town.house.door)
        town.line.add_routes(app)
        async with TestClient(TestServer(app)) as client:
            await town.until(lambda: api.webhook["url"])
            yield town, client


@asynccontextmanager
async def at_home(
    api: FakeApi, folder: Path, site: Site | None = None, rates: Rates = FAST, **settings: Any
) -> AsyncGenerator[Town]:
    """The office at work."""
    token = {"telegram_token": SecretStr(TOKEN)}
    given = Settings(data_dir=folder, telegram_api_url=api.url, **{**token, **settings})
    core = open_core(given, site or sample())
    house = build(core, given)
    line = house.lines[0]
    assert isinstance(line, Telegram)
    line.api.pacer = Pacer(rates)
    async with running(house):
        yield Town(api, house, line)
