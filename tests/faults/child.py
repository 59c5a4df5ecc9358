"""A house to be killed: the real core, outbox, timers and pages on a free port.

`python -m tests.faults.child` is a nursery. It reads the files once; each order on its standard input (one line
of JSON, see `Order`) is a fork that opens the store and serves, and that may die at a point. One line goes out
when the house answers, one when it has ended.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot import watchdog
from bot.app import build, open_core, senders, serve
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.pacer import Pacer, Rates
from bot.core import Core, utc_now
from bot.demo.fakes.telegram import TOKEN
from bot.office import StaffDoor
from bot.outbox import Outbox, Sender, Sent
from bot.post import PostOffice
from bot.serving import set_up_logs
from bot.site import Site, load_site, reload_site
from bot.store.letters import Owed
from config.settings import Settings
from handlers.messages import Inbound, Taken
from tests.faults import flips
from tests.faults.at_xadd import AtXadd
from tests.faults.points import Points

WORLD = "world.log"
GROUP = -1001234567890
HASTE = Rates(chat=1000.0, overall=5000.0, group=100_000)
SOON = 0.5
WARM = "村口的路灯坏了"  # the first search of a process loads dictionaries for seconds: done once, before the forks


@dataclass(frozen=True)
class Order:
    """What a house is started for, see `Points`. `late` is how far its clock is ahead, in seconds."""

    data: str
    point: str = ""
    hit: int = 1
    calm: int = 0
    late: float = 0.0
    flip: str = ""
    seen: str = ""
    database: str = ""  # an address; "" is SQLite in `data`
    redis: str = ""
    stall: float = 0.0  # seconds for which the loop will stand still, soon after the start
    hung: float = watchdog.HUNG_SECONDS
    telegram: str = ""  # where its Bot API is; "" is a house without


class Door(StaffDoor):
    """The real door, with a point between the COMMIT and the answer."""

    def __init__(self, core: Core, points: Points) -> None:
        super().__init__(core, "")
        self._points = points

    async def take(self, inbound: Inbound) -> Taken:
        """One turn."""
        taken = await super().take(inbound)
        self._points.reach(f"{inbound.channel}: before the answer")
        return taken


def sender(real: Sender, points: Points, world: Path) -> Sender:
    """The real sender, with points around it. What it delivered stands in `world`, which no crash undoes."""

    async def send(row: Owed) -> Sent:
        points.reach("outbox: before send")
        sent = await real(row)
        if sent.result == "delivered":
            with world.open("a", encoding="utf-8") as log:
                log.write(f"{row.id}\n")
        points.reach("outbox: after send")
        return sent

    return send


def outbox(core: Core, post: PostOffice, points: Points, flip: str) -> Outbox:
    """The real outbox over watched senders."""
    world = core.data_dir / WORLD
    real = senders(core, post)
    watched = {kind: sender(send, points, world) for kind, send in real.items()}
    if flip == "delivered first":
        watched = {kind: flips.delivered_first(core, send) for kind, send in watched.items()}
    if flip == "delivered at XADD":
        return AtXadd(core, watched)
    return Outbox(core.store, core.bells, watched, core.clock)


async def live(order: Order, points: Points, site: Site) -> None:
    """Serve until killed, told to stop, or left alone."""
    beside = {"database_url": order.database or None, "redis_url": order.redis or None}
    if order.telegram:
        beside |= {"telegram_token": TOKEN, "telegram_api_url": order.telegram, "telegram_staff_group": str(GROUP)}
    settings = Settings(data_dir=Path(order.data), port=0, **beside)
    core = open_core(settings, site)
    core = replace(core, clock=lambda: later(order.late))
    core = flips.flipped(core, order.flip)
    house = build(core, settings)
    house.door = Door(core, points)
    house.outbox = outbox(core, house.post, points, order.flip)
    for line in house.lines:
        assert isinstance(line, Telegram)
        line.api.pacer = Pacer(HASTE)
    asyncio.get_running_loop().add_reader(0, os._exit, 3)  # whoever gave the order has gone

    async def started(port: int) -> None:
        points.starting = False
        tell(pid=os.getpid(), port=port)
        watchdog.HUNG_SECONDS = order.hung
        if order.stall:
            asyncio.get_running_loop().call_later(SOON, time.sleep, order.stall)

    await serve(house, "127.0.0.1", 0, started)


def later(seconds: float) -> datetime:
    """Now, by a clock that is ahead."""
    return utc_now() + timedelta(seconds=seconds)


def tell(**facts: Any) -> None:
    """One line to whoever gave the order."""
    os.write(1, (json.dumps(facts) + "\n").encode())


def victim(order: Order, site: Site) -> None:
    """The life of one house."""
    points = Points(order.point, order.hit, order.calm, Path(order.seen) if order.seen else None)
    points.install(Path(order.data) / "attachments")
    with asyncio.Runner(loop_factory=points.loop) as runner:
        runner.run(live(order, points, site))


def main() -> None:
    """Fork one house after the other."""
    set_up_logs()
    site = load_site(None)
    tell(ready=True)
    while line := sys.stdin.readline():
        site = reload_site(None, site)
        site.prepare(WARM, utc_now())
        gc.freeze()  # or the first collection of every house would copy all of this
        pid = os.fork()
        if pid == 0:
            victim(Order(**json.loads(line)), site)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        tell(ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
