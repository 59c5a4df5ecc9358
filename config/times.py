"""Checks on the clocks (deadlines.yaml, ladder.yaml), the working calendar (holidays.yaml) and the terms of keeping
(retention.yaml)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from config.nodes import Node, Problem
from config.schema import Kind, Lane

SATURDAY = 5


def clocks(tree: Node | None, topics: list[Node]) -> Iterator[Problem]:
    """Every kind has one clock, and an urgent one where `topics` hold an urgent topic of that kind."""
    if tree is None:
        return
    have: dict[tuple[str, str, bool], int] = {}
    for row in tree.rows():
        key = (row.word("lane") or Lane.SERVICE.value, row.word("kind"), row.true("urgent"))
        if key in have:
            yield row.problem(f"{_name(key)}的时限写了两遍（第一遍在第 {have[key]} 行）。", "请删掉一处。")
        have.setdefault(key, row.line)
        yield from _numbers(row)
    service = Lane.SERVICE.value
    wanted = {(service, kind.value, False) for kind in Kind}
    wanted |= {
        (service, row.word("kind"), True) for row in topics if row.true("urgent") and row.word("kind") in list(Kind)
    }
    for key in sorted(wanted - have.keys()):
        yield tree.problem(f"缺少{_name(key)}的时限。", "请照相近的一段补上。")


def _name(key: tuple[str, str, bool]) -> str:
    lane, kind, urgent = key
    name = f" {kind} 紧急事项" if urgent else f" {kind} 类"
    return name if lane == Lane.SERVICE else f"{name}（{lane}）"


def _numbers(row: Node) -> Iterator[Problem]:
    values = {key: _number(row.word(key)) for key in ("accept_days", "accept_hours", "answer_days", "answer_hours")}
    for key, value in values.items():
        if value is not None and value < 0:
            yield row.get(key).problem(f"{key} 不能是负数。")
    for verb in ("accept", "answer"):
        if values[f"{verb}_days"] == 0 and not values[f"{verb}_hours"]:
            yield row.get(f"{verb}_days").problem(
                f"{verb}_days 写了 0，又没有写 {verb}_hours。", "两个里面要有一个大于 0。"
            )


def ladder(tree: Node | None) -> Iterator[Problem]:
    """Each ladder is climbed upward: every rung says when, in one way, and none comes before the one above it."""
    for name in ("accept", "answer"):
        last = (0, 0)
        for rung in tree.rows(name) if tree is not None else ():
            share, days = _number(rung.word("share")) or 0, _number(rung.word("after_days")) or 0
            if bool(share) == bool(days):
                hint = "过期以前写 share，过期以后写 after_days。"
                yield rung.problem("这一步要写 share 或者 after_days，只写一个。", hint)
            if (days, share) <= last and share + days:
                yield rung.problem("这一步比上一步还早。", "请从早到晚排。")
            if days and not _number(rung.word("after_hours")):
                yield rung.problem("过期以后的步子还要写 after_hours。", "按小时算的急件过期以后，看这个数。")
            last = (days, share)


def _number(word: str) -> int | None:
    return int(word) if word.removeprefix("-").isdecimal() else None


def calendar(tree: Node | None) -> Iterator[Problem]:
    """Years without a gap; each date in its own year; a day is either off or worked; only weekends are worked."""
    if tree is None or tree.pairs is None:
        return
    yield from _gaps(tree)
    for year, node in tree.pairs.items():
        off, work = _days(node, "off"), _days(node, "work")
        for day, row in [*off, *work]:
            if str(day.year) != year:
                yield row.problem(f"{row.text} 不在 {year} 年。", "请挪到那一年下面，或者改对日期。")
        yield from _repeated([*off, *work])
        for day, row in work:
            if day.weekday() < SATURDAY:
                yield row.problem(f"{row.text} 不是周六周日，本来就上班。", "work 里只写调休上班的周末。")


def _gaps(tree: Node) -> Iterator[Problem]:
    years = sorted(int(year) for year in tree.pairs or {} if year.isdecimal())
    for before, after in pairwise(years):
        if after - before > 1:
            line = tree.lines.get(str(after), tree.line)
            yield Problem(tree.file, line, f"{before} 年和 {after} 年之间缺了年份。", "请把中间的年份补上。")


def _repeated(days: list[tuple[date, Node]]) -> Iterator[Problem]:
    first: dict[date, int] = {}
    for day, row in days:
        if day in first:
            yield row.problem(f"{row.text} 写了两遍（第一遍在第 {first[day]} 行）。", "请删掉一处。")
        first.setdefault(day, row.line)


def _days(node: Node, key: str) -> list[tuple[date, Node]]:
    return [(day, row) for row in node.rows(key) if (day := _day(row.text or "")) is not None]


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None  # the schema has already said that it is no date


def terms(tree: Node | None) -> Iterator[Problem]:
    """Each lane and state once; and no talk outlives a case that was told in it."""
    if tree is None or tree.pairs is None:
        return
    first: dict[tuple[str, str], int] = {}
    talk = _number(tree.word("talk_days"))
    for row in tree.rows("cases"):
        key = (row.word("lane"), row.word("state"))
        if key in first:
            yield row.problem(f"{key[0]} {key[1]} 的期限写了两遍（第一遍在第 {first[key]} 行）。", "请删掉一处。")
        first.setdefault(key, row.line)
        days = _number(row.word("days"))
        if talk is not None and days is not None and days < talk:
            yield row.get("days").problem(
                f"件留 {days} 天，聊天记录却留 {talk} 天：件删了，经过还在。", "请把 talk_days 改小，或者把 days 改大。"
            )
