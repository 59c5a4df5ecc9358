"""kill -9 at every point of a turn, the outbox, the timers, an upload, a start: no promise is broken."""

from __future__ import annotations

import os
import random
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.nursery import Nursery
from tests.faults.siege import ANY_MOMENT, ATTEMPTS, START, Kill, Siege, moments, siege, table

DEEP = os.environ.get("ZHITONG_DEEP") == "1"
SEED = int(os.environ.get("ZHITONG_SEED", "20261122"))
HITS = (1, 2, 3) if DEEP else (1,)
MOMENTS = 500 if DEEP else 8
POINTS = int(os.environ.get("ZHITONG_KILL_POINTS", "60"))  # of a deep run, beside those named below
STARTS = tuple(range(1, 60)) if DEEP else (1, 9, 18, 30)
CALM = 6  # COMMITs a house may do in peace, at most
DAYS = 20  # until what nobody rates is over

# Whatever else the house does, these must be among the points it was killed at.
NAMED = {
    *(f"web: before INSERT {table}" for table in ("inbox", "case", "event", "letter")),
    *(f"web: before INSERT {table}" for table in ("outbox", "counter", "obligation")),
    "group: before the second turn",
    "group: before COMMIT of a case",
    "group: after COMMIT",
    "keys: before INSERT",
    "keys: before COMMIT",
    "web: before the answer",
    "staff: before INSERT letter",
    "staff: before the answer",
    "timer: before INSERT event",
    "outbox leases: before UPDATE outbox",
    "outbox: before send",
    "outbox: after send",
    "outbox settles: before UPDATE outbox",
    "upload: before writing .in",
    "upload: before renaming .sealed",
    "upload: before INSERT attachment",
    START,
    ANY_MOMENT,
}

pytestmark = [pytest.mark.crash, pytest.mark.timeout(14400 if DEEP else 300)]


async def points(houses: Nursery, folder: Path) -> list[str]:
    """Every point that a day's work passes, found out by doing it once."""
    seen = folder.with_name("points")
    async with siege(houses, folder) as scout:
        await scout.open(seen)
        await scout.work(cases=8, answers=3, files=2)
        await scout.rest(days=DAYS, seen=seen)
        await scout.work(cases=2)
        assert await scout.close() == []
    return list(dict.fromkeys(seen.read_text(encoding="utf-8").splitlines()))


def plan(known: list[str]) -> tuple[list[Kill], list[Kill]]:
    """Where to kill: everywhere once, in deep runs several times.

    The clock's own turns are apart: the rarest come first, while everything that waits for its day is still there.
    """
    chance = random.Random(SEED)
    chosen = some(known, chance) if DEEP else [point for point in known if worth_it(point)]
    calm = {point: 0 if point.startswith("timer") else chance.randint(0, CALM) for point in chosen}
    kills = [Kill(point, hit, calm[point]) for point in chosen for hit in HITS]
    kills += [Kill(START, hit) for hit in STARTS]  # a second death, while the first is being recovered from
    kills += moments(MOMENTS, SEED)
    chance.shuffle(kills)
    by_clock = [kill for kill in kills if kill.point.startswith("timer")]
    by_clock.sort(key=lambda kill: (-known.index(kill.point), kill.hit))
    return [kill for kill in kills if kill not in by_clock], [replace(by_clock[0], days=DAYS), *by_clock[1:]]


def some(known: list[str], chance: random.Random) -> list[str]:
    """The points that have a name above, and others: another seed, others."""
    rare = ("", "other", START.partition(":")[0])  # what a house does once a day; a start is planned by itself
    rest = [point for point in known if point not in NAMED and point.partition(":")[0] not in rare]
    picked = {*NAMED, *chance.sample(rest, min(POINTS, len(rest)))} - {START}
    return [point for point in known if point in picked]


def worth_it(point: str) -> bool:
    """After one statement is before the next: in a short run one of the two is enough."""
    doing, _, where = point.partition(": ")
    if doing in ("", "other", "start"):
        return False
    statement = where.split(" ")[1] in ("INSERT", "UPDATE", "SELECT", "DELETE")
    return "SELECT" not in where and not (statement and where.startswith("after"))


@pytest.mark.asyncio(loop_scope="session")
async def test_every_promise_survives_kill_9(
    houses: Nursery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_people, by_clock = plan(await points(houses, tmp_path / "scout"))
    async with siege(houses, tmp_path / "county") as town:
        await town.open()
        with capsys.disabled() if DEEP else nullcontext():
            await town.kill_all(by_people)
        wrong = await town.close()
    async with siege(houses, tmp_path / "by the clock") as small:
        duties = sum(kill.hit for kill in by_clock)
        await small.open()
        await small.work(cases=duties, answers=duties)  # what the clock will wake
        await small.send_home()
        await small.kill_all(by_clock)
        wrong += await small.close()
    rows = town.rows(wrong) | small.rows(wrong)
    kills = sum(row.kills for row in rows.values())
    print(table(rows))
    with capsys.disabled():
        print(f"\n{kills} kills at {len(rows)} points, seed {SEED}: {summary(town)}, wrong: {wrong[:5] or 'nothing'}")
    assert wrong == []
    missed = {kill.point for kill in town.unreached + small.unreached}
    with capsys.disabled():
        print(f"points that no house came by in eight seconds, {ATTEMPTS} times: {', '.join(sorted(missed)) or 'none'}")
    assert not missed if not DEEP else not missed & NAMED  # a deep run picks what houses seldom do, too
    assert set(rows) >= NAMED
    assert kills >= 50
    assert len(town.promises.numbers) >= 10
    assert town.promises.repeated >= 10


def summary(town: Siege) -> str:
    """One line of figures."""
    said = town.promises
    cut, anew, again = (sum(figure.values()) for figure in (said.cut, said.anew, said.again))
    kept = f"{len(said.numbers)} numbers, {len(said.answered)} answers, {said.repeated} messages repeated"
    return f"{kept}; {cut} requests cut off ({anew} taken anew, {again} answered as before)"


# Each wrong order: where it must be noticed, and as what.
FLIPPED = [
    ("answer first", [Kill("group: before COMMIT of a case")] * 2, "lost"),
    ("delivered first", [Kill("outbox: before send", hit) for hit in (1, 1, 2)], "undelivered"),
    ("keys last", [Kill("group: before a turn", calm=calm) for calm in (9, 12)], "unreadable"),
    ("no keys of messages", [Kill("group: after COMMIT", hit) for hit in (3, 4, 5, 6)], "differing"),
]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("flip", "kills", "found"), FLIPPED)
async def test_a_wrong_order_is_noticed(
    houses: Nursery, tmp_path: Path, flip: str, kills: list[Kill], found: str
) -> None:
    """The test above would see it if the house answered, delivered or remembered in the wrong order."""
    async with siege(houses, tmp_path / "county", flip) as town:
        await town.open()
        await town.kill(kills)
        wrong = await town.close()
    assert found in {finding.kind for finding in wrong}, wrong
