"""What group commit buys: 64 callers, the same turn, three stores measured in alternation.

Run `python -m tests.bench.bench_store [seconds]`. Absolute figures depend on the disk and on who else uses
the machine; the ratios are what counts. A turn here is twelve statements, like a citizen's message that
files a case.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.store.sqlite import SqliteStore, open_store
from bot.store.tables import case, conversation, counter, event, inbox, letter, obligation, outbox, person
from tests.bench.targets import leave, table

CALLERS = 64
ROUNDS = 5
PEOPLE = 500
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STORES: dict[str, Callable[[Path], SqliteStore]] = {
    "group commit, FULL": lambda path: open_store(path),
    "one commit a write, FULL": lambda path: open_store(path, batch=1),
    "group commit, OFF (unsafe)": lambda path: open_store(path, synchronous="OFF"),
}


# Built once: a statement built anew for each call costs five times as much as running it.
_READ_TALK = select(conversation.c.sealed).where(conversation.c.person_id == bindparam("who"))
_READ_PERSON = select(person).where(person.c.id == bindparam("who"))
_WRITE_TALK = update(conversation).where(conversation.c.person_id == bindparam("who")).values(sealed=bindparam("talk"))
_COUNT = update(counter).where(counter.c.name == "case").values(n=counter.c.n + 1)
_INBOX, _CASE, _EVENT, _LETTER = insert(inbox), insert(case), insert(event), insert(letter)
_DUTY, _OUTBOX = insert(obligation), insert(outbox)


def turn(conn: Connection, n: int) -> int:
    """One message that files a case: two reads, ten writes."""
    who = n % PEOPLE
    conn.execute(_INBOX, {"channel": "web", "key": str(n), "person_id": who, "replies": "[]", "at": NOW})
    conn.execute(_READ_TALK, {"who": who}).scalar_one()
    conn.execute(_READ_PERSON, {"who": who}).one()
    conn.execute(_CASE, _case(n))
    for seq, act in ((1, "file"), (2, "accept")):
        conn.execute(_EVENT, _event(n, seq, act))
    for direction in ("in", "out"):
        conn.execute(_LETTER, _letter(n, direction))
    conn.execute(_DUTY, {"case_id": n, "duty": "accept", "made_at": NOW, "due_at": NOW, "wake_at": NOW})
    conn.execute(_OUTBOX, {"kind": "card", "idem": f"card:{n}:1", "case_id": n, "made_at": NOW, "not_before": NOW})
    conn.execute(_COUNT)
    conn.execute(_WRITE_TALK, {"who": who, "talk": b"t" * 500})
    return n


def _event(n: int, seq: int, act: str) -> dict[str, object]:
    return {"case_id": n, "seq": seq, "act": act, "at": NOW, "actor_kind": "citizen", "sealed": b"e" * 200}


def _letter(n: int, direction: str) -> dict[str, object]:
    return {"person_id": n % PEOPLE, "case_id": n, "direction": direction, "at": NOW, "sealed": b"l" * 400}


def _case(n: int) -> dict[str, object]:
    return {
        "id": n, "no": f"MS-{n}", "rev": 1, "lane": "service", "kind": "help", "topic": "01.01",
        "department": "nongye", "state": "filed", "open": True, "person_id": n % PEOPLE,
        "opened_at": NOW, "moved_at": NOW, "answer_by": NOW, "sealed": b"c" * 1200,
    }  # fmt: skip


def seed(conn: Connection) -> None:
    """The people and the counter every turn leans on."""
    for n in range(PEOPLE):
        conn.execute(insert(person).values(id=n, made_at=NOW))
        conn.execute(insert(conversation).values(person_id=n, sealed=b"t" * 500, updated_at=NOW))
    conn.execute(insert(counter).values(name="case", n=0))


async def measure(store: SqliteStore, numbers: count[int], seconds: float) -> float:
    """Turns a second of 64 callers who each wait for their answer before asking again."""
    until = time.perf_counter() + seconds
    before = store.writes

    async def caller() -> None:
        while time.perf_counter() < until:
            await store.write(partial(turn, n=next(numbers)))

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return (store.writes - before) / (time.perf_counter() - started)


async def main(seconds: float = 1.0) -> dict[str, float]:
    """Median turns a second by store, after printing the table."""
    with tempfile.TemporaryDirectory() as folder:
        stores = {name: make(Path(folder) / f"{at}.sqlite3") for at, (name, make) in enumerate(STORES.items())}
        figures: dict[str, list[float]] = {name: [] for name in stores}
        numbers = count(1)
        for store in stores.values():
            await store.write(seed)
        for _ in range(ROUNDS):
            for name, store in stores.items():
                figures[name].append(await measure(store, numbers, seconds))
        groups = {name: store.writes / store.commits for name, store in stores.items()}
        for store in stores.values():
            await store.close()
    return _report(figures, groups)


def _report(figures: dict[str, list[float]], groups: dict[str, float]) -> dict[str, float]:
    medians = {name: statistics.median(values) for name, values in figures.items()}
    base = medians["one commit a write, FULL"]
    rows = [(name, value, value / base, groups[name]) for name, value in medians.items()]
    table(("", "writes/s", "times as many", "writes a COMMIT"), rows)
    return medians


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
    leave([])
