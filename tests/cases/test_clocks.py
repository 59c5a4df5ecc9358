"""Working days against the vectors of the rule, what each act lays and settles, and when a duty wakes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Act, Actor, Case, Event, State
from cases.clocks import (
    SETTLES,
    TO_CITIZEN,
    Obligation,
    add_working_days,
    answer_due,
    awake,
    deadline,
    due,
    duties_after,
    first_wake,
    is_working_day,
    published,
    received_on,
    rungs,
    step_name,
    with_duties,
    woken,
)
from cases.lifecycle import may
from cases.tips import ONLY
from config.schema import County, Deadline, Kind
from tests.cases.factory import (
    CHEN,
    CLAIMED,
    CLOCK,
    LIU,
    NOW,
    QIAN,
    VILLAGER,
    WANG,
    ZHAO,
    case,
    command,
    county,
    ready,
    remade,
    told,
)
from tests.cases.law import BESIDE, MOVES, OWED

CALENDAR = county().calendar
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def day(text: str, year: int = 2026) -> date:
    """ "09-22" or "2027-01-04"."""
    return date.fromisoformat(text if len(text) > 5 else f"{year}-{text}")


def somebody(held: Case, act: Act) -> Actor:
    """Whoever may do this to the case."""
    return next(who for who in (WANG, CHEN, LIU, ZHAO, QIAN, VILLAGER, CLOCK) if may(held, who, act))


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
    told = [(duty.duty, duty.due_at) for duty in duties if duty.duty != "assist"]
    assert told == [("accept", beijing(accept)), ("answer", beijing(answer))]
    assert answer_due(NOW, county(), kind, urgent) == beijing(answer)


def test_hours_count_wherever_the_files_name_them() -> None:
    """deadlines.yaml: where hours are written, hours count, urgent or not."""
    rules = (Deadline(kind=Kind.HELP, accept_hours=4, answer_hours=48, source="本县规定"), *county().deadlines)
    where = remade(county(), deadlines=rules)
    assert deadline(where, Kind.HELP, urgent=False).answer_hours == 48
    assert answer_due(NOW, where, Kind.HELP, urgent=False) == NOW + 48 * HOUR


# --- which act lays what ----------------------------------------------------------------------------------

ACCEPT, ANSWER = beijing("2026-11-24 18:00"), beijing("2026-12-01 18:00")
TELL, DAY_AND_MONTH = beijing("2026-11-24 18:00"), beijing("2026-12-21 09:00")  # a Sunday: asked on Monday
LAID: dict[Act, list[tuple[str, datetime]]] = {
    Act.ACCEPT: [("tell_accept", TELL)],
    Act.REFUSE: [("tell_accept", TELL)],
    Act.TRANSFER: [("accept", ACCEPT), ("tell_handling", TELL)],
    Act.RETURN: [("accept", ACCEPT)],
    Act.ESCALATE: [("accept", ACCEPT), ("tell_handling", TELL)],
    Act.RATE_BADLY: [("answer", ANSWER), ("call_back", TELL)],
    Act.REOPEN: [("answer", ANSWER)],
    Act.SUPERVISE: [("supervised", beijing("2026-11-25 18:00"))],
    Act.EXTEND: [("answer", NOW + 30 * DAY), ("tell_handling", TELL)],
    Act.ASK: [("supplement", NOW + 10 * DAY)],
    Act.ASSIST: [("assist", beijing("2026-11-27 18:00"))],  # civil affairs had been asked before
    Act.ANSWER: [("rate", NOW + 7 * DAY), ("result", TELL)],
    Act.RATE_WELL: [("recheck", DAY_AND_MONTH)],
    Act.LAPSE: [("recheck", DAY_AND_MONTH)],
    Act.CLOSE: [("recheck", DAY_AND_MONTH)],
    Act.SPLIT: [("accept", ACCEPT), ("answer", NOW + 9 * DAY), ("tell_handling", TELL)],
}


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.FILE and act not in ONLY])
def test_duties_after(act: Act) -> None:
    order = (State.HANDLING, State.FILED, State.ANSWERED, State.WAITING, State.CLOSED, State.MERGED)
    held = ready(next(state for state in order if MOVES[state, act]), act, **CLAIMED)
    laid = told(held, command(act, somebody(held, act)))[1][-1][1]
    assert [(duty.duty, duty.due_at) for duty in laid] == LAID.get(act, [])
    assert all(duty.made_at == NOW and duty.step == 0 for duty in laid)


def test_an_answered_case_that_is_escalated_is_owed_a_new_answer() -> None:
    held, happened = told(case(State.ANSWERED), command(Act.ESCALATE, LIU))
    assert [duty.duty for duty in happened[0][1]] == ["accept", "answer", "tell_handling"]
    assert (held.answer_by, held.answered_at) == (ANSWER, None)


def test_a_wrong_merge_costs_no_time_but_what_has_passed() -> None:
    """The old date where it is still to come, a whole new term where it is not."""
    late = case(State.MERGED, merged_into=8, answer_by=NOW - HOUR)
    held, happened = told(late, command(Act.SPLIT, CHEN))
    assert [duty.duty for duty in happened[0][1]] == ["accept", "answer", "tell_handling"]
    assert (held.state, held.answer_by, held.merged_into) == (State.FILED, ANSWER, 0)


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


@pytest.mark.parametrize(("state", "act"), [move for move, to in MOVES.items() if to and move[1] not in ONLY])
def test_what_an_act_makes_obsolete_it_settles(state: State, act: Act) -> None:
    """After any act exactly that is owed which the new state owes, and each once; beside it, nothing it may not."""
    held = ready(state, act, **CLAIMED)
    after, happened = told(held, command(act, somebody(held, act)))
    owed = sorted(OWED[state] | BESIDE[state])
    for each, laid in happened:
        owed = [duty for duty in owed if duty not in SETTLES.get(each, frozenset())] + [duty.duty for duty in laid]
    assert sorted(duty for duty in owed if duty in set().union(*OWED.values())) == sorted(OWED[after.state])
    assert set(owed) <= OWED[after.state] | BESIDE[after.state]
    assert all(owed.count(duty) == 1 for duty in owed if duty != "assist")


# --- waking -----------------------------------------------------------------------------------------------


def climbed(duty: Obligation, where: County | None = None) -> list[tuple[str, datetime]]:
    """What a duty that nobody sees to does, and when, if the clock looks at every moment."""
    place, found, wake = where or county(), list[tuple[str, datetime]](), first_wake(duty, where or county())
    while wake:
        rung, duty = woken(duty, wake, place)
        assert rung
        found.append((step_name(rung), wake))
        wake = duty.wake_at
    return found


def test_a_complaint_that_nobody_sees_to() -> None:
    """Friday 10:00, 15 working days: half and 80 % in office hours, then up the ladder at nine in the morning."""
    duty = Obligation("answer", NOW, beijing("2026-12-11 18:00"))
    assert climbed(duty) == [
        ("50", beijing("2026-12-01 08:00")),  # 02:00 at night
        ("80", beijing("2026-12-07 11:36")),
        ("due", beijing("2026-12-11 18:00")),
        ("attention", beijing("2026-12-14 09:00")),
        ("supervise", beijing("2026-12-16 09:00")),
        ("escalate", beijing("2026-12-25 09:00")),
    ]


def test_an_emergency_knows_neither_night_nor_weekend() -> None:
    duty = Obligation("answer", NOW, NOW + 24 * HOUR)
    hours = [12.0, 19.2, 24, 25, 28, 96]
    assert [at for _, at in climbed(duty)] == [NOW + hour * HOUR for hour in hours]


@pytest.mark.parametrize(
    ("at", "awake_at"),
    [
        ("2026-11-20 10:00", "2026-11-20 10:00"),
        ("2026-11-20 12:00", "2026-11-20 14:00"),  # lunch
        ("2026-11-20 19:59", "2026-11-20 19:59"),
        ("2026-11-20 20:00", "2026-11-23 08:00"),  # Friday night
        ("2026-11-24 02:00", "2026-11-24 08:00"),
        ("2026-11-24 22:00", "2026-11-25 08:00"),
        ("2026-11-21 11:00", "2026-11-23 09:00"),  # Saturday
        ("2026-09-19 23:00", "2026-09-20 09:00"),  # the Sunday is worked
        ("2026-10-01 03:00", "2026-10-08 09:00"),
    ],
)
def test_quiet_hours(at: str, awake_at: str) -> None:
    assert awake(beijing(at), county()) == beijing(awake_at)


def test_an_office_without_quiet_hours_is_reminded_at_night() -> None:
    assert awake(beijing("2026-11-24 02:00"), hours(lunch="", quiet="")) == beijing("2026-11-24 02:00")


def test_other_duties_remind_once_when_they_are_due() -> None:
    for duty in (*TO_CITIZEN, "assist"):
        assert climbed(Obligation(duty, NOW, NOW + 9 * DAY)) == [("due", NOW + 9 * DAY)]


def test_after_a_standstill_reminders_become_one() -> None:
    duty = Obligation("answer", NOW, beijing("2026-12-11 18:00"))
    rung, after = woken(duty, beijing("2026-12-12 10:00"), county())
    assert rung and (step_name(rung), after.step, after.wake_at) == ("due", 3, beijing("2026-12-14 09:00"))


def test_after_a_standstill_what_weighs_more_is_spread_anew() -> None:
    """The house was silent for two months: attention first, and two and seven working days later what follows."""
    duty = Obligation("answer", NOW, beijing("2026-12-11 18:00"), step=2)
    found: list[tuple[str, datetime]] = []
    now = beijing("2027-02-01 10:00")
    while True:
        rung, duty = woken(duty, now, county())
        assert rung
        found.append((step_name(rung), now))
        if duty.wake_at is None:
            break
        now = duty.wake_at
    assert found == [
        ("attention", beijing("2027-02-01 10:00")),
        ("supervise", beijing("2027-02-03 09:00")),
        ("escalate", beijing("2027-02-12 09:00")),
    ]


def test_a_ladder_that_was_shortened_meanwhile_is_at_its_end() -> None:
    duty = Obligation("answer", NOW, NOW + DAY, step=6)
    assert woken(duty, NOW + 9 * DAY, county())[0] is None


# --- hours and receipt ------------------------------------------------------------------------------------


def hours(**changes: str) -> County:
    """The county with other office hours."""
    office = county().office
    return remade(county(), office=office.model_copy(update={"hours": office.hours.model_copy(update=changes)}))


@pytest.mark.parametrize(
    ("at", "setting", "counts_as"),
    [
        ("2026-11-20 17:59", {"night": "next_day"}, "2026-11-20"),
        ("2026-11-20 18:00", {"night": "next_day"}, "2026-11-23"),
        ("2026-11-20 18:00", {}, "2026-11-20"),
        ("2026-11-24 07:00", {"night": "next_day"}, "2026-11-24"),  # before the office opens: that day
        ("2026-11-21 10:00", {}, "2026-11-21"),
        ("2026-11-21 10:00", {"weekend": "next_day"}, "2026-11-23"),
        ("2026-09-20 10:00", {"weekend": "next_day"}, "2026-09-20"),  # a worked Sunday
        ("2026-10-01 10:00", {"weekend": "next_day"}, "2026-10-08"),
    ],
)
def test_what_counts_as_received_when(at: str, setting: dict[str, str], counts_as: str) -> None:
    assert received_on(beijing(at), hours(**setting)) == date.fromisoformat(counts_as)


def test_a_duty_counts_from_the_day_of_receipt_as_set() -> None:
    assert due(beijing("2026-11-20 22:30"), hours(night="next_day"), days=15) == beijing("2026-12-14 18:00")


def test_every_step_of_the_ladder_names_its_source() -> None:
    for duty in ("accept", "answer"):
        assert all(rung.source for rung in rungs(duty, county()))
