"""How much time is left, as a clerk says it: working days by the county's calendar, hours on the last day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.clocks import add_working_days, is_working_day, published
from config.schema import County

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FAR = 400  # days after which nobody counts working days any more


def due_words(due: datetime, now: datetime, county: County, word: Callable[..., str]) -> str:
    """Such as 还剩 2 个工作日, 还剩 5 小时, 已超期 1 个工作日; says so when a calendar is not published yet."""
    zone = ZoneInfo(county.office.time_zone)
    today, last = now.astimezone(zone).date(), due.astimezone(zone).date()
    late = now > due
    side = "late" if late else "left"
    gap = now - due if late else due - now
    days = _working_days(last, today, county) if late else _working_days(today, last, county)
    if gap < HOUR:
        return word(f"room.due.{side}_minutes", n=max(1, int(gap.total_seconds() // 60)))
    if gap < DAY or not days:
        return word(f"room.due.{side}_hours", n=int(gap / HOUR))
    guess = "" if published(last, county.calendar) and published(today, county.calendar) else word("room.due.guess")
    return word(f"room.due.{side}_days", n=days) + guess


def suggested(due: datetime | None, now: datetime, county: County) -> date:
    """A new date to propose for an extension: five working days after the old one, or after today."""
    zone = ZoneInfo(county.office.time_zone)
    start = max(due, now) if due else now
    return add_working_days(start.astimezone(zone).date(), 5, county.calendar)


def _working_days(start: date, end: date, county: County) -> int:
    """Working days after `start` up to and with `end`."""
    span = min((end - start).days, FAR)
    return sum(is_working_day(start + timedelta(days=n), county.calendar) for n in range(1, span + 1))
