"""INSERT … ON CONFLICT, which both stores speak alike but SQLAlchemy keeps in two dialects.

Statements are built once: building one costs several times what running it does.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import sqlite

from bot.store import ready
from bot.store.tables import counter, rollup

NUMBERS = "zhitong_numbers"
"""An option of connections: the engine from which numbers are drawn."""


def insert_once(conn: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is taken; whether it was inserted."""
    return ready.do(conn, _once(conn.dialect.name, table), values) == 1


def put(conn: Connection, table: Table, keys: tuple[str, ...], **values: Any) -> None:
    """Insert a row, or write it over the one that has its keys."""
    ready.do(conn, _over(conn.dialect.name, table, keys), values)


def count_up(conn: Connection, name: str) -> int:
    """The next number of a counter, from 1. It may leave gaps.

    Where many write at once the number is drawn beside the transaction, or every new case would wait for the COMMIT
    of the one before. It need not wait for the disk: the log is written in order, a case's number before the case.
    """
    given = {"name": name, "n": 1}
    beside = conn.get_execution_options().get(NUMBERS)
    if beside is None:
        return int(ready.value(conn, _next(conn.dialect.name), given))
    with beside.connect() as drawn:
        return drawn.execute(_next(conn.dialect.name), given).scalar_one()


def keep_number(conn: Connection, name: str, number: int) -> None:
    """Remember a number under a name."""
    put(conn, counter, ("name",), name=name, n=number)


def kept_number(conn: Connection, name: str) -> int:
    """The number under a name; 0 for none."""
    return conn.execute(select(counter.c.n).where(counter.c.name == name)).scalar() or 0


def count_act(conn: Connection, month: str, department: str, topic: str, act: str) -> None:
    """One more of an act in the month's figures."""
    row = {"month": month, "department": department, "topic": topic, "act": act, "n": 1}
    ready.do(conn, _one_more(conn.dialect.name), row)


@cache
def _once(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _over(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:
    made = _insert(dialect, table)
    rest = {column.name: made.excluded[column.name] for column in table.c if column.name not in keys}
    return made.on_conflict_do_update(index_elements=[table.c[key] for key in keys], set_=rest)


@cache
def _next(dialect: str) -> Any:
    made = _insert(dialect, counter)
    made = made.on_conflict_do_update(index_elements=[counter.c.name], set_={"n": counter.c.n + 1})
    return made.returning(counter.c.n)


@cache
def _one_more(dialect: str) -> Any:
    keys = [rollup.c.month, rollup.c.department, rollup.c.topic, rollup.c.act]
    return _insert(dialect, rollup).on_conflict_do_update(index_elements=keys, set_={"n": rollup.c.n + 1})


def _insert(dialect: str, table: Table) -> Any:
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # not above: it weighs on every start that does not speak it

        return postgresql.insert(table)
    return sqlite.insert(table)
