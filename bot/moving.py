"""`zhitong move`: a grown county's SQLite file into PostgreSQL, whole or not at all.

Everything is copied in one transaction of the target and counted before it commits; keys first, as always. While it
runs nobody can write to the source. The files of attachments and the ring stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.failures import Mistake
from bot.store import migrations
from bot.store.connect import DATABASE, KEYS_FILE, bare, connect, core
from bot.store.pg_start import Place, place_of, prepare
from bot.store.postgres import text_of
from bot.store.tables import metadata

BATCH = 1000
Tell = Callable[[int], None]
_SEQUENCE = text("SELECT pg_get_serial_sequence(:name, 'id')")


@dataclass(frozen=True)
class Moved:
    """How many rows a table had, and has now."""

    table: str
    before: int
    after: int


def target_of(url: str) -> Place:
    """The target, made ready. Raises StoreRefused."""
    place = place_of(url)
    prepare(place)
    return place


def rows_in(data: Path) -> int:
    """How many rows there are to move, keys among them."""
    with closing(core(data / DATABASE, "ro").connect()) as source:
        rows = sum(_count(source, table) for table in metadata.sorted_tables)
    return rows + len(_keys(data))


async def move(data: Path, place: Place, tell: Tell) -> list[Moved]:
    """Copy everything; `tell` hears how many more rows are done. Raises Mistake, StoreError; then nothing was moved."""
    path = data / DATABASE
    migrations.upgrade(path)
    engines = [create_async_engine(text_of(url), poolclass=NullPool) for url in (place.main, place.keys)]
    try:
        with closing(core(path).connect()) as source:
            bare(source).execute("BEGIN IMMEDIATE")  # a house that still runs must not take what would be left behind
            async with engines[0].begin() as main, engines[1].begin() as keys:
                done = await _copy(source, main, keys, _keys(data), tell)
                _judge(done)
                await keys.commit()  # before the rows that need them
            bare(source).execute("ROLLBACK")
        return done
    finally:
        for engine in engines:
            await engine.dispose()


async def _copy(
    source: Connection, main: AsyncConnection, keys: AsyncConnection, own: list[dict[str, Any]], tell: Tell
) -> list[Moved]:
    await main.run_sync(_refuse_rows)
    held = await keys.run_sync(lambda conn: _held(conn, own))
    if not held and own:
        for some in _batches(own):
            await keys.execute(text("INSERT INTO key (owner, ring, wrapped) VALUES (:owner, :ring, :wrapped)"), some)
            tell(len(some))
    done = [Moved("key", len(own), (await keys.execute(text("SELECT count(*) FROM key"))).scalar_one())]
    for table in metadata.sorted_tables:
        for rows in source.execute(select(table)).mappings().partitions(BATCH):
            await main.execute(table.insert(), [dict(row) for row in rows])
            tell(len(rows))
        done.append(await main.run_sync(partial(_arrived, source, table)))
    return done


def _judge(done: list[Moved]) -> None:
    if wrong := [one for one in done if one.before != one.after]:
        counts = ", ".join(f"{one.table}: {one.before} here, {one.after} there" for one in wrong)
        raise Mistake(f"the counts do not agree ({counts}): nothing was moved.")


def _refuse_rows(conn: Connection) -> None:
    conn.execute(text("SET LOCAL lock_timeout = '3s'"))
    for table in metadata.sorted_tables:
        conn.execute(text(f'LOCK TABLE "{table.name}" IN EXCLUSIVE MODE'))
        if conn.execute(select(table).limit(1)).first() is not None:
            raise Mistake(f"the target is not empty: it has rows in {table.name}. Name a new database.")


def _held(conn: Connection, own: list[dict[str, Any]]) -> bool:
    """Whether a move that broke off has brought the keys already. Raises Mistake for keys of anybody else."""
    there = {row.owner: row.wrapped for row in conn.execute(text("SELECT owner, wrapped FROM key"))}
    if there and there != {row["owner"]: row["wrapped"] for row in own}:
        raise Mistake("the target's key store is not empty: it holds keys of other cases. Name a new database.")
    return bool(there)


def _arrived(source: Connection, table: Table, conn: Connection) -> Moved:
    """Count; numbers given by the target go on after the last that was ever given here."""
    before, after = _count(source, table), _count(conn, table)
    if "id" in table.c and (sequence := conn.execute(_SEQUENCE, {"name": f'"{table.name}"'}).scalar()):
        last = max(source.execute(select(func.max(table.c.id))).scalar() or 0, _last_given(source, table))
        if last:
            conn.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
    return Moved(table.name, before, after)


def _last_given(source: Connection, table: Table) -> int:
    """The last number of a table whose numbers are never given again; 0 for every other."""
    kept = source.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).scalar()
    return int(kept or 0)


def _count(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def _keys(data: Path) -> list[dict[str, Any]]:
    with closing(connect(data / KEYS_FILE, "ro")) as raw:
        return [
            {"owner": owner, "ring": ring, "wrapped": wrapped}
            for owner, ring, wrapped in raw.execute("SELECT owner, ring, wrapped FROM key")
        ]


def _batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]
