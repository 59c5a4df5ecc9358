"""Moments in the words of the office: local days for people, through the texts of the language."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.schema import County
from handlers.wording import fill


def day_words(county: County, at: datetime, lang: str) -> str:
    """ "12月11日" or "11 Dec" in the office's time zone."""
    local = at.astimezone(ZoneInfo(county.office.time_zone))
    months = county.texts[lang].get("date.months", "").split("|")
    month = months[local.month - 1] if len(months) == 12 else str(local.month)
    return fill(county.texts[lang], "date.day", {"month": month, "day": str(local.day)})


def clock_words(county: County, at: datetime, lang: str) -> str:
    """The day with the time: "12月11日 18:00"."""
    local = at.astimezone(ZoneInfo(county.office.time_zone))
    return f"{day_words(county, at, lang)} {local:%H:%M}"


def stamp(county: County, at: datetime) -> str:
    """ "2026-12-11 18:00" in the office's time zone: for what is read years later."""
    return f"{at.astimezone(ZoneInfo(county.office.time_zone)):%Y-%m-%d %H:%M}"


def local_day(county: County, at: datetime) -> date:
    """The calendar day of a moment in the office's time zone."""
    return at.astimezone(ZoneInfo(county.office.time_zone)).date()


def local_month(county: County, at: datetime) -> str:
    """ "2026-11" in the office's time zone."""
    return f"{local_day(county, at):%Y-%m}"
