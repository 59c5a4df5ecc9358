"""Ten minutes in which Telegram refuses the staff group, on a clock that only moves when everybody waits.

The house is the real one over a store without threads; Telegram answers in memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from telegram.request import BaseRequest, RequestData

from bot.app import build
from bot.bells import Bells
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.citizens import Citizens
from bot.channels.telegram.pacer import Pacer, Rates
from bot.core import Core
from bot.demo.fakes.telegram import TOKEN, FakeApi, Fault, Json, buttons
from bot.store.attachments import Attachments
from bot.store.inline import InlineStore
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.vault import Vault
from config.settings import Settings
from tests.channels.telegram.town import Town, sample
from tests.conversations.house import MORNING, RING

GROUP = -1001234567890
WANG, LI, FIRST = 901, 950, 1000
CITIZENS = 6
TALK = ("菜单", "谢谢", "查进度", "菜单")
FROM, TO = 200.0, 800.0  # the ten minutes
STORY = "小区门口的垃圾堆了半个月没人清"


class SimLoop(asyncio.SelectorEventLoop):
    """Time that passes only when nobody has anything to do."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]  # pyright: ignore
        if not ready and scheduled:
            self.now = max(self.now, scheduled[0]._when)  # pyright: ignore
        super()._run_once()  # type: ignore[misc]  # pyright: ignore


class AtOnce(Executor):
    """A pool that works when it is asked to."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Wire(BaseRequest):
    """PTB's network without a network: straight into the fake."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **more: Any
    ) -> tuple[int, bytes]:
        asked = request_data.json_parameters if request_data else {}
        status, body = await self.api.answer(url.rsplit("/", 1)[-1], asked)
        return status, json.dumps(body).encode()


@asynccontextmanager
async def simulated(api: FakeApi, folder: Path) -> AsyncGenerator[Town]:
    """The office at work, its outbox and its groups, in simulated time."""
    loop = asyncio.get_running_loop()
    ring = KeyRing.load(RING, folder)
    store, keys = InlineStore(folder / "house.sqlite3"), KeyStore(folder / "keys.sqlite3", ring)
    store.before_commit.append(keys.commit)
    begun = loop.time()
    core = Core(
        store, Vault(ring, keys), sample(), Bells(), Attachments(folder / "files"), folder,
        clock=lambda: MORNING + timedelta(seconds=loop.time() - begun),
    )  # fmt: skip
    core.pool = AtOnce()  # type: ignore[assignment]  # pyright: ignore
    settings = Settings(data_dir=folder, telegram_token=SecretStr(TOKEN), telegram_staff_group=str(GROUP))
    house = build(core, settings)
    line = house.lines[0]
    assert isinstance(line, Telegram)
    line.api.pacer = Pacer(Rates(), loop.time, asyncio.sleep)
    wire = Wire(api)
    line.api.bot._request = (wire, wire)  # pyright: ignore
    line.api._asking = line.api._sending = wire  # pyright: ignore
    await line.api.open()
    line._open.set()  # pyright: ignore[reportPrivateUsage]
    jobs = [asyncio.create_task(job) for job in (house.outbox.run(), line.boards.run())]
    try:
        yield Town(api, house, line)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await line.citizens.drain()
        await house.post.settled()
        await store.close()
        keys.close()


class Minutes:
    """The story of those minutes."""

    def __init__(self, town: Town, api: FakeApi) -> None:
        self.town, self.api, self.loop = town, api, asyncio.get_running_loop()
        self.waits: list[float] = []
        self.at: dict[int, float] = {}  # when a message of the group was shown
        self.refused = 0

    def meets(self, method: str, asked: Json) -> Fault | None:
        """The group is refused for ten minutes, one citizen's chat for half of one."""
        now, chat = self.loop.time(), int(asked.get("chat_id") or 0)
        if chat == GROUP and FROM <= now < TO:
            self.refused += 1
            return Fault(429, "Too Many Requests: retry after 37", retry_after=37)
        if chat == LI and 300 <= now < 330:
            return Fault(429, "Too Many Requests: retry after 30", retry_after=30)
        return None

    async def take(self, update: Json) -> None:
        """An update comes in; it is not waited for what goes out."""
        await self.town.line.take(update)

    async def talk(self, user: int, words: str) -> float:
        """A citizen says something; seconds until the answer is there."""
        self.api.private(user)
        before, begun = len(self.api.told(user)), self.loop.time()
        await self.take(self.api.say(user, words))
        while len(self.api.told(user)) == before:
            await asyncio.sleep(0.05)
        return self.loop.time() - begun

    async def files(self, user: int) -> None:
        """A citizen files a complaint."""
        for words in (STORY, "同意", "1", "城关街道", "就在城关街道，不分村", "匿名", "提交"):
            await self.talk(user, words)
            await asyncio.sleep(2.0)  # keyboards are messages, too

    async def keeps_talking(self, user: int) -> None:
        """All the ten minutes long."""
        await asyncio.sleep(user % 17)
        for at in range(20):
            self.waits.append(await self.talk(user, TALK[at % 4]))
            await asyncio.sleep(29)

    async def presses(self, words: str, label: str) -> Json:
        """王芳 presses a button under the newest message with these words, once it is there."""
        while not (found := [one for one in self.api.told(GROUP) if words in one["text"] and buttons(one)]):
            await asyncio.sleep(0.5)
        await self.take(self.api.press(WANG, found[-1], dict(buttons(found[-1]))[label]))
        return found[-1]

    async def impatient(self) -> None:
        """Five messages in a row while their chat is refused."""
        await self.until(301)
        for _ in range(3):
            await self.take(self.api.say(LI, "谢谢"))
            await asyncio.sleep(3)
        await self.until(332.2)  # the pause has just ended: what is new must not overtake what waits
        for words in ("查进度", "菜单"):
            await self.take(self.api.say(LI, words))

    async def until(self, second: float) -> None:
        await asyncio.sleep(max(0.0, second - self.loop.time()))


async def run(folder: Path) -> None:
    """The ten minutes, and what is looked at after them."""
    api = FakeApi()
    api.group(GROUP)
    api.private(LI)
    async with simulated(api, folder) as town:
        minutes = Minutes(town, api)
        boss = await town.hire("马强", "dispatcher", "zhiban")
        await town.hire("王芳", "clerk", "zhujian")
        await minutes.talk(WANG, town.codes["王芳"])
        await minutes.talk(LI, "你好")
        await asyncio.gather(*(minutes.files(FIRST + n) for n in range(CITIZENS)))
        assert minutes.loop.time() < FROM
        nos = [case.no for case in await town.cases()]
        by = [next(user for user in range(FIRST, FIRST + CITIZENS) if no in str(api.told(user))) for no in nos]
        api.meets = minutes.meets
        await minutes.until(FROM + 1)
        talks = [asyncio.create_task(minutes.keeps_talking(FIRST + n)) for n in range(CITIZENS)]
        talks.append(asyncio.create_task(minutes.impatient()))
        for no in nos[:3]:  # from the group: the preview waits, it is not lost
            await minutes.take(api.say(WANG, f"/r {no} 已经清运。", GROUP))
        for no in nos[3:]:  # from the staff room: the citizen has it at once
            assert "error" not in await town.act(boss, "answer", no, "明天清运。")
        await asyncio.sleep(12)  # their own talk goes on beside it, one message a second
        assert all("明天清运" in str(api.told(user)) for user in by[3:])
        new = [minutes.files(3000 + n) for n in range(6)]  # and more come in
        await asyncio.gather(*talks, *new)
        await minutes.until(TO + 1)
        assert not [one for one in api.told(GROUP) if "已经清运" in one["text"]]
        seen = len(api.told(GROUP))
        for no in nos[:3]:
            await minutes.presses(f"{no} 答复", "发送")
        while not all("已经清运" in str(api.told(user)) for user in by[:3]):
            await asyncio.sleep(0.5)
        assert minutes.loop.time() < TO + 90
        while await town.owed("group"):
            await asyncio.sleep(1.0)
        first = [one["text"] for one in api.told(GROUP)[seen:]][:3]
        assert all("群众会看到下面这段话" in text or "已办：答复" in text for text in first), first  # before any card
        await asyncio.sleep(30)
        shown = "\n".join(one["text"] for one in api.told(GROUP))
        assert all(case.no in shown for case in await town.cases())
        assert [row for row in await town.owed() if row["kind"] != "card"] == []
        waits = sorted(minutes.waits)
        assert len(waits) == CITIZENS * 20
        assert waits[-1 - len(waits) // 100] <= 1.0
        assert 10 <= minutes.refused <= 20  # once in so many seconds is enough to know
        said = [one["text"] for one in api.told(LI)][1:]
        assert len(said) == 5, said
        assert "可能重复" not in str([api.told(chat) for chat in api.chats])
        assert ["谢谢" if "不客气" in text or "不用谢" in text else "" for text in said[:3]] == ["谢谢"] * 3, said


def test_ten_minutes_of_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Citizens, "_too_fast", lambda self, came: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        runner.run(run(tmp_path))
