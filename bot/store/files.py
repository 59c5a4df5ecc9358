"""Whose a stored file is: rows of the attachments on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.store.tables import attachment, follower
from handlers.messages import Attachment

_BATCH = 500
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def add(conn: Connection, person_id: int, file: Attachment, at: datetime) -> None:
    """A file that a person (or a member of staff, by negative id) has just sent."""
    row = {"id": file.id, "kind": file.kind, "name": file.name, "mime": file.mime, "size": file.size}
    conn.execute(insert(attachment).values(person_id=person_id, made_at=at, **row))


def disown_unsent(conn: Connection, person_id: int, since: datetime) -> None:
    """Take the files of no case away from a person: nobody can open them any more, the next sweep removes them."""
    mine = (attachment.c.person_id == person_id, attachment.c.case_id.is_(None), attachment.c.made_at >= since)
    conn.execute(update(attachment).where(*mine).values(person_id=None, made_at=_LONG_AGO))


def disown_all(conn: Connection, person_id: int) -> None:
    """The same with everything a person ever sent; what belongs to a case stays there, without them."""
    disown_unsent(conn, person_id, _LONG_AGO)
    conn.execute(update(attachment).where(attachment.c.person_id == person_id).values(person_id=None))


def by_ids(conn: Connection, ids: Sequence[str]) -> tuple[Attachment, ...]:
    """Files by id, in that order; unknown ids are left out."""
    if not ids:
        return ()
    rows = conn.execute(select(attachment).where(attachment.c.id.in_(ids))).mappings()
    found = {row["id"]: _file(dict(row)) for row in rows}
    return tuple(found[id] for id in ids if id in found)


def of_person(conn: Connection, person_id: int, file_id: str) -> Attachment | None:
    """A file, when this person sent it."""
    return _one(conn, attachment.c.id == file_id, attachment.c.person_id == person_id)


def told_to(conn: Connection, person_id: int, file_id: str) -> Attachment | None:
    """A file that staff sent with an answer, when this person follows the case."""
    followed = select(follower.c.case_id).where(follower.c.person_id == person_id)
    by_staff = attachment.c.person_id < 0
    return _one(conn, attachment.c.id == file_id, by_staff, attachment.c.case_id.in_(followed))


def of_case(conn: Connection, case_id: int, file_id: str) -> Attachment | None:
    """A file, when it belongs to this case."""
    return _one(conn, attachment.c.id == file_id, attachment.c.case_id == case_id)


def all_of_case(conn: Connection, case_id: int) -> dict[str, Attachment]:
    """Every file of a case, by id."""
    rows = conn.execute(select(attachment).where(attachment.c.case_id == case_id)).mappings()
    return {row["id"]: _file(dict(row)) for row in rows}


def unsent(conn: Connection, person_id: int) -> int:
    """How many files a person has sent that belong to no case."""
    mine = (attachment.c.person_id == person_id, attachment.c.case_id.is_(None))
    return conn.execute(select(func.count()).select_from(attachment).where(*mine)).scalar_one()


def old_unsent(conn: Connection, before: datetime) -> list[str]:
    """Old files that belong to no case."""
    old = (attachment.c.case_id.is_(None), attachment.c.made_at < before)
    return list(conn.execute(select(attachment.c.id).where(*old)).scalars())


def forget(conn: Connection, ids: Sequence[str]) -> None:
    """Delete the rows of files that are gone from the disk, unless they came to belong to a case."""
    for start in range(0, len(ids), _BATCH):
        some = attachment.c.id.in_(ids[start : start + _BATCH])
        conn.execute(delete(attachment).where(some, attachment.c.case_id.is_(None)))


def _one(conn: Connection, *where: Any) -> Attachment | None:
    row = conn.execute(select(attachment).where(*where)).mappings().first()
    return _file(dict(row)) if row else None


def _file(row: dict[str, Any]) -> Attachment:
    return Attachment(row["id"], row["kind"], row["name"], row["mime"], row["size"])
