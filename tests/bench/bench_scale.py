"""Durable turns on PostgreSQL with 1, 2 and 4 processes, beside SQLite with one, in one run.

Run `python -m tests.bench.bench_scale [seconds]`. Each process is 16 citizens who talk from 你好 to their number;
server, processes and disk share this machine: a further process shows what it costs as well as what it brings.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr
from sqlalchemy import Engine, event

from bot.app import open_core
from bot.core import Core
from config.settings import Settings
from tests.bench import bench_turns
from tests.bench.office import Step, remembering, whole_talk
from tests.bench.targets import Target, leave, table
from tests.scale.cluster import Cluster

CITIZENS = 16
ROUNDS = 5
COUNTS = (1, 2, 4)
SQLITE = "SQLite, 1 process"
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Round:
    """What all processes did together in one round."""

    rate: float
    cpu: float  # of our processes, milliseconds a turn
    server: float  # of the server, milliseconds a turn
    p50: float
    p99: float


class Worker:
    """One process with a house of its own on a common database."""

    def __init__(self, folder: Path, url: str) -> None:
        words = [sys.executable, "-m", "tests.bench.bench_scale", "worker", str(folder), url]
        self._process: subprocess.Popen[str] = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.statements: float = self.hear()["statements"]

    def go(self, seconds: float) -> None:
        """Begin a round."""
        assert self._process.stdin
        print(seconds, file=self._process.stdin, flush=True)

    def hear(self) -> dict[str, Any]:
        """What it did."""
        assert self._process.stdout
        return cast(dict[str, Any], json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        """No more rounds."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)


async def work(folder: Path, url: str) -> None:
    """A worker: a round a line, until there are no more lines."""
    bench_turns.CALLERS = CITIZENS
    core = open_core(Settings(data_dir=folder, database_url=SecretStr(url) if url else None), remembering())
    steps = await whole_talk(core)
    await bench_turns.measure(core, steps, 0.3)
    print(json.dumps({"statements": await statements(core, steps)}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        began, cpu = time.perf_counter(), time.process_time()
        found = await bench_turns.measure(core, steps, float(line))
        turns = found.rate * (time.perf_counter() - began)
        cpu = time.process_time() - cpu
        told = {"turns": turns, "rate": found.rate, "cpu": cpu, "p50": found.p50, "p99": found.p99}
        print(json.dumps(told), flush=True)
    await core.close()


async def statements(core: Core, steps: list[Step]) -> float:
    """Statements a turn, one citizen alone."""
    counted: Counter[str] = Counter()

    def count(*_: Any) -> None:
        counted["n"] += 1

    event.listen(Engine, "before_cursor_execute", count)
    for step in steps:
        await bench_turns.take(core, "counted", step)
    event.remove(Engine, "before_cursor_execute", count)
    return counted["n"] / len(steps)


def server_seconds(pid: int) -> float:
    """CPU of a server and everything it started."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        one = int(path.parent.name)
        parents[one], used[one] = int(words[1]), sum(map(int, words[11:13])) / TICK
    return sum(cpu for one, cpu in used.items() if one == pid or parents[one] == pid)


def one_round(workers: list[Worker], seconds: float, server: int) -> Round:
    """All at once."""
    before = server_seconds(server) if server else 0.0
    for worker in workers:
        worker.go(seconds)
    found = [worker.hear() for worker in workers]
    turns = sum(one["turns"] for one in found)
    spent = server_seconds(server) - before if server else 0.0
    return Round(
        sum(one["rate"] for one in found),
        sum(one["cpu"] for one in found) / turns * 1e3,
        spent / turns * 1e3,
        statistics.median(one["p50"] for one in found),
        max(one["p99"] for one in found),
    )


def run(seconds: float) -> dict[str, list[Round]]:
    """SQLite and 1, 2, 4 processes on PostgreSQL in turn, round after round."""
    found: dict[str, list[Round]] = {SQLITE: [], **{f"PostgreSQL, {n}": [] for n in COUNTS}}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "pg").mkdir()
        cluster = Cluster(folder / "pg")  # on the same disk as SQLite
        cluster.start()
        url = cluster.url(cluster.office())
        alone = Worker(folder / "sqlite", "")
        many = [Worker(folder / "shared", url) for _ in range(max(COUNTS))]
        try:
            print(f"statements a turn: {many[0].statements:.1f} (PostgreSQL), {alone.statements:.1f} (SQLite)")
            for turn in range(ROUNDS):
                for name in list(found) if turn % 2 else list(reversed(found)):
                    some = [alone] if name == SQLITE else many[: int(name.rpartition(" ")[2])]
                    found[name].append(one_round(some, seconds, 0 if name == SQLITE else cluster.pid))
        finally:
            for worker in (alone, *many):
                worker.end()
            cluster.stop()
    return found


def report(found: dict[str, list[Round]]) -> list[Target]:
    """Print the medians; what had to be reached."""
    rows = [
        (name, *(statistics.median(getattr(one, figure) for one in rounds) for figure in Round.__dataclass_fields__))
        for name, rounds in found.items()
    ]
    table(("", "turns/s", "CPU ms/turn", "server CPU ms/turn", "p50 ms", "p99 ms"), rows)
    one, two = (found[f"PostgreSQL, {n}"] for n in (1, 2))
    gain = statistics.median(b.rate / a.rate for a, b in zip(one, two, strict=True))
    print(f"cores: {os.cpu_count()}, shared with the server; load {os.getloadavg()[0]:.1f}")
    return [Target("turns/s with two processes / with one, PostgreSQL", gain, 0.7, least=True)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        asyncio.run(work(Path(sys.argv[2]), sys.argv[3]))
    else:
        leave(report(run(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)))
