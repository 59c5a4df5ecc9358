"""Whose a stored file is: rows of the attachments on the disk. Names are sealed under the file's own key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.store import shreds
from bot.store.keys import KeyGone
from bot.store.tables import attachment, follower, sealed_file
from bot.store.upsert import put
from bot.store.vault import Vault, file_owner
from handlers.messages import Attachment

_BATCH = 500
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


_WITH_NAME = select(attachment, sealed_file.c.sealed).select_from(
    attachment.outerjoin(sealed_file, sealed_file.c.id == attachment.c.id)
)


def add(
    conn: Connection, vault: Vault, person_id: int, file: Attachment, at: datetime, secret: bytes | None = None
) -> None:
    """A file that a person (or a member of staff, by negative id) has just sent; `secret` sealed it on the disk."""
    if secret is None:
        vault.begin(file_owner(file.id))
    else:
        vault.adopt(file_owner(file.id), secret)
    row = {"id": file.id, "kind": file.kind, "name": "", "mime": file.mime, "size": file.size}
    conn.execute(insert(attachment).values(person_id=person_id, made_at=at, **row))
    call(conn, vault, file)


def call(conn: Connection, vault: Vault, file: Attachment) -> None:
    """Write what a file is called, sealed."""
    sealed = vault.put(file_owner(file.id), f"file:{file.id}", {"name": file.name})
    put(conn, sealed_file, ("id",), id=file.id, sealed=sealed)


def secret_of(vault: Vault, file_id: str) -> bytes | None:
    """What opens a file on the disk; None for one that came before files were sealed."""
    try:
        return vault.keys.get(file_owner(file_id)).secret
    except KeyGone:
        return None


def disown_unsent(conn: Connection, person_id: int, since: datetime) -> None:
    """Take the files of no case away from a person: nobody can open them any more, the next sweep removes them."""
    mine = (attachment.c.person_id == person_id, attachment.c.case_id.is_(None), attachment.c.made_at >= since)
    conn.execute(update(attachment).where(*mine).values(person_id=None, made_at=_LONG_AGO))


def disown_all(conn: Connection, person_id: int) -> None:
    """The same with everything a person ever sent; what belongs to a case stays there, without them."""
    disown_unsent(conn, person_id, _LONG_AGO)
    conn.execute(update(attachment).where(attachment.c.person_id == person_id).values(person_id=None))


def disown_cases(conn: Connection, case_ids: Sequence[int]) -> None:
    """The same with everything that belongs to cases, whoever sent it."""
    mine = attachment.c.case_id.in_(case_ids)
    conn.execute(update(attachment).where(mine).values(person_id=None, case_id=None, name="", made_at=_LONG_AGO))


def by_ids(conn: Connection, vault: Vault, ids: Sequence[str]) -> tuple[Attachment, ...]:
    """Files by id, in that order; unknown ids are left out."""
    if not ids:
        return ()
    rows = conn.execute(_WITH_NAME.where(attachment.c.id.in_(ids))).mappings()
    found = {row["id"]: _file(vault, dict(row)) for row in rows}
    return tuple(found[id] for id in ids if id in found)


def of_person(conn: Connection, vault: Vault, person_id: int, file_id: str) -> Attachment | None:
    """A file, when this person sent it."""
    return _one(conn, vault, attachment.c.id == file_id, attachment.c.person_id == person_id)


def told_to(conn: Connection, vault: Vault, person_id: int, file_id: str) -> Attachment | None:
    """A file that staff sent with an answer, when this person follows the case."""
    followed = select(follower.c.case_id).where(follower.c.person_id == person_id)
    by_staff = attachment.c.person_id < 0
    return _one(conn, vault, attachment.c.id == file_id, by_staff, attachment.c.case_id.in_(followed))


def of_case(conn: Connection, vault: Vault, case_id: int, file_id: str) -> Attachment | None:
    """A file, when it belongs to this case."""
    return _one(conn, vault, attachment.c.id == file_id, attachment.c.case_id == case_id)


def all_of_case(conn: Connection, vault: Vault, case_id: int) -> dict[str, Attachment]:
    """Every file of a case, by id."""
    rows = conn.execute(_WITH_NAME.where(attachment.c.case_id == case_id)).mappings()
    return {row["id"]: _file(vault, dict(row)) for row in rows}


def unsent(conn: Connection, person_id: int) -> int:
    """How many files a person has sent that belong to no case."""
    mine = (attachment.c.person_id == person_id, attachment.c.case_id.is_(None))
    return conn.execute(select(func.count()).select_from(attachment).where(*mine)).scalar_one()


def old_unsent(conn: Connection, before: datetime) -> list[str]:
    """Old files that belong to no case."""
    old = (attachment.c.case_id.is_(None), attachment.c.made_at < before)
    return list(conn.execute(select(attachment.c.id).where(*old)).scalars())


def forget(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """Delete the rows of files that are gone from the disk, and their keys, unless they came to belong to a case."""
    for start in range(0, len(ids), _BATCH):
        some = attachment.c.id.in_(ids[start : start + _BATCH])
        gone = delete(attachment).where(some, attachment.c.case_id.is_(None)).returning(attachment.c.id)
        left = list(conn.execute(gone).scalars())
        conn.execute(delete(sealed_file).where(sealed_file.c.id.in_(left)))
        shreds.owe(conn, [file_owner(file_id) for file_id in left], now)


def _one(conn: Connection, vault: Vault, *where: Any) -> Attachment | None:
    row = conn.execute(_WITH_NAME.where(*where)).mappings().first()
    return _file(vault, dict(row)) if row else None


def _file(vault: Vault, row: dict[str, Any]) -> Attachment:
    return Attachment(row["id"], row["kind"], _name(vault, row) or row["name"], row["mime"], row["size"])


def _name(vault: Vault, row: dict[str, Any]) -> str:
    """What the file is called; "" for one from before, and for one whose key is gone."""
    if row["sealed"] is None:
        return ""
    try:
        return str(vault.get(file_owner(row["id"]), f"file:{row['id']}", row["sealed"])["name"])
    except KeyGone:
        return ""
