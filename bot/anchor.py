"""The anchor of the audit: the head of its chain, written to a file outside the database after every look.

Whoever can change the database can make the chain anew; they would have to change this file too, and every copy of
it: `zhitong check` and `zhitong backup` print the newest line, for a notebook that no computer can write to.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection

from bot.store import audit
from bot.store.audit import Link
from bot.store.connect import sync_dir

NAME = "audit.anchor"


def drop(folder: Path, link: Link) -> None:
    """Append the head, fsynced. Lines may come out of order or twice: each is true by itself."""
    path = folder / NAME
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, f"{link.id} {link.hash}\n".encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync_dir(folder)


def anchors(folder: Path) -> dict[int, str]:
    """Hash by row id, as anchored; a line torn by a crash is left out."""
    path = folder / NAME
    lines = path.read_text("ascii", "replace").splitlines() if path.exists() else []
    parts = [line.split() for line in lines]
    return {int(part[0]): part[1] for part in parts if len(part) == 2 and part[0].isdecimal() and len(part[1]) == 64}


def newest(folder: Path) -> str:
    """The last anchor as it is printed: "12 9f86d081…"; "" while there is none."""
    found = anchors(folder)
    return f"{max(found)} {found[max(found)]}" if found else ""


def problem(conn: Connection, folder: Path) -> str:
    """What is wrong with the audit, in English for the log and the command line; "" when nothing is."""
    if row := audit.broken_at(conn):
        return f"the audit is broken at row {row}: it, or one before it, was changed, left out or put in"
    for row_id, hashed in anchors(folder).items():
        if audit.hash_of(conn, row_id) != hashed:
            return f"the audit was cut or rewritten: row {row_id} was anchored and is gone or another"
    return ""
