"""Letters (every message of a talk) and the outbox (what is owed to the world)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, or_, select, update

from bot.store import echoes, ready
from bot.store.locks import lock
from bot.store.packed import pack, unpack
from bot.store.tables import inbox, letter, obligation, outbox
from bot.store.upsert import insert_once
from bot.store.vault import Vault, person_owner
from handlers.messages import Attachment, Inbound, Letter, Reply, Taken
from handlers.wording import from_json, to_json

LONGEST_PAUSE = timedelta(hours=3)  # more than any lease or delay of the outbox

_INSERT = insert(letter).returning(letter.c.id)
_AFTER = (
    select(letter)
    .where(letter.c.person_id == bindparam("of"), letter.c.id > bindparam("after"))
    .order_by(letter.c.id)
    .limit(bindparam("most"))
)
_LAST = (
    select(letter)
    .where(letter.c.person_id == bindparam("of"), letter.c.id < bindparam("before"))
    .order_by(letter.c.id.desc())
    .limit(bindparam("most"))
)
_NEWEST = 2**62  # before this is: all of them
_ARRIVED = select(inbox.c.replies, inbox.c.person_id, inbox.c.at).where(
    inbox.c.channel == bindparam("channel"), inbox.c.key == bindparam("key")
)
_ANSWERED = (
    update(inbox)
    .where(inbox.c.channel == bindparam("on"), inbox.c.key == bindparam("under"))
    .values(replies=bindparam("stored"), person_id=bindparam("of"))
)
_OWE_REPLY = insert(outbox)
ALL = ("letter", "reply", "card")  # kinds of rows that the outbox delivers by itself
FOR_THEIR_RETURN = ("waiting", "told")  # states of rows that are sent when their person comes back
_UNSEEN = select(outbox.c.id).where(outbox.c.person_id == bindparam("of"), outbox.c.delivered_at.is_(None)).limit(1)


def say(conn: Connection, vault: Vault, person_id: int, reply: Reply, at: datetime) -> Letter:
    """Write what we said to a person."""
    body = {"reply": to_json(reply)}
    letter_id = _insert(conn, vault, person_id, "out", at, body, reply.case_id)
    return Letter(letter_id, "out", at, reply=reply, case_id=reply.case_id)


def hear(
    conn: Connection,
    vault: Vault,
    person_id: int,
    said: str,
    files: tuple[Attachment, ...],
    at: datetime,
    ref: str = "",
) -> Letter:
    """Write what a person said to us; `ref` is the platform's name of it."""
    body: dict[str, Any] = {"said": said, "files": [[f.id, f.kind, f.name, f.mime, f.size] for f in files]}
    if ref:
        body["ref"] = ref
    return Letter(_insert(conn, vault, person_id, "in", at, body, None), "in", at, said=said, attachments=files)


def _insert(
    conn: Connection, vault: Vault, person_id: int, way: str, at: datetime, body: Any, case_id: int | None
) -> int:
    sealed = vault.put(person_owner(person_id), f"letter:{person_id}", body)
    lock(conn, f"letters:{person_id}")  # so that a talk's ids appear in order: a page asks for what is after the last
    row = {"person_id": person_id, "case_id": case_id, "direction": way, "at": at, "sealed": sealed}
    return int(ready.value(conn, _INSERT, row))


def of_person(
    conn: Connection, vault: Vault, person_id: int, *, after: int = 0, before: int = 0, limit: int = 50
) -> tuple[Letter, ...]:
    """Letters of a talk, oldest first: the first after an id, or the last ones (before an id)."""
    given = {"of": person_id, "most": limit}
    if after:
        rows = ready.rows(conn, _AFTER, {**given, "after": after})
    else:
        rows = ready.rows(conn, _LAST, {**given, "before": before or _NEWEST})[::-1]
    return tuple(_letter(vault, row) for row in rows)


def from_the_first(conn: Connection, vault: Vault, person_id: int, skip: int, limit: int) -> tuple[Letter, ...]:
    """Letters of a talk, oldest first, from the beginning."""
    mine = select(letter).where(letter.c.person_id == person_id).order_by(letter.c.id).offset(skip).limit(limit)
    return tuple(_letter(vault, dict(row)) for row in conn.execute(mine).mappings())


def by_ids(conn: Connection, vault: Vault, ids: Sequence[int]) -> tuple[Letter, ...]:
    """Letters by id, in order; those erased since are left out."""
    if not ids:
        return ()
    rows = conn.execute(select(letter).where(letter.c.id.in_(ids)).order_by(letter.c.id)).mappings()
    return tuple(_letter(vault, dict(row)) for row in rows)


def _letter(vault: Vault, row: dict[str, Any]) -> Letter:
    body = vault.get(person_owner(row["person_id"]), f"letter:{row['person_id']}", row["sealed"])
    if row["direction"] == "out":
        return Letter(row["id"], "out", row["at"], reply=from_json(body["reply"]), case_id=row["case_id"])
    files = tuple(Attachment(*item) for item in body["files"])
    return Letter(row["id"], "in", row["at"], said=body["said"], attachments=files, ref=body.get("ref", ""))


def reader(conn: Connection, letter_id: int) -> int:
    """Whose letter it is; 0 for none."""
    return conn.execute(select(letter.c.person_id).where(letter.c.id == letter_id)).scalar() or 0


def forget_since(conn: Connection, person_id: int, since: datetime) -> None:
    """Erase the letters of a talk from a moment on; what was written about a case in between stays."""
    mine = (letter.c.person_id == person_id, letter.c.at >= since, letter.c.case_id.is_(None))
    conn.execute(delete(letter).where(*mine))


def count(conn: Connection, person_id: int) -> int:
    """How many letters a talk has."""
    query = select(func.count()).select_from(letter).where(letter.c.person_id == person_id)
    return conn.execute(query).scalar_one()


# --- the inbox: one key, one effect -----------------------------------------------------------------------


def arrive(conn: Connection, channel: str, key: str, at: datetime) -> bool:
    """Note that a message arrived; False when it had before."""
    return insert_once(conn, inbox, channel=channel, key=key, at=at, replies="{}")


def arrived(conn: Connection, vault: Vault, inbound: Inbound) -> Taken:
    """What a message caused when it was taken the first time."""
    row = conn.execute(_ARRIVED, {"channel": inbound.channel, "key": inbound.key}).one()
    stored = unpack(row.replies)
    letters = by_ids(conn, vault, stored.get("letters", ()))
    if "echo" in stored and inbound.echo and inbound.at - row.at < echoes.KEPT:
        said = echoes.unseal(inbound.echo, stored["echo"])
        letters = tuple(Letter(0, "out", inbound.at, reply=reply) for reply in said)
    lang, data = stored.get("lang", "zh"), stored.get("data", {})
    return Taken(letters, row.person_id or 0, duplicate=True, lang=lang, data=data, forgotten="echo" in stored)


def answered(conn: Connection, inbound: Inbound, taken: Taken) -> None:
    """Keep what a message caused: ids of letters and plain results, no body (design §8)."""
    stored: dict[str, Any] = {"letters": [item.id for item in taken.letters if item.id], "lang": taken.lang}
    stored["data"] = dict(taken.data)
    if taken.forgotten and taken.person and inbound.echo:
        stored["echo"] = echoes.seal(inbound.echo, [item.reply for item in taken.letters if item.reply])
    written = pack(stored).decode()
    known = {"on": inbound.channel, "under": inbound.key, "stored": written, "of": taken.person or None}
    ready.do(conn, _ANSWERED, known)


# --- the outbox -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owed:
    """One row of the outbox under lease."""

    id: int
    kind: str
    person_id: int
    department: str
    case_id: int
    letter_id: int
    tries: int
    maybe: bool


def owe_letter(conn: Connection, person_id: int, case_id: int | None, letter_id: int, idem: str, now: datetime) -> None:
    """A letter is to reach a person."""
    row = {"person_id": person_id, "case_id": case_id, "letter_id": letter_id}
    insert_once(conn, outbox, kind="letter", idem=idem, state="queued", made_at=now, not_before=now, tries=0, **row)


def owe_card(conn: Connection, department: str, case_id: int, idem: str, now: datetime) -> None:
    """A department is to see a case as it is now."""
    row = {"department": department, "case_id": case_id}
    insert_once(conn, outbox, kind="card", idem=idem, state="queued", made_at=now, not_before=now, tries=0, **row)


def owe_reply(conn: Connection, person_id: int, letter_id: int, now: datetime, seconds: float) -> None:
    """An answer that its channel is about to send: under lease at once, so that only a crash leaves it to a sweep."""
    row = {"kind": "reply", "idem": f"reply:{letter_id}", "person_id": person_id, "letter_id": letter_id}
    ready.do(conn, _OWE_REPLY, {**row, "made_at": now, "not_before": now + timedelta(seconds=seconds), "tries": 1})


def lease(conn: Connection, now: datetime, seconds: float, limit: int = 50, kinds: Sequence[str] = ALL) -> list[Owed]:
    """Take rows that are due, for `seconds`: whoever dies holding them loses them to the next sweep.

    A row that was taken before and never settled may have gone out: it comes as `maybe`.
    """
    due = select(outbox).where(_due(now), outbox.c.kind.in_(kinds))
    query = due.order_by(outbox.c.not_before, outbox.c.id).limit(limit)
    rows = conn.execute(query.with_for_update(skip_locked=True)).mappings().all()
    if rows:
        mine = update(outbox).where(outbox.c.id.in_([row["id"] for row in rows]))
        conn.execute(mine.values(tries=outbox.c.tries + 1, not_before=now + timedelta(seconds=seconds)))
    return [of_row(dict(row)) for row in rows]


def of_row(row: dict[str, Any]) -> Owed:
    """A row as it is when it has been leased once more."""
    return Owed(
        row["id"],
        row["kind"],
        row["person_id"] or 0,
        row["department"] or "",
        row["case_id"] or 0,
        row["letter_id"] or 0,
        row["tries"] + 1,
        row["maybe"] or (row["tries"] > 0 and row["error"] is None),
    )


def delivered(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """These rows reached the world."""
    conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(delivered_at=now, error=None))
    _fulfil(conn, obligation.c.letter_id.in_(select(outbox.c.letter_id).where(outbox.c.id.in_(ids))), now)


def _fulfil(conn: Connection, carried: ColumnElement[bool], now: datetime) -> None:
    """What was owed to a citizen has reached them (两告知两反馈): the duties their letters carried are settled."""
    owed = (carried, obligation.c.letter_id.is_not(None), obligation.c.settled_at.is_(None))
    conn.execute(update(obligation).where(*owed).values(settled_at=now, how="delivered"))


def not_delivered(conn: Connection, letter_ids: Sequence[int]) -> None:
    """The channel takes it back: what these letters were thought to have fulfilled is owed again."""
    mine = (obligation.c.letter_id.in_(letter_ids), obligation.c.how == "delivered")
    conn.execute(update(obligation).where(*mine).values(settled_at=None, how=None))


def put_off(conn: Connection, row_id: int, state: str, not_before: datetime, error: str, maybe: bool = False) -> None:
    """A row that did not go out: again later, waiting for the person, or parked for staff to see."""
    changed = {"state": state, "not_before": not_before, "error": error[:200], "maybe": maybe}
    conn.execute(update(outbox).where(outbox.c.id == row_id).values(**changed))


def hold(conn: Connection, row_id: int, until: datetime, maybe: bool) -> None:
    """A row that was not even tried: later, and the try is given back."""
    changed = {"not_before": until, "tries": outbox.c.tries - 1, "error": "", "maybe": maybe}
    conn.execute(update(outbox).where(outbox.c.id == row_id).values(**changed))


def wake(conn: Connection, person_id: int, now: datetime) -> int:
    """A person can be reached again: what waited for that is due. How many rows."""
    mine = (outbox.c.person_id == person_id, outbox.c.delivered_at.is_(None), outbox.c.state.in_(FOR_THEIR_RETURN))
    return conn.execute(update(outbox).where(*mine).values(state="queued", not_before=now, tries=0, error="")).rowcount


def replied(conn: Connection, letter_ids: Sequence[int], now: datetime) -> None:
    """These answers were sent at once by their channel."""
    mine = outbox.c.idem.in_([f"reply:{letter_id}" for letter_id in letter_ids])
    conn.execute(update(outbox).where(mine).values(delivered_at=now, error=None))


def is_queued(conn: Connection, row_id: int) -> bool:
    """Whether a row is still to be tried."""
    mine = (outbox.c.id == row_id, outbox.c.state == "queued", outbox.c.delivered_at.is_(None))
    return conn.execute(select(outbox.c.id).where(*mine)).first() is not None


def reply_rows(conn: Connection, letter_ids: Sequence[int]) -> list[Owed]:
    """The rows of answers that could not be sent at once."""
    mine = outbox.c.idem.in_([f"reply:{letter_id}" for letter_id in letter_ids])
    rows = conn.execute(select(outbox).where(mine, outbox.c.delivered_at.is_(None))).mappings()
    return [replace(owed, tries=owed.tries - 1, maybe=row["maybe"]) for row in rows if (owed := of_row(dict(row)))]


def seen(conn: Connection, person_id: int, first: int, last: int, now: datetime) -> int:
    """The person's own page fetched their letters from one id to another: what waited for that is delivered."""
    fetched = outbox.c.letter_id.between(first, last)
    mine = (outbox.c.person_id == person_id, outbox.c.delivered_at.is_(None), fetched)
    count = conn.execute(update(outbox).where(*mine).values(delivered_at=now, error=None)).rowcount
    if count:
        _fulfil(conn, obligation.c.letter_id.in_(select(outbox.c.letter_id).where(*mine[:1], fetched)), now)
    return count


def told(conn: Connection, case_id: int) -> None:
    """The person heard by phone what had not reached them; when they come back they have it in writing all the same."""
    mine = (outbox.c.case_id == case_id, outbox.c.kind == "letter", outbox.c.delivered_at.is_(None))
    conn.execute(update(outbox).where(*mine, outbox.c.state != "queued").values(state="told"))


def has_unseen(conn: Connection, person_id: int) -> bool:
    """Whether a letter still waits to reach this person."""
    return ready.one(conn, _UNSEEN, {"of": person_id}) is not None


def deliveries(conn: Connection, case_id: int) -> dict[int, str]:
    """What became of each notice of a case, by the event's seq: the worst where several people are told."""
    mine = (outbox.c.case_id == case_id, outbox.c.kind == "letter")
    found: dict[int, str] = {}
    order = ("delivered", "told", "queued", "waiting", "parked")
    for row in conn.execute(select(outbox.c.idem, outbox.c.state, outbox.c.delivered_at).where(*mine)):
        seq = int(row.idem.split(":")[2])
        state = "delivered" if row.delivered_at else row.state
        found[seq] = max(found.get(seq, "delivered"), state, key=order.index)
    return found


def depth(conn: Connection) -> dict[str, int]:
    """Undelivered rows by state; notices about tips are in nobody's figures."""
    owed = (outbox.c.delivered_at.is_(None), outbox.c.idem.not_like("blind:%"))
    query = select(outbox.c.state, func.count()).where(*owed).group_by(outbox.c.state)
    return {row[0]: row[1] for row in conn.execute(query)}


def any_due(conn: Connection, now: datetime, kinds: Sequence[str] = ALL) -> bool:
    """Whether a row may be tried now."""
    due = select(outbox.c.id).where(_due(now), outbox.c.kind.in_(kinds)).limit(1)
    return conn.execute(due).first() is not None


def _due(now: datetime) -> ColumnElement[bool]:
    """Queued rows whose time has come, or was set by a clock that ran ahead: no pause of ours is that long."""
    come = or_(outbox.c.not_before <= now, outbox.c.not_before > now + LONGEST_PAUSE)
    return and_(outbox.c.delivered_at.is_(None), outbox.c.state == "queued", come)
