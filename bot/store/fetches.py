"""Files that citizens sent and that still wait at their platform, and what opens the platform to us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from bot.store import files
from bot.store.keys import KeyGone, KeyRing, Unreadable, seal, sealed_by, unseal
from bot.store.tables import access, attachment, fetch
from bot.store.upsert import insert_once
from bot.store.vault import Vault
from handlers.messages import Attachment

_AAD = b"access"
LONGEST_PAUSE = timedelta(hours=3)


def wait_for(conn: Connection, channel: str, file: Attachment, media: str, now: datetime, until: datetime) -> None:
    """A file is to be fetched, from now and until then."""
    row = {"attachment_id": file.id, "channel": channel, "media": media}
    about = {"kind": file.kind, "mime": file.mime, "name": file.name}
    conn.execute(insert(fetch).values(**row, **about, not_before=now, tries=0, until=until))


def due(conn: Connection, channel: str, now: datetime, seconds: float, limit: int) -> list[dict[str, Any]]:
    """Take files that are due, for `seconds`. Those whose owner is gone fall away."""
    orphans = ~select(attachment.c.id).where(attachment.c.id == fetch.c.attachment_id).exists()
    conn.execute(delete(fetch).where(orphans))
    come = or_(fetch.c.not_before <= now, fetch.c.not_before > now + LONGEST_PAUSE)
    query = select(fetch).where(fetch.c.channel == channel, come).order_by(fetch.c.not_before).limit(limit)
    rows = [dict(row) for row in conn.execute(query.with_for_update(skip_locked=True)).mappings()]
    mine = update(fetch).where(fetch.c.attachment_id.in_([row["attachment_id"] for row in rows]))
    conn.execute(mine.values(tries=fetch.c.tries + 1, not_before=now + timedelta(seconds=seconds)))
    return rows


def any_due(conn: Connection, channel: str, now: datetime) -> bool:
    """Whether a file may be fetched now."""
    come = or_(fetch.c.not_before <= now, fetch.c.not_before > now + LONGEST_PAUSE)
    return conn.execute(select(fetch.c.media).where(fetch.c.channel == channel, come).limit(1)).first() is not None


def arrived(conn: Connection, vault: Vault, file_id: str, file: Attachment) -> bool:
    """A file is on the disk, as what it turned out to be; False when nobody wants it any more."""
    conn.execute(delete(fetch).where(fetch.c.attachment_id == file_id))
    known = {"kind": file.kind, "mime": file.mime, "size": file.size}
    if conn.execute(update(attachment).where(attachment.c.id == file_id).values(**known)).rowcount == 0:
        return False
    files.call(conn, vault, file)
    return True


def put_off(conn: Connection, file_id: str, now: datetime, pauses: tuple[float, ...]) -> bool:
    """Another time; False when it will be gone by then."""
    row = conn.execute(select(fetch.c.tries, fetch.c.until).where(fetch.c.attachment_id == file_id)).first()
    if row is None:
        return True
    tries: int = row.tries
    again = now + timedelta(seconds=pauses[min(tries, len(pauses)) - 1])
    if again >= row.until:
        return False
    conn.execute(update(fetch).where(fetch.c.attachment_id == file_id).values(not_before=again))
    return True


def lost(conn: Connection, file_id: str) -> int:
    """A file will never come; whose it was, 0 for nobody's. Its row stays with the case it belongs to."""
    person_id = conn.execute(select(attachment.c.person_id).where(attachment.c.id == file_id)).scalar()
    conn.execute(delete(fetch).where(fetch.c.attachment_id == file_id))
    conn.execute(delete(attachment).where(attachment.c.id == file_id, attachment.c.case_id.is_(None)))
    return person_id or 0


def waiting(conn: Connection) -> int:
    """How many files wait."""
    return conn.execute(select(func.count()).select_from(fetch)).scalar_one()


# --- what opens a platform ----------------------------------------------------------------------------------


def opens(conn: Connection, ring: KeyRing, channel: str) -> tuple[str, datetime] | None:
    """What was kept last, and until when it opens."""
    row = conn.execute(select(access.c.sealed, access.c.until).where(access.c.channel == channel)).first()
    if row is None or row.sealed is None:
        return None
    try:
        return unseal(ring.key("access", sealed_by(row.sealed)), row.sealed, _AAD).decode(), row.until
    except (KeyGone, Unreadable):
        return None


def claim(conn: Connection, channel: str, now: datetime, seconds: float) -> bool:
    """Whether it is ours to get a new one."""
    insert_once(conn, access, channel=channel)
    far = now + timedelta(seconds=seconds * 2)  # set by a clock that ran ahead
    free = or_(access.c.claimed_until.is_(None), access.c.claimed_until <= now, access.c.claimed_until > far)
    mine = update(access).where(access.c.channel == channel, free)
    return conn.execute(mine.values(claimed_until=now + timedelta(seconds=seconds))).rowcount == 1


def keep(conn: Connection, ring: KeyRing, channel: str, secret: str, until: datetime) -> None:
    """What opens it from now on, for all processes."""
    insert_once(conn, access, channel=channel)
    sealed = seal(ring.current("access"), secret.encode(), _AAD)
    mine = update(access).where(access.c.channel == channel)
    conn.execute(mine.values(sealed=sealed, until=until, claimed_until=None))
