"""What an act needs beyond the right state and the right person: a reason, a ground, a date, a window.

A guard returns the reason why the act may not happen, a key under `illegal.` in the texts, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.case import Act, Case, Command, Role, State
from config.schema import County, Lane, Limits

Guard = Callable[[Case, Command, datetime, County], str | None]


def reopenable(case: Case, at: datetime, limits: Limits) -> bool:
    """Whether the window after closing is still open; an answered case is always inside it."""
    return case.closed_at is None or at - case.closed_at <= timedelta(days=limits.reopen_days)


def _claim(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return "claimed" if case.claimed_by and case.claimed_by != command.by.id else None


def _release(case: Case, command: Command, at: datetime, county: County) -> str | None:
    own = case.claimed_by == command.by.id or Role.DISPATCHER in command.by.roles
    return None if case.claimed_by and own else "not_claimed"


def _words(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return None if command.text.strip() else "empty"


def _words_or_files(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return None if command.attachments else _words(case, command, at, county)


def _evidence(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return None if command.text.strip() and command.evidence.strip() else "evidence"


def _ground(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """A listed ground, and a right channel that exists (潍坊市12345条例 §19)."""
    ground = county.ground_by_id.get(command.ground)
    if ground is None:
        return "ground"
    return None if (command.door or ground.door) in county.door_by_id else "door"


def _other_unit(case: Case, unit: str, county: County) -> bool:
    """A unit that could take the case or help with it; discipline staff never get a service case."""
    known = county.department_by_id.get(unit)
    if known is None or unit == case.department:
        return False
    return not (known.discipline and case.lane is Lane.SERVICE)


def _elsewhere(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return None if _other_unit(case, command.department, county) else "department"


def _assist(case: Case, command: Command, at: datetime, county: County) -> str | None:
    named = command.departments
    return None if named and all(_other_unit(case, unit, county) for unit in named) else "department"


def _return(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Disputed twice, the dispatcher's decision is final."""
    if case.department == county.office.duty_department:
        return "department"
    if case.returns >= 2:
        return "returned"
    return _words(case, command, at, county)


def _extend(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Once, with a reason, to a later day still to come, at most `extend_days` further off (信访工作条例 §34)."""
    if case.extended:
        return "extended"
    if command.until is None or case.answer_by is None:
        return "until"
    present = max(case.answer_by, at)
    if command.until <= present:
        return "until"
    if command.until > present + timedelta(days=county.office.limits.extend_days):
        return "too_far"
    return _words(case, command, at, county)


def _escalate(case: Case, command: Command, at: datetime, county: County) -> str | None:
    unit = county.department_by_id.get(case.department)
    return None if unit and unit.parent else "top"


def _supervise(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return "supervised" if case.supervised else None


def _urge(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if case.urged_at and at - case.urged_at < timedelta(hours=county.office.limits.urge_hours):
        return "urged"
    return None


def _rate(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if not 1 <= command.score <= 5 or (command.score <= 2) != (command.act is Act.RATE_BADLY):
        return "score"
    if case.state is State.CLOSED and (case.score or not reopenable(case, at, county.office.limits)):
        return "rated"
    return None


def _reopen(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if not reopenable(case, at, county.office.limits):
        return "window"
    return _words(case, command, at, county)


def _merge(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return "merge" if command.into in (0, case.id) else None


def _writer(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Somebody wrote it who could write again; whoever came in person cannot be muted."""
    return None if case.person else "nobody"


GUARDS: dict[Act, Guard] = {
    Act.CLAIM: _claim,
    Act.RELEASE: _release,
    Act.REFUSE: _ground,
    Act.TRANSFER: _elsewhere,
    Act.RETURN: _return,
    Act.ASK: _words,
    Act.SUPPLEMENT: _words_or_files,
    Act.EXTEND: _extend,
    Act.ASSIST: _assist,
    Act.ANSWER: _words,
    Act.RATE_WELL: _rate,
    Act.RATE_BADLY: _rate,
    Act.CLOSE: _evidence,
    Act.REOPEN: _reopen,
    Act.MERGE: _merge,
    Act.ESCALATE: _escalate,
    Act.SUPERVISE: _supervise,
    Act.NOTE: _words,
    Act.URGE: _urge,
    Act.TOLD: _words,
    Act.MUTE: _writer,
    Act.UNMUTE: _writer,
}
