"""Clocks and the working calendar, the shipped years checked day by day against chinesecalendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from config.schema import County, Lane
from tests.config.small import changed, sample

WRONG = [
    ("deadlines", "- kind: praise\n  answer_days: 7\n  source: 本县规定\n", "", 1, "缺少 praise 类的时限"),
    ("deadlines", "- kind: help\n  urgent: true", "- kind: report\n  urgent: true", 1, "缺少 help 紧急事项的时限"),
    ("deadlines", "kind: help\n  answer_days", "kind: consult\n  answer_days", 4, "consult 类的时限写了两遍（第一遍在第 1 行）"),
    ("deadlines", "answer_days: 7", "answer_days: -7", 2, "answer_days 不能是负数"),
    ("deadlines", "answer_days: 7", "answer_days: 0", 2, "answer_days 写了 0，又没有写 answer_hours"),
    ("holidays", "2026:", "2027:", 5, "2025 年和 2027 年之间缺了年份"),
    ("holidays", "- 2026-10-01", "- 2025-10-02", 8, "2025-10-02 不在 2026 年"),
    ("holidays", "- 2026-10-01", "- 20261001", 8, "20261001"),
    ("holidays", "- 2026-10-10", "- 2026-10-09", 10, "2026-10-09 不是周六周日"),
    ("holidays", "- 2026-10-10", "- 2026-10-10\n    - 2026-10-10", 11, "2026-10-10 写了两遍（第一遍在第 10 行）"),
    ("holidays", "- 2026-10-01", "- 2026-10-10", 10, "2026-10-10 写了两遍（第一遍在第 8 行）"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "line", "words"), WRONG, ids=[row[4] for row in WRONG])
def test_one_changed_line_is_found(tmp_path: Path, name: str, old: str, new: str, line: int, words: str):
    found = changed(tmp_path, name, old, new)
    assert any(text.startswith(f"config/{name}.yaml:{line}: ") and words in text for text in found), found


def works(county: County, day: date) -> bool:
    """The plain reading of holidays.yaml."""
    year = county.calendar[day.year]
    return day in year.work or (day.weekday() < 5 and day not in year.off)


def days(year: int) -> list[date]:
    """Every day of a year."""
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize(("year", "total"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_the_shipped_years_agree_with_chinesecalendar(year: int, total: int):
    county = sample()
    theirs: Callable[[date], bool] = chinese_calendar.is_workday  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    assert [day for day in days(year) if works(county, day) != theirs(day)] == []
    assert sum(works(county, day) for day in days(year)) == total


def test_plain_weekends_are_left_out_of_every_year():
    for year in sample().calendar.values():
        assert all(day.weekday() < 5 for day in year.off)
        assert all(day.weekday() >= 5 for day in year.work)


CLOCKS = [  # domain.md §2: 四川 2025-12: 3, 7, 15 working days; urgent: 2 hours, 24 hours
    ("consult", False, 2, 0, 3, 0),
    ("help", False, 2, 0, 7, 0),
    ("suggestion", False, 2, 0, 7, 0),
    ("praise", False, 2, 0, 7, 0),
    ("complaint", False, 2, 0, 15, 0),
    ("report", False, 2, 0, 15, 0),
    ("help", True, 0, 2, 0, 24),
    ("complaint", True, 0, 2, 0, 24),
    ("report", True, 0, 2, 0, 24),
]


def test_the_shipped_clocks_are_those_of_the_rule():
    rules = [rule for rule in sample().deadlines if rule.lane is Lane.SERVICE]
    found = [
        (rule.kind, rule.urgent, rule.accept_days, rule.accept_hours, rule.answer_days, rule.answer_hours)
        for rule in rules
    ]
    assert found == CLOCKS
    (tip,) = (rule for rule in sample().deadlines if rule.lane is Lane.TIP)  # 检举控告工作规则: 15 and 15
    assert (tip.accept_days, tip.answer_days, bool(tip.source)) == (15, 15, True)
    assert all(rule.source for rule in rules)
