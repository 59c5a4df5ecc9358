"""The question log: policy questions as they were asked, what was shown, what was pressed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.store.keys import KeyGone
from bot.store.tables import question
from bot.store.vault import Vault, person_owner
from faq.learn import Logged
from handlers.desk import Asked, Clicked, Unsay

MOST = 20_000  # newest rows that are looked at

_mine = question.c.person_id == bindparam("of")
_that = (_mine, question.c.at == bindparam("then"))
_since = (_mine, question.c.at >= bindparam("since"))
_ADD = insert(question)
_PICK = update(question).where(*_that).values(picked=bindparam("what"))
_FEEL = update(question).where(*_that).values(felt=bindparam("what"))
_UNSAY = update(question).where(*_since, question.c.felt != "ok").values(sealed=None)
_ASKED = (
    select(question.c.person_id, question.c.band, question.c.shown, question.c.picked, question.c.felt)
    .where(question.c.at >= bindparam("since"), question.c.arrival != "hot")
    .order_by(question.c.at.desc())
    .limit(MOST)
)
_FORGET = delete(question).where(*_since)


def note(conn: Connection, vault: Vault, person_id: int, deed: Asked | Clicked | Unsay, book: str) -> None:
    """Write one deed of the log; `book` is the version of the answers."""
    match deed:
        case Asked():
            _add(conn, vault, person_id, deed, book)
        case Clicked(at, picked, felt):
            changed = _PICK if picked else _FEEL
            conn.execute(changed, {"of": person_id, "then": at, "what": picked or felt})
        case Unsay(since):
            conn.execute(_UNSAY, {"of": person_id, "since": since})


def _add(conn: Connection, vault: Vault, person_id: int, asked: Asked, book: str) -> None:
    sealed = vault.put(person_owner(person_id), _place(person_id), asked.text) if asked.text else None
    row = {
        "person_id": person_id,
        "at": asked.at,
        "arrival": asked.arrival,
        "band": asked.band,
        "confidence": round(1000 * asked.confidence),
        "book": book,
        "shown": ",".join(asked.shown),
        "sealed": sealed,
    }
    conn.execute(_ADD, row)


def _place(person_id: int) -> str:
    return f"question:{person_id}"


def forget_since(conn: Connection, person_id: int, since: datetime) -> None:
    """Erase the questions of a talk from a moment on."""
    conn.execute(_FORGET, {"of": person_id, "since": since})


def sweep(conn: Connection, before: datetime) -> int:
    """Erase the questions that have been kept long enough; how many went."""
    return conn.execute(delete(question).where(question.c.at < before)).rowcount


def asked_most(conn: Connection, since: datetime) -> dict[str, int]:
    """How many people asked for each answer since a moment: its id → people. Presses on the list of the most asked
    do not count, or it would stay as it is for ever."""
    rows = conn.execute(_ASKED, {"since": since}).all()
    people: dict[str, set[int]] = {}
    for row in rows:
        meant = row.picked or (row.shown if row.band == "answer" and row.felt != "bad" else "")
        for entry_id in filter(None, meant.split(",")):
            people.setdefault(entry_id, set()).add(row.person_id)
    people.pop("-", None)
    return {entry_id: len(ids) for entry_id, ids in people.items()}


def logged(conn: Connection, vault: Vault, most: int = MOST) -> Iterator[Logged]:
    """The newest questions, newest first; those of somebody being erased just now are left out."""
    for row in conn.execute(select(question).order_by(question.c.at.desc()).limit(most)).all():
        try:
            owner, place = person_owner(row.person_id), _place(row.person_id)
            text = vault.get(owner, place, row.sealed) if row.sealed else ""
        except KeyGone:
            continue
        shown = tuple(row.shown.split(",")) if row.shown else ()
        sure = row.confidence / 1000
        yield Logged(
            row.person_id, row.at, row.arrival, row.band, sure, row.book, shown, row.picked, row.felt, str(text)
        )
