"""Wiring: the only module that knows everybody. Opens the store, loads the files, starts the workers, serves."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Protocol

import structlog
from aiohttp import web

from bot import housekeeping, memory, watch, watchdog
from bot.bells import Bells
from bot.channels import ChannelStopped
from bot.channels.room import Room
from bot.channels.web_page import WebPage
from bot.core import Core, utc_now
from bot.office import StaffDoor
from bot.outbox import BELL, Outbox, Sender, Sent
from bot.post import PostOffice
from bot.site import Site, load_site, reload_site
from bot.store import cases
from bot.store.attachments import Attachments
from bot.store.connect import DATABASE, Check
from bot.store.engine import StoreError, StoreRefused
from bot.store.letters import Owed
from bot.store.opening import open_both
from bot.timers import Timers
from bot.web import metrics_page
from bot.web.security import where
from bot.web.server import make_app
from config.settings import Settings

__all__ = ["DATABASE", "EVERYTHING", "House", "Part", "build", "open_core", "running", "senders", "serve"]

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 0.5  # a saved answer is to be live within two: this, reading it, and the index
COUNT_SECONDS = 600.0
CANCEL_AGAIN_SECONDS = 10.0  # longer than any worker takes to put its things in order
AGAIN_SECONDS = 2.0  # until a channel that failed is begun again


class Part(StrEnum):
    """What a process of several does (`zhitong run --only`); one alone does everything."""

    INTAKE = "intake"  # citizens' messages, however they come: small, and the last to stop
    WEB = "web"  # the pages: citizens and staff
    WORK = "work"  # what is owed: outbox, clocks, files to fetch, deleting


EVERYTHING = frozenset(Part)


class Line(Protocol):
    """A channel that has something to do while the house runs."""

    def add_routes(self, app: web.Application) -> None:
        """What it answers over http."""
        ...

    async def run(self, taking: bool = True, sending: bool = True) -> None:
        """Work until cancelled: take what comes, send what waits, or both. Raises ChannelStopped."""
        ...

    async def close(self) -> None:
        """Finish what is under way."""
        ...


@dataclass
class House:
    """A running house: the core, its doors and its workers."""

    core: Core
    door: StaffDoor
    outbox: Outbox
    timers: Timers
    site_folder: Path | None
    post: PostOffice
    metrics_token: str = ""
    lines: list[Line] = field(default_factory=list["Line"])
    parts: frozenset[Part] = EVERYTHING


def open_core(settings: Settings, site: Site | None = None, check: Check | None = None) -> Core:
    """Open the store and the keys, load the files. Raises StoreRefused, KeysRefused, SiteErrors, BookErrors.

    `check` is one of this store that was begun before.
    """
    memory.share_heaps()
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True)
    opened = open_both(settings, check)
    attachments = Attachments(data / "attachments")
    site = site or load_site(settings.site)
    bells = _bells(settings)
    opened.vault.keys.share(bells)
    return Core(opened.store, opened.vault, site, bells, attachments, data, folder=settings.site)


def _bells(settings: Settings) -> Bells:
    if settings.redis_url is None:
        return Bells()
    if find_spec("redis") is None:
        raise StoreRefused("ZHITONG_REDIS_URL", "the library is not installed", "pip install 'zhitong[scale]'")
    from bot.redis_bells import RedisBells  # not above: an office of one process need not have the library

    return RedisBells(settings.redis_url.get_secret_value(), spread=frozenset({BELL}))


def build(core: Core, settings: Settings) -> House:
    """The house over a core."""
    door = StaffDoor(core, settings.public_url or "")
    post = PostOffice(core, {"web": WebPage()})
    box = Outbox(
        core.store, core.bells, senders(core, post), core.clock, lambda result: core.metrics.delivery("room", result)
    )
    steady = time.monotonic if core.clock is utc_now else None  # the demo's clock leaps on purpose
    timers = Timers(core.store, core.take, core.clock, lambda: core.site.county, steady, core.metrics.clock_leaps.inc)
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    house = House(core, door, box, timers, settings.site, post, token)
    if settings.wecom_bot_id or settings.wecom_webhooks:
        from bot import wecom  # first: who sits in a WeCom group is not shown in another

        house.lines.append(wecom.open_line(settings, door, post))
    if settings.telegram_token:
        from bot.telegram import open_line  # not above: a house without Telegram does not pay for its library

        house.lines.append(open_line(settings, door, post))
    if settings.wechat_app_id:
        from bot import wechat  # not above, for the same reason

        house.lines.append(wechat.open_line(settings, door, post))
    return house


def senders(core: Core, post: PostOffice) -> dict[str, Sender]:
    """Who sends what the outbox owes, by kind of row."""
    staff_room = Room(core.bells, _number_of(core))

    async def card(row: Owed) -> Sent:
        return await staff_room.show(row.case_id)

    return {"letter": post.send, "reply": post.send, "card": card}


def _number_of(core: Core) -> Callable[[int], Awaitable[str]]:
    """The number of a case by its id; "" for none."""

    async def number(case_id: int) -> str:
        return await core.store.read(lambda conn: cases.no_of(conn, case_id))

    return number


@asynccontextmanager
async def running(house: House) -> AsyncGenerator[House]:
    """The workers of a house, for as long as the block runs."""
    core = house.core
    jobs = [_verify(house), _watch_files(house), _count_questions(house), core.bells.run()]
    if Part.WORK in house.parts:
        await housekeeping.finish_erasing(core)
        jobs += [housekeeping.run(core), house.outbox.run(), house.timers.run()]
    if house.parts & {Part.WORK, Part.INTAKE}:
        jobs += [_on_the_line(line, house.parts) for line in house.lines]
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield house
    finally:
        ended = await _ended(tasks)
        for line in house.lines:
            await line.close()
        await house.post.settled()
        await core.bells.close()
        await core.close()
        if refused := next((error for error in ended if isinstance(error, (StoreRefused, ChannelStopped))), None):
            raise refused


async def _ended(tasks: list[asyncio.Task[None]]) -> list[BaseException | None]:
    """Cancel the workers until they have ended; what each ended with. A cancellation can be lost in a library."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _on_the_line(line: Line, parts: frozenset[Part]) -> None:
    """A channel that cannot go on ends the process: one that only looks alive would not be noticed."""
    while True:
        try:
            await line.run(taking=Part.INTAKE in parts, sending=Part.WORK in parts)
        except ChannelStopped as stopped:
            log.critical("channel.stopped", problem=str(stopped))
            signal.raise_signal(signal.SIGTERM)
            raise
        except Exception as error:
            log.error("channel.failed", error=type(error).__name__, at=where(error))
        await asyncio.sleep(AGAIN_SECONDS)


async def _verify(house: House) -> None:
    """Ready when the file has been found sound; a damaged one ends the process, naming it."""
    try:
        await house.core.store.verified()
    except StoreRefused as refused:
        log.critical("store.refused", problem=str(refused))
        signal.raise_signal(signal.SIGTERM)
        raise
    house.core.checked = True
    memory.give_back()


async def _watch_files(house: House) -> None:
    """Swap the files whole when they changed; a broken one keeps the last good version."""
    core = house.core
    while True:
        await asyncio.sleep(RELOAD_SECONDS)
        core.site = await asyncio.to_thread(reload_site, house.site_folder, core.site, core.metrics.files)


async def _count_questions(house: House) -> None:
    """Keep the list of what everybody asks in the order of the log; a turn only reads it."""
    while True:
        try:
            await house.core.count_questions()
        except StoreError as error:
            log.warning("questions.uncounted", error=type(error).__name__)
        await asyncio.sleep(COUNT_SECONDS)


async def serve(house: House, host: str, port: int, started: Callable[[int], Awaitable[None]] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain. `started` hears the port that was bound."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    with watchdog.watched(house.core.metrics.stalls.inc):
        await _serve(house, host, port, stop, started)


async def _serve(
    house: House, host: str, port: int, stop: asyncio.Event, started: Callable[[int], Awaitable[None]] | None
) -> None:
    async with running(house):
        app = make_app(house.door, talk=bool(house.parts - {Part.WORK}), staff_room=Part.WEB in house.parts)
        add_metrics(app, house)
        for line in house.lines if Part.INTAKE in house.parts else ():
            line.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0, lingering_time=2.0)
        await runner.setup()
        try:
            listener = web.TCPSite(runner, host, port)
            await listener.start()
            _settle(house.core)
            if started:
                await started(bound_port(runner))
            await stop.wait()
        finally:
            await runner.cleanup()


def add_metrics(app: web.Application, house: House) -> None:
    """`/metrics` of a house."""
    metrics_page.add_routes(app, lambda: watch.page(house.core), house.metrics_token, house.door.public_url)


def _settle(core: Core) -> None:
    """The start is over. The indexes are built beside the first pages, on a daemon for which Ctrl-C need not wait;
    the garbage collector, off since the command began, need not look again at what stays anyway."""
    Thread(target=_warm, args=(core,), name="site-warm", daemon=True).start()
    gc.freeze()
    gc.enable()


def _warm(core: Core) -> None:
    """Build the indexes once the database is checked, which /readyz waits for; whoever searches before builds them."""
    while not core.checked:
        time.sleep(0.02)
    core.site.warm()


def bound_port(runner: web.AppRunner) -> int:
    """The port the server listens on."""
    return int(runner.addresses[0][1])
