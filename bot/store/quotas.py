"""What a platform still lets us send to a person: a ledger of grants. The platform's own word counts for more.

WeChat (channels.md §2): a message opens two days for five messages, a press on the menu, a scan or a follow one minute
for three; each new one begins anew, nothing is added up. Who agreed to notices can be sent so many, at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from bot.store.tables import address, follower, quota
from bot.store.upsert import put

NOTICE = "notice"
COUNTED = "wechat"  # the channel that counts
LASTING = timedelta(days=36500)


def grant(conn: Connection, person_id: int, name: str, left: int, until: datetime) -> None:
    """What is granted now, in place of what was left of the same."""
    put(conn, quota, ("person_id", "grant"), person_id=person_id, grant=name, left=left, until=until)


def spend(conn: Connection, person_id: int, keep: int, now: datetime) -> str:
    """Take one of what can be sent now, leaving `keep`: of the grant that ends first. Its name, "" for none."""
    rows = _open(conn, person_id, now)
    if sum(row.left for row in rows) <= keep:
        return ""
    name = str(rows[0].grant)
    conn.execute(update(quota).where(*_one(person_id, name)).values(left=quota.c.left - 1))
    return name


def give_back(conn: Connection, person_id: int, name: str) -> None:
    """What was taken was not used."""
    conn.execute(update(quota).where(*_one(person_id, name)).values(left=quota.c.left + 1))


def shut(conn: Connection, person_id: int) -> None:
    """Nothing may be sent any more, until the person does something."""
    conn.execute(delete(quota).where(quota.c.person_id == person_id, quota.c.grant != NOTICE))


def opt(conn: Connection, person_id: int, accepted: int, refused: bool, now: datetime) -> None:
    """Agreed to so many notices more, or to none at all."""
    left = 0 if refused else notices(conn, person_id)
    if refused or accepted:
        grant(conn, person_id, NOTICE, left + accepted, now + LASTING)


def notices(conn: Connection, person_id: int) -> int:
    """How many notices a person has agreed to."""
    return conn.execute(select(quota.c.left).where(*_one(person_id, NOTICE))).scalar() or 0


def spend_notice(conn: Connection, person_id: int) -> str:
    """Take one of the notices somebody agreed to; NOTICE, "" for none."""
    if notices(conn, person_id) < 1:
        return ""
    conn.execute(update(quota).where(*_one(person_id, NOTICE)).values(left=quota.c.left - 1))
    return NOTICE


def reach(conn: Connection, person_id: int, now: datetime) -> bool:
    """Whether an answer would go out now."""
    return bool(_open(conn, person_id, now)) or notices(conn, person_id) > 0


def reach_of_case(conn: Connection, case_id: int, now: datetime) -> str:
    """Whether an answer to a case goes out at once: "now", "later", or "" where nobody on such a platform follows."""
    told = (follower.c.person_id == address.c.person_id, follower.c.case_id == case_id, address.c.channel == COUNTED)
    people = list(conn.execute(select(follower.c.person_id).where(*told).distinct()).scalars())
    return "" if not people else "now" if any(reach(conn, one, now) for one in people) else "later"


def _open(conn: Connection, person_id: int, now: datetime) -> list[Row[Any, Any]]:
    mine = (quota.c.person_id == person_id, quota.c.grant != NOTICE, quota.c.left > 0, quota.c.until > now)
    return list(conn.execute(select(quota.c.grant, quota.c.left).where(*mine).order_by(quota.c.until)))


def _one(person_id: int, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return quota.c.person_id == person_id, quota.c.grant == name
