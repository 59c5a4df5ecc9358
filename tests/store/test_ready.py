"""Statements made ready once do what SQLAlchemy's own execution does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store import ready
from bot.store.connect import bare, core
from bot.store.tables import counter, metadata, outbox

NOW = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
ROW = {"kind": "card", "idem": "card:1", "made_at": NOW, "not_before": NOW, "tries": 0}
ADD = insert(outbox)
ADD_FOR_ID = insert(outbox).returning(outbox.c.id, outbox.c.made_at)
ALL = select(outbox).order_by(outbox.c.id)
SOME = select(outbox.c.idem).where(outbox.c.idem.in_(bindparam("names", expanding=True)))
SENT = update(outbox).where(outbox.c.idem == bindparam("of")).values(delivered_at=bindparam("now"), error=None)
COUNT = insert(counter)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """A file with our tables, in a transaction begun by hand as the writer's is."""
    engine = core(tmp_path / "some.sqlite3", "rwc")
    metadata.create_all(engine)
    with engine.connect() as made:
        bare(made).execute("BEGIN")
        yield made


def test_a_row_is_what_sqlalchemy_reads(conn: Connection) -> None:
    assert ready.do(conn, ADD, ROW) == 1
    assert ready.rows(conn, ALL, {}) == [dict(row) for row in conn.execute(ALL).mappings()]
    (row,) = ready.rows(conn, ALL, {})
    assert (row["made_at"], row["maybe"], row["state"]) == (NOW, False, "queued"), "types and defaults are the table's"


def test_what_is_written_comes_back(conn: Connection) -> None:
    first = ready.one(conn, ADD_FOR_ID, ROW)
    assert first == {"id": 1, "made_at": NOW}
    assert ready.value(conn, ADD_FOR_ID, {**ROW, "idem": "card:2"}) == 2
    assert ready.value(conn, SENT.returning(outbox.c.id), {"of": "card:3", "now": NOW}) is None


def test_how_many_rows_it_concerned(conn: Connection) -> None:
    ready.do(conn, ADD, ROW)
    assert [ready.do(conn, SENT, {"of": name, "now": NOW}) for name in ("card:1", "card:2")] == [1, 0]
    (row,) = ready.rows(conn, ALL, {})
    assert row["delivered_at"] == NOW


def test_a_statement_with_a_list_is_executed_as_any_other(conn: Connection) -> None:
    ready.do(conn, ADD, ROW)
    for names, found in ((["card:1", "card:2"], 1), (["card:2"], 0), ([], 0)):
        assert len(ready.rows(conn, SOME, {"names": names})) == found


def test_an_error_is_sqlalchemys_and_shows_no_value(conn: Connection) -> None:
    ready.do(conn, COUNT, {"name": "张三的电话", "n": 1})
    with pytest.raises(IntegrityError) as caught:
        ready.do(conn, COUNT, {"name": "张三的电话", "n": 2})
    assert "张三" not in str(caught.value)
    assert getattr(caught.value.orig, "sqlite_errorname", "").startswith("SQLITE_CONSTRAINT")


def test_whoever_listens_to_statements_hears_of_these(conn: Connection) -> None:
    heard: list[tuple[str, str]] = []

    def before(on: Connection, cursor: Any, sql: str, *more: Any) -> None:
        heard.append(("before", sql.split(" ")[0]))

    def after(on: Connection, cursor: Any, sql: str, *more: Any) -> None:
        heard.append(("after", sql.split(" ")[0]))

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        ready.do(conn, ADD, ROW)
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)
    assert heard == [("before", "INSERT"), ("after", "INSERT")]
