"""Cases and their events, to rows and back. What names or tells anything is sealed under the case's own key."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal_column, select, true, update

from bot.store import ready
from bot.store.keys import KeyGone
from bot.store.tables import accused, attachment, case, event, follower, hold, joiner, obligation
from bot.store.upsert import insert_once
from bot.store.vault import Vault, case_owner, contact_owner
from cases.case import Act, Actor, Case, Event, State, is_tip
from cases.clocks import ACCEPT, ANSWER, ASSIST, TO_CITIZEN, Obligation
from config.schema import Kind, Lane
from handlers.staff.card import Duty
from handlers.staff.today import Wanted

# Fields of Case that stand in columns of their own, because lists are made from them.
_COLUMNS = ("no", "rev", "lane", "kind", "topic", "department", "state", "place", "urgent", "supervised", "overdue")
_LATER = ("since", "pending", "pending_by", "pending_until", "rechecked_at")  # columns of a later release
_TIMES = ("accept_by", "answered_at", "closed_at", "urged_at")
_SEALED = (
    "place_text", "story", "when", "details", "attachments", "name", "phone", "channel", "on_behalf", "minor",
    "source", "claimed_name", "extended", "hold", "returns", "bad_ratings", "score", "repeat_of", "reviewed", "left",
    "checker", *_TIMES,
)  # fmt: skip
# Of a tip these are sealed too: a list of what is tipped about where says too much.
_OF_TIP = ("topic", "place", "about", "named")
_KNOWN = frozenset({*_SEALED, *_OF_TIP, "accused"})

_NAMED = sorted({ACCEPT, ANSWER, ASSIST, *TO_CITIZEN})  # duties that a digest names

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
    .offset(bindparam("skip"))
)
_COUNT_OF_PERSON = select(func.count()).select_from(follower).where(follower.c.person_id == bindparam("of"))
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
_CARRY = (
    update(obligation)
    .where(
        obligation.c.case_id == bindparam("of"),
        obligation.c.duty.in_(bindparam("duties", expanding=True)),
        obligation.c.settled_at.is_(None),
        obligation.c.letter_id.is_(None),
    )
    .values(letter_id=bindparam("letter"))
)
_INSERT_DUTIES = insert(obligation)
_MERGED_INTO = select(case).where(case.c.merged_into == bindparam("of")).order_by(case.c.id)
_WAKING = (
    select(obligation.c.id, obligation.c.step, obligation.c.wake_at)
    .where(obligation.c.settled_at.is_(None), obligation.c.wake_at <= bindparam("now"))
    .order_by(obligation.c.wake_at)
    .limit(bindparam("most"))
)


def by_id(conn: Connection, vault: Vault, case_id: int, *, lock: bool = False) -> Case | None:
    """A case by id; locked until COMMIT when it is going to change."""
    row = ready.one(conn, _BY_ID_LOCKED if lock else _BY_ID, {"of": case_id})
    return of_row(vault, row) if row else None


def by_no(conn: Connection, vault: Vault, no: str) -> Case | None:
    """A case by its number."""
    row = ready.one(conn, _BY_NO, {"number": no})
    return of_row(vault, row) if row else None


def id_of(conn: Connection, no: str) -> int:
    """The id of a case by its number, without opening it; 0 for none."""
    return ready.value(conn, _ID_OF, {"number": no}) or 0


def no_of(conn: Connection, case_id: int) -> str:
    """The number of a case by its id, without opening it; "" for none."""
    return conn.execute(select(case.c.no).where(case.c.id == case_id)).scalar() or ""


def many(conn: Connection, vault: Vault, query: Any) -> list[Case]:
    """The cases of a query over tables.case."""
    return [of_row(vault, dict(row)) for row in conn.execute(query).mappings()]


def of_person(conn: Connection, vault: Vault, person_id: int, limit: int = 20, skip: int = 0) -> list[Case]:
    """The cases a person follows, newest first."""
    rows = ready.rows(conn, _OF_PERSON, {"of": person_id, "most": limit, "skip": skip})
    return [of_row(vault, row) for row in rows]


def count_of_person(conn: Connection, person_id: int) -> int:
    """How many cases a person follows."""
    return int(ready.value(conn, _COUNT_OF_PERSON, {"of": person_id}))


def of_row(vault: Vault, row: dict[str, Any]) -> Case:
    """A case out of its row, unsealed."""
    body = vault.get(case_owner(row["id"]), f"case:{row['id']}", row["sealed"])
    body["name"], body["phone"] = _contact(vault, row["id"], body)
    body["hold"] = body.get("hold", False)
    for name in _TIMES:
        body[name] = datetime.fromisoformat(body[name]) if body[name] else None
    body = {name: value for name, value in body.items() if name in _KNOWN}  # a later release may know of more
    body["details"] = tuple((ask, answer) for ask, answer in body["details"])
    body["attachments"] = tuple(body["attachments"])
    columns = {name: row[name] for name in (*_COLUMNS, *_LATER) if name not in body}
    about = body.pop("accused", ())  # a case of the release before has none
    columns |= {"lane": Lane(row["lane"]), "kind": Kind(row["kind"]), "state": State(row["state"])}
    return Case(
        id=row["id"],
        opened_at=row["opened_at"],
        assist=tuple(row["assist"].split(",")) if row["assist"] else (),
        person=row["person_id"] or 0,
        claimed_by=row["claimed_by"],
        answer_by=row["answer_by"],
        merged_into=row["merged_into"] or 0,
        accused=tuple(about),
        **columns,
        **body,
    )


def _contact(vault: Vault, case_id: int, body: dict[str, Any]) -> tuple[str, str]:
    """Name and phone of a case; empty once their key was dropped. Cases from before hold them in the open body."""
    sealed = body.pop("contact", "")
    if not sealed:
        return body["name"], body["phone"]
    try:
        name, phone = vault.get(contact_owner(case_id), f"contact:{case_id}", base64.b64decode(sealed))
    except KeyGone:
        return "", ""
    return name, phone


def _row(vault: Vault, held: Case, moved_at: datetime) -> dict[str, Any]:
    body = {name: getattr(held, name) for name in _SEALED}
    if held.name or held.phone:
        owner = contact_owner(held.id)
        vault.begin(owner)
        sealed = vault.put(owner, f"contact:{held.id}", (held.name, held.phone))
        body |= {"name": "", "phone": "", "contact": base64.b64encode(sealed).decode()}
    for name in _TIMES:
        body[name] = body[name].isoformat() if body[name] else None
    columns = {name: getattr(held, name) for name in (*_COLUMNS, *_LATER)}
    if held.accused:
        body["accused"] = held.accused
    if is_tip(held.id):
        body |= {name: getattr(held, name) for name in _OF_TIP}
        columns |= {"topic": "", "place": ""}
    return {
        **columns,
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
    ready.do(conn, _INSERT, {"id": held.id, **_row(vault, held, held.opened_at)})
    keep_from(conn, held)
    if held.person:
        ready.do(conn, _INSERT_FOLLOWER, {"case_id": held.id, "person_id": held.person})
    if held.attachments:
        own = attachment.c.id.in_(held.attachments)
        conn.execute(update(attachment).where(own, attachment.c.case_id.is_(None)).values(case_id=held.id))


def keep_from(conn: Connection, held: Case) -> None:
    """The units whose lists, counts and searches a service case stands in no more; a tip stands in none."""
    if is_tip(held.id):
        return
    if held.rev > 1:
        conn.execute(delete(accused).where(accused.c.case_id == held.id))
    if held.accused:
        conn.execute(insert(accused), [{"department": unit, "case_id": held.id} for unit in held.accused])


def save(conn: Connection, vault: Vault, held: Case, moved_at: datetime) -> None:
    """A case as it is after something happened."""
    ready.do(conn, _SAVE, {"of": held.id, **_row(vault, held, moved_at)})


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
    ready.do(conn, _INSERT_EVENT, row)
    if happened.act is Act.HOLD:
        insert_once(conn, hold, case_id=happened.case_id, since=happened.at)
    if happened.act is Act.UNHOLD:
        conn.execute(delete(hold).where(hold.c.case_id == happened.case_id))
    if happened.attachments:
        own = attachment.c.id.in_(happened.attachments)
        conn.execute(update(attachment).where(own, attachment.c.case_id.is_(None)).values(case_id=happened.case_id))


def events(conn: Connection, vault: Vault, case_id: int) -> list[Event]:
    """What happened to a case, oldest first."""
    return [_event(vault, row) for row in ready.rows(conn, _EVENTS, {"of": case_id})]


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
    return [row["person_id"] for row in ready.rows(conn, _FOLLOWERS, {"of": case_id})]


def merged_followers(conn: Connection, vault: Vault, case_id: int) -> dict[int, Case]:
    """Who follows a case that was merged into this one, at first or second hand, and not this one: with that case."""
    found: dict[int, Case] = {}
    into = [case_id]
    for one in into:
        own = [of_row(vault, row) for row in ready.rows(conn, _MERGED_INTO, {"of": one})]
        into += [held.id for held in own]
        found |= {person_id: held for held in own for person_id in followers(conn, held.id)}
    return {person_id: held for person_id, held in found.items() if not follows(conn, case_id, person_id)}


def follows(conn: Connection, case_id: int, person_id: int) -> bool:
    """Whether a person is told about a case."""
    return ready.one(conn, _FOLLOWS, {"of": case_id, "who": person_id}) is not None


def forget_person(conn: Connection, vault: Vault, person_id: int) -> list[str]:
    """Take a person out of their cases: no name, no phone, no link; the matter itself goes on.

    Whose keys are to be dropped with that: those of the contacts, which no backup then opens.
    """
    filed = many(conn, vault, select(case).where(case.c.person_id == person_id).with_for_update())
    for held in filed:
        moved = conn.execute(select(case.c.moved_at).where(case.c.id == held.id)).scalar_one()
        save(conn, vault, replace(held, person=0, name="", phone=""), moved)
        settle(conn, held.id, TO_CITIZEN, moved)  # nobody is left to be told
    conn.execute(delete(follower).where(follower.c.person_id == person_id))
    conn.execute(delete(joiner).where(joiner.c.person_id == person_id))
    return [contact_owner(held.id) for held in filed if held.name or held.phone]


def unfollow(conn: Connection, case_id: int) -> None:
    """Whoever filed a case hears no more of it."""
    conn.execute(delete(follower).where(follower.c.case_id == case_id))


def correct_contact(conn: Connection, vault: Vault, person_id: int, name: str, phone: str) -> None:
    """Write a person's name and phone anew in the cases where they left one; an anonymous case stays anonymous."""
    for held in many(conn, vault, select(case).where(case.c.person_id == person_id).with_for_update()):
        if held.name or held.phone:
            moved = conn.execute(select(case.c.moved_at).where(case.c.id == held.id)).scalar_one()
            save(conn, vault, replace(held, name=name, phone=phone), moved)


def settle(conn: Connection, case_id: int, duties: frozenset[str], at: datetime) -> None:
    """These duties of a case are done, whether fulfilled or gone."""
    if duties:
        conn.execute(_SETTLE, {"of": case_id, "duties": sorted(duties), "now": at})


def settle_helpers(
    conn: Connection, case_id: int, at: datetime, *, gone_but: Sequence[str] = (), unit: str = ""
) -> None:
    """A helping unit has replied; or (without one) all those have gone that are not helpers any more."""
    mine = (obligation.c.case_id == case_id, obligation.c.duty == ASSIST, obligation.c.settled_at.is_(None))
    which = obligation.c.department == unit if unit else obligation.c.department.not_in(list(gone_but))
    how = {"how": "replied"} if unit else {}
    conn.execute(update(obligation).where(*mine, which).values(settled_at=at, **how))


def carry(conn: Connection, case_id: int, duties: frozenset[str], letter_id: int) -> None:
    """What is owed to the citizen is fulfilled when this letter is delivered, if no earlier one carries it."""
    conn.execute(_CARRY, {"of": case_id, "duties": sorted(duties), "letter": letter_id})


def told(conn: Connection, case_id: int, duties: Sequence[str], at: datetime) -> None:
    """The citizen was told of these by somebody: fulfilled."""
    owed = (obligation.c.case_id == case_id, obligation.c.duty.in_(duties), obligation.c.settled_at.is_(None))
    conn.execute(update(obligation).where(*owed).values(settled_at=at, how="told"))


def add_duties(conn: Connection, case_id: int, duties: Sequence[Obligation]) -> None:
    """New dated duties of a case."""
    for duty in duties:
        row = {
            "case_id": case_id,
            "duty": duty.duty,
            "made_at": duty.made_at,
            "due_at": duty.due_at,
            "step": duty.step,
            "wake_at": duty.wake_at,
            "department": duty.department or None,
        }
        ready.do(conn, _INSERT_DUTIES, row)


def waking(conn: Connection, now: datetime, limit: int = 100) -> list[tuple[int, str]]:
    """Duties that wake by `now`, oldest first: the id of each, and a name for this one time that it wakes."""
    rows = conn.execute(_WAKING, {"now": now, "most": limit})
    return [(row.id, f"{row.id}:{row.step}:{int(row.wake_at.timestamp())}") for row in rows]


def duty(conn: Connection, obligation_id: int) -> tuple[int, Obligation] | None:
    """An unsettled duty by id: (case id, duty)."""
    mine = (obligation.c.id == obligation_id, obligation.c.settled_at.is_(None))
    row = conn.execute(select(obligation).where(*mine)).first()
    if row is None:
        return None
    return row.case_id, Obligation(row.duty, row.made_at, row.due_at, row.step, row.wake_at, row.department or "")


def duties_of(conn: Connection, case_id: int) -> list[Duty]:
    """What citizens are or were owed on a case and helpers owe, oldest first."""
    shown = (obligation.c.case_id == case_id, obligation.c.duty.in_([*TO_CITIZEN, ASSIST]))
    rows = conn.execute(select(obligation).where(*shown).order_by(obligation.c.due_at, obligation.c.id))
    return [Duty(row.duty, row.due_at, row.settled_at, row.how or "", row.department or "") for row in rows]


def wanted(conn: Connection, vault: Vault, until: datetime, limit: int = 2000) -> list[Wanted]:
    """What falls due on service cases up to `until`, and what waits for a decision; the earliest first."""
    owed = (obligation.c.settled_at.is_(None), obligation.c.duty.in_(_NAMED), obligation.c.due_at <= until)
    due = select(obligation).where(*owed).order_by(obligation.c.due_at).limit(limit)
    rows = conn.execute(due).all()
    asked = select(case.c.id).where(case.c.open == true(), case.c.pending != literal_column("''")).limit(limit)
    asking = set(conn.execute(asked).scalars())
    ids = {row.case_id for row in rows} | asking
    held = {one.id: one for one in many(conn, vault, select(case).where(case.c.id.in_(ids)))} if ids else {}
    held = {case_id: one for case_id, one in held.items() if one.lane is Lane.SERVICE}
    found = [
        Wanted(held[row.case_id], row.duty, row.due_at, row.department or held[row.case_id].department)
        for row in rows
        if row.case_id in held
    ]
    waiting = [held[case_id] for case_id in asking if case_id in held]
    return found + [Wanted(one, "", one.pending_until or until, one.department) for one in waiting]


def step_on(conn: Connection, obligation_id: int, after: Obligation) -> None:
    """A duty has woken once more."""
    mine = update(obligation).where(obligation.c.id == obligation_id)
    conn.execute(mine.values(step=after.step, wake_at=after.wake_at))


def wake_again(conn: Connection, obligation_id: int, at: datetime) -> None:
    """A duty could not be seen to: the same step, later."""
    conn.execute(update(obligation).where(obligation.c.id == obligation_id).values(wake_at=at))
