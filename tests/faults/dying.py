"""A piece of work that is killed at one statement after the other, each time over a fresh copy of a folder.

`python -m tests.faults.dying WORK FOLDER STEP` copies FOLDER to FOLDER-1, FOLDER-1+STEP, …, and in each copy a fork
does the work and dies at that statement, file removed or file renamed. A line tells the copy's name and whether it
died; the first that lived is the last. The next copy is made when a line comes in.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import alembic.command  # pyright: ignore[reportUnusedImport]  # noqa: F401 - once, before the forks

from bot import keeping
from bot.app import open_core
from bot.site import Site, load_site
from bot.store import migrations
from bot.store.connect import DATABASE
from config.settings import Settings
from tests.faults.points import die

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def migrate(folder: Path, site: Site) -> None:
    """From an old schema to this release's."""
    migrations.upgrade(folder / DATABASE)


def delete(folder: Path, site: Site) -> None:
    """Everything whose term is over."""

    async def run() -> None:
        core = open_core(Settings(data_dir=folder), site)
        core.clock = lambda: NOON
        await keeping.run(core, approved=1000)
        await core.close()

    asyncio.run(run())


WORKS: dict[str, Callable[[Path, Site], None]] = {"migrate": migrate, "delete": delete}


def dies_at(left: int, folder: Path) -> None:
    """From now on statements, removals and renames count; at the `left`-th this process is no more."""
    state = [left]

    def reach(*_: object) -> None:
        state[0] -= 1
        if state[0] == 0:
            die()

    connect = sqlite3.connect

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        raw = connect(*args, **options)
        raw.set_trace_callback(reach)
        return raw

    def hook(happened: str, args: tuple[Any, ...]) -> None:
        if happened in ("os.remove", "os.rename") and str(args[0]).startswith(str(folder)):
            reach()

    sqlite3.connect = watched
    sys.addaudithook(hook)


def main() -> None:
    """See above."""
    work, folder, step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    site, number = load_site(None), 1
    while True:
        copy = folder.with_name(f"{folder.name}-{number}")
        shutil.copytree(folder, copy)
        pid = os.fork()
        if pid == 0:
            dies_at(number, copy)
            WORKS[work](copy, site)
            os._exit(0)
        died = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(copy, died, flush=True)
        if died == 0 or not sys.stdin.readline():
            return
        number += step


if __name__ == "__main__":
    main()
