"""A day as somebody writes it: 12月5日, 12-5, 5号, 明天, 下周五, 延5个工作日, 两周."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

from cases.clocks import add_working_days
from config.schema import County
from handlers.time_words import local_day
from handlers.words import number_of, variants

MOST = 400  # days that anybody could mean

_DATE = re.compile(
    r"(?:(20\d\d)\s*[-/.年]\s*)?(?<![\d.])(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*[日号]?|(20\d\d)(\d\d)(\d\d)(?!\d)"
)
_MONTHDAY = re.compile(r"(?<![\d月])(\d{1,2})\s*[日号]")
_WEEKDAY = re.compile(r"(下*)(?:个)?(?:周|星期|礼拜)([一二三四五六日天])")
_SPAN = re.compile(r"(\d{1,3}|[一二两三四五六七八九十半]{1,3})\s*个?\s*(工作日|天|周|星期|礼拜|(?<=个)月)")
_WEEK = {day: number for number, day in enumerate("一二三四五六")}  # any other name is Sunday's


def day_in(words: str, now: datetime, due: datetime | None, county: County) -> tuple[date | None, str]:
    """The day that words name first, and the words without it; a span counts from the deadline, or from today."""
    text = unicodedata.normalize("NFKC", words)
    today = local_day(county, now)
    start = local_day(county, max(due or now, now))
    tried = (find(text, today, start, county) for find in (_date, _span, _monthday, _weekday, _near))
    found = [(match, day) for match, day in tried if match and day]
    if not found:
        return None, words
    (begins, ends), day = min(found, key=lambda one: one[0][0])
    kept = words if len(words) == len(text) else text  # their own characters, where the places are the same
    return day, (kept[:begins] + " " + kept[ends:]).strip()


Found = tuple[tuple[int, int] | None, date | None]


def _date(text: str, today: date, start: date, county: County) -> Found:
    match = _DATE.search(text)
    if match is None:
        return None, None
    year, month, day = match.group(1) or match.group(4), match.group(2) or match.group(5), match.group(3)
    found = _made(int(year or today.year), int(month), int(day or match.group(6)))
    if found and not year and found < today:
        found = _made(today.year + 1, int(month), int(day))
    return match.span(), found


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _span(text: str, today: date, start: date, county: County) -> Found:
    match = _SPAN.search(text)
    if match is None:
        return None, None
    half = match.group(1) == "半"
    count = 1 if half else number_of(match.group(1).replace("两", "二")) or 0
    days = count * {"天": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 15 if half else 30}.get(match.group(2), 0)
    if not 0 < count <= MOST or days > MOST:
        return None, None
    if match.group(2) == "工作日":
        return match.span(), add_working_days(start, count, county.calendar)
    return match.span(), start + timedelta(days=days)


def _monthday(text: str, today: date, start: date, county: County) -> Found:
    match = _MONTHDAY.search(text)
    if match is None:
        return None, None
    number = int(match.group(1))
    after = today.replace(day=1) + timedelta(days=32)
    here, following = _made(today.year, today.month, number), _made(after.year, after.month, number)
    return match.span(), here if here and here >= today else following


def _weekday(text: str, today: date, start: date, county: County) -> Found:
    match = _WEEKDAY.search(text)
    if match is None:
        return None, None
    monday = today - timedelta(days=today.weekday())
    found = monday + timedelta(days=_WEEK.get(match.group(2), 6), weeks=len(match.group(1)))
    return match.span(), found if match.group(1) or found >= today else found + timedelta(weeks=1)


def _near(text: str, today: date, start: date, county: County) -> Found:
    """今天, 明天 and their like, in the words of the texts."""
    for ahead, name in enumerate(("today", "tomorrow", "after_tomorrow")):
        for of in county.texts.values():
            for word in variants(of, f"group.day.{name}"):
                if (at := text.lower().find(word)) >= 0:
                    return (at, at + len(word)), today + timedelta(days=ahead)
    return None, None
