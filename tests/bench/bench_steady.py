"""A city's even load: so many turns a second for minutes, on SQLite in one process. Does it keep up, and stay as it is?

Run `python -m tests.bench.bench_steady [minutes turns-a-second]`; the goal is 50 a second for ten minutes. Messages
come when they come (a Poisson stream), whether or not the one before has been answered; each waits from its own moment.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from bot.core import Core
from tests.bench.bench_start import rss
from tests.bench.office import Step, open_office, remembering, take, whole_talk
from tests.bench.targets import Target, leave, table

MINUTES, RATE = 1.0, 50.0
TALKING = 400  # citizens between their first word and their number at one time
SETTLE_SECONDS = 10.0  # before memory is looked at: what is made once is not growth
P99_MS, MB_AN_HOUR = 100.0, 60.0
MEGABYTES_OF_A_CASE = 0.002  # the cache of keys grows with the cases, up to ten thousand


@dataclass
class Seen:
    """What was measured so far."""

    waits: list[float] = field(default_factory=list[float])
    memory: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])  # (second, MB)
    cases: int = 0


class Crowd:
    """Citizens in the middle of their talks; whoever has come to the end is followed by another."""

    def __init__(self, core: Core, steps: list[Step]) -> None:
        self._core, self._steps = core, steps
        self._free: deque[tuple[str, int]] = deque((uuid.uuid4().hex, 0) for _ in range(TALKING))

    async def speak(self, seen: Seen) -> None:
        """One message of somebody who is not waiting for an answer."""
        came = time.perf_counter()
        who, at = self._free.popleft() if self._free else (uuid.uuid4().hex, 0)
        await take(self._core, who, self._steps[at])
        seen.waits.append(time.perf_counter() - came)
        seen.cases += at == len(self._steps) - 2
        self._free.append((who, at + 1) if at + 1 < len(self._steps) else (uuid.uuid4().hex, 0))


async def measure(core: Core, minutes: float, rate: float) -> tuple[Seen, float]:
    """The whole run; what was seen and the CPU of a turn in milliseconds."""
    seen, crowd = Seen(), Crowd(core, await whole_talk(core))
    began, cpu, under_way = time.perf_counter(), time.process_time(), set[asyncio.Task[None]]()
    due = looked = began
    while (now := time.perf_counter()) < began + minutes * 60:
        while due <= now:
            task = asyncio.create_task(crowd.speak(seen))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due += random.expovariate(rate)
        if now - looked >= 1.0:
            looked = now
            seen.memory.append((now - began, rss(os.getpid())))
        await asyncio.sleep(max(min(due - time.perf_counter(), 0.05), 0))
    await asyncio.gather(*under_way)
    return seen, (time.process_time() - cpu) / len(seen.waits) * 1e3


def slope(memory: list[tuple[float, float]]) -> float:
    """Megabytes an hour by least squares, from when it has settled."""
    points = [point for point in memory if point[0] >= SETTLE_SECONDS] or memory
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square * 3600 if square else 0.0


async def run(minutes: float, rate: float) -> list[Target]:
    """One office, one stream."""
    with tempfile.TemporaryDirectory() as made:
        core = await open_office(Path(made), remembering())
        seen, cpu = await measure(core, minutes, rate)
        await core.close()
    waits = sorted(seen.waits)
    p50, p99 = (waits[len(waits) * part // 100] * 1e3 for part in (50, 99))
    grows, held = slope(seen.memory), seen.memory[-1][1] if seen.memory else 0.0
    head = ("", "turns", "turns/s", "cases", "CPU ms/turn", "p50 ms", "p99 ms", "MB at the end", "MB an hour")
    table(head, [(f"{minutes:g} min", len(waits), len(waits) / minutes / 60, seen.cases, cpu, p50, p99, held, grows)])
    wanted = rate * 0.95 if minutes * rate * 60 > 2000 else 0.0
    targets = [
        Target("turns a second that were taken", len(waits) / minutes / 60, wanted, least=True),
        Target("p99 in the system, milliseconds", p99, P99_MS),
    ]
    growth = grows - MEGABYTES_OF_A_CASE * seen.cases / minutes * 60
    return [*targets, Target("megabytes an hour", growth, MB_AN_HOUR)] if minutes >= 5 else targets


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:3]]
    leave(asyncio.run(run(*(given or [MINUTES]), *([RATE] if len(given) < 2 else []))))
