"""Statements made ready once. The one place where the store goes past SQLAlchemy's execution, for the hot ones.

Writing SQL, binding values and reading rows stay SQLAlchemy's (its compiler, its types); what is left out is the
context and the result object it makes for every execution, which cost five times what SQLite needs for the statement.
Give only statements that are built once: each stays here for as long as the process lives.

On PostgreSQL, and where a statement has lists in it, they are executed as any other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from bot.store.connect import bare

Given = Mapping[str, Any]
Row = dict[str, Any]
Process = Callable[[Any], Any]


def rows(conn: Connection, statement: Any, given: Given) -> list[Row]:
    """Every row, by the names of its columns."""
    ready = _ready(statement, tuple(given), conn.dialect)
    if ready is None:
        return [dict(row) for row in conn.execute(statement, given).mappings()]
    return [ready.row(values) for values in ready.run(conn, given).fetchall()]


def one(conn: Connection, statement: Any, given: Given) -> Row | None:
    """The first row; None when there is none."""
    found = rows(conn, statement, given)
    return found[0] if found else None


def value(conn: Connection, statement: Any, given: Given) -> Any:
    """The first column of the first row; None when there is none."""
    found = one(conn, statement, given)
    return next(iter(found.values())) if found else None


def do(conn: Connection, statement: Any, given: Given) -> int:
    """Write; how many rows it concerned."""
    ready = _ready(statement, tuple(given), conn.dialect)
    return conn.execute(statement, given).rowcount if ready is None else ready.run(conn, given).rowcount


class _Ready:
    """One statement for SQLite: its text, and what its values and columns pass through."""

    def __init__(self, compiled: Any, dialect: Dialect) -> None:
        self._sql: str = compiled.string
        self._dialect = dialect
        binds = compiled.binds
        self._fixed: Row = {name: bind.value for name, bind in binds.items() if not bind.required}
        self._fixed |= {column.key: column.default.arg for column in compiled.insert_prefetch}
        self._places: list[tuple[str, Process | None]] = [
            (name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
        ]
        columns = getattr(compiled.statement, "exported_columns", {})
        self._columns: list[tuple[str, Process | None]] = [
            (name, one.type.dialect_impl(dialect).result_processor(dialect, None)) for name, one in columns.items()
        ]

    def run(self, conn: Connection, given: Given) -> sqlite3.Cursor:
        """Execute it, heard by whoever listens to the engine's statements. Raises DBAPIError without any value."""
        known = {**self._fixed, **given} if self._fixed else given
        values = [process(known[name]) if process else known[name] for name, process in self._places]
        cursor = bare(conn).cursor()
        for heard in conn.dispatch.before_cursor_execute:
            heard(conn, cursor, self._sql, values, None, False)
        try:
            cursor.execute(self._sql, values)
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                self._sql, None, error, sqlite3.Error, hide_parameters=True, dialect=self._dialect
            ) from error
        for heard in conn.dispatch.after_cursor_execute:
            heard(conn, cursor, self._sql, values, None, False)
        return cursor

    def row(self, values: Sequence[Any]) -> Row:
        """A row of the driver's as one of ours."""
        named = zip(self._columns, values, strict=True)
        return {name: process(one) if process else one for (name, process), one in named}


@lru_cache(maxsize=1024)
def _ready(statement: Any, names: tuple[str, ...], dialect: Dialect) -> _Ready | None:
    if dialect.name != "sqlite":
        return None
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return None if compiled.post_compile_params else _Ready(compiled, dialect)
