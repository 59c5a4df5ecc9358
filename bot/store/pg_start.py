"""Is this a server, and a database, to start with? Looked at before anything is served; then the migrations.

Everything here runs once, on connections of its own, in a thread with a loop of its own: a start is synchronous.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.store import migrations
from bot.store.engine import StoreRefused, T, Work
from bot.store.locks import number_of
from bot.store.pg_errors import AWAY, sort_of, sqlstate
from bot.store.pg_keys import KEY_TABLE
from bot.store.postgres import CONNECT_SECONDS, text_of

KEYS_SUFFIX = "_keys"
OLDEST = 130_000  # PostgreSQL 13
_LOCK_SECONDS = 60
_NO_DATABASE = "3D000"
_DURABLE = ("on", "remote_apply", "remote_write", "local")


@dataclass(frozen=True)
class Place:
    """A database and its key store, which is another database on the same server."""

    main: URL
    keys: URL

    @property
    def name(self) -> str:
        """How it is called where a person reads it: without the password."""
        return self.main.render_as_string(hide_password=True)


def place_of(url: str) -> Place:
    """The two databases behind ZHITONG_DATABASE_URL. Raises StoreRefused."""
    if find_spec("asyncpg") is None:
        raise StoreRefused("ZHITONG_DATABASE_URL", "the driver is not installed", "pip install 'zhitong[scale]'")
    try:
        made = make_url(url)
    except ArgumentError:
        raise StoreRefused("ZHITONG_DATABASE_URL", "not an address", _EXAMPLE) from None
    if made.drivername not in ("postgresql+asyncpg", "postgresql", "postgres") or not made.database:
        raise StoreRefused(f"{made.drivername}://", "not a PostgreSQL address with a database", _EXAMPLE)
    made = made.set(drivername="postgresql+asyncpg")
    return Place(made, made.set(database=f"{made.database}{KEYS_SUFFIX}"))


_EXAMPLE = "Write it like postgresql+asyncpg://zhitong@db.example/zhitong, or unset it to use SQLite."


def prepare(place: Place) -> None:
    """Look at the server, make the key store, migrate. Raises StoreRefused; then nothing was changed."""
    in_a_loop_of_its_own(_prepare(place))


def in_a_loop_of_its_own(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, whether a loop runs here or not."""
    with ThreadPoolExecutor(1, "store-start") as pool:
        return pool.submit(asyncio.run, work).result()


def look_at(place: Place, work: Work[T]) -> T:
    """What a work reads from the main database as it stands; nothing is migrated. Raises StoreRefused."""
    return in_a_loop_of_its_own(_on(place, place.main, work))


async def _prepare(place: Place) -> None:
    standing = await _on(place, place.main, _look)
    held = await _keys_held(place)
    advice = "Put back what was there, or restore a backup. To begin anew on purpose, drop both databases first."
    if standing is None and held:
        raise StoreRefused(place.name, f"empty, but {place.keys.database} holds keys of its cases", advice)
    if standing is not None and held is None:
        raise StoreRefused(place.name, f"its key store, the database {place.keys.database}, is gone", advice)
    if held is None:
        await _make_keys(place)
    await _on(place, place.keys, _make_key_table)
    await _on(place, place.main, partial(_migrate, place))


def _make_key_table(conn: Connection) -> None:
    conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": number_of("keys")})
    conn.execute(text(KEY_TABLE))


async def _on(place: Place, url: URL, work: Work[T]) -> T:
    """Do something in a transaction of its own. Raises StoreRefused when the server cannot be reached."""
    engine = create_async_engine(text_of(url), poolclass=NullPool, connect_args={"timeout": CONNECT_SECONDS * 2})
    try:
        async with engine.begin() as conn:
            return await conn.run_sync(work)
    except (OSError, TimeoutError, DBAPIError) as error:
        raise _refusal(place, url, error) from error
    except Exception as error:
        if not sqlstate(error):
            raise
        raise _refusal(place, url, error) from error
    finally:
        await engine.dispose()


def _refusal(place: Place, url: URL, error: Exception) -> StoreRefused:
    said = str(getattr(error, "orig", None) or error).split("\n", 1)[0]
    state = sqlstate(error)
    if state == _NO_DATABASE:
        return StoreRefused(place.name, f"there is no database {url.database}", f"Make it: createdb {url.database}")
    if state.startswith("28"):
        return StoreRefused(place.name, f"the server does not let us in ({said})", "Check user and password.")
    if sort_of(error) == AWAY:
        return StoreRefused(place.name, f"the server cannot be reached ({said})", "Start it, or check the address.")
    return StoreRefused(place.name, f"not usable ({said})", "Nothing was changed.")


def _look(conn: Connection) -> str | None:
    """The schema's revision, None for an empty database. Raises StoreRefused for one not to start with."""
    name = conn.engine.url.render_as_string(hide_password=True)
    _durable(conn, name)
    if _show(conn, "server_encoding") != "UTF8":
        raise StoreRefused(name, "its encoding is not UTF8", "Make it anew: createdb -T template0 -E UTF8 …")
    if (version := int(_show(conn, "server_version_num"))) < OLDEST:
        raise StoreRefused(name, f"PostgreSQL {version // 10_000} is too old", "Use 13 or newer.")
    at = migrations.pg_revision(conn)
    tables = conn.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")).scalar_one()
    if at is None and tables:
        raise StoreRefused(name, "the database of another program", "Name an empty one.")
    return at


def _durable(conn: Connection, name: str) -> None:
    """A case number spoken must be a case that survives: no setting of the server may make COMMIT a guess."""
    if conn.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        raise StoreRefused(name, "a standby: it takes no cases", "Name the primary.")
    advice = "Put it right in postgresql.conf (or for this role and database) and reload the server."
    how = _show(conn, "synchronous_commit")
    if how not in _DURABLE:
        problem = f"synchronous_commit={how}: a crash would lose cases whose number was already spoken"
        raise StoreRefused(name, problem, advice)
    for setting in ("fsync", "full_page_writes"):
        if _show(conn, setting) != "on":
            raise StoreRefused(name, f"{setting}=off: a power cut would damage the database", advice)
    copies = conn.execute(text(_STANDBYS)).scalar_one()
    if copies and (how == "local" or not _show(conn, "synchronous_standby_names").strip()):
        problem = "its standbys follow asynchronously: a failover would lose cases whose number was already spoken"
        raise StoreRefused(name, problem, "Set synchronous_standby_names (and synchronous_commit=on), then reload.")


# pg_basebackup and its like are no standbys; where we may not see what they are, they count.
_STANDBYS = (
    "SELECT count(*) FROM pg_stat_replication WHERE coalesce(state, '') <> 'backup' "
    "AND application_name NOT IN ('pg_basebackup', 'pg_receivewal', 'pg_recvlogical')"
)


def _show(conn: Connection, setting: str) -> str:
    return str(conn.execute(text("SELECT current_setting(:name)"), {"name": setting}).scalar_one())


async def _keys_held(place: Place) -> int | None:
    """Whether the key store holds a key (1, 0); None when there is no such database, or no store in it."""

    def look(conn: Connection) -> int | None:
        if conn.execute(text("SELECT to_regclass('key')")).scalar() is None:
            return None
        return conn.execute(text("SELECT count(*) FROM (SELECT 1 FROM key LIMIT 1) AS one")).scalar_one()

    try:
        return await _on(place, place.keys, look)
    except StoreRefused as refused:
        if sqlstate(refused) != _NO_DATABASE:
            raise
        return None


async def _make_keys(place: Place) -> None:
    """Make the database of the key store where there is none, if we may."""
    engine = create_async_engine(text_of(place.main), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    named = engine.dialect.identifier_preparer.quote(str(place.keys.database))
    try:
        async with engine.connect() as conn:
            await conn.execute(text(f"CREATE DATABASE {named} TEMPLATE template0 ENCODING 'UTF8'"))
    except Exception as error:
        if sqlstate(error) in ("42P04", "23505"):  # there already; made by another process just now
            return
        if sqlstate(error) == "42501":
            advice = f"Make it: createdb {place.keys.database}. It is kept apart so that a backup holds no keys."
            raise StoreRefused(place.name, "we may not make the database of its key store", advice) from error
        raise
    finally:
        await engine.dispose()


def _migrate(place: Place, conn: Connection) -> None:
    """One process at a time, all steps or none: PostgreSQL makes tables inside transactions."""
    conn.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
    conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": number_of("migrate")})
    migrations.upgrade_postgres(conn, place.name)
