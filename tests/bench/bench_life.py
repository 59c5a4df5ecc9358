"""The full life of a case among a million others: a complete draft is submitted, accepted, answered, rated and found.

Run `python -m tests.bench.bench_life [stored seconds stored-on-PostgreSQL]`. Five durable turns a life with all its
cards and letters, 32 lives at a time in one process, without HTTP. The drafts are talked to their summary before
the clock starts; every case is looked at afterwards, and must be closed. On PostgreSQL the office is a smaller one,
which `zhitong move`'s own hand has carried there.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from bot import moving
from bot.app import open_core
from bot.core import Core
from bot.store import cases, staff
from cases.case import Role, State
from config.settings import Settings
from handlers.messages import Inbound, Say, Taken
from tests.bench.bench_scale import server_seconds
from tests.bench.office import Step, cached, remembering, stored, take, whole_talk
from tests.bench.targets import Target, leave, table
from tests.scale.cluster import Cluster

STORED, ON_POSTGRES = 1_000_000, 30_000
AT_ONCE = 32
ROUNDS = 5
TURNS = 5
LIVES, MEGABYTES = 200.0, 512.0
EMBEDDED, SCALED = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class Round:
    """What one process did in one round."""

    lives: float  # a second
    turns: float  # a second
    cpu: float  # milliseconds of our CPU a turn
    server: float  # of the server's
    busy: float  # of the round's seconds, how much one thread of ours worked
    group: float  # turns a COMMIT
    rss: float  # the most megabytes so far


class Town:
    """Citizens and the clerk whose cases they file, over one core."""

    def __init__(self, core: Core, talk: list[Step]) -> None:
        self._core, self._talk = core, talk
        self._clerk = ""

    async def hire(self) -> None:
        """A clerk of the department that this talk's case goes to."""
        filed = await self._filed(await self.drafted())
        held = await self._core.store.read(lambda conn: cases.by_no(conn, self._core.vault, filed))
        assert held
        now = datetime.now(UTC)
        name = f"clerk {uuid.uuid4().hex[:8]}"
        await self._core.store.write(lambda conn: staff.add(conn, name, [Role.CLERK], held.department, now))
        row = await self._core.store.read(lambda conn: staff.known(conn, name))
        self._clerk = str(row.id)

    async def drafted(self) -> str:
        """Somebody whose complaint is complete but for 提交."""
        who = uuid.uuid4().hex
        for step in self._talk[:-2]:
            await take(self._core, who, step)
        return who

    async def live(self, who: str) -> str:
        """Five turns, from 提交 to the closed case on the citizen's screen."""
        number = await self._filed(who)
        await self._press(number, "accept")
        answered = await self._press(number, "answer", "已经派人看过，今天修好。")
        assert "error" not in answered.data, answered.data
        case_id = await self._core.store.read(lambda conn: cases.id_of(conn, number))
        await take(self._core, who, ("", f"rate:{case_id}:5"))
        found = await take(self._core, who, ("", f"case:{case_id}"))
        assert number in str(found.letters[-1].reply), found.letters[-1]
        return number

    async def _filed(self, who: str) -> str:
        taken = await take(self._core, who, self._talk[-2])
        return _number(taken)

    async def _press(self, number: str, act: str, text: str = "") -> Taken:
        now = datetime.now(UTC)
        return await self._core.take(Inbound("staff", uuid.uuid4().hex, self._clerk, now, text, act, case=number))

    async def must_be_closed(self, numbers: list[str]) -> None:
        """Every one of these cases has come to its end."""
        for number in numbers:
            held = await self._core.store.read(lambda conn, no=number: cases.by_no(conn, self._core.vault, no))
            assert held is not None and held.state is State.CLOSED, (number, held and held.state)


def _number(taken: Taken) -> str:
    """The number in the words of a reply."""
    said = taken.letters[-1].reply
    assert said
    return str(next(part.args["no"] for part in said.parts if isinstance(part, Say)))


async def measure(core: Core, town: Town, seconds: float) -> dict[str, float]:
    """Lives until the time is up; the drafts they need are made before."""
    drafts = await _drafts(town, AT_ONCE)
    began = time.perf_counter()
    await asyncio.gather(*(town.live(who) for who in drafts))
    many = max(int(seconds / (time.perf_counter() - began)), 1) * AT_ONCE
    drafts = iter(await _drafts(town, many))

    lived: list[str] = []

    async def one_after_another() -> None:
        for who in drafts:
            lived.append(await town.live(who))

    commits, cpu, began = core.store.commits, time.process_time(), time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    spent, cpu = time.perf_counter() - began, time.process_time() - cpu
    rss = most_megabytes()
    group = many * TURNS / (core.store.commits - commits)
    await town.must_be_closed(lived)
    return {"lives": many, "seconds": spent, "cpu": cpu, "group": group, "rss": rss}


def most_megabytes() -> float:
    """The most memory this process ever had. (`ru_maxrss` would count the parent's as well: it outlives `exec`.)"""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


async def _drafts(town: Town, many: int) -> list[str]:
    found: list[str] = []
    while len(found) < many:
        found += await asyncio.gather(*(town.drafted() for _ in range(min(AT_ONCE, many - len(found)))))
    return found


async def work(folder: Path, url: str) -> None:
    """The product's process: a round a line, until there are no more lines."""
    core = open_core(Settings(data_dir=folder, database_url=SecretStr(url) if url else None), remembering())
    town = Town(core, await whole_talk(core))
    await town.hire()
    await measure(core, town, 0.1)
    print(json.dumps({"ready": True}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await measure(core, town, float(line))), flush=True)
    await core.close()


class Worker:
    """The product in a process of its own."""

    def __init__(self, folder: Path, url: str, server: int = 0) -> None:
        words = [sys.executable, "-m", "tests.bench.bench_life", "worker", str(folder), url]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._server = server
        self._hear()

    def round(self, seconds: float) -> Round:
        """What it does in some seconds."""
        assert self._process.stdin
        before = server_seconds(self._server) if self._server else 0.0
        print(seconds, file=self._process.stdin, flush=True)
        told = self._hear()
        spent = (server_seconds(self._server) - before) if self._server else 0.0
        turns = told["lives"] * TURNS
        rate = told["lives"] / told["seconds"]
        busy = told["cpu"] / told["seconds"]
        cpu, server = told["cpu"] / turns * 1e3, spent / turns * 1e3
        return Round(rate, rate * TURNS, cpu, server, busy, told["group"], told["rss"])

    def end(self) -> None:
        """No more rounds."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        while not (line := self._process.stdout.readline()).startswith("{"):
            assert line, "the worker ended"
        return cast(dict[str, Any], json.loads(line))


def run(many: int, seconds: float, fewer: int) -> dict[str, list[Round]]:
    """Both stores in turn, round after round."""
    embedded, scaled = f"{EMBEDDED}, {many} stored", f"{SCALED}, {fewer} stored"
    found: dict[str, list[Round]] = {embedded: [], scaled: []}
    with cached(), tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        office = folder / "office"
        shutil.copytree(stored(many), office)  # the kept one stays as it is for the other parts
        cluster = _moved(folder, stored(fewer))
        workers = {embedded: Worker(office, ""), scaled: Worker(folder / "shared", cluster.url("life"), cluster.pid)}
        try:
            for turn in range(ROUNDS):
                for name in list(found) if turn % 2 else list(reversed(found)):
                    found[name].append(workers[name].round(seconds))
        finally:
            for worker in workers.values():
                worker.end()
            cluster.stop()
    return found


def _moved(folder: Path, office: Path) -> Cluster:
    """A server that holds a copy of an office, on the same disk as SQLite."""
    shutil.copytree(office, folder / "shared")
    (folder / "pg").mkdir()
    cluster = Cluster(folder / "pg")
    cluster.start()
    cluster.ask("postgres", "CREATE DATABASE life")
    place = moving.target_of(cluster.url("life"))
    asyncio.run(moving.move(folder / "shared", place, lambda done: None))
    return cluster


def report(found: dict[str, list[Round]]) -> list[Target]:
    """Print the medians; what had to be reached."""
    rows = [
        (name, *(statistics.median(getattr(one, figure) for one in rounds) for figure in Round.__dataclass_fields__))
        for name, rounds in found.items()
    ]
    head = ("", "lives/s", "turns/s", "CPU ms/turn", "server CPU ms/turn", "of one core", "turns/COMMIT", "MB at most")
    table(head, rows)
    print("bound by the Python of one process where it fills one core; else by the disk, the server or its neighbours")
    embedded, most = rows[0], max(row[-1] for row in rows)
    return [
        Target("lives a second, embedded", float(embedded[1]), LIVES, least=True),
        Target("megabytes of the product's process at most", float(most), MEGABYTES),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        asyncio.run(work(Path(sys.argv[2]), sys.argv[3]))
    else:
        given = sys.argv[1:]
        many = int(given[0]) if given else STORED
        seconds = float(given[1]) if len(given) > 1 else 3.0
        leave(report(run(many, seconds, int(given[2]) if len(given) > 2 else min(many, ON_POSTGRES))))
