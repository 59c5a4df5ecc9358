"""Durable turns: 64 citizens talk from 你好 to their number, each waiting for the answer before going on.

Run `python -m tests.bench.bench_turns [seconds]`. The pipeline is whole but for HTTP: one inbox key, conversation,
handler, commands, events, letters, outbox and COMMIT a message. The same is done with synchronous=OFF, which
never waits for the disk: what is between the two is the price of the promise. The last line searches the files
for every message as well; before that each wording is searched for once.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from bot.core import Core
from tests.bench.office import Step, open_office, remembering, sample, take, whole_talk
from tests.bench.targets import Target, leave, table

CALLERS = 64
ROUNDS = 5
WARM = 0.2  # seconds
SAFE, UNSAFE, SEARCHING = "FULL (as shipped)", "OFF (unsafe)", "FULL, searching every message"


@dataclass(frozen=True)
class Round:
    """What one store did in one round."""

    rate: float  # turns a second
    cpu: float  # milliseconds of CPU a turn
    p50: float  # milliseconds
    p99: float
    group: float  # turns a COMMIT


async def measure(core: Core, steps: list[Step], seconds: float) -> Round:
    """One round of all callers; whole talks, as many as begin before the time is up."""
    waits = list[float]()
    until = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < until:
            who = uuid.uuid4().hex
            for step in steps:
                asked = time.perf_counter()
                await take(core, who, step)
                waits.append(time.perf_counter() - asked)

    commits, cpu, began = core.store.commits, time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    waits.sort()
    turns = len(waits)
    p50, p99 = waits[turns // 2] * 1e3, waits[turns * 99 // 100] * 1e3
    return Round(turns / seconds, cpu / turns * 1e3, p50, p99, turns / (core.store.commits - commits))


async def run(seconds: float) -> dict[str, list[Round]]:
    """Every store in turn, round after round."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cores = {
            SAFE: await open_office(folder / "safe", remembering()),
            UNSAFE: await open_office(folder / "unsafe", remembering(), safe=False),
            SEARCHING: await open_office(folder / "searching", sample()),
        }
        try:
            return await _rounds(cores, seconds)
        finally:
            for core in cores.values():
                await core.close()


async def _rounds(cores: dict[str, Core], seconds: float) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {name: [] for name in cores}
    steps = await whole_talk(cores[SAFE])
    for core in cores.values():
        await measure(core, steps, WARM)  # statements compiled, files grown
    for turn in range(ROUNDS):
        names = list(cores) if turn % 2 else list(reversed(cores))
        for name in names:
            found[name].append(await measure(cores[name], steps, seconds))
    return found


def report(found: dict[str, list[Round]]) -> list[Target]:
    """Print the medians; what had to be reached."""
    rows = [
        (name, *(statistics.median(getattr(one, figure) for one in rounds) for figure in Round.__dataclass_fields__))
        for name, rounds in found.items()
    ]
    table(("", "turns/s", "CPU ms/turn", "p50 ms", "p99 ms", "turns/COMMIT"), rows)
    ratios = [safe.rate / unsafe.rate for safe, unsafe in zip(found[SAFE], found[UNSAFE], strict=True)]
    print(f"FULL / OFF by round: {', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))}")
    groups = [1 / one.group for one in found[SAFE]]
    return [
        Target("COMMITs a turn, 64 callers", statistics.median(groups), 1 / 16),
        Target(
            "durable turns / turns with synchronous=OFF, median of rounds", statistics.median(ratios), 0.8, least=True
        ),
    ]


if __name__ == "__main__":
    leave(report(asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.5))))
