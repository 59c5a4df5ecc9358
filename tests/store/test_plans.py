"""No list reads through every case there ever was: SQLite finds an index for each, or reads only what is open."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from bot.store import lists, repeats
from bot.store.connect import bare, core, inspect
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.migrations import upgrade
from bot.store.vault import Vault
from cases.case import Actor, Role
from config.load import load
from config.schema import County
from handlers.staff.card import VIEWS, CardQuery
from tests.cases.factory import case

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLERK = Actor("staff", 1, "王芳", frozenset({Role.CLERK}), "jiaotong")
HEAD = Actor("staff", 2, "周平", frozenset({Role.CLERK}), "xian-zhengfu")  # sees the departments below
DISPATCHER = Actor("staff", 3, "李强", frozenset({Role.DISPATCHER}), "zhiban")
OF_THE_OPEN = ("case_open", "case_open_all", "case_open_due", "case_due", "case_assisted")


@pytest.fixture(scope="module")
def county() -> County:
    """The sample county."""
    return load(None)


@pytest.fixture
def conn(path: Path) -> Iterator[Connection]:
    """A migrated file."""
    inspect(path)
    upgrade(path)
    with core(path).connect() as made:
        yield made


@contextmanager
def plans(conn: Connection) -> Generator[list[str]]:
    """How SQLite goes about every statement of the block: the steps over the cases."""
    steps: list[str] = []

    def explain(on: Connection, cursor: Any, sql: str, values: Any, *more: Any) -> None:
        found = bare(conn).execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        steps.extend(row[3] for row in found if " case" in row[3])

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("viewer", [CLERK, HEAD, DISPATCHER], ids=["clerk", "head", "dispatcher"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_list(conn: Connection, path: Path, county: County, viewer: Actor, view: str) -> None:
    ring = KeyRing.load(None, path.parent / "keys")
    vault = Vault(ring, KeyStore(path.parent / "keys" / "keys.sqlite3", ring))
    with plans(conn) as steps:
        lists.page(conn, vault, county, viewer, CardQuery(view=view), NOW)
    vault.keys.close()
    assert steps
    for step in steps:
        in_order = view in ("all", "done") and viewer is DISPATCHER and "USING INDEX case_moved_all" in step
        assert step.startswith("SEARCH") or step.endswith(OF_THE_OPEN) or in_order, step


def test_the_same_matter_goes_by_an_index(conn: Connection, path: Path, county: County) -> None:
    """Whoever says it too, like cases, cases that came back, clusters: none reads all there ever was."""
    ring = KeyRing.load(None, path.parent / "keys")
    vault = Vault(ring, KeyStore(path.parent / "keys" / "keys.sqlite3", ring))
    held, since = case(name="罗大勇"), NOW - timedelta(days=90)
    with plans(conn) as steps:
        repeats.voices(conn, "06.01", "qingshan", since)
        repeats.others(conn, held.id, 1)
        repeats.around(conn, vault, held, since)
        repeats.closed_like(conn, vault, held, since)
        repeats.joiners(conn, vault, held.id)
        repeats.has_joiners(conn, held.id)
        repeats.joined_by(conn, vault, 1)
        repeats.tallies(conn, NOW, county.repeats)
        repeats.latest_checks(conn, since)
    vault.keys.close()
    used = {word for step in steps for word in step.split()}
    assert {"case_alike", "case_person", "case_merged", "case_month"} <= used
    assert [step for step in steps if not step.startswith("SEARCH")] == []
