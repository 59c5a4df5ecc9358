"""What an act needs beyond the right state and the right person: a reason, a ground, a date, a window.

A guard returns the reason why the act may not happen, a key under `illegal.` in the texts, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cases.case import FINDINGS, SHEET, Act, Case, Command, Role, State
from cases.clocks import TO_CITIZEN, deadline, due
from cases.firewall import barred
from cases.recusal import kept_by
from config.schema import County, Lane, Limits

Guard = Callable[[Case, Command, datetime, County], str | None]


TOLD_BY = frozenset({"phone", "visit", "letter"})


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


def unreviewed(case: Case) -> bool:
    """A matter that came back, and nobody has looked into why (四个穿透)."""
    return bool(case.repeat_of) and not case.reviewed


def _close(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if not (command.text.strip() and command.evidence.strip()):
        return "evidence"
    return "review" if unreviewed(case) else None


def _lapse(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Silence does not close what came back; whoever filed it may, by rating it well."""
    return "review" if unreviewed(case) else None


def _review(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """All four parts, in words."""
    sheet = dict(command.sheet)
    return None if all(sheet.get(part, "").strip() for part in SHEET) else "sheet"


def _ground(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """A listed ground, and a right channel that exists (潍坊市12345条例 §19)."""
    ground = county.ground_by_id.get(command.ground)
    if ground is None:
        return "ground"
    return None if (command.door or ground.door) in county.door_by_id else "door"


def _other_unit(case: Case, unit: str, county: County) -> bool:
    """A unit that could take the case or help with it: not one it is about, nor one under it (信访工作条例 §30).

    Discipline staff never get a service case, and nobody else gets a tip.
    """
    known = county.department_by_id.get(unit)
    if known is None or unit == case.department or unit in barred(county, case.accused):
        return False
    return known.discipline == (case.lane is Lane.TIP)


def _elsewhere(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if command.department in barred(county, case.accused):
        return "accused"
    return None if _other_unit(case, command.department, county) else "department"


def _assist(case: Case, command: Command, at: datetime, county: County) -> str | None:
    named = command.departments
    return None if named and all(_other_unit(case, unit, county) for unit in named) else "department"


def _return(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Within `return_days` of getting it (信访工作条例 §23); disputed twice, the dispatcher's decision is final."""
    duty = county.office.duty_department
    if case.department == duty or duty in barred(county, case.accused):
        return "department"
    if case.returns >= 2:
        return "returned"
    days = deadline(county, case.kind, case.urgent, case.lane).return_days
    if days and at > due(case.since or case.opened_at, county, days=days):
        return "return_late"
    return _words(case, command, at, county)


def _longer(case: Case, until: datetime | None, at: datetime, county: County) -> str | None:
    """Once, to a later day still to come, at most `extend_days` further off (信访工作条例 §34)."""
    if case.extended:
        return "extended"
    if until is None or case.answer_by is None:
        return "until"
    present = max(case.answer_by, at)
    if until <= present:
        return "until"
    return "too_far" if until > present + timedelta(days=county.office.limits.extend_days) else None


def _request(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """With a reason and a date; while one request waits, there is no second."""
    if case.pending:
        return "requested"
    return _longer(case, command.until, at, county) or _words(case, command, at, county)


def _extend(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """What another person asked for, to their date or an earlier one (信访工作条例 §34: with approval and notice)."""
    if case.extended:
        return "extended"
    if case.pending != "extend" or case.pending_until is None:
        return "no_request"
    if case.pending_by == command.by.id:
        return "own_request"
    until = command.until or case.pending_until
    if until > case.pending_until:
        return "too_far"
    return _longer(case, until, at, county) or _words(case, command, at, county)


def _decline(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if not case.pending:
        return "no_request"
    if case.pending_by == command.by.id:
        return "own_request"
    return _words(case, command, at, county)


def _told(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """两告知两反馈 by phone, visit or letter: how, when, what was said, and what it was about."""
    if command.how not in TOLD_BY:
        return "how"
    if not TO_CITIZEN.issuperset(command.about):
        return "about"
    if command.on and not case.opened_at - timedelta(days=1) <= command.on <= at + timedelta(minutes=5):
        return "told_on"
    return _words(case, command, at, county)


def _propose(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return "second" if case.pending == "close" else _close(case, command, at, county)


def _confirm(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return None if case.rechecked_at else "window"


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
    """Staff within the window after closing; the citizen after they were asked 回头看."""
    days = timedelta(days=county.office.limits.reopen_days)
    asked = case.rechecked_at is not None and at - case.rechecked_at <= days
    if command.by.kind == "citizen":
        return None if asked else "window"
    if not asked and not reopenable(case, at, county.office.limits):
        return "window"
    return _words(case, command, at, county)


def _merge(case: Case, command: Command, at: datetime, county: County) -> str | None:
    return "merge" if command.into in (0, case.id) else None


def _split(case: Case, command: Command, at: datetime, county: County) -> str | None:
    if not reopenable(case, at, county.office.limits):
        return "window"
    return _words(case, command, at, county)


def _crosscheck(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Another unit than the one that handled it, or helped, and one at a time (村村协作)."""
    topic = county.topic_by_code.get(case.topic)
    if topic is None or not topic.crosscheck:
        return "check_topic"
    if case.checker:
        return "checking"
    mine = command.department in case.assist
    return "checker" if mine or not _other_unit(case, command.department, county) else None


def _checked(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """What was found, in words and with something to show for it: a check on paper is none."""
    if command.finding not in FINDINGS:
        return "finding"
    return None if command.text.strip() and command.attachments else "check_evidence"


def _accuse(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Units there are, other ones than before, and somebody left above them who may have it (信访工作条例 §30)."""
    named = frozenset(command.departments)
    if not named.issubset(county.department_by_id):
        return "department"
    if named == frozenset(case.accused):
        return "same"
    return _words(case, command, at, county) if kept_by(case, named, county) else "nobody_above"


def _writer(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """Somebody wrote it who could write again; whoever came in person cannot be muted."""
    return None if case.person else "nobody"


def _look(case: Case, command: Command, at: datetime, county: County) -> str | None:
    """A child's contact opens for whoever has claimed the case (未成年人网络保护条例 §36)."""
    return "minor" if case.minor and case.claimed_by != command.by.id else None


GUARDS: dict[Act, Guard] = {
    Act.CLAIM: _claim,
    Act.RELEASE: _release,
    Act.REFUSE: _ground,
    Act.TRANSFER: _elsewhere,
    Act.RETURN: _return,
    Act.ASK: _words,
    Act.SUPPLEMENT: _words_or_files,
    Act.REQUEST: _request,
    Act.EXTEND: _extend,
    Act.DECLINE: _decline,
    Act.REPLY: _words,
    Act.PROGRESS: _words,
    Act.ASSIST: _assist,
    Act.CONCLUDE: _words,
    Act.ANSWER: _words,
    Act.RATE_WELL: _rate,
    Act.RATE_BADLY: _rate,
    Act.PROPOSE: _propose,
    Act.CLOSE: _close,
    Act.LAPSE: _lapse,
    Act.CONFIRM: _confirm,
    Act.REOPEN: _reopen,
    Act.MERGE: _merge,
    Act.SPLIT: _split,
    Act.SECOND: _words_or_files,
    Act.REVIEW: _review,
    Act.CROSSCHECK: _crosscheck,
    Act.CHECKED: _checked,
    Act.ACCUSE: _accuse,
    Act.ESCALATE: _escalate,
    Act.SUPERVISE: _supervise,
    Act.NOTE: _words,
    Act.URGE: _urge,
    Act.TOLD: _told,
    Act.MUTE: _writer,
    Act.UNMUTE: _writer,
    Act.REVEAL: _look,
    Act.HOLD: _words,
    Act.UNHOLD: _words,
}
