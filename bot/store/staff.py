"""Staff accounts: one-time codes, passwords, bindings and sessions.

Every function takes the connection of the turn it belongs to. Passwords are hashed and verified outside any
transaction, see `bot.store.passwords`: read `credential`, verify it in a thread, then `open_session`.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from bot.store import ready
from bot.store.passwords import Credential, clean_name, unmatchable
from bot.store.tables import binding, session, staff
from cases.case import Actor, Role

CODE_LIVES = timedelta(days=7)
SESSION_IDLE = timedelta(hours=12)
SESSION_LIVES = timedelta(days=7)
TOUCH_AFTER = timedelta(minutes=5)

_ACTOR = select(staff.c.id, staff.c.name, staff.c.roles, staff.c.unit).where(
    staff.c.id == bindparam("of"), staff.c.revoked_at.is_(None)
)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 marks: no I, L, O, U
_CODE_GROUPS = 3  # of four: 60 bits
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})


class StaffError(Exception):
    """It cannot be done to this account."""


class NameTaken(StaffError):
    """Somebody with this name is on the staff."""


class NameUnknown(StaffError):
    """Nobody with this name is on the staff."""


class CodeWrong(StaffError):
    """The one-time code is unknown, used or older than seven days."""


class LoginRefused(StaffError):
    """Name or password is wrong, or the account changed meanwhile."""


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff. `code_until` is set while a one-time code is out."""

    id: int
    name: str
    roles: tuple[str, ...]
    unit: str
    has_password: bool
    code_until: datetime | None
    revoked_at: datetime | None


_BY_NAME = select(staff).where(staff.c.name == bindparam("name"))
_BY_CODE = select(staff).where(
    staff.c.code_hash == bindparam("code"), staff.c.code_until > bindparam("now"), staff.c.revoked_at.is_(None)
)
_LIVE = (
    select(staff, session.c.seen_at)
    .join(session, session.c.staff_id == staff.c.id)
    .where(
        session.c.hash == bindparam("hash"),
        session.c.until > bindparam("now"),
        session.c.seen_at > bindparam("awake"),
        staff.c.revoked_at.is_(None),
    )
)


def add(conn: Connection, name: str, roles: Collection[str], unit: str, now: datetime) -> str:
    """Take somebody on and return the one-time code to hand over. A revoked name comes back under its old id.

    Roles and unit are stored as given: whether they exist is the caller's business. Raises NameTaken.
    """
    name = clean_name(name)
    code = _new_code()
    row = conn.execute(_BY_NAME, {"name": name}).first()
    if row is not None and row.revoked_at is None:
        raise NameTaken(name)
    values = _fresh(code, now) | {"roles": ",".join(roles), "unit": unit}
    if row is None:
        conn.execute(insert(staff), values | {"name": name, "made_at": now})
    else:
        conn.execute(update(staff).where(staff.c.id == row.id).values(password=None, revoked_at=None, **values))
    return code


def renew_code(conn: Connection, name: str, now: datetime) -> str:
    """A new one-time code for a forgotten password or another account; older codes die. Raises NameUnknown."""
    row = known(conn, name)
    code = _new_code()
    conn.execute(update(staff).where(staff.c.id == row.id).values(**_fresh(code, now)))
    return code


def revoke(conn: Connection, name: str, now: datetime) -> StaffRow:
    """Let somebody go: password, code, bindings and sessions end at once. Raises NameUnknown."""
    row = known(conn, name)
    gone = {"password": None, "code_hash": None, "code_until": None, "revoked_at": now}
    conn.execute(update(staff).where(staff.c.id == row.id).values(**gone))
    conn.execute(delete(binding).where(binding.c.staff_id == row.id))
    end_sessions(conn, row.id)
    return _known_by_id(conn, row.id)


def move(conn: Connection, name: str, unit: str, roles: Collection[str] = ()) -> StaffRow:
    """Another department, and other roles unless `roles` is empty. Sessions end: what they show is another's now.

    Raises NameUnknown.
    """
    row = known(conn, name)
    values = {"unit": unit} | ({"roles": ",".join(roles)} if roles else {})
    conn.execute(update(staff).where(staff.c.id == row.id).values(**values))
    end_sessions(conn, row.id)
    return _known_by_id(conn, row.id)


def known(conn: Connection, name: str) -> StaffRow:
    """Somebody who is on the staff, by name. Raises NameUnknown."""
    row = conn.execute(_BY_NAME, {"name": clean_name(name)}).first()
    if row is None or row.revoked_at is not None:
        raise NameUnknown(name)
    return _row(row)


def list_staff(conn: Connection) -> list[StaffRow]:
    """Everybody, the revoked too, by name."""
    return [_row(row) for row in conn.execute(select(staff).order_by(staff.c.name))]


def code_staff(conn: Connection, code: str, now: datetime) -> StaffRow | None:
    """Whose valid one-time code this is; the code stays valid."""
    row = conn.execute(_BY_CODE, {"code": _code_hash(code), "now": now}).first()
    return None if row is None else _row(row)


def redeem(conn: Connection, code: str, password_hash: str, now: datetime) -> StaffRow:
    """Set the password of whoever holds the code; the code is used up, every session ends. Raises CodeWrong."""
    who = _use_code(conn, code, now)
    conn.execute(update(staff).where(staff.c.id == who.id).values(password=password_hash))
    end_sessions(conn, who.id)
    return _known_by_id(conn, who.id)


def bind(conn: Connection, code: str, channel: str, address_hash: bytes, now: datetime) -> StaffRow:
    """Tie a channel account to whoever holds the code, which is used up. Raises CodeWrong.

    An account tied to somebody else before is his no longer.
    """
    who = _use_code(conn, code, now)
    conn.execute(delete(binding).where(binding.c.channel == channel, binding.c.hash == address_hash))
    conn.execute(insert(binding), {"channel": channel, "hash": address_hash, "staff_id": who.id, "made_at": now})
    return _known_by_id(conn, who.id)


def bound_staff(conn: Connection, channel: str, address_hashes: Collection[bytes]) -> StaffRow | None:
    """Whose account this is; give the address hash under every key of the ring."""
    of_account = select(staff).join(binding, binding.c.staff_id == staff.c.id)
    here = of_account.where(binding.c.channel == channel, binding.c.hash.in_(list(address_hashes)))
    row = conn.execute(here.where(staff.c.revoked_at.is_(None))).first()
    return None if row is None else _row(row)


def credential(conn: Connection, name: str) -> Credential:
    """What to verify a login of `name` against; also for a name that does not exist or has no password."""
    row = conn.execute(_BY_NAME, {"name": clean_name(name)}).first()
    if row is None or row.password is None or row.revoked_at is not None:
        return Credential(0, unmatchable())
    return Credential(row.id, row.password)


def open_session(conn: Connection, against: Credential, now: datetime) -> str:
    """A session token for a verified login. Raises LoginRefused when the account changed since."""
    row = conn.execute(select(staff).where(staff.c.id == against.staff_id)).first()
    if row is None or row.revoked_at is not None or row.password != against.password:
        raise LoginRefused
    token = secrets.token_urlsafe(32)
    conn.execute(
        insert(session),
        {"hash": _hash(token), "staff_id": row.id, "made_at": now, "seen_at": now, "until": now + SESSION_LIVES},
    )
    return token


def session_staff(conn: Connection, token: str, now: datetime) -> StaffRow | None:
    """Whose session this is; None after 12 hours unused, 7 days, logout, revocation or a new password."""
    row = conn.execute(_LIVE, _live(token, now)).first()
    return None if row is None else _row(row)


def session_is_stale(conn: Connection, token: str, now: datetime) -> bool:
    """Whether a live session was last marked as used so long ago that `touch_session` is due."""
    row = conn.execute(_LIVE, _live(token, now)).first()
    return row is not None and row.seen_at <= now - TOUCH_AFTER


def touch_session(conn: Connection, token: str, now: datetime) -> None:
    """Mark a live session as used now; a dead one stays dead."""
    live = session.c.until > now, session.c.seen_at > now - SESSION_IDLE
    conn.execute(update(session).where(session.c.hash == _hash(token), *live).values(seen_at=now))


def end_session(conn: Connection, token: str) -> None:
    """Log out; an unknown token is no error."""
    conn.execute(delete(session).where(session.c.hash == _hash(token)))


def end_sessions(conn: Connection, staff_id: int) -> None:
    """Log somebody out everywhere."""
    conn.execute(delete(session).where(session.c.staff_id == staff_id))


def forget_sessions(conn: Connection, now: datetime) -> int:
    """Delete the sessions that are over; how many there were."""
    over = (session.c.until <= now) | (session.c.seen_at <= now - SESSION_IDLE)
    return conn.execute(delete(session).where(over)).rowcount


def actor(conn: Connection, staff_id: str) -> Actor | None:
    """Who a staff id is, for a turn; None for an unknown or revoked one."""
    if not staff_id.isdecimal():
        return None
    row = ready.one(conn, _ACTOR, {"of": int(staff_id)})
    return Actor("staff", row["id"], row["name"], _roles(row["roles"]), row["unit"]) if row else None


def as_actor(row: StaffRow) -> Actor:
    """A member of staff as the actor of a command."""
    return Actor("staff", row.id, row.name, frozenset(map(Role, row.roles)), row.unit)


def _roles(written: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in written.split(",") if role)


def _new_code() -> str:
    marks = [secrets.choice(_ALPHABET) for _ in range(4 * _CODE_GROUPS)]
    return "-".join("".join(marks[at : at + 4]) for at in range(0, len(marks), 4))


def _code_hash(code: str) -> bytes:
    said = unicodedata.normalize("NFKC", code).upper().translate(_LOOKALIKES)
    return _hash("".join(mark for mark in said if mark in _ALPHABET))


def _hash(text: str) -> bytes:
    # Plain SHA-256 will do: what is hashed is random, 60 bits for a week or 256.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _fresh(code: str, now: datetime) -> dict[str, object]:
    return {"code_hash": _code_hash(code), "code_until": now + CODE_LIVES}


def _live(token: str, now: datetime) -> dict[str, object]:
    return {"hash": _hash(token), "now": now, "awake": now - SESSION_IDLE}


def _use_code(conn: Connection, code: str, now: datetime) -> StaffRow:
    who = code_staff(conn, code, now)
    if who is None:
        raise CodeWrong
    conn.execute(update(staff).where(staff.c.id == who.id).values(code_hash=None, code_until=None))
    return who


def _known_by_id(conn: Connection, staff_id: int) -> StaffRow:
    return _row(conn.execute(select(staff).where(staff.c.id == staff_id)).one())


def _row(row: Row[tuple[object, ...]]) -> StaffRow:
    roles = tuple(role for role in row.roles.split(",") if role)
    return StaffRow(row.id, row.name, roles, row.unit, row.password is not None, row.code_until, row.revoked_at)
