"""kill -9 around every call to the world: a house with Telegram dies while it asks, says, shows and confirms."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

from bot.app import DATABASE
from bot.demo.crowd import NUMBER, words
from bot.demo.fakes.telegram import FakeApi, Json, buttons
from tests.faults.child import GROUP, WORLD, Order
from tests.faults.nursery import Nursery
from tests.faults.promises import Finding, Promises
from tests.faults.reckoning import reckon
from tests.faults.siege import LEASE, hire
from tests.faults.townsfolk import Citizen, Clerk, GivenUp, Town

MORE_CASES = re.compile(r"还有 (\d+) 件")  # in a list of too many: counted, not named
DEEP = os.environ.get("ZHITONG_DEEP") == "1"
HITS = (1, 2, 5) if DEEP else (1,)
MARK = "可能重复"
ANSWER = "路灯已经修好"
OWED = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"
METHODS = ("getUpdates", "sendMessage", "editMessageText")
MORE = ("getMe", "deleteWebhook", "getWebhookInfo", "setMyCommands")  # of every start
POINTS = [
    *(f"call: {when} {method}" for method in (*METHODS, *(MORE if DEEP else ())) for when in ("before", "after")),
    "telegram: before INSERT case",
    "outbox: before send",
    "outbox: after send",
]
LINES = 3  # citizens who talk at once
LONGEST = 60  # things said until there is a number: what came twice is answered twice
SILENT = 20.0
END_SECONDS = 40.0

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not DEEP, reason="NOT RUN: half a minute of killing; ZHITONG_DEEP=1 runs it"),
    pytest.mark.timeout(3600 if DEEP else 180),
]
_USERS = count(501)


@dataclass
class Office:
    """One folder, one Telegram, many houses."""

    nursery: Nursery
    api: FakeApi
    folder: Path
    promises: Promises = field(default_factory=Promises)
    people: dict[int, str] = field(default_factory=dict[int, str])  # user: the number they heard
    kills: Counter[str] = field(default_factory=Counter[str])
    tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])
    closing: bool = False
    pause: float = 0.0  # between two cases
    readers: list[Citizen] = field(default_factory=list[Citizen])  # for whom letters wait until they open their page
    _late: float = 0.0

    async def start(self, point: str = "", hit: int = 1) -> bool:
        """The next house; whether it came so far as to answer."""
        await self.nursery.end(signal.SIGKILL)
        self._late += LEASE
        return await self.nursery.start(
            Order(str(self.folder), point=point, hit=hit, late=self._late, telegram=self.api.url)
        )

    async def kill(self, point: str, hit: int) -> bool:
        """Whether a house died at the point."""
        up = await self.start(point, hit)
        dead = not up or await self.nursery.gone(8.0)
        self.kills[point] += dead
        return dead

    async def file(self) -> None:
        """One citizen after the other."""
        while not self.closing:
            user = next(_USERS)
            self.people[user] = ""
            self.api.private(user)
            await self._talk(user)
            await asyncio.sleep(self.pause)

    async def _talk(self, user: int) -> None:
        said = words()["stories"][1]
        for _ in range(LONGEST):
            seen = len(self.api.told(user))
            self.api.say(user, said)
            shown = await self._hears(user, seen)
            if found := NUMBER.search(shown):
                self.people[user] = found[0]
                self.promises.numbers[found[0]] = str(user)
                return
            said = next_words(shown, said)
        self.promises.broken("unheard", f"no number for {user} after {LONGEST} messages")

    async def _hears(self, user: int, seen: int) -> str:
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENT):
                while not (new := self.api.told(user)[seen:]):
                    await asyncio.sleep(0.01)
                return "\n".join(screen(one) for one in new)
        self.promises.broken("refused", f"{user} hears nothing")
        return ""

    async def close(self) -> list[Finding]:
        """Everybody finishes; what is wrong then."""
        said, self.closing = self.promises, True
        await _until(lambda: all(self.people.values()) and set(said.numbers) <= said.answered)
        await self.send_home()
        for reader in self.readers:
            await reader.read()
        await _until(lambda: said_once(self.folder, OWED) == 0)
        if status := await self.nursery.end(signal.SIGTERM):
            said.broken("refused", f"SIGTERM ended with {status}", self.nursery.life)
        return [*await reckon(said, self.folder), *self._on_screens()]

    async def send_home(self) -> None:
        """Nobody says anything any more."""
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with suppress(asyncio.CancelledError, GivenUp):
                await task

    def _on_screens(self) -> list[Finding]:
        """What people see: one number each, one card and one answer a case; what came twice is marked."""
        wrong = list[Finding]()
        filed = said_once(self.folder, 'SELECT count(*) FROM "case"')
        people = len(self.people) + len(self.readers)
        if filed > people:
            wrong.append(Finding("doubled", f"{people} people filed {filed} cases"))
        cards = [one["text"] for one in self.api.told(GROUP)]
        for user, no in self.people.items():
            mine = [one.get("text", "") for one in self.api.told(user)] if no else []
            wrong += _copies(f"number of {user}", [text for text in mine if no in text and "查询码" in text])
            if no in self.promises.answered:
                wrong += _copies(f"answer to {user}", [text for text in mine if ANSWER in text])
            mine = [text for text in cards if is_card(text, no)]
            told = [text for text in cards if no in text and not mine]  # in a list, when there were too many at once
            wrong += _copies(f"card of {no}", mine or told[:1]) if no else []
        counted = sum(int(more) for text in cards for more in MORE_CASES.findall(text))
        unnamed = [one for one in wrong if one.what.startswith("card of ") and one.kind == "lost"]
        return [one for one in wrong if one not in unnamed] + unnamed[counted:]


async def _until(what: Callable[[], bool]) -> None:
    """Wait for it, and not for ever: what is missing then is found."""
    with suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            while not what():
                await asyncio.sleep(0.1)


def _copies(what: str, copies: list[str]) -> list[Finding]:
    if not copies:
        return [Finding("lost", what)]
    plain = [text for text in copies if MARK not in text]
    return [Finding("doubled", f"{what}: {len(plain)} without a mark")] if len(plain) > 1 else []


def is_card(text: str, no: str) -> bool:
    """Whether a message in the group is the card of a case, and not another that names it."""
    return next((line for line in text.splitlines() if MARK not in line), "").startswith(f"{no} ·")


def next_words(shown: str, before: str) -> str:
    """What to say to what is on the screen; the same again to what nobody understands."""
    for step in words()["steps"]:
        if step["see"] in shown:
            return str(step["say"]).format(place="河口镇青山村")
    return before


def screen(message: Json) -> str:
    """A message as it is seen."""
    return "\n".join([message.get("text", ""), *(label for label, _ in buttons(message))])


def said_once(folder: Path, sql: str) -> int:
    """One number out of the database."""
    with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as raw:
        return int(raw.execute(sql).fetchone()[0])


@asynccontextmanager
async def office(houses: Nursery, folder: Path) -> AsyncGenerator[Office]:
    """An office on Telegram, and people who write to it."""
    folder.mkdir()
    (folder / WORLD).touch()
    api = await FakeApi().open()
    api.group(GROUP, forum=False)
    made = Office(houses, api, folder)
    async with ClientSession(timeout=ClientTimeout(total=10)) as http:
        try:
            assert await made.start()
            clerk = Clerk(Town(houses, http, made.promises), await hire(folder))
            made.tasks = [asyncio.create_task(clerk.work()), *(asyncio.create_task(made.file()) for _ in range(LINES))]
            yield made
        finally:
            await made.send_home()
            await houses.end(signal.SIGKILL)
            await api.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_every_promise_survives_kill_9_around_calls(
    houses: Nursery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with office(houses, tmp_path / "county") as town:
        missed = [point for point in POINTS for hit in HITS if not await town.kill(point, hit)]
        await town.start()
        wrong = await town.close()
    print("\n".join(f"{point:40} {times}" for point, times in town.kills.items()))
    with capsys.disabled():
        heard = sum(bool(no) for no in town.people.values())
        marked = sum(MARK in one.get("text", "") for chat in town.api.chats for one in town.api.told(chat))
        figures = f"{town.kills.total()} kills, {heard} numbers, {marked} marked {MARK}"
        print(f"\ncalls: {figures}, wrong: {wrong or 'nothing'}")
    assert wrong == []
    assert missed == []
    assert heard >= 3
