"""An office's cases beside a running server: looked at on a connection that cannot write."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.exc import DBAPIError

from bot.failures import Mistake
from bot.site import Site, load_site
from bot.store import cases
from bot.store.connect import APPLICATION_ID, DATABASE, KEYS_FILE, connect, core, snapshot
from bot.store.keys import KeyGone, KeyRing
from bot.store.keystore import KeyStore
from bot.store.migrations import HEAD, revision
from bot.store.tables import case
from bot.store.vault import Vault
from cases.case import Actor, Case, Event, Role
from cases.visibility import Sight, sight
from config.schema import County
from config.settings import Settings
from handlers.words import case_number

BATCH = 500

# Whoever holds the keys of the data folder sees what a dispatcher sees: every service case, and no tip.
OPERATOR = Actor("staff", 0, "", frozenset({Role.DISPATCHER}))


@dataclass(frozen=True)
class Desk:
    """The office's data at one moment."""

    conn: Connection
    vault: Vault
    county: County
    now: datetime
    site: Site


@contextmanager
def reading(settings: Settings) -> Generator[Desk]:
    """The data of settings.data_dir for as long as the block runs. Raises Mistake, KeysRefused, SiteErrors."""
    if settings.database_url is not None:
        with _on_server(settings) as desk:
            yield desk
        return
    path = settings.data_dir / DATABASE
    _look_at(path)
    with closing(_vault_keys(settings)) as keys, closing(core(path, "ro").connect()) as conn, snapshot(conn):
        site = load_site(settings.site)
        yield Desk(conn, Vault(_ring(settings), keys), site.county, datetime.now(UTC), site)


@contextmanager
def _on_server(settings: Settings) -> Generator[Desk]:
    """The same on PostgreSQL; the command runs as `beside_server` says."""
    from sqlalchemy.util.concurrency import await_only

    from bot.store.migrations import pg_revision
    from bot.store.pg_errors import typed
    from bot.store.pg_keys import PgKeyStore
    from bot.store.pg_start import place_of
    from bot.store.postgres import engine, text_of

    assert settings.database_url is not None
    place = place_of(settings.database_url.get_secret_value())
    ring = _ring(settings)
    main, keys = engine(text_of(place.main), 1), PgKeyStore(text_of(place.keys), ring)
    looking = main.sync_engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        with looking.connect() as conn:
            if (pg_revision(conn) or "") < HEAD:
                raise Mistake(f"{place.name} was last used by an older release: start `zhitong run` once")
            site = load_site(settings.site)
            yield Desk(conn, Vault(ring, keys), site.county, datetime.now(UTC), site)
    except (OSError, DBAPIError) as error:
        raise typed(error) from None
    finally:
        await_only(main.dispose())
        await_only(keys.aclose())


def _look_at(path: Path) -> None:
    try:
        with closing(connect(path, "ro")) as raw:
            (owner,) = raw.execute("PRAGMA application_id").fetchone()
            schema = revision(raw)
    except sqlite3.DatabaseError as error:
        raise Mistake(f"{path} cannot be read: {error}") from None
    if owner != APPLICATION_ID:
        raise Mistake(f"{path} is not a database of this program")
    if schema is None or schema < HEAD:
        raise Mistake(f"{path} was last used by an older release: start `zhitong run` once, then try again")


def _ring(settings: Settings) -> KeyRing:
    secret = settings.secret_keys.get_secret_value() if settings.secret_keys else None
    folder = settings.data_dir / "keys"
    if not secret and not (folder / "ring").exists():
        raise Mistake(
            f"{folder / 'ring'} is missing and ZHITONG_SECRET_KEYS is not set: without keys nothing is legible"
        )
    return KeyRing.load(secret, folder)


def _vault_keys(settings: Settings) -> KeyStore:
    return KeyStore(settings.data_dir / KEYS_FILE, _ring(settings), must_exist=True)


def each_case(desk: Desk, *where: ColumnElement[bool], newest_first: bool = False) -> Iterator[Case]:
    """The cases that match and may be seen, a batch in memory at a time; those whose key is gone are left out."""
    order, last = (case.c.id.desc() if newest_first else case.c.id), None
    while True:
        rest = () if last is None else (case.c.id < last if newest_first else case.c.id > last,)
        query = select(case.c.id).where(*where, *rest).order_by(order).limit(BATCH)
        ids = list(desk.conn.execute(query).scalars())
        for held in _opened(desk, ids, order):
            if sight(OPERATOR, held, desk.county) is not Sight.NONE:
                yield held
        if len(ids) < BATCH:
            return
        last = ids[-1]


def _opened(desk: Desk, ids: list[int], order: ColumnElement[int]) -> list[Case]:
    query = select(case).where(case.c.id.in_(ids)).order_by(order)
    try:
        return cases.many(desk.conn, desk.vault, query)
    except KeyGone:
        return [held for one in ids if (held := _one(desk, one))]


def _one(desk: Desk, case_id: int) -> Case | None:
    try:
        return cases.by_id(desk.conn, desk.vault, case_id)
    except KeyGone:
        return None


def the_case(desk: Desk, number: str) -> tuple[Case, list[Event]]:
    """A case by its number, however it is typed, and its history. Raises Mistake: there is none to be seen."""
    held = cases.by_no(desk.conn, desk.vault, case_number(number) or number.strip().upper())
    if held is None or sight(OPERATOR, held, desk.county) is Sight.NONE:
        raise Mistake(f"there is no case {number}.")
    return held, cases.events(desk.conn, desk.vault, held.id)
