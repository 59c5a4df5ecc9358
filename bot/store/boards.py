"""Staff groups: how a case stands in one, which message shows which case, and previews that wait to be confirmed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from bot.groups import Draft, Place
from bot.store.letters import Owed, of_row
from bot.store.tables import board, follower, link, moved, outbox, preview
from bot.store.upsert import insert_once
from bot.store.vault import Vault, case_owner

KIND = "group"  # rows of the outbox that the groups' own worker delivers
DIGEST = "digest"  # once a working day
SENT_MOST = 10  # confirmed previews of a case that are still looked at
SETTLING = timedelta(seconds=1)  # what happens together is told together


# --- rows of the outbox ---------------------------------------------------------------------------------------


def owe(conn: Connection, department: str, case_id: int, idem: str, now: datetime) -> None:
    """A department's group is to see a case as it is."""
    row = {"department": department, "case_id": case_id, "made_at": now, "not_before": now + SETTLING}
    insert_once(conn, outbox, kind=KIND, idem=idem, state="queued", tries=0, **row)


def owe_digests(conn: Connection, departments: Collection[str], day: str, now: datetime) -> None:
    """Departments are to read what they have to do on this day. What that is, is looked up when it is sent."""
    for department in departments:
        row = {"department": department, "made_at": now, "not_before": now}
        insert_once(conn, outbox, kind=DIGEST, idem=f"digest:{day}:{department}", state="queued", tries=0, **row)


def digests_due(conn: Connection, units: Collection[str], now: datetime) -> bool:
    """Whether a digest is to be sent to these departments."""
    due = select(outbox.c.id).where(_digest_of(units), outbox.c.not_before <= now)
    return conn.execute(due.limit(1)).first() is not None


def take_digests(conn: Connection, units: Collection[str], now: datetime, seconds: float) -> list[Owed]:
    """The digests that are due, under lease."""
    return _lease(conn, and_(_digest_of(units), outbox.c.not_before <= now), now, seconds)


def _digest_of(units: Collection[str]) -> Any:
    undelivered = and_(outbox.c.kind == DIGEST, outbox.c.delivered_at.is_(None), outbox.c.state == "queued")
    return and_(undelivered, outbox.c.department.in_(list(units)))


def take_next(conn: Connection, units: Collection[str], now: datetime, seconds: float) -> list[Owed]:
    """All rows of the case that has waited longest, under lease."""
    first = select(outbox.c.case_id).where(_due(units, now)).order_by(outbox.c.not_before, outbox.c.id).limit(1)
    case_id = conn.execute(first).scalar()
    if case_id is None:
        return []
    return _lease(conn, and_(_mine(units), outbox.c.case_id == case_id), now, seconds)


def take_all(conn: Connection, units: Collection[str], now: datetime, seconds: float) -> list[Owed]:
    """Every row that is due, under lease."""
    return _lease(conn, _due(units, now), now, seconds)


def waiting(conn: Connection, units: Collection[str], now: datetime) -> int:
    """How many cases are due to be shown."""
    query = select(func.count(outbox.c.case_id.distinct())).where(_due(units, now))
    return conn.execute(query).scalar_one()


def news(conn: Connection, case_ids: Collection[int], now: datetime) -> None:
    """Something beside the case itself has changed, such as what became of a letter: groups that show it look again."""
    shown = select(board.c.case_id).where(board.c.case_id.in_(list(case_ids)), board.c.closed.is_(False)).distinct()
    for case_id in conn.execute(shown).scalars().all() if case_ids else ():
        told = (outbox.c.kind == KIND, outbox.c.case_id == case_id)
        for department in conn.execute(select(outbox.c.department).where(*told).distinct()).scalars().all():
            mine = and_(_mine([department]), outbox.c.case_id == case_id, outbox.c.tries == 0)
            if conn.execute(select(outbox.c.id).where(mine).limit(1)).first() is None:
                newest = conn.execute(select(func.max(outbox.c.id))).scalar() or 0
                owe(conn, department, case_id, f"n:{case_id}:{newest}", now)


def news_of_letters(conn: Connection, row_ids: Collection[int], now: datetime) -> None:
    """The same, of the cases that these rows of the outbox tell of."""
    mine = (outbox.c.id.in_(list(row_ids)), outbox.c.kind == "letter", outbox.c.case_id.is_not(None))
    news(conn, conn.execute(select(outbox.c.case_id).where(*mine).distinct()).scalars().all(), now)


def news_of_person(conn: Connection, person_id: int, now: datetime) -> None:
    """The same, of the cases that somebody follows."""
    query = select(follower.c.case_id).where(follower.c.person_id == person_id)
    news(conn, conn.execute(query).scalars().all(), now)


def hold(conn: Connection, units: Collection[str], now: datetime) -> int:
    """Nobody can write to the group: its rows wait where staff see them."""
    return conn.execute(
        update(outbox).where(_mine(units)).values(state="parked", error="no access to the group")
    ).rowcount


def resume(conn: Connection, units: Collection[str], now: datetime) -> int:
    """The group can be written to: what was held or leased is due. How many rows."""
    undelivered = and_(outbox.c.kind == KIND, outbox.c.delivered_at.is_(None), outbox.c.department.in_(list(units)))
    fresh = {"state": "queued", "not_before": now, "tries": 0, "error": ""}
    unsettled = and_(outbox.c.tries > 0, outbox.c.error.is_(None))  # somebody died with it in hand
    conn.execute(update(outbox).where(undelivered, unsettled).values(maybe=True))
    return conn.execute(update(outbox).where(undelivered).values(**fresh)).rowcount


def _mine(units: Collection[str]) -> Any:
    undelivered = and_(outbox.c.kind == KIND, outbox.c.delivered_at.is_(None), outbox.c.state == "queued")
    return and_(undelivered, outbox.c.department.in_(list(units)))


def _due(units: Collection[str], now: datetime) -> Any:
    return and_(_mine(units), outbox.c.not_before <= now)


def _lease(conn: Connection, which: Any, now: datetime, seconds: float) -> list[Owed]:
    rows = conn.execute(select(outbox).where(which).order_by(outbox.c.id)).mappings().all()
    mine = update(outbox).where(outbox.c.id.in_([row["id"] for row in rows]))
    leased = {"not_before": now + timedelta(seconds=seconds), "error": None}
    conn.execute(mine.values(tries=outbox.c.tries + 1, **leased))
    return [of_row(dict(row)) for row in rows]


# --- where a case stands --------------------------------------------------------------------------------------


def place(conn: Connection, channel: str, chat: str, case_id: int) -> Place:
    """How a case stands in a group."""
    mine = (board.c.channel == channel, board.c.chat == chat, board.c.case_id == case_id)
    row = conn.execute(select(board).where(*mine)).mappings().first()
    return _place(dict(row)) if row else Place(chat, case_id)


def put(conn: Connection, channel: str, here: Place) -> None:
    """A case stands like this now."""
    values = {name: getattr(here, name) for name in ("thread", "card", "seq", "title", "looks", "closed")}
    mine = (board.c.channel == channel, board.c.chat == here.chat, board.c.case_id == here.case_id)
    if not conn.execute(update(board).where(*mine).values(**values)).rowcount:
        conn.execute(insert(board).values(channel=channel, chat=here.chat, case_id=here.case_id, **values))


def case_in_thread(conn: Connection, channel: str, chat: str, thread: int) -> int:
    """The case of a topic; 0 for none."""
    mine = (board.c.channel == channel, board.c.chat == chat, board.c.thread == thread)
    return conn.execute(select(board.c.case_id).where(*mine)).scalar() or 0


def opened(conn: Connection, channel: str, chat: str, thread: int) -> None:
    """A topic is open."""
    mine = (board.c.channel == channel, board.c.chat == chat, board.c.thread == thread)
    conn.execute(update(board).where(*mine).values(closed=False))


def _place(row: dict[str, Any]) -> Place:
    return Place(**{name: row[name] for name in Place.__slots__})


def join(conn: Connection, channel: str, chat: str, message: int, case_id: int) -> None:
    """A message of ours shows a case."""
    insert_once(conn, link, channel=channel, chat=chat, message=str(message), case_id=case_id)


def case_of_message(conn: Connection, channel: str, chat: str, message: int) -> int:
    """The case a message shows; 0 for none."""
    mine = (link.c.channel == channel, link.c.chat == chat, link.c.message == str(message))
    return conn.execute(select(link.c.case_id).where(*mine)).scalar() or 0


# --- a group that moved ---------------------------------------------------------------------------------------


def move(conn: Connection, channel: str, old: str, new: str) -> None:
    """A group has another id: everything that stands in it goes along."""
    conn.execute(update(moved).where(moved.c.channel == channel, moved.c.to == old).values(to=new))
    insert_once(conn, moved, channel=channel, chat=old, to=new)
    gone = {"thread": 0, "card": 0, "looks": "", "title": ""}  # ids of messages do not survive the move
    conn.execute(update(board).where(board.c.channel == channel, board.c.chat == old).values(chat=new, **gone))
    mine = (preview.c.channel == channel, preview.c.chat == old)
    conn.execute(update(preview).where(*mine).values(chat=new, message=""))


def moves(conn: Connection, channel: str) -> dict[str, str]:
    """New ids of groups by those in the office's files."""
    return {row.chat: row.to for row in conn.execute(select(moved).where(moved.c.channel == channel))}


# --- previews -------------------------------------------------------------------------------------------------


def begin(conn: Connection, vault: Vault, channel: str, draft: Draft, now: datetime) -> Draft | None:
    """Keep what somebody wrote; None when their message is known already. `draft.id` is given here."""
    row = {
        "channel": channel,
        "chat": draft.chat,
        "source": draft.source,
        "message": draft.message,
        "case_id": draft.case_id,
        "staff_id": draft.staff_id,
        "act": draft.act,
        "sealed": _sealed(vault, draft),
        "made_at": now,
    }
    if not insert_once(conn, preview, **row):
        return None
    return by_source(conn, vault, channel, draft.chat, draft.source)


def change(conn: Connection, vault: Vault, draft: Draft, now: datetime) -> None:
    """A preview is like this now."""
    changed = {"message": draft.message, "staff_id": draft.staff_id, "act": draft.act}
    done = now if draft.done else None
    mine = update(preview).where(preview.c.id == draft.id)
    conn.execute(mine.values(sealed=_sealed(vault, draft), done_at=done, **changed))


def by_id(conn: Connection, vault: Vault, draft_id: int) -> Draft | None:
    """A preview by its number."""
    return _draft(conn, vault, preview.c.id == draft_id)


def by_source(conn: Connection, vault: Vault, channel: str, chat: str, source: str) -> Draft | None:
    """The preview of somebody's message."""
    return _draft(conn, vault, and_(preview.c.channel == channel, preview.c.chat == chat, preview.c.source == source))


def sent_from(conn: Connection, vault: Vault, channel: str, chat: str, case_id: int) -> tuple[Draft, ...]:
    """The newest confirmed previews of a case in a group, oldest first."""
    here = (preview.c.channel == channel, preview.c.chat == chat, preview.c.case_id == case_id)
    done = (preview.c.done_at.is_not(None), preview.c.act != "note")
    ids = conn.execute(select(preview.c.id).where(*here, *done).order_by(preview.c.id.desc()).limit(SENT_MOST))
    found = [by_id(conn, vault, one) for one in sorted(ids.scalars())]
    return tuple(draft for draft in found if draft and draft.fields.get("seq"))


def by_message(conn: Connection, vault: Vault, channel: str, chat: str, message: int) -> Draft | None:
    """The preview that a message of ours shows."""
    here = and_(preview.c.channel == channel, preview.c.chat == chat, preview.c.message == str(message))
    return _draft(conn, vault, here)


def open_drafts(conn: Connection, vault: Vault, channel: str, chat: str, staff_id: int, since: datetime) -> list[Draft]:
    """What somebody began in a chat and neither sent nor dropped, the newest last."""
    here = (preview.c.channel == channel, preview.c.chat == chat, preview.c.staff_id == staff_id)
    return _many(conn, vault, *here, preview.c.made_at > since)


def unshown(conn: Connection, vault: Vault, channel: str, since: datetime) -> list[Draft]:
    """What was kept and never shown to whoever wrote it, the oldest first."""
    return _many(conn, vault, preview.c.channel == channel, preview.c.message == "", preview.c.made_at > since)


def _many(conn: Connection, vault: Vault, *which: Any) -> list[Draft]:
    ids = conn.execute(select(preview.c.id).where(preview.c.done_at.is_(None), *which).order_by(preview.c.id))
    return [draft for one in ids.scalars().all() if (draft := by_id(conn, vault, one))]


def _sealed(vault: Vault, draft: Draft) -> bytes:
    body = {"text": draft.text, "fields": dict(draft.fields), "files": draft.files}
    return vault.put(case_owner(draft.case_id), f"preview:{draft.case_id}", body)


def _draft(conn: Connection, vault: Vault, which: Any) -> Draft | None:
    row = conn.execute(select(preview).where(which)).mappings().first()
    if row is None:
        return None
    body = vault.get(case_owner(row["case_id"]), f"preview:{row['case_id']}", row["sealed"])
    known = {name: row[name] for name in ("id", "chat", "source", "message", "case_id", "staff_id", "act")}
    done = row["done_at"] is not None
    return Draft(**known, text=body["text"], fields=body["fields"], files=tuple(body["files"]), done=done)
