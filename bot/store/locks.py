"""Locks for the length of a transaction, by name. SQLite has one writer and needs none."""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Connection, bindparam, func, select

_LOCK = select(func.pg_advisory_xact_lock(bindparam("name", type_=BigInteger)))


def is_postgres(conn: Connection) -> bool:
    """Whether several transactions may write at once here."""
    return conn.dialect.name == "postgresql"


def lock(conn: Connection, name: str) -> None:
    """Hold the name until this transaction ends; whoever else wants it waits."""
    if is_postgres(conn):
        conn.execute(_LOCK, {"name": number_of(name)})


def number_of(name: str) -> int:
    """The number that PostgreSQL knows a lock by: 64 bits of the name's hash."""
    return int.from_bytes(hashlib.sha256(f"zhitong:{name}".encode()).digest()[:8], "big", signed=True)
