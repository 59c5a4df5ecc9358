"""From the command to /readyz with 100 000 cases, and what the process weighs when nobody asks for anything.

Run `python -m tests.bench.bench_start [small large]`. The command is the real one. "cold" starts with nothing of
the database in memory; Python and its packages are warm in every case but the first start of a machine.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.app import DATABASE
from tests.bench.bench_growth import LARGE, SMALL
from tests.bench.office import cached, stored
from tests.bench.targets import Target, leave, table

ROUNDS = 5
IDLE_SECONDS = 8.0
READY_SECONDS = 2.0
IDLE_MB = 150.0
GIVE_UP = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Start:
    """One start: seconds until the first page and until ready, megabytes when idle."""

    page: float
    ready: float
    rss: float


def start(folder: Path, idle: float) -> Start:
    """Start, wait until ready, let it rest, stop it."""
    port = free_port()
    command = [sys.executable, "-m", "bot.cli", "run", "--data", str(folder), "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            page = until(f"http://127.0.0.1:{port}/", began)
            ready = until(f"http://127.0.0.1:{port}/readyz", began)
            time.sleep(idle)
            return Start(page, ready, rss(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(url: str, began: float) -> float:
    """Seconds since `began` until the address answers 200."""
    while time.perf_counter() - began < GIVE_UP:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=GIVE_UP) as answer:
            if answer.status == 200:
                return time.perf_counter() - began
        time.sleep(0.01)
    raise TimeoutError(url)


def rss(pid: int) -> float:
    """Megabytes of the process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) / 1024 if found else 0.0


def forget(folder: Path) -> None:
    """Take the database out of the memory of the system."""
    handle = os.open(folder / DATABASE, os.O_RDONLY)
    try:
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def leave_be(folder: Path) -> None:
    """Nothing to prepare."""


def measure(small: int, large: int) -> list[Target]:
    """Starts in alternation; what had to be reached."""
    kinds: dict[str, tuple[int, Callable[[Path], None]]] = {
        f"{small} cases": (small, leave_be),
        f"{large} cases": (large, leave_be),
        f"{large} cases, cold": (large, forget),
    }
    found: dict[str, list[Start]] = {name: [] for name in kinds}
    for turn in range(ROUNDS + 1):
        for name, (n, prepare) in kinds.items():
            folder = stored(n)
            prepare(folder)
            one = start(folder, IDLE_SECONDS if turn == ROUNDS else 0.0)
            if turn:  # the first one compiles and caches
                found[name].append(one)
    rows = [
        (name, *(statistics.median(getattr(one, what) for one in starts) for what in ("page", "ready")), starts[-1].rss)
        for name, starts in found.items()
    ]
    table(("", "s to first page", "s to /readyz", "MB idle"), rows)
    ready = statistics.median(one.ready for one in found[f"{large} cases"])
    return [
        Target(f"seconds to /readyz with {large} cases", ready, READY_SECONDS),
        Target(f"megabytes resident, idle, with {large} cases", found[f"{large} cases"][-1].rss, IDLE_MB),
    ]


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    with cached():
        targets = measure(*(given or (SMALL, LARGE)))
    leave(targets)
