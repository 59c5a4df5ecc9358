"""Who of several processes does what only one may do: a lease that has to be renewed, kept as two numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.store.upsert import keep_number, kept_number


def claim(conn: Connection, name: str, holder: int, now: datetime, seconds: float) -> bool:
    """Take the lease, or keep it; whether it is this holder's. `name` has at most 30 characters."""
    at = int(now.timestamp() * 1000)
    if kept_number(conn, f"{name}:holder") != holder and kept_number(conn, f"{name}:until") > at:
        return False
    keep_number(conn, f"{name}:holder", holder)
    keep_number(conn, f"{name}:until", at + int(timedelta(seconds=seconds) / timedelta(milliseconds=1)))
    return True


def release(conn: Connection, name: str, holder: int) -> None:
    """Let go of the lease, so that the next holder need not wait for its end."""
    if kept_number(conn, f"{name}:holder") == holder:
        keep_number(conn, f"{name}:until", 0)
