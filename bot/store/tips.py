"""What stands beside a tip and is not the tip: who handed it in, sealed apart, and who asked to see it.

`identity` holds name, phone and the way back to the person, each field sealed under a key that is only this tip's
identity's ("identity:ID"), with the tip and the field as associated data: moved to another row it does not open.
`blind` finds the tips of a person without naming one. No other row of the store names a person and a tip together.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.store import files, ready
from bot.store.cases import by_id
from bot.store.tables import attachment, blind, case, identity, reveal
from bot.store.upsert import insert_once
from bot.store.vault import Vault, case_owner
from cases.case import Case, Filing

PERSON = "person"  # the field that leads back to the sender: for notices, shown to nobody
SHOWN = ("name", "phone")
_OF_TOKEN = select(blind.c.case_id).where(blind.c.token == bindparam("token"))
_PLAIN_NAMES = {"photo": "photo.jpg", "voice": "voice", "video": "video", "file": "file"}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to see a name. `granted` counts only once `decided_at` is set."""

    id: int
    case_id: int
    asked_by: int
    asked_at: datetime
    reason: str
    decided_by: int
    decided_at: datetime | None
    granted: bool

    def open_until(self, minutes: int) -> datetime | None:
        """Until when the requester may look; None when it was not granted."""
        return self.decided_at + timedelta(minutes=minutes) if self.decided_at and self.granted else None


def identity_owner(case_id: int) -> str:
    """The key owner of a tip's identity."""
    return f"identity:{case_id}"


def fresh_number(conn: Connection, prefix: str) -> str:
    """A tip's number, such as "JB48271593-0604": random, so that it tells neither the day nor how many there are."""
    while True:
        digits = f"{3 + secrets.randbelow(7)}{secrets.randbelow(10**11):011d}"
        number = f"{prefix}{digits[:8]}-{digits[8:]}"
        if conn.execute(select(case.c.id).where(case.c.no == number)).first() is None:
            return number


# --- who handed it in -------------------------------------------------------------------------------------


def seal_identity(conn: Connection, vault: Vault, filing: Filing) -> None:
    """Lock away who handed a tip in, and tie it to them blindly. After the case itself was added."""
    vault.begin(identity_owner(filing.case_id))
    told = {"name": filing.name, "phone": filing.phone, PERSON: str(filing.by.id) if filing.by.id else ""}
    for name, value in told.items():
        if value:
            place = f"identity:{filing.case_id}:{name}"
            sealed = vault.put(identity_owner(filing.case_id), place, value)
            conn.execute(insert(identity).values(case_id=filing.case_id, field=name, sealed=sealed))
    if filing.by.id:
        token = _token(vault, vault.ring.ids[0], filing.by.id)
        insert_once(conn, blind, token=token, case_id=filing.case_id)


def adopt_files(conn: Connection, vault: Vault, ids: tuple[str, ...], case_id: int, day: datetime) -> None:
    """The evidence belongs to the tip and to nobody: no sender, no moment, no name that the sender's phone gave it."""
    for file in files.by_ids(conn, vault, ids):
        files.call(conn, vault, replace(file, name=_plain_name(file.kind, file.name)))
    changed = {"person_id": None, "case_id": case_id, "made_at": day, "name": ""}
    conn.execute(update(attachment).where(attachment.c.id.in_(ids)).values(**changed))


def _plain_name(kind: str, name: str) -> str:
    """ "file.pdf" for 张三举报李四.pdf: only what says how to open it."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    tail = f".{ending}" if ending.isascii() and ending.isalnum() and len(ending) <= 5 and kind != "photo" else ""
    return f"{_PLAIN_NAMES.get(kind, 'file')}{tail}"


def identity_of(conn: Connection, vault: Vault, case_id: int) -> Mapping[str, str]:
    """Name and phone of who handed a tip in. To be called only under an open lease."""
    mine = select(identity).where(identity.c.case_id == case_id, identity.c.field.in_(SHOWN))
    owner = identity_owner(case_id)
    return {row.field: vault.get(owner, f"identity:{case_id}:{row.field}", row.sealed) for row in conn.execute(mine)}


def sender_of(conn: Connection, vault: Vault, case_id: int) -> int:
    """The person to send a notice to; 0 for none. The answer is used in the turn and written nowhere."""
    mine = select(identity.c.sealed).where(identity.c.case_id == case_id, identity.c.field == PERSON)
    sealed = conn.execute(mine).scalar()
    place = f"identity:{case_id}:{PERSON}"
    return int(vault.get(identity_owner(case_id), place, sealed)) if sealed else 0


def of_person(conn: Connection, vault: Vault, person_id: int) -> list[Case]:
    """The tips of a person, in no order that tells anything."""
    rows = [row for token in _tokens(vault, person_id) for row in ready.rows(conn, _OF_TOKEN, {"token": token})]
    return [held for row in rows if (held := by_id(conn, vault, row["case_id"]))]


def is_of_person(conn: Connection, vault: Vault, person_id: int, case_id: int) -> bool:
    """Whether a tip is this person's."""
    mine = (blind.c.case_id == case_id, blind.c.token.in_(_tokens(vault, person_id)))
    return conn.execute(select(blind.c.case_id).where(*mine)).first() is not None


def forget_sender(conn: Connection, vault: Vault, person_id: int) -> list[str]:
    """Take a person out of their tips: no name, no way back. The keys to drop after COMMIT."""
    ids = list(conn.execute(select(blind.c.case_id).where(blind.c.token.in_(_tokens(vault, person_id)))).scalars())
    conn.execute(delete(identity).where(identity.c.case_id.in_(ids)))
    conn.execute(delete(blind).where(blind.c.case_id.in_(ids)))
    return [identity_owner(one) for one in ids]


def notice_key(vault: Vault, case_id: int, seq: int) -> str:
    """The outbox key of a notice about a tip: the same for the same event, and nobody can read the tip out of it."""
    return "blind:" + hmac.digest(vault.ring.current("blind").secret, f"{case_id}:{seq}".encode(), "sha256").hex()[:40]


def _tokens(vault: Vault, person_id: int) -> list[bytes]:
    return [_token(vault, key_id, person_id) for key_id in vault.ring.ids]


def _token(vault: Vault, key_id: str, person_id: int) -> bytes:
    return hmac.digest(vault.ring.key("blind", key_id).secret, str(person_id).encode(), "sha256")


# --- who asks to see it -----------------------------------------------------------------------------------


def ask(conn: Connection, vault: Vault, case_id: int, staff_id: int, reason: str, now: datetime) -> int:
    """Somebody asks to see a name; the id of the request."""
    asking = secrets.randbits(53)
    sealed = vault.put(case_owner(case_id), f"reveal:{asking}", reason)
    row = {"id": asking, "case_id": case_id, "asked_by": staff_id, "asked_at": now, "sealed": sealed}
    conn.execute(insert(reveal).values(granted=0, **row))
    return asking


def decide(conn: Connection, asking: int, staff_id: int, granted: bool, now: datetime) -> bool:
    """Somebody else says yes or no; whether it was still to be decided."""
    changed = update(reveal).where(reveal.c.id == asking, reveal.c.decided_at.is_(None))
    values = {"decided_by": staff_id, "decided_at": now, "granted": int(granted)}
    return conn.execute(changed.values(**values)).rowcount == 1


def askings(conn: Connection, vault: Vault, case_id: int) -> list[Asking]:
    """The requests about a tip, oldest first."""
    rows = conn.execute(select(reveal).where(reveal.c.case_id == case_id).order_by(reveal.c.asked_at)).all()
    return [
        Asking(
            row.id,
            case_id,
            row.asked_by,
            row.asked_at,
            vault.get(case_owner(case_id), f"reveal:{row.id}", row.sealed),
            row.decided_by or 0,
            row.decided_at,
            bool(row.granted),
        )
        for row in rows
    ]
