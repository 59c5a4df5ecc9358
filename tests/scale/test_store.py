"""The store on PostgreSQL: order per person, races run again, leases apart, reads that cannot write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.app import open_core
from bot.core import Core
from bot.store import audit, letters
from bot.store.engine import NotStarted, StoreBusy, StoreClosed, StoreFailed, Work
from bot.store.pg_start import place_of
from bot.store.postgres import PgStore, text_of
from bot.store.tables import case, counter, obligation, person
from bot.store.upsert import count_up
from bot.timers import LEASE_SECONDS, Timers
from config.settings import Settings
from handlers.messages import Inbound, Taken
from tests.conversations.house import sample
from tests.scale.cluster import Cluster
from tests.store.works import names, put, put_and_raise, settled

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def stores(cluster: Cluster, database: str) -> AsyncGenerator[tuple[PgStore, PgStore]]:
    """Two processes' stores on one database."""
    url = text_of(place_of(cluster.url(database)).main)
    both = PgStore(url, pool=4), PgStore(url, pool=4)
    yield both
    for one in both:
        await one.close()


async def test_many_writes_and_a_failing_one(stores: tuple[PgStore, PgStore]) -> None:
    one, other = stores
    await asyncio.gather(*((one, other)[n % 2].write(put(f"{n:02}")) for n in range(40)))
    with pytest.raises(ValueError, match="no"):
        await one.write(put_and_raise("bad", ValueError("no")))
    with pytest.raises(RuntimeError):
        await one.write(put_and_raise("bad", StopIteration()))
    assert await other.read(names) == [f"{n:02}" for n in range(40)]


async def test_errors_never_show_what_was_written(stores: tuple[PgStore, PgStore]) -> None:
    await stores[0].write(put("13800138000"))
    with pytest.raises(IntegrityError) as caught:
        await stores[0].write(put("13800138000"))
    error: BaseException | None = caught.value
    while error is not None:
        assert "13800138000" not in f"{error!r}{error}"
        error = error.__cause__


async def test_a_read_cannot_write_and_sees_one_moment(stores: tuple[PgStore, PgStore]) -> None:
    one, other = stores
    with pytest.raises(StoreFailed):
        await one.read(put("sneaky"))
    seen: list[list[str]] = []

    def look_twice(conn: Connection) -> None:
        seen.append(names(conn))
        conn.execute(text("SELECT pg_sleep(0.3)"))
        seen.append(names(conn))

    reading = asyncio.create_task(one.read(look_twice))
    await asyncio.sleep(0.1)
    await other.write(put("meanwhile"))
    await reading
    assert seen == [[], []]


async def test_a_deadlock_is_run_again(stores: tuple[PgStore, PgStore]) -> None:
    await stores[0].write(lambda conn: [put(name)(conn) for name in "ab"])

    def both(first: str, second: str) -> Work[None]:
        def work(conn: Connection) -> None:
            for name in (first, second):
                conn.execute(counter.update().where(counter.c.name == name).values(n=counter.c.n + 1))
                conn.execute(text("SELECT pg_sleep(0.2)"))

        return work

    works = (both("a", "b"), both("b", "a"))
    await asyncio.gather(*(store.write(work) for store, work in zip(stores, works, strict=True)))
    found = await stores[0].read(lambda conn: conn.execute(select(counter.c.n)).scalars().all())
    assert list(found) == [2, 2]


async def test_a_lock_held_too_long_is_busy_and_a_late_turn_is_withdrawn(stores: tuple[PgStore, PgStore]) -> None:
    one, other = stores
    await one.write(put("row"))

    def touch(conn: Connection) -> None:
        conn.execute(counter.update().where(counter.c.name == "row").values(n=1))

    def hold(conn: Connection) -> None:
        touch(conn)
        conn.execute(text("SELECT pg_sleep(4)"))

    holding = asyncio.create_task(one.write(hold))
    await asyncio.sleep(0.3)
    with pytest.raises(StoreBusy):
        await other.write(touch)
    await holding
    full = [asyncio.create_task(one.write(lambda conn: conn.execute(text("SELECT pg_sleep(1)")))) for _ in range(4)]
    await asyncio.sleep(0.2)
    began = time.monotonic()
    with pytest.raises(NotStarted):
        await one.write(put("late"), start_within=0.1)
    assert time.monotonic() - began < 0.5
    await asyncio.gather(*full)
    assert "late" not in await one.read(names)


async def test_numbers_are_given_once_and_nobody_waits_for_anothers_commit(stores: tuple[PgStore, PgStore]) -> None:
    one, _ = stores

    def slow(conn: Connection) -> int:
        number = count_up(conn, "day")
        conn.execute(text("SELECT pg_sleep(1)"))
        return number

    slowly = asyncio.create_task(one.write(slow))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    found = await asyncio.gather(*(store.write(lambda conn: count_up(conn, "day")) for store in stores * 5))
    assert time.monotonic() - began < 0.7
    assert sorted([await slowly, *found]) == list(range(1, 12))


async def test_leases_never_meet(stores: tuple[PgStore, PgStore]) -> None:
    one, other = stores
    rows = range(60)
    await one.write(lambda conn: [letters.owe_card(conn, "zhiban", n, f"card:{n}", NOW) for n in rows])
    both = [store.write(lambda conn: letters.lease(conn, NOW, 60, 10)) for store in (one, other) * 3]
    taken = [row.id for some in await asyncio.gather(*both) for row in some]
    assert len(taken) == len(set(taken)) == 60


async def test_the_chain_of_the_audit_never_forks(stores: tuple[PgStore, PgStore]) -> None:
    works = [store.write(lambda conn: audit.note(conn, 1, "look", "case", NOW)) for store in stores * 10]
    await asyncio.gather(*works)
    assert await stores[0].read(audit.broken_at) == 0


async def test_a_closed_store_says_so(stores: tuple[PgStore, PgStore]) -> None:
    waiting = asyncio.create_task(stores[0].write(put("last")))
    await asyncio.sleep(0)
    await stores[0].close()
    assert await waiting == "last"
    assert [type(one) for one in await settled(stores[0].write(put("x")), stores[0].read(names))] == [StoreClosed] * 2


@pytest_asyncio.fixture
async def offices(cluster: Cluster, database: str, tmp_path: Path) -> AsyncGenerator[tuple[Core, Core]]:
    """Two processes of one office, without doors."""
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(cluster.url(database)))
    both = open_core(settings, sample()), open_core(settings, sample())
    yield both
    for one in both:
        await one.close()


async def test_a_stranger_who_writes_to_two_processes_at_once_is_one_person(offices: tuple[Core, Core]) -> None:
    hellos = [Inbound("web", f"k{n}", "somebody", NOW, text="你好") for n in range(8)]
    taken = await asyncio.gather(*(offices[n % 2].take(hello) for n, hello in enumerate(hellos)))
    assert len({one.person for one in taken}) == 1
    people = await offices[0].store.read(lambda conn: conn.execute(select(person.c.id)).scalars().all())
    assert len(people) == 1


async def test_one_message_to_two_processes_has_one_effect_and_one_answer(offices: tuple[Core, Core]) -> None:
    both = [one.take(Inbound("web", "same", "somebody", NOW, choice="report")) for one in offices * 3]
    taken = await asyncio.gather(*both)
    assert sorted(one.duplicate for one in taken) == [False] + [True] * 5
    assert len({tuple(letter.id for letter in one.letters) for one in taken}) == 1


async def test_turns_of_one_person_see_each_other(offices: tuple[Core, Core]) -> None:
    """Each message goes to the other process, and six come at once: every one gets an answer of its own."""
    for who in ("a", "b"):
        for n, said in enumerate(("report", "agree")):
            await offices[n % 2].take(Inbound("web", f"{who}{n}", who, NOW, choice=said))
    known = await asyncio.gather(
        *(offices[n % 2].take(Inbound("web", f"z{n}", "a", NOW, text=f"第{n}句话")) for n in range(6))
    )
    ids = [letter.id for one in known for letter in one.letters]
    assert len(ids) == len(set(ids))
    assert await offices[0].store.read(lambda conn: conn.execute(select(case.c.no)).scalars().all()) == []


async def test_the_driver_s_own_errors_are_kept(stores: tuple[PgStore, PgStore]) -> None:
    with pytest.raises(DBAPIError):
        await stores[0].write(lambda conn: conn.execute(text("SELECT nonsense")))


async def test_one_of_two_processes_wakes_what_falls_due(stores: tuple[PgStore, PgStore]) -> None:
    now, woken = [NOW], list[int]()

    def due(conn: Connection) -> None:
        conn.execute(text("SET LOCAL session_replication_role = replica"))  # a duty of no case will do
        conn.execute(insert(obligation).values(case_id=1, duty="answer", made_at=NOW, due_at=NOW, step=0, wake_at=NOW))

    def process(number: int) -> Timers:
        async def take(inbound: Inbound) -> Taken:
            woken.append(number)
            return Taken(())

        return Timers(stores[number], take, lambda: now[0])

    await stores[0].write(due)
    one, other = process(0), process(1)
    assert [await one.sweep(), await other.sweep(), await one.sweep()] == [1, 0, 1]
    now[0] += timedelta(seconds=LEASE_SECONDS + 1)
    assert [await other.sweep(), await one.sweep()] == [1, 0], "it died, or stands still: the other goes on"
    assert woken == [0, 0, 1]
