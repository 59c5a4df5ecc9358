"""Does it stay fast? The same turn and the same looks at 1 000 and at 100 000 stored cases, in alternation.

Run `python -m tests.bench.bench_growth [small large]`. The newest 600 cases are open in both, everybody has three.
Nothing here waits for the disk: its moods would hide what grows.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from bot.core import Core
from bot.store import cases, lists
from cases.case import Actor, Case, Role
from handlers.staff.card import CardQuery
from tests.bench.office import NOW, Step, cached, number, open_office, remembering, stored, take, whole_talk
from tests.bench.targets import Target, leave, table

SMALL, LARGE = 1_000, 100_000
ROUNDS = 9
TALKS = 8  # a round
LOOKS = 30  # a round
LIMIT = 1.5
CLERK = Actor("staff", 1, "王芳", frozenset({Role.CLERK}), "jiaotong")
DISPATCHER = Actor("staff", 2, "李强", frozenset({Role.DISPATCHER}), "zhiban")
Probe = Callable[[Core, int], Awaitable[object]]


def cards(viewer: Actor, view: str, text: str = "") -> Probe:
    """A page of cards."""
    which = CardQuery(view=view, text=text, limit=30)

    async def look(core: Core, n: int) -> object:
        return await core.store.read(lambda conn: lists.page(conn, core.vault, core.site.county, viewer, which, NOW))

    return look


@dataclass(frozen=True)
class Round:
    """Milliseconds of CPU at both sizes and their ratio, then milliseconds of the clock."""

    figures: tuple[float, float, float, float, float]

    @staticmethod
    def of(times: list[dict[int, tuple[float, float]]]) -> Round:
        """The medians of single looks, each {size: (CPU, clock)}, the small office first."""
        sizes = list(times[0])
        few, many = (statistics.median(one[n][0] for one in times) for n in sizes)
        fast, slow = (statistics.median(one[n][1] for one in times) for n in sizes)
        return Round((few, many, many / few, fast, slow))


async def by_number(core: Core, n: int) -> object:
    """A case by its number, with what happened to it."""
    no = number(random.randrange(n))

    def look(conn: Connection) -> tuple[Case | None, int]:
        held = cases.by_no(conn, core.vault, no)
        return held, len(cases.events(conn, core.vault, held.id)) if held else 0

    return await core.store.read(look)


async def my_cases(core: Core, n: int) -> object:
    """A citizen's own cases."""
    who = random.randrange(n // 3) * 3 + 1
    return await core.store.read(lambda conn: cases.of_person(conn, core.vault, who))


PROBES: dict[str, Probe] = {
    "a clerk's cards, all": cards(CLERK, "all"),
    "a clerk's cards, unclaimed": cards(CLERK, "unclaimed"),
    "a clerk's cards, overdue": cards(CLERK, "overdue"),
    "a clerk's cards, done": cards(CLERK, "done"),
    "a case by its number": by_number,
    "my cases": my_cases,
}
WATCHED: dict[str, Probe] = {  # shown, not judged
    "a dispatcher's cards, all": cards(DISPATCHER, "all"),
    "a dispatcher's search for words": cards(DISPATCHER, "all", "路灯"),
}


async def talk(core: Core, steps: list[Step]) -> None:
    """A whole talk of one citizen."""
    who = uuid.uuid4().hex
    for step in steps:
        await take(core, who, step)


async def timed(work: Awaitable[object]) -> tuple[float, float]:
    """Milliseconds of CPU and of the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    await work
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - clock) * 1e3


async def measure(folders: dict[int, Path]) -> dict[str, list[Round]]:
    """By what was done, one figure a round. The offices take turns at every single look."""
    offices = {n: await open_office(folder, remembering(), safe=False) for n, folder in folders.items()}
    steps = {n: await whole_talk(core) for n, core in offices.items()}
    for core in offices.values():
        await core.store.verified()
    found: dict[str, list[Round]] = {}
    for _ in range(ROUNDS):
        turns = [{n: await timed(talk(core, steps[n])) for n, core in offices.items()} for _ in range(TALKS)]
        found.setdefault("a talk of 10 turns", []).append(Round.of(turns))
        for name, probe in (PROBES | WATCHED).items():
            seen = [{n: await timed(probe(core, n)) for n, core in offices.items()} for _ in range(LOOKS)]
            found.setdefault(name, []).append(Round.of(seen))
    for core in offices.values():
        await core.close()
    return found


def report(found: dict[str, list[Round]], small: int, large: int) -> list[Target]:
    """Print the medians; what had to be reached. Judged is the CPU: other people's work does not disturb it."""
    rows = [
        (name, *map(statistics.median, zip(*(one.figures for one in rounds), strict=True)))
        for name, rounds in found.items()
    ]
    table(("", f"ms CPU at {small}", f"at {large}", "ratio", f"ms at {small}", f"at {large}"), rows)
    judged = {name: ratio for name, _, _, ratio, *_ in rows if name not in WATCHED}
    return [Target(f"{name}, {large} / {small} cases", ratio, LIMIT) for name, ratio in judged.items()]


def main(small: int, large: int) -> list[Target]:
    """Make both offices, measure them."""
    with cached():
        began = time.perf_counter()
        folders = {n: stored(n) for n in (small, large)}
        print(f"offices with {small} and {large} cases after {time.perf_counter() - began:.0f} s")
        return report(asyncio.run(measure(folders)), small, large)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    leave(main(*(given or (SMALL, LARGE))))
