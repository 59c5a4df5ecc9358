"""The steps from one schema to the next, run at start.

Alembic is slow to import, so it is imported only when there is a step to take.
"""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from bot.store.connect import bare, connect, core
from bot.store.engine import StoreRefused

HEAD = "0008"
"""The newest revision this release knows. Revisions are four digits and count up."""

READABLE_FROM = "0001"
"""The oldest release schema that can still work on HEAD; written to the file as its `user_version`."""

_LOCK_SECONDS = 60.0


def revision(raw: sqlite3.Connection) -> str | None:
    """The revision the file stands at; None before the first."""
    known = raw.execute("SELECT 1 FROM sqlite_schema WHERE name='alembic_version'").fetchone()
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def upgrade(path: Path) -> bool:
    """Bring the file to HEAD; False when there was nothing to do. All steps or none.

    Raises StoreRefused when the file comes from a later release that this one cannot work beside.
    """
    with closing(connect(path)) as raw:
        if not _behind(raw, path):
            return False
    with _lock(path):
        return _upgrade(path)


def _behind(raw: sqlite3.Connection, path: Path) -> bool:
    at = revision(raw)
    if at is None or at < HEAD:
        return True
    (readable_from,) = raw.execute("PRAGMA user_version").fetchone()
    if at > HEAD and readable_from > int(HEAD):
        problem = f"its schema {at} is newer than this release knows ({HEAD})"
        raise StoreRefused(path, problem, "Start the newer release again, or restore a backup made before it.")
    return False


def _upgrade(path: Path) -> bool:
    engine = core(path)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as conn:
            return _behind(bare(conn), path) and _step(conn, path)
    except DBAPIError as error:
        problem = f"the migration to schema {HEAD} failed ({error.orig})"
        raise StoreRefused(path, problem, "Nothing was changed. Make room on a full disk, else report it.") from error


def _step(conn: Connection, path: Path) -> bool:
    raw = bare(conn)
    _run(conn)
    if raw.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreRefused(path, "a migration left rows that point nowhere", "Nothing was changed; report it.")
    raw.execute(f"PRAGMA user_version={int(READABLE_FROM)}")
    return True


def pg_revision(conn: Connection) -> str | None:
    """The revision a PostgreSQL database stands at; None before the first."""
    if conn.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade_postgres(conn: Connection, name: str) -> None:
    """The same on PostgreSQL, in the transaction of `conn`, which holds the lock. Raises StoreRefused."""
    at = pg_revision(conn)
    if at is not None and at >= HEAD:
        oldest = conn.execute(text("SELECT obj_description('alembic_version'::regclass)")).scalar() or "0"
        if at > HEAD and oldest > HEAD:
            problem = f"its schema {at} is newer than this release knows ({HEAD})"
            raise StoreRefused(name, problem, "Start the newer release again, or restore a backup made before it.")
        return
    try:
        _run(conn)
        conn.execute(text(f"COMMENT ON TABLE alembic_version IS '{READABLE_FROM}'"))
    except DBAPIError as error:
        problem = f"the migration to schema {HEAD} failed ({str(error.orig).splitlines()[0]})"
        raise StoreRefused(name, problem, "Nothing was changed; report it.") from error


def _begin(conn: Connection) -> None:
    raw = bare(conn)
    # They would stop batch mode from rebuilding a table, and cannot be turned off inside a transaction.
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("BEGIN IMMEDIATE")


def _run(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


@contextmanager
def _lock(path: Path) -> Generator[None]:
    """One process at a time. The system lets go of the lock when its holder dies."""
    until = time.monotonic() + _LOCK_SECONDS
    with path.with_name(f"{path.name}.migrate").open("w") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise StoreRefused(path, "another process is migrating it", "Wait, then start again.") from None
                time.sleep(0.05)
        yield
