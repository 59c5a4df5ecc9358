"""`zhitong simulate`: a crowd at the front doors of an office opened for it, or at the page of one that runs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sqlalchemy import func, select

from bot.app import open_core
from bot.core import Core, utc_now
from bot.demo.crowd import Citizen, Clerk, Phone, TelegramPhone, WebPhone, WeChatPhone, words
from bot.demo.fakes import telegram as fake_telegram
from bot.demo.fakes import tencent
from bot.demo.fakes import wechat as fake_wechat
from bot.demo.gauge import Gauge, picture
from bot.failures import Mistake
from bot.store import staff
from bot.store.tables import case
from config.settings import Settings

MIX = {"wechat": 45, "web": 40, "telegram": 15}
GRACE = 60.0  # seconds after the last citizen in which answers may still arrive
GROUP = -1001234567890
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """How many people in how many minutes; `url` is a house that runs already."""

    citizens: int
    minutes: float
    url: str = ""
    seed: int = 0


@dataclass
class Doors:
    """Where the crowd knocks."""

    url: str
    http: aiohttp.ClientSession
    telegram: fake_telegram.FakeApi | None = None
    wechat: fake_wechat.FakeWeChat | None = None
    clerks: list[Clerk] = field(default_factory=list[Clerk])
    folder: Path | None = None
    server: Process | None = None

    def phone(self, dice: random.Random) -> Phone:
        """Somebody's phone, by the mix of channels; a page for everybody where there is nothing else."""
        match dice.choices(list(MIX), list(MIX.values()))[0]:
            case "wechat" if self.wechat:
                return WeChatPhone(self.wechat)
            case "telegram" if self.telegram:
                return TelegramPhone(self.telegram)
            case _:
                return WebPhone(self.http, self.url)


async def simulate(plan: Plan, out: Console) -> Gauge:
    """Everything, from opening the doors to counting what was lost."""
    async with AsyncExitStack() as stack:
        limits = aiohttp.TCPConnector(limit=0)
        patience, jar = aiohttp.ClientTimeout(20), aiohttp.DummyCookieJar()
        http = aiohttp.ClientSession(connector=limits, timeout=patience, cookie_jar=jar)
        await stack.enter_async_context(http)
        doors = Doors(plan.url, http) if plan.url else await stack.enter_async_context(_office(http))
        gauge = Gauge()
        with Live(_table(gauge), console=out, refresh_per_second=2, get_renderable=lambda: _table(gauge)):
            await _days(plan, doors, gauge)
        if doors.folder and doors.server:
            gauge.cards = await _cards(doors)
            await _stop(doors.server)
            gauge.stored = await _stored(doors.folder)
    return gauge


async def _days(plan: Plan, doors: Doors, gauge: Gauge) -> None:
    """Everybody comes at their time, and stays until answered."""
    dice = random.Random(plan.seed)  # noqa: S311 - a repeatable crowd
    thinking = min(4.0, plan.minutes * 60 / 20)
    for clerk in doors.clerks:
        clerk.gauge = gauge
    workers = [asyncio.create_task(clerk.work()) for clerk in doors.clerks]
    try:
        arrivals = sorted(dice.uniform(0, plan.minutes * 60 - 8 * thinking * 0.55) for _ in range(plan.citizens))
        lives = [_life(plan, at, doors, gauge, random.Random(dice.random()), thinking) for at in arrivals]  # noqa: S311
        await asyncio.gather(*lives)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _life(plan: Plan, at: float, doors: Doors, gauge: Gauge, dice: random.Random, thinking: float) -> None:
    await asyncio.sleep(max(at, 0.0))
    citizen = Citizen(doors.phone(dice), gauge, dice, thinking)
    no = await citizen.live(dice.randrange(100) < words()["mix"])
    if not no:
        return
    if doors.clerks and await _heard(citizen, no):
        await citizen.rates()
    await citizen.looks_up(no)


async def _heard(citizen: Citizen, no: str) -> bool:
    """Look at the phone from time to time, until the answer is there."""
    for _ in range(int(GRACE)):
        if await citizen.hears(no):
            return True
        await asyncio.sleep(1.0)
    return False


# --- an office of our own ---------------------------------------------------------------------------------------


@asynccontextmanager
async def _office(http: aiohttp.ClientSession) -> AsyncGenerator[Doors]:
    """A folder, both platforms, a server of its own process, and clerks at their desks."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhitong-simulate-")))
        telegram = await fake_telegram.FakeApi().open()
        stack.push_async_callback(telegram.close)
        telegram.group(GROUP, limit=20)
        wechat = await fake_wechat.FakeWeChat().open()
        stack.push_async_callback(wechat.close)
        codes = await _hire(folder)
        server = await _serve(folder, telegram.url, wechat.url)
        stack.push_async_callback(_stop, server)
        url = await _address(server, folder)
        wechat.house = url
        clerks = [Clerk(http, url, Gauge()) for _ in codes]
        for clerk, code in zip(clerks, codes, strict=True):
            await clerk.enter(code)
        yield Doors(url, http, telegram, wechat, clerks, folder, server)


async def _hire(folder: Path) -> list[str]:
    """A clerk for each department; their one-time codes."""
    core = _core(folder)
    try:
        now = utc_now()
        return [
            await core.store.write(lambda conn, unit=unit: staff.add(conn, f"clerk-{unit}", ("clerk",), unit, now))
            for unit in words()["departments"]
        ]
    finally:
        await core.close()


def _core(folder: Path) -> Core:
    plain: dict[str, Any] = dict.fromkeys(Settings.model_fields)
    return open_core(Settings(**{**plain, "data_dir": folder, "host": "127.0.0.1", "port": 0}))


async def _serve(folder: Path, telegram: str, wechat: str) -> Process:
    """`zhitong run` as anybody runs it, without the settings of this process."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    env |= {
        "ZHITONG_DATA_DIR": str(folder),
        "ZHITONG_TELEGRAM_TOKEN": fake_telegram.TOKEN,
        "ZHITONG_TELEGRAM_API_URL": telegram,
        "ZHITONG_TELEGRAM_STAFF_GROUP": str(GROUP),
        "ZHITONG_WECHAT_APP_ID": tencent.APP_ID,
        "ZHITONG_WECHAT_APP_SECRET": fake_wechat.SECRET,
        "ZHITONG_WECHAT_TOKEN": tencent.TOKEN,
        "ZHITONG_WECHAT_AES_KEY": tencent.AES_KEY,
        "ZHITONG_WECHAT_API_URL": wechat,
    }
    with (folder / "server.log").open("wb") as log:
        command = (sys.executable, "-m", "bot", "run", "--host", "127.0.0.1", "--port", "0")
        return await asyncio.create_subprocess_exec(*command, env=env, stdout=log, stderr=log)


async def _address(server: Process, folder: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.returncode is None:
        said = await asyncio.to_thread((folder / "server.log").read_text, "utf-8")
        if found := ADDRESS.search(said):
            return found[0]
        await asyncio.sleep(0.1)
    raise Mistake("the server of the simulation did not start.")


async def _stop(server: Process) -> None:
    if server.returncode is None:
        server.terminate()
    try:
        await asyncio.wait_for(server.wait(), 20)
    except TimeoutError:
        server.kill()
        await server.wait()


async def _cards(doors: Doors) -> int:
    """Cards that departments were shown, by the server's own count."""
    async with doors.http.get(f"{doors.url}/metrics") as page:
        found = re.search(r'zhitong_deliveries_total\{channel="room",result="delivered"\} (\S+)', await page.text())
    return int(float(found[1])) if found else 0


async def _stored(folder: Path) -> int:
    """Cases in the store, once the server has gone."""
    core = _core(folder)
    try:
        return await core.store.read(lambda conn: conn.execute(select(func.count()).select_from(case)).scalar_one())
    finally:
        await core.close()


# --- what is shown ----------------------------------------------------------------------------------------------


def _table(gauge: Gauge) -> Table:
    found = gauge.figures()
    table = Table(title=f"{found['turns_per_second']} turns/s · {found['cases']} cases · {found['answered']} answered")
    for column in ("channel", "turns", "p50 ms", "p99 ms", "max ms"):
        table.add_column(column, justify="left" if column == "channel" else "right")
    for name, row in found["channels"].items():
        table.add_row(name, *(str(row[one]) for one in ("turns", "p50_ms", "p99_ms", "max_ms")))
    return table


def report(gauge: Gauge, out: Console) -> None:
    """The last word: how much, and what was lost."""
    found = gauge.figures()
    out.print(f"{found['turns']} turns in {found['seconds']} s, {found['cases']} cases, {found['cards']} cards")
    for what, how_many in found["losses"].items():
        out.print(f"  {what.replace('_', ' ')}: {how_many}")


def run(plan: Plan, as_json: bool, drawn: Path | None) -> bool:
    """Simulate, show, write; whether nothing was lost."""
    out = Console(stderr=True)
    gauge = asyncio.run(simulate(plan, out))
    for why, how_many in gauge.failed.items():
        out.print(f"{how_many} x {why}", highlight=False, markup=False, soft_wrap=True)
    if drawn:
        drawn.write_text(picture(gauge), "utf-8")
    if as_json:
        sys.stdout.write(json.dumps(gauge.figures(), ensure_ascii=False) + "\n")
    else:
        report(gauge, Console())
    return not any(gauge.losses().values())
