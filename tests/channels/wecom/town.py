"""A whole house over a fake gateway: store, outbox and channel as in the office, only faster."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bot.app import House, build, open_core, running
from bot.channels.wecom.channel import Times, WeCom
from bot.channels.wecom.line import Pace
from bot.channels.wecom.pacer import Pacer, Rates
from bot.site import Site
from bot.store import cases, letters, people, staff
from bot.store.tables import case as case_table
from bot.store.tables import outbox
from cases.case import Case
from config.groups import WeComGroup, WeComRules
from config.settings import Settings
from handlers.messages import Inbound
from handlers.wording import render
from tests.channels.files import sample
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway, Shown

Json = dict[str, Any]
GROUP, OTHER = "wrGroup0000000000000001", "wrGroup0000000000000002"
STORY = "小区门口的垃圾堆了半个月没人清"
OWN = "不，单独反映"
FAST = Rates(group=100_000, spare=1)
SOON = 20.0  # seconds until what should happen must have happened; a busy machine takes its time
TIMES = Times(lease=15.0, renew=0.5, look=0.1, pause=0.05, longest_pause=0.2, displaced=0.6, refused=0.3)
PACE = Pace(beat=5.0, ack=15.0, connect=5.0)
_keys = count(1)


def in_groups(*groups: WeComGroup) -> Site:
    """The packaged files, with departments in groups of their own."""
    known = sample()
    office = known.county.office.model_copy(update={"wecom": WeComRules(groups=groups)})
    return replace(known, county=known.county.model_copy(update={"office": office}))


@dataclass
class Town:
    """People, an office, and WeCom between the staff of it."""

    api: FakeGateway
    house: House
    line: WeCom
    seen: dict[str, int] = field(default_factory=dict[str, int])
    codes: dict[str, str] = field(default_factory=dict[str, str])

    async def until(self, what: Callable[[], Any], seconds: float = SOON) -> Any:
        """What `what` gives, as soon as it gives something."""
        end = asyncio.get_running_loop().time() + seconds
        while not (found := what()):
            assert asyncio.get_running_loop().time() < end, "it did not happen"
            await asyncio.sleep(0.01)
        return found

    async def connected(self) -> None:
        """The bot is on the line."""
        await self.until(lambda: self.api.live and self.line.line.open)

    async def gets(self, chat: str, *words: str) -> Shown:
        """The next message of the bot's in a chat that holds these words; waits for it."""

        def found() -> Shown | None:
            new = self.api.told(chat)[self.seen.get(chat, 0) :]
            return next((one for one in new if one.text and all(word in one.text for word in words)), None)

        try:
            shown = await self.until(found)
        except AssertionError:
            told = "\n---\n".join(one.text for one in self.api.told(chat)[-6:])
            raise AssertionError(f"nobody said {words} in {chat}; the last were:\n{told}") from None
        self.seen[chat] = self.api.told(chat).index(shown) + 1
        return shown

    async def buttons(self, chat: str, label: str, about: str = "") -> Json:
        """The newest card of a chat with such a button, and with the words `about` on it."""

        def found() -> Json | None:
            cards = [one.card for one in self.api.told(chat) if one.card and label in one.buttons]
            return next((card for card in reversed(cards) if about in str(card)), None)

        return await self.until(found)

    async def say(self, user: str, text: str, chat: str = "", quote: str = "", **more: Any) -> Json:
        """Somebody writes to the bot, with @ in a group."""
        frame = self.api.message(user, text, chat, quote, **more)
        await self.api.push(frame)
        return frame

    async def press(self, user: str, label: str, chat: str = GROUP, about: str = "") -> None:
        """Somebody presses the newest button of that name, on a card that says `about`."""
        card = await self.buttons(chat, label, about)
        data = {one["text"]: one["key"] for one in card["button_list"]}[label]
        await self.api.push(self.api.press(user, card, data, "" if chat == user else chat))

    async def hire(self, name: str, role: str, unit: str) -> int:
        """A member of staff; their id."""
        core = self.house.core
        code = await core.store.write(lambda conn: staff.add(conn, name, (role,), unit, core.clock()))
        self.codes[name] = code
        row = await core.store.read(lambda conn: staff.code_staff(conn, code, core.clock()))
        assert row is not None
        return row.id

    async def bound(self, user: str, name: str, role: str, unit: str) -> int:
        """Somebody on the staff whose account is tied by their one-time code."""
        number = await self.hire(name, role, unit)
        await self.say(user, self.codes[name])
        await self.gets(user, name, "绑定")
        return number

    async def citizen(self, user: str, text: str, choice: str = "") -> str:
        """A citizen says something on the web page; what is answered."""
        core = self.house.core
        inbound = Inbound("web", f"w{next(_keys)}", user, core.clock(), text, choice)
        taken = await core.take(inbound)
        return "\n".join(_words(letter) for letter in taken.letters)

    async def file(self, user: str = "citizen-1", story: str = STORY) -> Case:
        """A citizen files a complaint on the web page."""
        before = len(await self.cases())
        await self.citizen(user, story)
        await self.citizen(user, "同意")
        for words in ("1", "城关街道", "就在城关街道，不分村"):
            await self.citizen(user, words)
        if before:
            await self.citizen(user, OWN)
        for words in ("匿名", "提交"):
            await self.citizen(user, words)
        held = await self.cases()
        assert len(held) == before + 1, "the complaint was not taken"
        return held[-1]

    async def letters(self, user: str) -> list[str]:
        """What a citizen can read on the page."""
        core = self.house.core

        def work(conn: Any) -> list[str]:
            known = people.find(conn, core.vault, "web", user, core.clock(), touch=False)
            assert known is not None
            found = letters.of_person(conn, core.vault, known.citizen.id, limit=50)
            texts = core.site.county.texts["zh"]
            return [render(one.reply, texts, core.code_of).text for one in found if one.reply]

        return await core.store.read(work)

    async def act(self, staff_id: int, act: str, no: str, text: str = "", **fields: str) -> Json:
        """A press in the staff room."""
        key = f"room-{next(_keys)}"
        inbound = Inbound("staff", key, str(staff_id), self.house.core.clock(), text, act, case=no, fields=fields)
        return dict((await self.house.core.take(inbound)).data)

    async def cases(self) -> list[Case]:
        """Every case, oldest first."""
        vault, query = self.house.core.vault, select(case_table).order_by(case_table.c.id)
        return await self.house.core.store.read(lambda conn: cases.many(conn, vault, query))

    async def steps(self, case: Case, act: str) -> list[str]:
        """The words of what was done to a case."""
        vault = self.house.core.vault
        events = await self.house.core.store.read(lambda conn: cases.events(conn, vault, case.id))
        return [one.text for one in events if one.act == act]

    async def owed(self, kind: str = "group") -> list[Json]:
        """Rows of the outbox that are not delivered."""
        query = select(outbox).where(outbox.c.delivered_at.is_(None), outbox.c.kind == kind)
        return await self.house.core.store.read(lambda conn: [dict(row) for row in conn.execute(query).mappings()])


def _words(letter: Any) -> str:
    return re.sub(r"\s+", " ", repr(letter.reply))


def settings(api: FakeGateway, folder: Path, **more: Any) -> Settings:
    """The environment of such a house."""
    given: Json = {"wecom_bot_id": BOT, "wecom_bot_secret": SecretStr(SECRET), "wecom_url": api.url}
    return Settings(data_dir=folder, **{**given, "wecom_staff_group": GROUP, **more})


@asynccontextmanager
async def at_home(
    api: FakeGateway,
    folder: Path,
    site: Site | None = None,
    rates: Rates = FAST,
    clock: Callable[[], datetime] | None = None,
    **more: Any,
) -> AsyncGenerator[Town]:
    """The office at work."""
    given = settings(api, folder, **more)
    core = open_core(given, site or sample())
    core.clock = clock or core.clock
    house = build(core, given)
    line = house.lines[0]
    assert isinstance(line, WeCom)
    line.times, line.line.pace, line.api.pacer = TIMES, PACE, Pacer(rates)
    async with running(house):
        town = Town(api, house, line)
        await town.connected()
        yield town
