"""Cases and their events, to rows and back. What names or tells anything is sealed under the case's own key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bot.store.tables import attachment, case, event, follower, obligation
from bot.store.vault import Vault, case_owner
from cases.case import Act, Actor, Case, Event, State
from cases.clocks import Obligation
from config.schema import Kind, Lane

# Fields of Case that stand in columns of their own, because lists are made from them.
_COLUMNS = ("no", "rev", "lane", "kind", "topic", "department", "state", "place", "urgent", "supervised", "overdue")
_TIMES = ("accept_by", "answered_at", "closed_at", "urged_at")
_SEALED = (
    "place_text", "story", "when", "details", "attachments", "name", "phone", "channel", "on_behalf", "minor",
    "source", "claimed_name", "extended", "returns", "bad_ratings", "score", *_TIMES,
)  # fmt: skip


# Built once: building a statement costs several times what running it does.
_BY_ID = select(case).where(case.c.id == bindparam("of"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_BY_NO = select(case).where(case.c.no == bindparam("number"))
_ID_OF = select(case.c.id).where(case.c.no == bindparam("number"))
_OF_PERSON = (
    select(case)
    .where(case.c.id.in_(select(follower.c.case_id).where(follower.c.person_id == bindparam("of"))))
    .order_by(case.c.opened_at.desc())
    .limit(bindparam("most"))
)
_INSERT = insert(case)
_SAVE = update(case).where(case.c.id == bindparam("of"))
_INSERT_FOLLOWER = insert(follower)
_INSERT_EVENT = insert(event)
_EVENTS = select(event).where(event.c.case_id == bindparam("of")).order_by(event.c.seq)
_FOLLOWERS = select(follower.c.person_id).where(follower.c.case_id == bindparam("of"))
_FOLLOWS = select(follower.c.case_id).where(
    follower.c.case_id == bindparam("of"), follower.c.person_id == bindparam("who")
)
_SETTLE = (
    update(obligation)
    .where(
        obligation.c.case_id == bindparam("of"),
        obligation.c.duty.in_(bindparam("duties", expanding=True)),
        obligation.c.settled_at.is_(None),
    )
    .values(settled_at=bindparam("now"))
)
_INSERT_DUTIES = insert(obligation)
_WAKING = (
    select(obligation.c.id, obligation.c.step)
    .where(obligation.c.settled_at.is_(None), obligation.c.wake_at <= bindparam("now"))
    .order_by(obligation.c.wake_at)
    .limit(bindparam("most"))
)


def by_id(conn: Connection, vault: Vault, case_id: int, *, lock: bool = False) -> Case | None:
    """A case by id; locked until COMMIT when it is going to change."""
    row = conn.execute(_BY_ID_LOCKED if lock else _BY_ID, {"of": case_id}).mappings().first()
    return _case(vault, dict(row)) if row else None


def by_no(conn: Connection, vault: Vault, no: str) -> Case | None:
    """A case by its number."""
    row = conn.execute(_BY_NO, {"number": no}).mappings().first()
    return _case(vault, dict(row)) if row else None


def id_of(conn: Connection, no: str) -> int:
    """The id of a case by its number, without opening it; 0 for none."""
    return conn.execute(_ID_OF, {"number": no}).scalar() or 0


def no_of(conn: Connection, case_id: int) -> str:
    """The number of a case by its id, without opening it; "" for none."""
    return conn.execute(select(case.c.no).where(case.c.id == case_id)).scalar() or ""


def many(conn: Connection, vault: Vault, query: Any) -> list[Case]:
    """The cases of a query over tables.case."""
    return [_case(vault, dict(row)) for row in conn.execute(query).mappings()]


def of_person(conn: Connection, vault: Vault, person_id: int, limit: int = 20) -> list[Case]:
    """The cases a person follows, newest first."""
    rows = conn.execute(_OF_PERSON, {"of": person_id, "most": limit}).mappings()
    return [_case(vault, dict(row)) for row in rows]


def _case(vault: Vault, row: dict[str, Any]) -> Case:
    body = vault.get(case_owner(row["id"]), f"case:{row['id']}", row["sealed"])
    for name in _TIMES:
        body[name] = datetime.fromisoformat(body[name]) if body[name] else None
    body["details"] = tuple((ask, answer) for ask, answer in body["details"])
    body["attachments"] = tuple(body["attachments"])
    columns = {name: row[name] for name in _COLUMNS}
    columns |= {"lane": Lane(row["lane"]), "kind": Kind(row["kind"]), "state": State(row["state"])}
    return Case(
        id=row["id"],
        opened_at=row["opened_at"],
        assist=tuple(row["assist"].split(",")) if row["assist"] else (),
        person=row["person_id"] or 0,
        claimed_by=row["claimed_by"],
        answer_by=row["answer_by"],
        merged_into=row["merged_into"] or 0,
        **columns,
        **body,
    )


def _row(vault: Vault, held: Case, moved_at: datetime) -> dict[str, Any]:
    body = {name: getattr(held, name) for name in _SEALED}
    for name in _TIMES:
        body[name] = body[name].isoformat() if body[name] else None
    return {
        **{name: getattr(held, name) for name in _COLUMNS},
        "assist": ",".join(held.assist),
        "open": held.open,
        "person_id": held.person or None,
        "claimed_by": held.claimed_by,
        "opened_at": held.opened_at,
        "moved_at": moved_at,
        "answer_by": held.answer_by,
        "merged_into": held.merged_into or None,
        "sealed": vault.put(case_owner(held.id), f"case:{held.id}", body),
    }


def add(conn: Connection, vault: Vault, held: Case) -> None:
    """A new case, under a new key, followed by whoever filed it."""
    vault.begin(case_owner(held.id))
    conn.execute(_INSERT, {"id": held.id, **_row(vault, held, held.opened_at)})
    if held.person:
        conn.execute(_INSERT_FOLLOWER, {"case_id": held.id, "person_id": held.person})
    if held.attachments:
        own = attachment.c.id.in_(held.attachments)
        conn.execute(update(attachment).where(own, attachment.c.case_id.is_(None)).values(case_id=held.id))


def save(conn: Connection, vault: Vault, held: Case, moved_at: datetime) -> None:
    """A case as it is after something happened."""
    conn.execute(_SAVE, {"of": held.id, **_row(vault, held, moved_at)})


def add_event(conn: Connection, vault: Vault, happened: Event) -> None:
    """Append one event; (case, seq) is unique, so two can never happen at once."""
    body = {
        "name": happened.by.name,
        "unit": happened.by.unit,
        "text": happened.text,
        "data": happened.data,
        "attachments": happened.attachments,
    }
    row = {
        "case_id": happened.case_id,
        "seq": happened.seq,
        "act": happened.act,
        "at": happened.at,
        "actor_kind": happened.by.kind,
        "actor_id": happened.by.id,
        "sealed": vault.put(case_owner(happened.case_id), f"event:{happened.case_id}:{happened.seq}", body),
    }
    conn.execute(_INSERT_EVENT, row)
    if happened.attachments:
        own = attachment.c.id.in_(happened.attachments)
        conn.execute(update(attachment).where(own, attachment.c.case_id.is_(None)).values(case_id=happened.case_id))


def events(conn: Connection, vault: Vault, case_id: int) -> list[Event]:
    """What happened to a case, oldest first."""
    rows = conn.execute(_EVENTS, {"of": case_id}).mappings()
    return [_event(vault, dict(row)) for row in rows]


def _event(vault: Vault, row: dict[str, Any]) -> Event:
    body = vault.get(case_owner(row["case_id"]), f"event:{row['case_id']}:{row['seq']}", row["sealed"])
    by = Actor(row["actor_kind"], row["actor_id"], body["name"], unit=body["unit"])
    return Event(
        row["case_id"],
        row["seq"],
        Act(row["act"]),
        row["at"],
        by,
        body["text"],
        body["data"],
        tuple(body["attachments"]),
    )


def followers(conn: Connection, case_id: int) -> list[int]:
    """The persons who are told about a case."""
    return list(conn.execute(_FOLLOWERS, {"of": case_id}).scalars())


def merged_followers(conn: Connection, vault: Vault, case_id: int) -> dict[int, Case]:
    """Who follows a case that was merged into this one, at first or second hand, and not this one: with that case."""
    found: dict[int, Case] = {}
    into = [case_id]
    for one in into:
        own = many(conn, vault, select(case).where(case.c.merged_into == one).order_by(case.c.id))
        into += [held.id for held in own]
        found |= {person_id: held for held in own for person_id in followers(conn, held.id)}
    return {person_id: held for person_id, held in found.items() if not follows(conn, case_id, person_id)}


def follows(conn: Connection, case_id: int, person_id: int) -> bool:
    """Whether a person is told about a case."""
    return conn.execute(_FOLLOWS, {"of": case_id, "who": person_id}).first() is not None


def forget_person(conn: Connection, vault: Vault, person_id: int) -> None:
    """Take a person out of their cases: no name, no phone, no link; the matter itself goes on."""
    for held in many(conn, vault, select(case).where(case.c.person_id == person_id).with_for_update()):
        moved = conn.execute(select(case.c.moved_at).where(case.c.id == held.id)).scalar_one()
        save(conn, vault, replace(held, person=0, name="", phone=""), moved)
    conn.execute(delete(follower).where(follower.c.person_id == person_id))


def settle(conn: Connection, case_id: int, duties: frozenset[str], at: datetime) -> None:
    """These duties of a case are done, whether fulfilled or gone."""
    if duties:
        conn.execute(_SETTLE, {"of": case_id, "duties": sorted(duties), "now": at})


def add_duties(conn: Connection, case_id: int, duties: Sequence[Obligation]) -> None:
    """New dated duties of a case."""
    if duties:
        rows = [
            {
                "case_id": case_id,
                "duty": duty.duty,
                "made_at": duty.made_at,
                "due_at": duty.due_at,
                "step": duty.step,
                "wake_at": duty.wake_at,
            }
            for duty in duties
        ]
        conn.execute(_INSERT_DUTIES, rows)


def waking(conn: Connection, now: datetime, limit: int = 100) -> list[tuple[int, int]]:
    """(id, step) of the duties that wake by `now`, oldest first."""
    return [(row.id, row.step) for row in conn.execute(_WAKING, {"now": now, "most": limit})]


def duty(conn: Connection, obligation_id: int) -> tuple[int, Obligation] | None:
    """An unsettled duty by id: (case id, duty)."""
    mine = (obligation.c.id == obligation_id, obligation.c.settled_at.is_(None))
    row = conn.execute(select(obligation).where(*mine)).first()
    return (row.case_id, Obligation(row.duty, row.made_at, row.due_at, row.step)) if row else None


def step_on(conn: Connection, obligation_id: int, woken: Obligation) -> None:
    """A duty has woken once more."""
    after = replace(woken, step=woken.step + 1)
    mine = update(obligation).where(obligation.c.id == obligation_id)
    conn.execute(mine.values(step=after.step, wake_at=after.wake_at))


def wake_again(conn: Connection, obligation_id: int, at: datetime) -> None:
    """A duty could not be seen to: the same step, later."""
    conn.execute(update(obligation).where(obligation.c.id == obligation_id).values(wake_at=at))
