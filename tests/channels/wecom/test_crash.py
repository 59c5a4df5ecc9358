"""kill -9 of the connected process while staff answer: nothing that was answered is lost, nothing is done twice.

Of two processes on one PostgreSQL the other takes the line over within seconds.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from bot.app import build, open_core
from bot.channels.wecom.channel import WeCom
from bot.store import staff
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway
from tests.channels.wecom.town import GROUP, STORY, Town, sample, settings
from tests.scale.cluster import Cluster, free_port

pytestmark = [pytest.mark.asyncio, pytest.mark.crash]

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
CASES, KILLS = (24, 6) if DEEP else (6, 1)
WANG = "woWangFang"


@asynccontextmanager
async def office(api: FakeGateway, folder: Path, **more: Any) -> AsyncGenerator[Town]:
    """The store, opened by nobody else; nobody works there."""
    given = settings(api, folder, **more)
    core = open_core(given, sample())
    house = build(core, given)
    line = house.lines[0]
    assert isinstance(line, WeCom)
    try:
        yield Town(api, house, line)
    finally:
        await core.close()


class Child:
    """`zhitong run`, which may be killed."""

    def __init__(self, api: FakeGateway, folder: Path, **more: str) -> None:
        names = {"DATA_DIR": str(folder), "WECOM_BOT_ID": BOT, "WECOM_BOT_SECRET": SECRET, "WECOM_URL": api.url}
        names |= {"WECOM_STAFF_GROUP": GROUP, "PORT": "0", **more}
        self.env = {**os.environ, **{f"ZHITONG_{name}": value for name, value in names.items()}}
        self.api, self.kills = api, 0
        self.process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Begin, and wait until it is connected."""
        log = asyncio.subprocess.DEVNULL
        command = (sys.executable, "-m", "bot", "run")
        self.process = await asyncio.create_subprocess_exec(*command, env=self.env, stdout=log, stderr=log)
        async with asyncio.timeout(40):
            while self.api.live is None:
                await asyncio.sleep(0.05)

    async def ready(self) -> None:
        """Return when it serves."""
        async with asyncio.timeout(40), ClientSession() as http:
            while True:
                with suppress(OSError):
                    async with http.get(f"http://127.0.0.1:{self.env['ZHITONG_PORT']}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    async def end(self) -> None:
        """SIGTERM."""
        if self.process and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def kill(self) -> None:
        """kill -9."""
        assert self.process
        self.process.kill()
        await self.process.wait()
        self.kills += 1
        while self.api.live is not None:
            await asyncio.sleep(0.02)


async def bound(town: Town, department: str) -> None:
    """王芳 has used her code before."""
    core = town.house.core
    code = await core.store.write(lambda conn: staff.add(conn, "王芳", ("clerk",), department, core.clock()))
    hashed = core.vault.ring.address_hash("wecom", WANG)
    await core.store.write(lambda conn: staff.bind(conn, code, "wecom", hashed, core.clock()))


async def answered(town: Town, child: Child, no: str, text: str) -> None:
    """Somebody answers a case; what the bot does not answer is asked after, as people do, and said again."""
    for _ in range(30):
        state = await heard(town, child, f"查 {no}", f"【{no}】 已答复", f"【{no}】")
        if state.endswith("已答复"):
            return
        if state and await heard(town, child, f"{no} 答复 {text}", "群众会看到", "没有") == "群众会看到":
            await heard(town, child, f"发送 {no}", "已办：答复", "没有等您发送")
    raise AssertionError(f"{no} is not answered")


async def heard(town: Town, child: Child, text: str, *signs: str) -> str:
    """Say something; which of the signs is in what comes back, "" for nothing in a while."""
    async with asyncio.timeout(60):
        while town.api.live is None:
            await asyncio.sleep(0.05)
    before, kills = len(town.api.told(GROUP)), child.kills
    await town.api.push(town.api.message(WANG, text, GROUP))
    for _ in range(300):
        for one in town.api.told(GROUP)[before:]:
            if one.answer and (found := next((sign for sign in signs if sign in one.text), "")):
                return found
        if child.kills != kills:
            return ""
        await asyncio.sleep(0.02)
    return ""


async def test_nothing_is_lost_and_nothing_doubled(api: FakeGateway, tmp_path: Path) -> None:
    api.per_minute = 100_000
    async with office(api, tmp_path) as town:
        for at in range(CASES):
            await town.file(f"citizen-{at}", f"第{at}栋楼下的垃圾堆了半个月没人清")
        held = await town.cases()
        await bound(town, held[0].department)
    child, dice = Child(api, tmp_path), random.Random(20261122)
    await child.run()

    async def murders() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.2, 1.5))
            await child.kill()
            await child.run()

    murderer = asyncio.create_task(murders())
    try:
        for case in held:
            await answered(Town(api, town.house, town.line), child, case.no, f"{case.no[-4:]} 已经清运。")
        await murderer
        for case in held:  # whatever was shown is shown by now
            await town.until(lambda no=case.no: any(f"【{no}】" in one.text for one in api.told(GROUP)))
    finally:
        murderer.cancel()
        await child.end()
    async with office(api, tmp_path) as town:
        for case in await town.cases():
            assert await town.steps(case, "answer") == [f"{case.no[-4:]} 已经清运。"]
    for case in held:
        cards = [
            one.text for one in api.told(GROUP) if one.text.startswith(f"【{case.no}】") and "引用上面这条" in one.text
        ]
        assert len([text for text in cards if "可能重复" not in text]) <= 1 and len(cards) <= 2


@pytest.mark.skipif(not DEEP, reason="twenty seconds; test_line has two holders in one process")
async def test_another_process_takes_over_within_seconds(
    api: FakeGateway, tmp_path: Path, cluster: Cluster, database: str
) -> None:
    url = cluster.url(database)
    async with office(api, tmp_path, database_url=SecretStr(url)) as town:
        case = await town.file()
        await bound(town, case.department)
        children = [Child(api, tmp_path, DATABASE_URL=url, PORT=str(free_port())) for _ in range(2)]
        try:
            for child in children:
                await child.run()
                await child.ready()
            card = await town.gets(GROUP, f"【{case.no}】", STORY)
            await town.say(WANG, "答复 已经清运。", GROUP, quote=card.text)
            await town.gets(GROUP, "群众会看到", "已经清运")
            await children[0].kill()
            began = time.monotonic()
            nos = [(await town.file(f"citizen-{at}")).no for at in range(2, 5)]
            await town.until(lambda: api.live, 15.0)
            print(f"taken over after {time.monotonic() - began:.1f} s")
            await town.say(WANG, "发送", GROUP)
            await town.gets(GROUP, "已办：答复（王芳）")
            for no in nos:
                await town.until(lambda no=no: any(f"【{no}】" in one.text for one in api.told(GROUP)))
        finally:
            for child in children:
                await child.end()
        assert await town.steps(case, "answer") == ["已经清运。"]
        assert all(sum(f"【{no}】" in one.text for one in api.told(GROUP)) == 1 for no in nos)
        assert sum(one["cmd"] == "aibot_subscribe" for one in api.frames) == 2, "one connection after the other"
