"""Obligations: dated duties counted in the working days of the Chinese calendar, and when each one wakes.

The first working day is the day after receipt; a duty of n working days is due at the end of the n-th
(四川 12345 rule of December 2025, domain.md §2). A year whose calendar is not published yet counts Monday to
Friday and is reported by `published`, so that the pages can say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cases.case import Act, Case, Command, Event
from config.schema import County, Deadline, Kind, Lane, Rung, Year

ACCEPT = "accept"
ANSWER = "answer"
SUPPLEMENT = "supplement"
RATE = "rate"
ASSIST = "assist"  # 协办: one for every helping unit
SUPERVISED = "supervised"  # 督办: what the department does about it, by the day its letter names
RECHECK = "recheck"  # 回头看: the day on which the citizen is asked again

# 两告知两反馈, and the call after a bad rating. What the citizen is owed is fulfilled when it has reached them: by
# the letter that was delivered, or because somebody told them. No press of a button fulfils it.
TELL_ACCEPT = "tell_accept"  # 受理（不予受理）告知
TELL_HANDLING = "tell_handling"  # 办理（延期）告知
STAGE = "stage"  # 阶段反馈
RESULT = "result"  # 结果反馈
CALL_BACK = "call_back"  # 回访
TO_CITIZEN = frozenset({TELL_ACCEPT, TELL_HANDLING, STAGE, RESULT, CALL_BACK})
TOLD_OF = TO_CITIZEN - {STAGE}  # what a call fulfils when nobody says what it was about

# Which duties the letter about an act fulfils, once it is delivered.
CARRIES: Mapping[Act, frozenset[str]] = {
    Act.ACCEPT: frozenset({TELL_ACCEPT}),
    Act.REFUSE: frozenset({TELL_ACCEPT}),
    Act.TRANSFER: frozenset({TELL_HANDLING}),
    Act.ESCALATE: frozenset({TELL_HANDLING}),
    Act.ACCUSE: frozenset({TELL_HANDLING}),
    Act.SPLIT: frozenset({TELL_HANDLING}),
    Act.EXTEND: frozenset({TELL_HANDLING}),
    Act.PROGRESS: frozenset({STAGE, CALL_BACK}),
    Act.ASK: frozenset({CALL_BACK}),
    Act.ANSWER: frozenset({TELL_ACCEPT, TELL_HANDLING, RESULT, CALL_BACK}),
}

_ALL = frozenset({ACCEPT, ANSWER, SUPPLEMENT, RATE, ASSIST, RECHECK, SUPERVISED, *TO_CITIZEN})
_AGAIN = frozenset({RATE, RESULT, RECHECK})  # the answer did not settle it, and was read

# Which duties an act settles, because they are done, void, or laid anew.
SETTLES: Mapping[Act, frozenset[str]] = {
    Act.ACCEPT: frozenset({ACCEPT, TELL_ACCEPT, STAGE}),
    Act.TRANSFER: frozenset({ACCEPT, SUPPLEMENT, TELL_HANDLING, SUPERVISED}),
    Act.RETURN: frozenset({ACCEPT, SUPERVISED}),
    **dict.fromkeys((Act.PROGRESS, Act.SUPERVISE), frozenset({SUPERVISED})),
    Act.ACCUSE: frozenset({TELL_HANDLING}),
    Act.ESCALATE: frozenset({ACCEPT, SUPPLEMENT, RATE, RESULT, TELL_HANDLING, SUPERVISED}),
    Act.ANSWER: frozenset({ANSWER, SUPPLEMENT, RATE, STAGE, RESULT, ASSIST, SUPERVISED}),
    Act.SUPPLEMENT: frozenset({SUPPLEMENT}),
    Act.WAIT_OUT: frozenset({SUPPLEMENT}),
    Act.EXTEND: frozenset({ANSWER, TELL_HANDLING, SUPERVISED}),
    Act.RATE_WELL: frozenset({RATE, RESULT, CALL_BACK, ASSIST, SUPERVISED}),
    Act.RATE_BADLY: _AGAIN | {CALL_BACK},
    Act.LAPSE: frozenset({RATE, ASSIST, SUPERVISED}),
    Act.CLOSE: frozenset({RATE, ASSIST, SUPERVISED}),
    Act.REOPEN: _AGAIN,
    Act.RECHECK: frozenset({RECHECK}),
    Act.CONCLUDE: frozenset({ANSWER}),
    Act.STEP_OUT: TO_CITIZEN | {RECHECK},
    Act.REFUSE: _ALL,
    **dict.fromkeys((Act.WITHDRAW, Act.MERGE), _ALL),
}

Do = Literal["remind", "attention", "supervise", "escalate", "end"]
_DUE = (Rung(share=100, do="remind", source=""),)
_ENDING = frozenset({SUPPLEMENT, RATE, RECHECK})  # the clock itself does something then
SHORT = timedelta(hours=25)  # what is owed sooner is owed in hours, and knows neither night nor lunch


@dataclass(frozen=True, slots=True)
class Obligation:
    """A dated duty on a case. `step` counts the rungs of its ladder that are behind it, `wake_at` is the next one's
    moment (None after the last), `department` whose it is where it is not the whole case's."""

    duty: str
    made_at: datetime
    due_at: datetime
    step: int = 0
    wake_at: datetime | None = None
    department: str = ""


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


def next_working_day(day: date, calendar: Mapping[int, Year]) -> date:
    """`day` itself when offices work on it, else the first day after it on which they do."""
    return day if is_working_day(day, calendar) else add_working_days(day, 1, calendar)


def received_on(at: datetime, county: County) -> date:
    """The day a message counts as received: its own, or the next working day where the office set it so."""
    hours, local = county.office.hours, at.astimezone(ZoneInfo(county.office.time_zone))
    day = local.date()
    if not is_working_day(day, county.calendar):
        return day if hours.weekend == "same_day" else next_working_day(day, county.calendar)
    if hours.night == "next_day" and local.time() >= time.fromisoformat(county.office.day_ends):
        return add_working_days(day, 1, county.calendar)
    return day


def due(at: datetime, county: County, *, days: int = 0, hours: int = 0) -> datetime:
    """When a duty received at `at` is due: clock hours if given, else the end of the n-th working day, UTC."""
    if hours:
        return at + timedelta(hours=hours)
    last = add_working_days(received_on(at, county), days, county.calendar)
    return _at(last, county.office.day_ends, county).astimezone(at.tzinfo)


def _at(day: date, clock: str, county: County) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(county.office.time_zone))


def deadline(county: County, kind: Kind, urgent: bool, lane: Lane = Lane.SERVICE) -> Deadline:
    """The rule for this kind and lane; the service lane's where the lane has none, the ordinary one for urgent."""
    rules = [rule for rule in county.deadlines if rule.kind is kind]
    rules = [rule for rule in rules if rule.lane is lane] or [rule for rule in rules if rule.lane is Lane.SERVICE]
    return next((rule for rule in rules if rule.urgent == urgent), rules[0])


def answer_due(at: datetime, county: County, kind: Kind, urgent: bool) -> datetime:
    """When a matter received at `at` is to be answered."""
    rule = deadline(county, kind, urgent)
    return due(at, county, days=rule.answer_days, hours=rule.answer_hours)


# --- what an event lays ---------------------------------------------------------------------------------------


def hands_over(event: Event, case: Case) -> bool:
    """Whether 标明被反映单位 gave an open case to another unit, which is all the citizen hears of it."""
    return event.act is Act.ACCUSE and case.open and "department" in event.data


def settled_by(event: Event, case: Case) -> frozenset[str]:
    """Which duties `event` settles on `case` (as it is after the event)."""
    if event.act is Act.ACCUSE and not hands_over(event, case):
        return frozenset()
    return SETTLES.get(event.act, frozenset())


def duties_after(event: Event, case: Case, county: County) -> tuple[Obligation, ...]:
    """The obligations that `event` lays on `case` (the case as it is after the event), with their first wake-up."""
    rule = deadline(county, case.kind, case.urgent, case.lane)
    laid = _of_tip(event, rule, county) if case.lane is Lane.TIP else _laid(event, case, rule, county)
    if case.left:  # whoever filed it is owed nothing any more; those who joined hear without a duty
        laid = tuple(duty for duty in laid if duty.duty not in TO_CITIZEN and duty.duty != RECHECK)
    return tuple(replace(duty, wake_at=first_wake(duty, county)) for duty in laid)


def _of_tip(event: Event, rule: Deadline, county: County) -> tuple[Obligation, ...]:
    """受理告知 counts from receipt, 反馈 from the conclusion (检举控告工作规则). No notice of a tip is tied
    to its case, so that its duties are settled by what is done and not by delivery."""
    match event.act:
        case Act.FILE:
            return (Obligation(ACCEPT, event.at, due(event.at, county, days=rule.accept_days)),)
        case Act.CONCLUDE:
            return (Obligation(ANSWER, event.at, due(event.at, county, days=rule.answer_days)),)
        case Act.ASK:
            return (_days(SUPPLEMENT, event, county.office.limits.waiting_days),)
        case _:
            return ()


def _laid(event: Event, case: Case, rule: Deadline, county: County) -> tuple[Obligation, ...]:
    def days(duty: str, working: int, department: str = "") -> Obligation:
        return Obligation(duty, event.at, due(event.at, county, days=working), department=department)

    def hours_or_days(duty: str, working: int, hours: int) -> Obligation:
        return Obligation(duty, event.at, due(event.at, county, days=working, hours=hours))

    accept = hours_or_days(ACCEPT, rule.accept_days, rule.accept_hours)
    answer = hours_or_days(ANSWER, rule.answer_days, rule.answer_hours)
    match event.act:
        case Act.FILE:
            whole = rule.accept_days + rule.assist_days
            return (accept, answer, *(days(ASSIST, whole, unit) for unit in case.assist))
        case Act.ACCEPT:
            stage = (days(STAGE, rule.progress_days),) if rule.progress_days and not case.answered_at else ()
            return (days(TELL_ACCEPT, rule.notice_days), *stage)
        case Act.REFUSE:
            return (days(TELL_ACCEPT, rule.notice_days),)
        case Act.ESCALATE if case.answered_at:  # the answer did not settle it: a new one is owed
            return (accept, answer, days(TELL_HANDLING, rule.notice_days))
        case Act.TRANSFER | Act.ESCALATE:
            return (accept, days(TELL_HANDLING, rule.notice_days))
        case Act.RETURN:
            return (accept,)
        case Act.ACCUSE if hands_over(event, case):
            return (days(TELL_HANDLING, rule.notice_days),)
        case Act.SPLIT:
            return (accept, _as_before(answer, case), days(TELL_HANDLING, rule.notice_days))
        case Act.RATE_BADLY:
            return (answer, days(CALL_BACK, rule.callback_days))
        case Act.REOPEN:
            return (answer,)
        case Act.EXTEND:
            return (Obligation(ANSWER, event.at, _until(event)), days(TELL_HANDLING, rule.notice_days))
        case Act.SUPERVISE:
            return (Obligation(SUPERVISED, event.at, _until(event)),)
        case Act.ASSIST:
            return tuple(days(ASSIST, rule.assist_days, unit) for unit in str(event.data["added"]).split(",") if unit)
        case Act.ASK:
            return (_days(SUPPLEMENT, event, county.office.limits.waiting_days),)
        case Act.ANSWER:
            return (_days(RATE, event, county.office.limits.rating_days), days(RESULT, rule.feedback_days))
        case Act.RATE_WELL | Act.LAPSE | Act.CLOSE if rule.recheck_days and case.closed_at == event.at:
            asked = awake(event.at + timedelta(days=rule.recheck_days), county)
            return (Obligation(RECHECK, event.at, asked),)
        case _:
            return ()


def _until(event: Event) -> datetime:
    return datetime.fromtimestamp(int(event.data["until"]), event.at.tzinfo)


def _as_before(answer: Obligation, case: Case) -> Obligation:
    """The date that stood before a wrong merge, if it is still to come: the mistake was ours."""
    kept = case.answer_by is not None and case.answer_by > answer.made_at
    return replace(answer, due_at=case.answer_by or answer.due_at) if kept else answer


def _days(duty: str, event: Event, days: int) -> Obligation:
    return Obligation(duty, event.at, event.at + timedelta(days=days))


def told_of(command: Command) -> tuple[str, ...]:
    """The duties that telling the citizen fulfils."""
    return command.about or tuple(sorted(TOLD_OF))


def with_duties(case: Case, duties: tuple[Obligation, ...]) -> Case:
    """The case that shows the dates of its new duties. Where an answer is owed, none has been given."""
    for duty in duties:
        if duty.duty == ACCEPT:
            case = replace(case, accept_by=duty.due_at)
        elif duty.duty == ANSWER:
            case = replace(case, answer_by=duty.due_at, answered_at=None)
    return case


# --- the ladder -----------------------------------------------------------------------------------------------


def rungs(duty: str, county: County) -> tuple[Rung, ...]:
    """What happens to a duty while nobody does anything: those of ladder.yaml, or one reminder when it is due."""
    return {ACCEPT: county.ladder.accept, ANSWER: county.ladder.answer}.get(duty, _DUE)


def does(duty: str, rung: Rung) -> Do:
    """What a rung does; some duties end by themselves."""
    return "end" if duty in _ENDING else rung.do


def step_name(rung: Rung) -> str:
    """ "50", "80", "due", or what follows after it."""
    if rung.share:
        return "due" if rung.share == 100 else str(rung.share)
    return rung.do


def first_wake(duty: Obligation, county: County) -> datetime | None:
    """The moment of the rung that is next; None after the last."""
    ladder = rungs(duty.duty, county)
    return moment(duty, ladder[duty.step], county) if duty.step < len(ladder) else None


def attention_from(now: datetime, county: County) -> datetime | None:
    """Answers that were due before this moment have the supervisor's attention by now; None where none ever has."""
    rung = next((rung for rung in county.ladder.answer if rung.do == "attention"), None)
    if rung is None:
        return None
    zone = ZoneInfo(county.office.time_zone)
    day = today = now.astimezone(zone).date()
    while add_working_days(day, rung.after_days, county.calendar) > today:
        day -= timedelta(days=1)
    if day == today or _at(today, county.office.hours.opens, county) > now:
        day -= timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(now.tzinfo)


def unpublished(now: datetime, county: County, ahead: int = 45) -> int:
    """The first year without a working calendar that duties of today reach into; 0 for none."""
    today = now.astimezone(ZoneInfo(county.office.time_zone)).date()
    days = (today, today + timedelta(days=ahead))
    return next((day.year for day in days if not published(day, county.calendar)), 0)


def digest_day(now: datetime, county: County) -> str:
    """The day whose digest is due at this moment, such as "2026-11-23"; "" when none is."""
    local = now.astimezone(ZoneInfo(county.office.time_zone))
    begins, ends = time.fromisoformat(county.ladder.digest_at), time.fromisoformat(county.office.day_ends)
    due_now = begins <= local.time() < ends and is_working_day(local.date(), county.calendar)
    return local.date().isoformat() if due_now else ""


def moment(duty: Obligation, rung: Rung, county: County) -> datetime:
    """When a rung is reached. What need not come at night, at lunch or on a day off waits."""
    span = duty.due_at - duty.made_at
    if not rung.share:
        return _later(duty.due_at, rung.after_days, rung.after_hours, span < SHORT, county)
    at = duty.made_at + span * rung.share / 100
    if duty.duty in _ENDING:
        return awake(at, county)
    if rung.share == 100 or span < SHORT:
        return at
    return min(awake(at, county), duty.due_at)


def _later(at: datetime, days: int, hours: int, short: bool, county: County) -> datetime:
    """Some hours on, or when the office opens some working days on."""
    if short:
        return at + timedelta(hours=hours)
    day = add_working_days(at.astimezone(ZoneInfo(county.office.time_zone)).date(), days, county.calendar)
    return _at(day, county.office.hours.opens, county).astimezone(at.tzinfo)


def awake(at: datetime, county: County) -> datetime:
    """`at`, or when the office may be spoken to again: after lunch, after the night, on the next working day."""
    hours, zone = county.office.hours, ZoneInfo(county.office.time_zone)
    local = at.astimezone(zone)
    if not is_working_day(local.date(), county.calendar):
        day = next_working_day(local.date(), county.calendar)
        return _at(day, hours.opens, county).astimezone(at.tzinfo)
    for span in filter(None, (hours.lunch, hours.quiet)):
        begins, ends = map(time.fromisoformat, span.split("-"))
        now = local.time()
        over_night = begins > ends
        if begins <= now < ends or (over_night and now < ends):
            return datetime.combine(local.date(), ends, zone).astimezone(at.tzinfo)
        if over_night and now >= begins:
            day = add_working_days(local.date(), 1, county.calendar)
            return datetime.combine(day, ends, zone).astimezone(at.tzinfo)
    return at


def woken(duty: Obligation, now: datetime, county: County) -> tuple[Rung | None, Obligation]:
    """The rung that a duty has reached by `now`, and the duty as it is then.

    After a standstill, or when the clock has run ahead, several rungs may have gone by. Reminders become one, the last.
    Of what weighs more (attention, 督办, 提级) only the first is done; the rest keeps its distance to it, so that
    nobody is held to days on which the house was silent.
    """
    ladder = rungs(duty.duty, county)
    if duty.step >= len(ladder):
        return None, replace(duty, wake_at=None)
    passed = [duty.step]
    passed += [n for n in range(duty.step + 1, len(ladder)) if moment(duty, ladder[n], county) <= now]
    fired = next((n for n in passed if ladder[n].do != "remind"), passed[-1])
    after = replace(duty, step=fired + 1)
    if after.step >= len(ladder):
        return ladder[fired], replace(after, wake_at=None)
    following = moment(after, ladder[after.step], county)
    if following <= now:
        this, then = ladder[fired], ladder[after.step]
        days, hours = then.after_days - this.after_days, then.after_hours - this.after_hours
        short = duty.due_at - duty.made_at < SHORT
        following = _later(now, max(days, 1), max(hours, 1), short, county)
    return ladder[fired], replace(after, wake_at=following)
