"""Group commit: who waits together is committed together, and fails alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.store.connect import APPLICATION_ID, connect
from bot.store.engine import NotStarted, StoreBusy, StoreClosed, StoreFailed, StoreFull, Work
from bot.store.sqlite import SqliteStore, open_store
from tests.store.works import Gate, kinds, names, put, put_and_raise, settled

pytestmark = pytest.mark.asyncio


async def test_many_writes_share_few_commits(store: SqliteStore) -> None:
    said = await asyncio.gather(*(store.write(put(f"{n:03}")) for n in range(200)))
    assert said == [f"{n:03}" for n in range(200)]
    assert await store.read(names) == said
    assert store.writes == 200
    assert store.commits < 20


async def test_a_group_is_at_most_64(store: SqliteStore) -> None:
    gate = Gate("gate")
    waiting = [asyncio.create_task(store.write(gate))]
    await gate.reached()
    waiting += [asyncio.create_task(store.write(put(f"{n}"))) for n in range(127)]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(*waiting)
    assert (store.writes, store.commits) == (128, 2)


BAD: list[tuple[Work[object], type[Exception]]] = [
    (put_and_raise("bad", ValueError("no")), ValueError),
    (put_and_raise("bad", SystemExit()), RuntimeError),
    (put_and_raise("bad", StopIteration()), RuntimeError),
    (put("first"), IntegrityError),
    (lambda conn: conn.execute(text("SELECT nonsense")), OperationalError),
    (lambda conn: conn.execute(text("INSERT INTO follower VALUES (9, 9)")), IntegrityError),
]


@pytest.mark.parametrize(("bad", "raised"), BAD)
async def test_a_failing_write_is_undone_alone(store: SqliteStore, bad: Work[object], raised: type[Exception]) -> None:
    gate = Gate("first")
    before = asyncio.create_task(store.write(gate))
    await gate.reached()
    during = [asyncio.create_task(store.write(work)) for work in (bad, put("after"))]
    await asyncio.sleep(0)
    gate.open.set()
    outcomes = await settled(*during)
    assert await before == "first"
    assert isinstance(outcomes[0], raised)
    assert outcomes[1] == "after"
    assert await store.read(names) == ["after", "first"]
    assert (store.writes, store.commits) == (2, 1)


async def test_nothing_is_seen_before_the_commit(store: SqliteStore) -> None:
    gate = Gate("late")
    waiting = asyncio.create_task(store.write(gate))
    await gate.reached()
    assert await store.read(names) == []
    gate.open.set()
    await waiting
    assert await store.read(names) == ["late"]


async def test_errors_never_show_what_was_written(store: SqliteStore) -> None:
    await store.write(put("13800138000"))
    with pytest.raises(DBAPIError) as caught:
        await store.write(put("13800138000"))
    assert "13800138000" not in str(caught.value)


class TestWithdrawing:
    """A write that has not started can still be taken back; one that has cannot."""

    async def test_a_turn_that_comes_too_late_never_starts(self, store: SqliteStore) -> None:
        gate = Gate("slow")
        slow = asyncio.create_task(store.write(gate))
        await gate.reached()
        began = time.monotonic()
        with pytest.raises(NotStarted):
            await store.write(put("late"), start_within=0.05)
        assert time.monotonic() - began < 1
        gate.open.set()
        await slow
        assert await store.read(names) == ["slow"]

    async def test_a_turn_that_started_in_time_may_take_its_time(self, store: SqliteStore) -> None:
        gate = Gate("slow")
        slow = asyncio.create_task(store.write(gate, start_within=0.05))
        await gate.reached()
        await asyncio.sleep(0.1)
        gate.open.set()
        assert await slow == "slow"

    async def test_a_cancelled_caller_still_waiting_drops_its_write(self, store: SqliteStore) -> None:
        gate = Gate("slow")
        slow = asyncio.create_task(store.write(gate))
        await gate.reached()
        waiting = asyncio.create_task(store.write(put("dropped")))
        await asyncio.sleep(0)
        waiting.cancel()
        assert kinds(await settled(waiting)) == {asyncio.CancelledError}
        gate.open.set()
        await slow
        await store.write(put("next"))
        assert await store.read(names) == ["next", "slow"]

    async def test_a_cancelled_caller_already_running_commits_whole(self, store: SqliteStore) -> None:
        gate = Gate("kept")
        running = asyncio.create_task(store.write(gate))
        await gate.reached()
        running.cancel()
        assert kinds(await settled(running)) == {asyncio.CancelledError}
        gate.open.set()
        await store.write(put("next"))
        assert await store.read(names) == ["kept", "next"]


class TestBusy:
    """Another process holds the database."""

    async def test_a_short_lock_is_waited_for(self, store: SqliteStore, path: Path) -> None:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.write(put("patient")))
        await asyncio.sleep(0.3)
        other.execute("ROLLBACK")
        assert await waiting == "patient"
        other.close()

    async def test_a_long_lock_is_told_to_all_who_wait_and_reads_go_on(self, store: SqliteStore, path: Path) -> None:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        waiting = asyncio.create_task(settled(*(store.write(put(str(n))) for n in range(100))))
        await asyncio.sleep(0.5)
        assert await store.read(names) == []
        assert kinds(await waiting) == {StoreBusy}
        assert 2.5 < time.monotonic() - began < 4
        other.execute("ROLLBACK")
        other.close()
        assert await store.write(put("again")) == "again"

    async def test_a_caller_with_less_time_leaves_earlier(self, store: SqliteStore, path: Path) -> None:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(NotStarted):
            await store.write(put("hurried"), start_within=0.2)
        assert time.monotonic() - began < 1
        other.execute("ROLLBACK")
        other.close()
        await store.write(put("next"))
        assert await store.read(names) == ["next"]

    async def test_two_stores_take_turns(self, store: SqliteStore, path: Path) -> None:
        second = open_store(path)
        both = [(store, "a"), (second, "b")]
        await asyncio.gather(*(one.write(put(f"{who}{n}")) for n in range(50) for one, who in both))
        assert len(await store.read(names)) == len(await second.read(names)) == 100
        await second.close()


class TestFull:
    """No room: said honestly, nothing half, and over when there is room again."""

    async def test_a_full_file_refuses_and_recovers(self, store: SqliteStore) -> None:
        def grow(conn: Connection) -> None:
            conn.execute(text("INSERT INTO counter VALUES (:name, zeroblob(4000000))"), {"name": "huge"})

        def cap(conn: Connection) -> None:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
            conn.exec_driver_sql(f"PRAGMA max_page_count={pages + 8}")

        await store.write(put("before"))
        await store.write(cap)
        with pytest.raises(StoreFull):
            await store.write(grow)
        assert await store.read(names) == ["before"]
        await store.write(put("after"))
        assert await store.read(names) == ["after", "before"]


class TestHooks:
    """What must happen before every COMMIT."""

    async def test_runs_once_a_commit_in_the_writers_thread(self, store: SqliteStore) -> None:
        seen: list[tuple[str, int]] = []
        store.before_commit.append(lambda: seen.append((threading.current_thread().name, store.commits)))
        await asyncio.gather(*(store.write(put(str(n))) for n in range(30)))
        assert seen == [("store-write", n) for n in range(store.commits)]

    async def test_one_that_fails_fails_the_group(self, store: SqliteStore) -> None:
        def fail() -> None:
            raise OSError("no key store")

        store.before_commit.append(fail)
        assert kinds(await settled(*(store.write(put(str(n))) for n in range(10)))) == {StoreFailed}
        store.before_commit.clear()
        await store.write(put("after"))
        assert await store.read(names) == ["after"]

    async def test_not_called_when_nothing_is_to_be_committed(self, store: SqliteStore) -> None:
        called: list[int] = []
        store.before_commit.append(lambda: called.append(1))
        await settled(store.write(put_and_raise("bad", ValueError())))
        assert (called, store.commits) == ([], 0)


class TestReads:
    """Snapshots that cannot be written to."""

    async def test_a_write_is_refused(self, store: SqliteStore) -> None:
        with pytest.raises(StoreFailed):
            await store.read(put("sneaky"))
        await store.write(put("open"))
        assert await store.read(names) == ["open"]

    async def test_two_looks_in_one_read_see_the_same(self, store: SqliteStore) -> None:
        looked, again = threading.Event(), threading.Event()

        def look_twice(conn: Connection) -> tuple[list[str], list[str]]:
            first = names(conn)
            looked.set()
            assert again.wait(10)
            return first, names(conn)

        reading = asyncio.create_task(store.read(look_twice))
        await asyncio.to_thread(looked.wait, 10)
        await store.write(put("meanwhile"))
        again.set()
        assert await reading == ([], [])

    async def test_an_error_comes_back_as_it_is(self, store: SqliteStore) -> None:
        with pytest.raises(ZeroDivisionError):
            await store.read(lambda _conn: 1 // 0)


class TestClosing:
    """Closing drains."""

    async def test_what_was_asked_for_is_done(self, store: SqliteStore, path: Path) -> None:
        waiting = [asyncio.create_task(store.write(put(str(n)))) for n in range(200)]
        await asyncio.sleep(0)
        await store.close()
        assert len(await asyncio.gather(*waiting)) == 200
        again = open_store(path)
        assert len(await again.read(names)) == 200
        await again.close()

    async def test_afterwards_everything_is_refused(self, store: SqliteStore) -> None:
        await store.close()
        await store.close()
        assert kinds(await settled(store.write(put("late")), store.read(names))) == {StoreClosed}

    async def test_nothing_is_left_over(self, store: SqliteStore, path: Path) -> None:
        await store.write(put("one"))
        await store.read(names)
        await store.close()
        assert not path.with_name(f"{path.name}-wal").exists()
        left = [thread.name for thread in threading.enumerate() if thread.name.startswith("store-")]
        assert left in ([], ["store-write"])  # the writer may still be returning from its last line


async def test_a_work_that_ends_the_transaction_is_an_error_and_no_more(store: SqliteStore) -> None:
    with pytest.raises(StoreFailed):
        await store.write(lambda conn: conn.exec_driver_sql("COMMIT"))
    assert await store.write(put("next")) == "next"


async def test_the_pragmas_of_the_house(store: SqliteStore, path: Path) -> None:
    expected: dict[str, object] = {
        "journal_mode": "wal", "synchronous": 2, "busy_timeout": 3000, "foreign_keys": 1, "secure_delete": 1,
        "trusted_schema": 0, "application_id": APPLICATION_ID, "mmap_size": 0,
    }  # fmt: skip

    def ask(conn: Connection) -> dict[str, object]:
        return {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}

    assert await store.write(ask) == expected
    assert await store.read(ask) == expected
    assert await store.read(lambda conn: conn.exec_driver_sql("PRAGMA query_only").scalar()) == 1
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA application_id").fetchone() == (0x5A485431,)
    raw.close()
