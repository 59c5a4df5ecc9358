"""The machine: what may follow what, who may do it, and what a case is after it happened.

Everything that moves a case is in this file. `TRANSITIONS` says which act is possible in which state and
where it leads; `WHO` says who may do it; `decide` adds what needs more than the state (`cases.guards`);
`fold` is the only function that makes a new Case out of an old one (`cases.folds` lists what else changes).
The diagram in docs/cases.md is drawn from `TRANSITIONS`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cases.case import CLOCK, OPEN, Act, Actor, Case, Command, Event, Filing, Role, State
from cases.folds import FOLDS
from cases.guards import GUARDS
from config.schema import County

_STAY = (Act.NOTE, Act.REVEAL, Act.MUTE, Act.UNMUTE)
_STAY_OPEN = (*_STAY, Act.TOLD, Act.URGE, Act.REMIND, Act.SUPERVISE, Act.ASSIST, Act.CLAIM, Act.RELEASE)


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
            Act.EXTEND: State.HANDLING,
            Act.TRANSFER: State.FILED,
            Act.RETURN: State.FILED,
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
            Act.CLOSE: State.CLOSED,
            Act.REOPEN: State.HANDLING,
        },
    ),
    State.CLOSED: _ended(
        State.CLOSED,
        {
            Act.RATE_WELL: State.CLOSED,
            Act.RATE_BADLY: State.HANDLING,
            Act.REOPEN: State.HANDLING,
        },
    ),
    State.REFUSED: _ended(State.REFUSED, {}),
    State.WITHDRAWN: _ended(State.WITHDRAWN, {}),
    State.MERGED: _ended(State.MERGED, {}),
}

_HANDLER = "handler"  # a clerk of the department that holds the case
_HELPER = "helper"  # a clerk of an assisting department
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
    Act.EXTEND: frozenset({Role.SUPERVISOR}),
    Act.ASSIST: frozenset({Role.DISPATCHER}),
    Act.ANSWER: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.RATE_WELL: frozenset({_CITIZEN}),
    Act.RATE_BADLY: frozenset({_CITIZEN}),
    Act.LAPSE: frozenset({_CLOCK}),
    Act.CLOSE: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.REOPEN: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.WITHDRAW: frozenset({_CITIZEN}),
    Act.MERGE: frozenset({Role.DISPATCHER}),
    Act.ESCALATE: frozenset({Role.SUPERVISOR}),
    Act.SUPERVISE: frozenset({Role.SUPERVISOR, _CLOCK}),
    Act.NOTE: frozenset({_HANDLER, _HELPER, Role.DISPATCHER, Role.SUPERVISOR}),
    Act.URGE: frozenset({_CITIZEN}),
    Act.TOLD: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.REMIND: frozenset({_CLOCK}),
    Act.REVEAL: frozenset({_HANDLER, Role.DISPATCHER}),
    Act.MUTE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
    Act.UNMUTE: frozenset({Role.DISPATCHER, Role.SUPERVISOR}),
}

# Doing one of these to a case nobody has accepted accepts it: a clerk who knows the answer just answers.
_IMPLIES_ACCEPT = frozenset({Act.ANSWER, Act.ASK})

# These are the business of whoever claimed the case; a colleague is told who that is.
_CLAIMANT_ONLY = frozenset({Act.ACCEPT, Act.REFUSE, Act.RETURN, Act.ASK, Act.ANSWER, Act.CLOSE})

# Another unit has the case afterwards, and nobody there has claimed it.
_MOVES = frozenset({Act.TRANSFER, Act.RETURN, Act.ESCALATE})

# These may be done on an older view of the case: they neither overwrite nor contradict what happened since.
_ANY_REV = frozenset({*_STAY, Act.TOLD, Act.CLAIM})


class Illegal(Exception):
    """A command that may not happen now; `reason` is a key under `illegal.` in the texts."""

    def __init__(self, case: Case, command: Command, reason: str, **gaps: str) -> None:
        super().__init__(f"{case.no} ({case.state}): {command.act} by {command.by.kind} {command.by.id}: {reason}")
        self.case, self.command, self.reason, self.gaps = case, command, reason, gaps


def may(case: Case, actor: Actor, act: Act) -> bool:
    """Whether this actor is somebody who may do this act to this case at all."""
    return bool(WHO.get(act, frozenset()) & _hats(case, actor))


def possible(case: Case, actor: Actor) -> tuple[Act, ...]:
    """The acts that are open to this actor now, for drawing buttons."""
    moves = TRANSITIONS[case.state]
    implied = _IMPLIES_ACCEPT if case.state is State.FILED else frozenset[Act]()
    return tuple(act for act in Act if (act in moves or act in implied) and may(case, actor, act))


def _hats(case: Case, actor: Actor) -> frozenset[str]:
    if actor.kind != "staff":
        return frozenset({actor.kind}) & {_CITIZEN, _CLOCK}
    hats: set[str] = {str(role) for role in actor.roles if role is not Role.CLERK}
    if Role.CLERK in actor.roles and actor.unit == case.department:
        hats.add(_HANDLER)
    if Role.CLERK in actor.roles and actor.unit in case.assist:
        hats.add(_HELPER)
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
    )
    return case, Event(case.id, 1, Act.FILE, at, by, data={"department": case.department})


def decide(case: Case, command: Command, at: datetime, county: County) -> tuple[Event, ...]:
    """What happens when `command` is done to `case` at `at`. Raises Illegal, changes nothing."""
    if case.state is not State.FILED or command.act not in _IMPLIES_ACCEPT:
        return _happens(case, command, at, county)
    accept = Command(Act.ACCEPT, command.by, command.case_id, rev=command.rev)
    before = _happens(case, accept, at, county)
    for event in before:
        case = fold(case, event)
    return (*before, *_happens(case, replace(command, rev=case.rev), at, county))


def _happens(case: Case, command: Command, at: datetime, county: County) -> tuple[Event, ...]:
    _check(case, command, at, county)
    data = _data(command, case, county)
    event = Event(case.id, case.rev + 1, command.act, at, command.by, command.text, data, command.attachments)
    return (event, *_aftermath(case, event))


def _aftermath(case: Case, event: Event) -> tuple[Event, ...]:
    """A second bad rating goes to the supervisor by itself (design §6)."""
    if event.act is Act.RATE_BADLY and case.bad_ratings >= 1 and not case.supervised:
        return (Event(case.id, event.seq + 1, Act.SUPERVISE, event.at, CLOCK, data={"why": "rated"}),)
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
        raise Illegal(case, command, reason, who=case.claimed_name, days=str(county.office.limits.extend_days))


def _claimed_by_colleague(case: Case, actor: Actor) -> bool:
    """A dispatcher may step in; a colleague may not."""
    if actor.kind != "staff" or Role.DISPATCHER in actor.roles:
        return False
    return bool(case.claimed_by) and case.claimed_by != actor.id


def _data(command: Command, case: Case, county: County) -> dict[str, str | int]:
    data: dict[str, str | int] = {}
    for name in ("department", "ground", "door", "evidence", "score", "into"):
        value = getattr(command, name)
        if value:
            data[name] = value
    if command.departments:
        data["departments"] = ",".join(dict.fromkeys(command.departments))
    if command.until:
        data["until"] = int(command.until.timestamp())
    if command.act is Act.RETURN:
        data["department"] = county.office.duty_department
    if command.act is Act.ESCALATE:
        data["department"] = county.department_by_id[case.department].parent
    if command.act is Act.REFUSE and not command.door:
        data["door"] = county.ground_by_id[command.ground].door
    return data


def fold(case: Case, event: Event) -> Case:
    """The case after `event`, which came from `decide`: one that may not follow is a KeyError."""
    state = TRANSITIONS[case.state][event.act]
    changes = FOLDS[event.act](case, event) if event.act in FOLDS else {}
    if state not in OPEN or event.act in _MOVES:
        changes |= {"claimed_by": 0, "claimed_name": ""}
    return replace(case, state=state, rev=event.seq, **changes)
