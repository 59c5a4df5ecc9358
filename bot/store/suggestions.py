"""What staff would save from a case as a way of asking or as a new answer, and what admins said to it.

The words stay sealed under the case's key, and go when an admin has decided; a keyed hash of them remains, so that
the same thing is not suggested again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from bot.store.keys import KeyGone
from bot.store.tables import staff, suggestion
from bot.store.vault import Vault, case_owner

Kind = Literal["alias", "entry"]
State = Literal["accepted", "rejected"]
MOST = 200


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One that waits for an admin. `entry_id` is the entry the clerk's words are most like, or ""."""

    id: int
    kind: Kind
    entry_id: str
    staff: str
    made_at: datetime
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Wording:
    """What makes two suggestions the same: their kind and the normalised words; for an alias the entry as well."""

    kind: Kind
    entry_id: str
    form: str

    @property
    def key(self) -> str:
        """As it is hashed."""
        return f"{self.kind}\0{self.entry_id if self.kind == 'alias' else ''}\0{self.form}"


def make(
    conn: Connection,
    vault: Vault,
    wording: Wording,
    case_id: int,
    staff_id: int,
    question: str,
    answer: str,
    now: datetime,
) -> bool:
    """Write down what a member of staff suggests; False when it was suggested before."""
    if known(conn, vault, [wording]):
        return False
    sealed = vault.put(case_owner(case_id), _place(case_id), {"question": question, "answer": answer})
    conn.execute(insert(suggestion), _row(vault, wording, now, case_id, staff_id) | {"sealed": sealed, "state": "open"})
    return True


def _row(vault: Vault, wording: Wording, now: datetime, case_id: int | None, staff_id: int) -> dict[str, object]:
    return {
        "kind": wording.kind,
        "entry_id": wording.entry_id,
        "case_id": case_id,
        "staff_id": staff_id,
        "made_at": now,
        "form": _hashes(vault, wording)[0],
    }


def _place(case_id: int) -> str:
    return f"suggestion:{case_id}"


def _hashes(vault: Vault, wording: Wording) -> tuple[bytes, ...]:
    return vault.ring.address_hashes("suggestion", wording.key)


def known(conn: Connection, vault: Vault, wordings: Iterable[Wording]) -> set[Wording]:
    """Those that were suggested before, whatever became of it."""
    by_hash = {hashed: one for one in wordings for hashed in _hashes(vault, one)}
    found = conn.execute(select(suggestion.c.form).where(suggestion.c.form.in_(list(by_hash)))).scalars()
    return {by_hash[hashed] for hashed in found}


def waiting(conn: Connection, vault: Vault, suggestion_id: int = 0) -> list[Suggestion]:
    """What waits for an admin, oldest first (or the one of that id); of a case that is erased nothing is left."""
    query = (
        select(suggestion, staff.c.name)
        .select_from(suggestion.outerjoin(staff, staff.c.id == suggestion.c.staff_id))
        .where(suggestion.c.state == "open")
    )
    if suggestion_id:
        query = query.where(suggestion.c.id == suggestion_id)
    found: list[Suggestion] = []
    for row in conn.execute(query.order_by(suggestion.c.id).limit(MOST)).all():
        try:
            said = vault.get(case_owner(row.case_id), _place(row.case_id), row.sealed)
        except KeyGone:
            continue
        made = (row.id, row.kind, row.entry_id, row.name or "", row.made_at)
        found.append(Suggestion(*made, said["question"], said["answer"]))
    return found


def decide(conn: Connection, suggestion_id: int, state: State, staff_id: int, entry_id: str, now: datetime) -> bool:
    """An admin's word; the suggestion's own words go. False when somebody else was faster."""
    change = {"state": state, "decided_by": staff_id, "decided_at": now, "entry_id": entry_id, "sealed": None}
    open_one = (suggestion.c.id == suggestion_id, suggestion.c.state == "open")
    return conn.execute(update(suggestion).where(*open_one).values(**change)).rowcount == 1


def settle(conn: Connection, vault: Vault, wording: Wording, state: State, staff_id: int, now: datetime) -> None:
    """An admin's word on what clicks spoke for: remembered without the words."""
    if not known(conn, vault, [wording]):
        decided = {"state": state, "decided_by": staff_id, "decided_at": now}
        conn.execute(insert(suggestion), _row(vault, wording, now, None, 0) | decided)


def who_decided(conn: Connection, suggestion_id: int) -> str:
    """The admin who was faster; "" when there is none."""
    query = select(staff.c.name).join(suggestion, suggestion.c.decided_by == staff.c.id)
    return conn.execute(query.where(suggestion.c.id == suggestion_id)).scalar() or ""
