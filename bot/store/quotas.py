"""What a platform still lets us send to a person: a ledger of grants. The platform's own word counts for more.

WeChat (channels.md §2): a message opens two days for five messages, a press on the menu, a scan or a follow one minute
for three; each new one begins anew, nothing is added up. Who agreed to notices can be sent so many, at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, update

from bot.store.tables import address, follower, quota
from bot.store.upsert import put

NOTICE = "notice"
COUNTED = "wechat"  # the channel that counts
ALWAYS = frozenset({"telegram"})  # channels where whoever has not blocked us can be written to at any time
GONE = "gone:"  # the grant that is none: blocked there
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
    conn.execute(delete(quota).where(quota.c.person_id == person_id, quota.c.grant != NOTICE, quota.c.left > 0))


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


_GONE = select(quota.c.left).where(quota.c.person_id == bindparam("of"), quota.c.grant == bindparam("name"))


class Reach(NamedTuple):
    """Whether an answer goes out at once: "now", "later", "" where no channel knows; when "now" ends."""

    how: str
    until: datetime | None = None


def reach_of_case(conn: Connection, case_id: int, now: datetime) -> Reach:
    """How well the followers of a case can be reached: the best of their addresses counts."""
    told = (follower.c.person_id == address.c.person_id, follower.c.case_id == case_id)
    query = select(address.c.person_id, address.c.channel).where(*told).distinct()
    found = [_reach_at(conn, row.person_id, row.channel, now) for row in conn.execute(query)]
    lasting = next((one for one in found if one.how == "now" and one.until is None), None)
    ending = [one for one in found if one.how == "now"]
    if lasting or ending:
        return lasting or max(ending, key=lambda one: one.until or now)
    return next((one for one in found if one.how), Reach(""))


def _reach_at(conn: Connection, person_id: int, channel: str, now: datetime) -> Reach:
    """At one of somebody's addresses. A page may be open or not: nobody knows."""
    if channel == COUNTED:
        lasting = notices(conn, person_id) > 0
        mine = (quota.c.person_id == person_id, quota.c.grant != NOTICE, quota.c.left > 0, quota.c.until > now)
        until = conn.execute(select(func.max(quota.c.until)).where(*mine)).scalar()
        return Reach("now", None if lasting else until) if lasting or until else Reach("later")
    if channel in ALWAYS:
        return Reach("later" if is_gone(conn, person_id, channel) else "now")
    return Reach("")


def gone(conn: Connection, person_id: int, channel: str, now: datetime) -> None:
    """Somebody does not want to hear from us there."""
    grant(conn, person_id, f"{GONE}{channel}", 0, now + LASTING)


def back(conn: Connection, person_id: int, channel: str) -> None:
    """They do again."""
    conn.execute(delete(quota).where(*_one(person_id, f"{GONE}{channel}")))


def is_gone(conn: Connection, person_id: int, channel: str) -> bool:
    """Whether somebody has blocked us there."""
    return conn.execute(_GONE, {"of": person_id, "name": f"{GONE}{channel}"}).first() is not None


def _open(conn: Connection, person_id: int, now: datetime) -> list[Row[Any, Any]]:
    mine = (quota.c.person_id == person_id, quota.c.grant != NOTICE, quota.c.left > 0, quota.c.until > now)
    return list(conn.execute(select(quota.c.grant, quota.c.left).where(*mine).order_by(quota.c.until)))


def _one(person_id: int, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return quota.c.person_id == person_id, quota.c.grant == name
