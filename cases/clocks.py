"""Obligations: dated duties counted in the working days of the Chinese calendar, and when each one wakes.

The first working day is the day after receipt; a duty of n working days is due at the end of the n-th
(四川 12345 rule of December 2025, domain.md §2). A year whose calendar is not published yet counts Monday to
Friday and is reported by `published`, so that the pages can say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cases.case import Act, Case, Event
from config.schema import County, Deadline, Kind, Year

ACCEPT = "accept"
ANSWER = "answer"
SUPPLEMENT = "supplement"
RATE = "rate"

# Which duties an act settles, because they are done, void, or laid anew.
SETTLES: Mapping[Act, frozenset[str]] = {
    Act.ACCEPT: frozenset({ACCEPT}),
    Act.TRANSFER: frozenset({ACCEPT, SUPPLEMENT}),
    Act.RETURN: frozenset({ACCEPT}),
    Act.ESCALATE: frozenset({ACCEPT, SUPPLEMENT, RATE}),
    Act.ANSWER: frozenset({ANSWER, SUPPLEMENT, RATE}),
    Act.SUPPLEMENT: frozenset({SUPPLEMENT}),
    Act.WAIT_OUT: frozenset({SUPPLEMENT}),
    Act.EXTEND: frozenset({ANSWER}),
    Act.RATE_WELL: frozenset({RATE}),
    Act.RATE_BADLY: frozenset({RATE}),
    Act.LAPSE: frozenset({RATE}),
    Act.CLOSE: frozenset({RATE}),
    Act.REOPEN: frozenset({RATE}),
    **{act: frozenset({ACCEPT, ANSWER, SUPPLEMENT, RATE}) for act in (Act.REFUSE, Act.WITHDRAW, Act.MERGE)},
}

# Share of the time at which a duty wakes the clock; 1.0 is due.
STEPS: Mapping[str, tuple[float, ...]] = {
    ACCEPT: (1.0,),
    ANSWER: (0.5, 0.8, 1.0),
    SUPPLEMENT: (1.0,),
    RATE: (1.0,),
}


@dataclass(frozen=True, slots=True)
class Obligation:
    """A dated duty on a case. `step` counts the wake-ups that have happened."""

    duty: str
    made_at: datetime
    due_at: datetime
    step: int = 0

    @property
    def wake_at(self) -> datetime | None:
        """The next moment somebody is to be reminded; None after the last."""
        steps = STEPS[self.duty]
        if self.step >= len(steps):
            return None
        return self.made_at + (self.due_at - self.made_at) * steps[self.step]


def is_working_day(day: date, calendar: Mapping[int, Year]) -> bool:
    """Whether offices work on `day`, incl. 调休; Monday to Friday where the year is not published."""
    year = calendar.get(day.year)
    if year and day in year.work:
        return True
    return day.weekday() < 5 and not (year and day in year.off)


def add_working_days(day: date, days: int, calendar: Mapping[int, Year]) -> date:
    """The `days`-th working day after `day`; `day` itself for 0."""
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, calendar)
    return day


def published(day: date, calendar: Mapping[int, Year]) -> bool:
    """Whether the working calendar of that day's year is known."""
    return day.year in calendar


def due(at: datetime, county: County, *, days: int = 0, hours: int = 0) -> datetime:
    """When a duty received at `at` is due: clock hours if given, else the end of the n-th working day, UTC."""
    if hours:
        return at + timedelta(hours=hours)
    zone = ZoneInfo(county.office.time_zone)
    last = add_working_days(at.astimezone(zone).date(), days, county.calendar)
    return datetime.combine(last, time.fromisoformat(county.office.day_ends), zone).astimezone(at.tzinfo)


def deadline(county: County, kind: Kind, urgent: bool) -> Deadline:
    """The rule for this kind; the ordinary one where no urgent one is written."""
    rules = [rule for rule in county.deadlines if rule.kind is kind]
    return next((rule for rule in rules if rule.urgent == urgent), rules[0])


def answer_due(at: datetime, county: County, kind: Kind, urgent: bool) -> datetime:
    """When a matter received at `at` is to be answered."""
    rule = deadline(county, kind, urgent)
    return due(at, county, days=rule.answer_days, hours=rule.answer_hours)


def duties_after(event: Event, case: Case, county: County) -> tuple[Obligation, ...]:
    """The obligations that `event` lays on `case` (the case as it is after the event)."""
    match event.act:
        case Act.FILE:
            return (_accept(event, case, county), _answer(event, case, county))
        case Act.ESCALATE if case.answered_at:  # the answer did not settle it: a new one is owed
            return (_accept(event, case, county), _answer(event, case, county))
        case Act.TRANSFER | Act.RETURN | Act.ESCALATE:
            return (_accept(event, case, county),)
        case Act.RATE_BADLY | Act.REOPEN:
            return (_answer(event, case, county),)
        case Act.EXTEND:
            until = datetime.fromtimestamp(int(event.data["until"]), event.at.tzinfo)
            return (Obligation(ANSWER, event.at, until),)
        case Act.ASK:
            return (_days(SUPPLEMENT, event, county.office.limits.waiting_days),)
        case Act.ANSWER:
            return (_days(RATE, event, county.office.limits.rating_days),)
        case _:
            return ()


def _accept(event: Event, case: Case, county: County) -> Obligation:
    rule = deadline(county, case.kind, case.urgent)
    return Obligation(ACCEPT, event.at, due(event.at, county, days=rule.accept_days, hours=rule.accept_hours))


def _answer(event: Event, case: Case, county: County) -> Obligation:
    return Obligation(ANSWER, event.at, answer_due(event.at, county, case.kind, case.urgent))


def _days(duty: str, event: Event, days: int) -> Obligation:
    return Obligation(duty, event.at, event.at + timedelta(days=days))


def with_duties(case: Case, duties: tuple[Obligation, ...]) -> Case:
    """The case that shows the dates of its new duties. Where an answer is owed, none has been given."""
    for duty in duties:
        if duty.duty == ACCEPT:
            case = replace(case, accept_by=duty.due_at)
        elif duty.duty == ANSWER:
            case = replace(case, answer_by=duty.due_at, answered_at=None)
    return case
