"""A program of its own, for disks that fail: run by test_disk in a process that may come to harm.

`python -m tests.store.sick_disk full FOLDER`: FOLDER is a file system of 2 MB, filled up and emptied again.
`python -m tests.store.sick_disk failing FOLDER`: every write beyond a size fails with an I/O error.
`python -m tests.store.sick_disk killed FOLDER`: writes for ever, printing each number once it was committed.
Prints what happened; a failed assertion is a non-zero exit.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from bot.store.connect import DATABASE
from bot.store.engine import StoreError, Work
from bot.store.sqlite import SqliteStore, open_store
from bot.store.tables import inbox
from tests.store.works import kinds, names, put, settled


def fat(key: str) -> Work[None]:
    """A row of 100 kB."""
    row = {"channel": "web", "key": key, "replies": "x" * 100_000, "at": datetime(2026, 11, 22, tzinfo=UTC)}

    def work(conn: Connection) -> None:
        conn.execute(insert(inbox), row)

    return work


def keys(conn: Connection) -> int:
    """How many fat rows there are."""
    return conn.execute(select(func.count()).select_from(inbox)).scalar_one()


async def full(folder: Path) -> None:
    """Fill the disk, see it refused, make room, see it work again."""
    ballast = folder / "ballast"
    ballast.write_bytes(b"\0" * 700_000)
    store = open_store(folder / DATABASE)
    await store.write(put("before"))
    await _until_refused(store)
    await _still_reads(store)
    ballast.unlink()
    await _well_again(store)


async def failing(folder: Path) -> None:
    """The same with a limit on file sizes, which SQLite meets as an I/O error at the COMMIT."""
    store = open_store(folder / DATABASE)
    await store.write(put("before"))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    await _until_refused(store)
    await _still_reads(store)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await _well_again(store)


async def killed(folder: Path) -> None:
    """Write until somebody kills this process; what is printed was promised."""
    store = open_store(folder / DATABASE)

    async def caller(first: int) -> None:
        for n in count(first, 16):
            await store.write(put(f"{n:08}"))
            print(f"{n:08}", flush=True)

    await asyncio.gather(*(caller(first) for first in range(16)))


async def _until_refused(store: SqliteStore) -> None:
    for batch in range(10):
        outcomes = await settled(*(store.write(fat(f"{batch}-{n}")) for n in range(8)))
        refused = [outcome for outcome in outcomes if outcome is not None]
        if refused:
            assert all(isinstance(outcome, StoreError) for outcome in refused), refused
            print("refused:", *sorted(kind.__name__ for kind in kinds(refused)))
            return
    raise AssertionError("the disk never filled")


async def _still_reads(store: SqliteStore) -> None:
    assert await store.read(names) == ["before"]
    assert await store.read(keys) == store.writes - 1


async def _well_again(store: SqliteStore) -> None:
    await store.write(put("after"))
    await store.write(fat("after"))
    assert await store.read(names) == ["after", "before"]
    assert await store.read(lambda conn: conn.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    await store.close()
    print("well again")


if __name__ == "__main__":
    asyncio.run({"full": full, "failing": failing, "killed": killed}[sys.argv[1]](Path(sys.argv[2])))
