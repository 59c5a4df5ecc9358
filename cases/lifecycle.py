"""The machine: what may follow what, who may do it, and what a case is after it happened.

Everything that moves a case is in this file. `TRANSITIONS` says which act is possible in which state and
where it leads; `WHO` says who may do it; `decide` adds what needs more than the state (`cases.guards`);
`fold` is the only function that makes a new Case out of an old one (`cases.folds` lists what else changes).
The diagram in docs/cases.md is drawn from `TRANSITIONS`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cases import tips
from cases.case import CLOCK, OPEN, SHEET, Act, Actor, Case, Command, Event, Filing, Role, State
from cases.clocks import deadline, due, told_of
from cases.folds import FOLDS
from cases.guards import GUARDS
from cases.recusal import recusal
from config.schema import County, Lane

_STAY = (Act.NOTE, Act.REVEAL, Act.ACCUSE, Act.MUTE, Act.UNMUTE, Act.HOLD, Act.UNHOLD)
_STAY_OPEN = (
    *_STAY, Act.TOLD, Act.URGE, Act.REMIND, Act.SUPERVISE, Act.ASSIST, Act.REPLY, Act.CLAIM, Act.RELEASE, Act.SECOND,
    Act.STEP_OUT, Act.REVIEW, Act.CHECKED,
)  # fmt: skip
_STAY_TOLD = (Act.TOLD, Act.REMIND)  # a result that reached nobody is owed after the end, too


def _open(state: State, moves: dict[Act, State]) -> dict[Act, State]:
    """What any open case allows, under the moves of its own state."""
    anywhere = dict.fromkeys(_STAY_OPEN, state)
    ends = {Act.ESCALATE: State.FILED, Act.WITHDRAW: State.WITHDRAWN, Act.MERGE: State.MERGED}
    return {**anywhere, Act.SUPPLEMENT: state, **ends, **moves}


def _ended(state: State, moves: dict[Act, State]) -> dict[Act, State]:
    """What is left to do with a case nobody owes anything on."""
    return {**dict.fromkeys(_STAY, state), **moves}


TRANSITIONS: dict[State, dict[Act, State]] = {
    State.FILED: _open(
        State.FILED,
        {
            Act.ACCEPT: State.HANDLING,
            Act.REFUSE: State.REFUSED,
            Act.TRANSFER: State.FILED,
            Act.RETURN: State.FILED,
        },
    ),
    State.HANDLING: _open(
        State.HANDLING,
        {
            Act.ASK: State.WAITING,
            Act.REQUEST: State.HANDLING,
            Act.EXTEND: State.HANDLING,
            Act.DECLINE: State.HANDLING,
            Act.PROGRESS: State.HANDLING,
            Act.TRANSFER: State.FILED,
            Act.RETURN: State.FILED,
            Act.CONCLUDE: State.HANDLING,
            Act.ANSWER: State.ANSWERED,
        },
    ),
    State.WAITING: _open(
        State.WAITING,
        {
            Act.SUPPLEMENT: State.HANDLING,
            Act.WAIT_OUT: State.HANDLING,
            Act.ANSWER: State.ANSWERED,
            Act.TRANSFER: State.FILED,
        },
    ),
    State.ANSWERED: _open(
        State.ANSWERED,
        {
            Act.ANSWER: State.ANSWERED,
            Act.RATE_WELL: State.CLOSED,
            Act.RATE_BADLY: State.HANDLING,
            Act.LAPSE: State.CLOSED,
            Act.PROPOSE: State.ANSWERED,
            Act.DECLINE: State.ANSWERED,
            Act.CLOSE: State.CLOSED,
            Act.REOPEN: State.HANDLING,
            Act.CROSSCHECK: State.ANSWERED,
        },
    ),
    State.CLOSED: _ended(
        State.CLOSED,
        {
            **dict.fromkeys(_STAY_TOLD, State.CLOSED),
            Act.REVIEW: State.CLOSED,
            Act.CROSSCHECK: State.CLOSED,
            Act.CHECKED: State.CLOSED,
            Act.RATE_WELL: State.CLOSED,
            Act.RATE_BADLY: State.HANDLING,
            Act.RECHECK: State.CLOSED,
            Act.CONFIRM: State.CLOSED,
            Act.REOPEN: State.HANDLING,
        },
    ),
    State.REFUSED: _ended(State.REFUSED, dict.fromkeys(_STAY_TOLD, State.REFUSED)),
    State.WITHDRAWN: _ended(State.WITHDRAWN, {}),
    State.MERGED: _ended(State.MERGED, {Act.SPLIT: State.FILED}),
}

_HANDLER = "handler"  # a clerk of the department that holds the case
_HELPER = "helper"  # a clerk of an assisting department
_CHECKER = "checker"  # a clerk of the unit that is to cross-check it
_CITIZEN = "citizen"
_CLOCK = "clock"

WHO: dict[Act, frozenset[str]] = {
    Act.CLAIM: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.RELEASE: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.ACCEPT: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.REFUSE: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.TRANSFER: frozenset({Role.DISPATCHER}),
    Act.RETURN: frozenset({_HANDLER}),
    Act.ASK: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.SUPPLEMENT: frozenset({_CITIZEN, _HANDLER, Role.DISPATCHER}),
    Act.WAIT_OUT: frozenset({_CLOCK}),
    Act.REQUEST: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.EXTEND: frozenset({Role.SUPERVISOR}),
    Act.DECLINE: frozenset({Role.SUPERVISOR}),
    Act.ASSIST: frozenset({Role.DISPATCHER}),
    Act.REPLY: frozenset({_HELPER}),
    Act.PROGRESS: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.ANSWER: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.RATE_WELL: frozenset({_CITIZEN}),
    Act.RATE_BADLY: frozenset({_CITIZEN}),
    Act.LAPSE: frozenset({_CLOCK}),
    Act.PROPOSE: frozenset({_HANDLER, Role.DISPATCHER, Role.SUPERVISOR}),
    Act.CLOSE: frozenset({_HANDLER, Role.DISPATCHER, Role.SUPERVISOR}),
    Act.RECHECK: frozenset({_CLOCK}),
    Act.CONFIRM: frozenset({_CITIZEN}),
    Act.REOPEN: frozenset({Role.DISPATCHER, Role.SUPERVISOR, _CITIZEN}),
    Act.WITHDRAW: frozenset({_CITIZEN}),
    Act.MERGE: frozenset({Role.DISPATCHER}),
    Act.SPLIT: frozenset({Role.DISPATCHER}),
    Act.ESCALATE: frozenset({Role.SUPERVISOR, _CLOCK}),
    Act.SUPERVISE: frozenset({Role.SUPERVISOR, _CLOCK}),
    Act.NOTE: frozenset({_HANDLER, _HELPER, Role.DISPATCHER, Role.SUPERVISOR}),
    Act.URGE: frozenset({_CITIZEN}),
    Act.TOLD: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.REMIND: frozenset({_CLOCK}),
    Act.REVEAL: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.CONCLUDE: frozenset({_HANDLER}),
    Act.ACCUSE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.MUTE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.UNMUTE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.SECOND: frozenset({_CITIZEN}),
    Act.STEP_OUT: frozenset({_CITIZEN}),
    Act.REVIEW: frozenset({_HANDLER, Role.DISPATCHER, Role.SUPERVISOR}),
    Act.CROSSCHECK: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.CHECKED: frozenset({_CHECKER}),
    Act.HOLD: frozenset({Role.SUPERVISOR, Role.CUSTODIAN}),
    Act.UNHOLD: frozenset({Role.SUPERVISOR, Role.CUSTODIAN}),
}

# Doing one of these to a case nobody has accepted accepts it: a clerk who knows the answer just answers.
_IMPLIES_ACCEPT = frozenset({Act.ANSWER, Act.ASK})

# These are the business of whoever claimed the case; a colleague is told who that is.
_CLAIMANT_ONLY = frozenset(
    {Act.ACCEPT, Act.REFUSE, Act.RETURN, Act.ASK, Act.PROGRESS, Act.REQUEST, Act.ANSWER, Act.PROPOSE, Act.CLOSE}
    | {Act.CONCLUDE}
)

# These may be done on an older view of the case: they neither overwrite nor contradict what happened since.
_ANY_REV = frozenset({*_STAY, Act.TOLD, Act.CLAIM, Act.REPLY, Act.CHECKED}) - {Act.ACCUSE}


class Illegal(Exception):
    """A command that may not happen now; `reason` is a key under `illegal.` in the texts."""

    def __init__(self, case: Case, command: Command, reason: str, **gaps: str) -> None:
        super().__init__(f"{case.no} ({case.state}): {command.act} by {command.by.kind} {command.by.id}: {reason}")
        self.case, self.command, self.reason, self.gaps = case, command, reason, gaps


def may(case: Case, actor: Actor, act: Act) -> bool:
    """Whether this actor is somebody who may do this act to this case at all."""
    if act not in tips.ACTS if case.lane is Lane.TIP else act in tips.ONLY:
        return False
    return bool(WHO.get(act, frozenset()) & _hats(case, actor))


def possible(case: Case, actor: Actor) -> tuple[Act, ...]:
    """The acts that are open to this actor now, for drawing buttons."""
    moves = TRANSITIONS[case.state]
    implied = _IMPLIES_ACCEPT if case.state is State.FILED else frozenset[Act]()
    return tuple(act for act in Act if (act in moves or act in implied) and may(case, actor, act))


def _hats(case: Case, actor: Actor) -> frozenset[str]:
    if actor.kind != "staff":
        return frozenset({actor.kind}) & {_CITIZEN, _CLOCK}
    if case.lane is Lane.TIP:
        return tips.hats(case, actor)
    hats: set[str] = {str(role) for role in actor.roles if role is not Role.CLERK}
    if Role.CLERK in actor.roles and actor.unit == case.department:
        hats.add(_HANDLER)
    if Role.CLERK in actor.roles and actor.unit in case.assist:
        hats.add(_HELPER)
    if Role.CLERK in actor.roles and case.checker and actor.unit == case.checker:
        hats.add(_CHECKER)
    return frozenset(hats)


def opened(filing: Filing, no: str, at: datetime) -> tuple[Case, Event]:
    """The case a filing makes, and its first event. Obligations are added by `cases.clocks`."""
    by = filing.by
    case = Case(
        id=filing.case_id,
        no=no,
        lane=filing.lane,
        kind=filing.kind,
        topic=filing.topic,
        department=filing.department,
        state=State.FILED,
        opened_at=at,
        assist=filing.assist,
        place=filing.place,
        place_text=filing.place_text,
        story=filing.story,
        when=filing.when,
        details=filing.details,
        attachments=filing.attachments,
        name=filing.name,
        phone=filing.phone,
        urgent=filing.urgent,
        person=by.id if by.kind == "citizen" else 0,
        channel=filing.channel,
        on_behalf=filing.on_behalf,
        minor=filing.minor,
        source=filing.source,
        accused=filing.accused,
        about=filing.about,
        named=filing.lane is Lane.TIP and bool(filing.name or filing.phone),
    )
    return case, Event(case.id, 1, Act.FILE, at, by, data={"department": case.department})


def decide(case: Case, command: Command, at: datetime, county: County) -> tuple[Event, ...]:
    """What happens when `command` is done to `case` at `at`. Raises Illegal, changes nothing."""
    if command.act is Act.CLOSE and wants_second(case, command.by, county):
        command = replace(command, act=Act.PROPOSE)
    if case.state is not State.FILED or command.act not in _IMPLIES_ACCEPT:
        return _happens(case, command, at, county)
    accept = Command(Act.ACCEPT, command.by, command.case_id, rev=command.rev)
    before = _happens(case, accept, at, county)
    for event in before:
        case = fold(case, event)
    return (*before, *_happens(case, replace(command, rev=case.rev), at, county))


def wants_second(case: Case, actor: Actor, county: County) -> bool:
    """Whether closing has to wait for another person than `actor`."""
    proposed = case.pending == "close" and case.pending_by != actor.id
    return closes_by_second(case, county) and case.state is State.ANSWERED and not proposed


def closes_by_second(case: Case, county: County) -> bool:
    """Whether two people have to close it (销号, where the category says so): then the clock alone does not."""
    category = county.category_by_code.get(case.topic[:2])
    return bool(category and category.close_by_second)


def _happens(case: Case, command: Command, at: datetime, county: County) -> tuple[Event, ...]:
    _check(case, command, at, county)
    data = _data(command, case, at, county)
    event = Event(case.id, case.rev + 1, command.act, at, command.by, command.text, data, command.attachments)
    return (event, *_aftermath(case, event, county))


def _aftermath(case: Case, event: Event, county: County) -> tuple[Event, ...]:
    """A second bad rating goes to the supervisor by itself (design §6)."""
    if event.act is Act.RATE_BADLY and case.bad_ratings >= 1 and not case.supervised:
        until = due(event.at, county, days=county.ladder.supervise_days)
        data: dict[str, str | int] = {"why": "rated", "until": int(until.timestamp())}
        return (Event(case.id, event.seq + 1, Act.SUPERVISE, event.at, CLOCK, data=data),)
    return ()


def _check(case: Case, command: Command, at: datetime, county: County) -> None:
    if command.act not in TRANSITIONS[case.state]:
        raise Illegal(case, command, "state")
    if not may(case, command.by, command.act):
        raise Illegal(case, command, "role")
    if command.rev and command.rev != case.rev and command.act not in _ANY_REV:
        raise Illegal(case, command, "stale")
    if command.act in _CLAIMANT_ONLY and _claimed_by_colleague(case, command.by):
        raise Illegal(case, command, "claimed", who=case.claimed_name)
    guard = GUARDS.get(command.act)
    reason = guard(case, command, at, county) if guard else None
    if reason:
        raise Illegal(case, command, reason, who=case.claimed_name, days=_days(case, reason, county))


def _days(case: Case, reason: str, county: County) -> str:
    """The number of days that a refusal speaks of."""
    if reason == "return_late":
        return str(deadline(county, case.kind, case.urgent, case.lane).return_days)
    return str(county.office.limits.extend_days)


def _claimed_by_colleague(case: Case, actor: Actor) -> bool:
    """A dispatcher or supervisor may step in; a colleague only as the second person of a closing."""
    if actor.kind != "staff" or actor.roles & {Role.DISPATCHER, Role.SUPERVISOR} or case.pending == "close":
        return False
    return bool(case.claimed_by) and case.claimed_by != actor.id


def _data(command: Command, case: Case, at: datetime, county: County) -> dict[str, str | int]:
    data: dict[str, str | int] = {}
    for name in ("department", "ground", "door", "evidence", "score", "into", "how", "whom", "finding"):
        value = getattr(command, name)
        if value:
            data[name] = value
    if command.departments:
        data["departments"] = ",".join(dict.fromkeys(command.departments))
        data["added"] = ",".join(unit for unit in dict.fromkeys(command.departments) if unit not in case.assist)
    data |= {name: words for name, words in command.sheet if name in SHEET}
    until = command.until or (case.pending_until if command.act is Act.EXTEND else None)
    if until:
        data["until"] = int(until.timestamp())
    if command.on:
        data["on"] = int(command.on.timestamp())
    if command.act is Act.TOLD:
        data["about"] = ",".join(told_of(command))
    if command.act is Act.SUPERVISE:
        data["why"] = data.pop("evidence", "person")
        data["until"] = int(due(at, county, days=county.ladder.supervise_days).timestamp())
    if command.act is Act.RETURN:
        data["department"] = county.office.duty_department
    if command.act is Act.ESCALATE:
        data["department"] = county.department_by_id[case.department].parent
    if command.act is Act.ACCUSE:
        data.pop("department", None)  # who has it then is not for whoever says so to choose
        data |= recusal(case, command.departments, county)
    if command.act is Act.REFUSE and not command.door:
        data["door"] = county.ground_by_id[command.ground].door
    return data


def fold(case: Case, event: Event) -> Case:
    """The case after `event`, which came from `decide`: one that may not follow is a KeyError."""
    state = TRANSITIONS[case.state][event.act]
    changes = FOLDS[event.act](case, event) if event.act in FOLDS else {}
    if state not in OPEN or "department" in changes:  # nobody of the unit that has it now has claimed it
        changes |= {"claimed_by": 0, "claimed_name": ""}
    return replace(case, state=state, rev=event.seq, **changes)
