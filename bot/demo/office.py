"""The demo as a running office: its own folder, codes that stay valid, a past that is played at the start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.app import House, build, open_core, serve
from bot.core import Core, utc_now
from bot.demo import show
from bot.demo.plan import Calendar, Plan, load_plan
from bot.demo.play import DemoClock, Player
from bot.failures import Mistake
from bot.office import StaffDoor
from bot.serving import port_explained, set_up_logs
from bot.store import cases, staff
from bot.store.connect import DATABASE
from bot.store.engine import StoreClosed, StoreError
from bot.store.passwords import clean_name
from config.settings import Settings
from handlers.messages import Attachment, Inbound, Taken

MEMORY = "demo.json"
PORT = 8080


@dataclass
class Memory:
    """What a demo knows of itself: the staff's codes by name, the sample citizens' addresses, whether it is whole."""

    codes: dict[str, str]
    addresses: dict[str, str]
    whole: bool = False

    @staticmethod
    def read(folder: Path) -> Memory | None:
        """The memory in a folder; None when there is none."""
        with contextlib.suppress(FileNotFoundError):
            return Memory(**json.loads((folder / MEMORY).read_text("utf-8")))
        return None

    def write(self, folder: Path) -> None:
        """Keep it, for this user's eyes only."""
        temp = folder / f"{MEMORY}.new"
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, ensure_ascii=False)
        temp.replace(folder / MEMORY)


class DemoDoor(StaffDoor):
    """The doors of a demo. A demo code opens again and again: each time it is exchanged for a fresh one-time code,
    so that nothing behind this door knows of codes that last. Nobody comes in before the past has been played."""

    def __init__(self, core: Core, codes: dict[str, str], played: asyncio.Event) -> None:
        super().__init__(core, "")
        self._names = {code: name for name, code in codes.items()}
        self._played = played

    async def take(self, inbound: Inbound) -> Taken:
        """One turn, once the house's clock shows today."""
        await self._played.wait()
        return await super().take(inbound)

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Store a file, once the house's clock shows today."""
        await self._played.wait()
        return await super().receive_file(channel, address, stream, name, mime)

    async def redeem(self, code: str, password: str) -> str | None:
        """As in every office, but a demo code is not used up."""
        await self._played.wait()
        name, now = self._names.get(code.strip().upper()), self.core.clock()
        if name is not None:
            code = await self.core.store.write(lambda conn: staff.renew_code(conn, name, now))
        return await super().redeem(code, password)

    async def log_in(self, name: str, password: str, source: str) -> str | None:
        """As in every office; the demo code is a password too."""
        await self._played.wait()
        token = await super().log_in(name, password, source)
        if token is None and self._names.get(password.strip().upper()) == clean_name(name):
            return await self.redeem(password, password.strip().upper())
        return token


def run_demo(*, lan: bool, port: int | None, data: Path | None, browser: bool) -> None:
    """Open the demo and serve it until Ctrl-C. Raises Mistake for a folder or a port that will not do."""
    host = "0.0.0.0" if lan else "127.0.0.1"  # noqa: S104 - that is what --lan is for
    with _folder(data) as folder:
        settings = _settings(folder, host, _port(host, port))
        asyncio.run(_demo(settings, browser))


def _settings(folder: Path, host: str, port: int) -> Settings:
    """Nothing of the environment: a demo must not meet an office's own data, keys or channels."""
    nothing: dict[str, Any] = dict.fromkeys(Settings.model_fields)
    return Settings(**{**nothing, "data_dir": folder, "host": host, "port": port})


def _port(host: str, wanted: int | None) -> int:
    """The port asked for, else the usual one, else any."""
    if wanted is not None:
        return wanted
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, PORT))
        except OSError:
            return 0
    return PORT


@contextmanager
def _folder(data: Path | None) -> Generator[Path]:
    """The folder that was named, or a new one that goes when the demo ends."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="zhitong-demo-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    memory = Memory.read(data)
    if memory is None and (data / DATABASE).exists():
        raise Mistake(f"{data} holds an office that is no demo: name another folder.")
    data.mkdir(parents=True, exist_ok=True)
    if memory is None or not memory.whole:
        _clear(data)
        Memory({}, {}).write(data)  # before anything else, so that whatever is found beside it is known as a demo's
    yield data


def _clear(folder: Path) -> None:
    """A demo that was stopped while its past was being played begins anew."""
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    for name in ("keys", "attachments", "cache"):
        shutil.rmtree(folder / name, ignore_errors=True)


async def _demo(settings: Settings, browser: bool) -> None:
    set_up_logs(logging.WARNING)  # what is done to a sample case is for the screen, not for the terminal
    clock, played, plan = DemoClock(), asyncio.Event(), load_plan()
    core = open_core(settings)
    core.clock = clock
    memory = Memory.read(settings.data_dir)
    if memory is None or not memory.whole:
        memory = await _open_office(core, plan)
    alone = settings.model_copy(update={"telegram_token": None})  # the past is played to nobody
    house = replace(build(core, alone), door=DemoDoor(core, memory.codes, played))
    calendar = Calendar(core.site.county, utc_now())
    if not memory.whole:
        clock.stand(calendar.began)
    jobs: list[asyncio.Task[None]] = []

    async def started(port: int) -> None:
        address = show.address(settings.host, port)
        show.welcome(address, core.site.county, plan, memory.codes, lan=settings.host != "127.0.0.1")
        if browser:
            show.open_browser(address)
        jobs.append(asyncio.create_task(_play(house, clock, plan, calendar, memory, played)))

    try:
        with port_explained(settings.host, settings.port):
            await serve(house, settings.host, settings.port, started)
    finally:
        for job in jobs:
            job.cancel()
            with contextlib.suppress(asyncio.CancelledError, StoreError):
                await job


async def _open_office(core: Core, plan: Plan) -> Memory:
    """Take the staff on, and remember their codes before anything else happens."""
    now = utc_now()

    def work(conn: Connection) -> dict[str, str]:
        return {one.name: staff.add(conn, one.name, one.roles, one.unit, now) for one in plan.staff}

    addresses = {person.id: f"demo-{secrets.token_urlsafe(24)}" for person in plan.people}
    memory = Memory(await core.store.write(work), addresses)
    memory.write(core.data_dir)
    return memory


async def _play(
    house: House, clock: DemoClock, plan: Plan, calendar: Calendar, memory: Memory, played: asyncio.Event
) -> None:
    """Play the past unless it has been played; whatever happens, the doors open in the present."""
    core = house.core
    try:
        if not memory.whole:
            ids = {row.name: row.id for row in await core.store.read(staff.list_staff)}
            player = Player(house, clock, plan, calendar, memory.addresses, ids)
            await player.play(utc_now())
            memory.whole = True
            memory.write(core.data_dir)
            await _tell(core, player.numbers)
    except StoreClosed:
        return  # somebody pressed Ctrl-C
    except Exception as error:
        show.trouble(f"the sample cases are not complete: {error}")
    finally:
        clock.run()
        played.set()


async def _tell(core: Core, numbers: dict[str, str]) -> None:
    """Name one case with its code, for trying 查进度."""
    first = next(iter(numbers.values()))
    held = await core.store.read(lambda conn: cases.by_no(conn, core.vault, first))
    if held is not None:
        show.ready(held.no, core.code_of(held.id), len(numbers))
