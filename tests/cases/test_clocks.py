"""Working days against the vectors of the rule, what each act lays and settles, and when a duty wakes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Act, Actor, Case, Event, State
from cases.clocks import (
    SETTLES,
    STEPS,
    Obligation,
    add_working_days,
    answer_due,
    deadline,
    due,
    duties_after,
    is_working_day,
    published,
    with_duties,
)
from cases.lifecycle import may
from config.schema import Deadline, Kind
from tests.cases.factory import CHEN, CLOCK, LIU, NOW, VILLAGER, WANG, case, command, county, remade, told
from tests.cases.law import MOVES, OWED

CALENDAR = county().calendar
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def day(text: str, year: int = 2026) -> date:
    """ "09-22" or "2027-01-04"."""
    return date.fromisoformat(text if len(text) > 5 else f"{year}-{text}")


def somebody(held: Case, act: Act) -> Actor:
    """Whoever may do this to the case."""
    return next(who for who in (WANG, CHEN, LIU, VILLAGER, CLOCK) if may(held, who, act))


def beijing(text: str) -> datetime:
    """ "2026-11-20 18:00" at the office, as UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


# --- working days -----------------------------------------------------------------------------------------

VECTORS = [  # received, days, due
    ("09-18", 3, "09-22"),  # the Sunday between is worked
    ("09-18", 7, "09-29"),
    ("09-18", 15, "10-15"),  # over the National Day week
    ("02-13", 1, "02-14"),  # a Saturday that is worked, before the New Year week
    ("02-13", 3, "02-25"),
    ("04-30", 5, "05-11"),
    ("11-20", 15, "12-11"),
    ("11-20", 0, "11-20"),
]


@pytest.mark.parametrize(("received", "days", "last"), VECTORS)
def test_the_vectors(received: str, days: int, last: str) -> None:
    assert add_working_days(day(received), days, CALENDAR) == day(last)


@pytest.mark.parametrize(
    ("when", "works"),
    [("09-20", True), ("10-01", False), ("02-14", True), ("11-21", False), ("11-23", True), ("01-01", False)],
)
def test_days_of_2026(when: str, works: bool) -> None:
    assert is_working_day(day(when), CALENDAR) is works


@pytest.mark.parametrize(("year", "total"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_the_published_years(year: int, total: int) -> None:
    first = date(year, 1, 1)
    days = [first + n * DAY for n in range((date(year + 1, 1, 1) - first).days)]
    assert sum(is_working_day(one, CALENDAR) for one in days) == total


def test_a_year_that_is_not_published_yet_counts_monday_to_friday_and_says_so() -> None:
    friday, saturday = day("2027-01-01"), day("2027-01-02")
    assert (published(friday, CALENDAR), published(day("12-31"), CALENDAR)) == (False, True)
    assert (is_working_day(friday, CALENDAR), is_working_day(saturday, CALENDAR)) == (True, False)
    assert add_working_days(day("12-31"), 2, CALENDAR) == day("2027-01-04")


@settings(deadline=None)
@given(st.dates(date(2022, 12, 1), date(2027, 3, 1)), st.integers(0, 80))
def test_the_nth_working_day(start: date, days: int) -> None:
    last = add_working_days(start, days, CALENDAR)
    between = [start + n * DAY for n in range(1, (last - start).days + 1)]
    assert sum(is_working_day(one, CALENDAR) for one in between) == days
    assert days == 0 or is_working_day(last, CALENDAR)


# --- when a duty is due -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "days", "last"),
    [
        ("2026-11-20 10:00", 15, "2026-12-11 18:00"),
        ("2026-11-20 22:30", 15, "2026-12-11 18:00"),  # at night: still that day
        ("2026-11-21 00:10", 1, "2026-11-23 18:00"),  # Saturday at the office, Friday in UTC
        ("2026-11-20 00:10", 1, "2026-11-23 18:00"),  # Friday at the office, Thursday in UTC
    ],
)
def test_a_duty_of_days_is_due_when_the_office_closes(received: str, days: int, last: str) -> None:
    assert due(beijing(received), county(), days=days) == beijing(last)
    assert due(beijing(received), county(), days=days).tzinfo is UTC


def test_a_duty_of_hours_knows_no_weekend() -> None:
    assert due(beijing("2026-11-21 23:00"), county(), days=3, hours=2) == beijing("2026-11-22 01:00")


@pytest.mark.parametrize(
    ("kind", "urgent", "accept", "answer"),
    [
        (Kind.CONSULT, False, "2026-11-24 18:00", "2026-11-25 18:00"),
        (Kind.HELP, False, "2026-11-24 18:00", "2026-12-01 18:00"),
        (Kind.SUGGESTION, False, "2026-11-24 18:00", "2026-12-01 18:00"),
        (Kind.PRAISE, False, "2026-11-24 18:00", "2026-12-01 18:00"),
        (Kind.COMPLAINT, False, "2026-11-24 18:00", "2026-12-11 18:00"),
        (Kind.REPORT, False, "2026-11-24 18:00", "2026-12-11 18:00"),
        (Kind.HELP, True, "2026-11-20 12:00", "2026-11-21 10:00"),
        (Kind.COMPLAINT, True, "2026-11-20 12:00", "2026-11-21 10:00"),
        (Kind.REPORT, True, "2026-11-20 12:00", "2026-11-21 10:00"),
        (Kind.CONSULT, True, "2026-11-24 18:00", "2026-11-25 18:00"),  # no urgent rule: the ordinary one
    ],
)
def test_what_filing_promises(kind: Kind, urgent: bool, accept: str, answer: str) -> None:
    held = case(kind=kind, urgent=urgent)
    duties = duties_after(Event(held.id, 1, Act.FILE, NOW, VILLAGER), held, county())
    assert [(duty.duty, duty.due_at) for duty in duties] == [("accept", beijing(accept)), ("answer", beijing(answer))]
    assert answer_due(NOW, county(), kind, urgent) == beijing(answer)


def test_hours_count_wherever_the_files_name_them() -> None:
    """deadlines.yaml: where hours are written, hours count, urgent or not."""
    rules = (Deadline(kind=Kind.HELP, accept_hours=4, answer_hours=48, source="本县规定"), *county().deadlines)
    where = remade(county(), deadlines=rules)
    assert deadline(where, Kind.HELP, urgent=False).answer_hours == 48
    assert answer_due(NOW, where, Kind.HELP, urgent=False) == NOW + 48 * HOUR


# --- which act lays what ----------------------------------------------------------------------------------

ACCEPT, ANSWER = beijing("2026-11-24 18:00"), beijing("2026-12-01 18:00")
CLAIMED = {"claimed_by": WANG.id, "claimed_name": WANG.name}
LAID: dict[Act, list[tuple[str, datetime]]] = {
    Act.TRANSFER: [("accept", ACCEPT)],
    Act.RETURN: [("accept", ACCEPT)],
    Act.ESCALATE: [("accept", ACCEPT)],
    Act.RATE_BADLY: [("answer", ANSWER)],
    Act.REOPEN: [("answer", ANSWER)],
    Act.EXTEND: [("answer", NOW + 30 * DAY)],
    Act.ASK: [("supplement", NOW + 10 * DAY)],
    Act.ANSWER: [("rate", NOW + 7 * DAY)],
}


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.FILE])
def test_duties_after(act: Act) -> None:
    order = (State.HANDLING, State.FILED, State.ANSWERED, State.WAITING)
    held = case(next(state for state in order if MOVES[state, act]), **CLAIMED)
    laid = told(held, command(act, somebody(held, act)))[1][-1][1]
    assert [(duty.duty, duty.due_at) for duty in laid] == LAID.get(act, [])
    assert all(duty.made_at == NOW and duty.step == 0 for duty in laid)


def test_an_answered_case_that_is_escalated_is_owed_a_new_answer() -> None:
    held, happened = told(case(State.ANSWERED), command(Act.ESCALATE, LIU))
    assert [duty.duty for duty in happened[0][1]] == ["accept", "answer"]
    assert (held.answer_by, held.answered_at) == (ANSWER, None)


def test_escalating_gives_nobody_more_time() -> None:
    held, _ = told(case(State.HANDLING), command(Act.ESCALATE, LIU))
    assert held.answer_by == case().answer_by


def test_waiting_and_rating_days_are_the_offices_own() -> None:
    own = county(waiting_days=3, rating_days=2)
    _, asked = told(case(State.HANDLING), command(Act.ASK, WANG), where=own)
    _, answered = told(case(State.HANDLING), command(Act.ANSWER, WANG), where=own)
    assert asked[0][1][0].due_at == NOW + 3 * DAY
    assert answered[0][1][0].due_at == NOW + 2 * DAY


def test_a_case_shows_the_dates_of_its_duties() -> None:
    held = case(State.HANDLING, answered_at=NOW)
    dated = with_duties(held, (Obligation("accept", NOW, NOW + HOUR), Obligation("answer", NOW, NOW + 2 * HOUR)))
    assert (dated.accept_by, dated.answer_by, dated.answered_at) == (NOW + HOUR, NOW + 2 * HOUR, None)
    other = (Obligation("rate", NOW, NOW + DAY), Obligation("supplement", NOW, NOW + DAY))
    assert with_duties(held, other) == held


# --- and settles what -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "act"), [move for move, to in MOVES.items() if to])
def test_what_an_act_makes_obsolete_it_settles(state: State, act: Act) -> None:
    """After any act exactly that is owed which the new state owes, and each once."""
    held = case(state, **CLAIMED)
    after, happened = told(held, command(act, somebody(held, act)))
    owed = sorted(OWED[state])
    for each, laid in happened:
        owed = [duty for duty in owed if duty not in SETTLES.get(each, frozenset())] + [duty.duty for duty in laid]
    assert sorted(owed) == sorted(OWED[after.state])


# --- waking -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duty", "hours"), [("accept", [10]), ("answer", [5, 8, 10]), ("supplement", [10]), ("rate", [10])]
)
def test_when_a_duty_wakes(duty: str, hours: list[int]) -> None:
    made = [Obligation(duty, NOW, NOW + 10 * HOUR, step).wake_at for step in range(len(hours) + 2)]
    assert made == [*(NOW + n * HOUR for n in hours), None, None]


def test_every_duty_has_steps_that_rise_to_its_end() -> None:
    assert set(STEPS) == set().union(*OWED.values())
    for steps in STEPS.values():
        assert list(steps) == sorted(set(steps)) and steps[-1] == 1.0
