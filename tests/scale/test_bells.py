"""Bells over Redis: heard across processes, spread over workers, and lost without loss."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from bot import redis_bells
from bot.limits import Tries
from bot.redis_bells import RedisBells
from tests.scale.redis_server import RedisServer

pytestmark = pytest.mark.asyncio

WORK = "outbox"


@asynccontextmanager
async def processes(server: RedisServer, count: int = 2) -> AsyncGenerator[list[RedisBells]]:
    """The bells of several processes, in touch with each other."""
    made = [RedisBells(server.url, frozenset({WORK})) for _ in range(count)]
    tasks = [asyncio.create_task(one.run()) for one in made]
    await until(lambda: all(one.hearing for one in made))
    try:
        yield made
    finally:
        for task, one in zip(tasks, made, strict=True):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await one.close()


async def until(good: object, seconds: float = 10.0) -> float:
    """Wait until it is so; how long that took."""
    assert callable(good)
    began = time.monotonic()
    while not good():
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_a_bell_is_heard_in_every_process(redis: RedisServer) -> None:
    async with processes(redis) as (here, there), there.listen("staff") as far, here.listen("staff") as near:
        here.ring("staff", "MS20261122-0007")
        assert await asyncio.wait_for(far.get(), 2) == "MS20261122-0007"
        assert near.get_nowait() == "MS20261122-0007"


async def test_work_wakes_one_process_a_bell(redis: RedisServer) -> None:
    woken = [0, 0, 0]

    async def work(number: int, bells: RedisBells) -> None:
        async with bells.listen(WORK) as queue:
            while True:
                await queue.get()
                woken[number] += 1

    async with processes(redis, 3) as made:
        tasks = [asyncio.create_task(work(number, bells)) for number, bells in enumerate(made)]
        await asyncio.sleep(1.5)  # until they have joined the group
        for _ in range(30):
            made[0].ring(WORK)
            await asyncio.sleep(0.02)
        await until(lambda: sum(woken) >= 15)
        await asyncio.sleep(0.2)
        assert sum(woken) <= 30, "a bell is for one of them"
        assert sum(n > 0 for n in woken) >= 2, woken
        for task in tasks:
            task.cancel()


async def test_no_address_of_anybody_gets_to_redis(redis: RedisServer) -> None:
    seen: list[bytes] = []
    async with processes(redis, 1) as (bells,):
        reader, writer = await asyncio.open_connection("127.0.0.1", redis.port)
        writer.write(b"MONITOR\r\n")
        await reader.readline()
        bells.ring(("address", "web", "secret-token-of-a-browser"))
        with suppress(TimeoutError):
            while True:
                seen.append(await asyncio.wait_for(reader.readline(), 0.5))
        writer.close()
    text = b"".join(seen)
    assert b"PUBLISH" in text.upper()
    assert b"secret-token" not in text


@pytest.mark.parametrize("how", ["wiped", "killed"])
async def test_redis_wiped_or_killed_is_back_within_ten_seconds(redis: RedisServer, how: str) -> None:
    async with processes(redis) as (here, there), there.listen(WORK) as work, there.listen("staff") as staff:
        await asyncio.sleep(1.2)
        if how == "wiped":
            redis.tell("FLUSHALL")
        else:
            redis.kill()
            await asyncio.sleep(0.5)
            redis.start()
        began = time.monotonic()
        await until(lambda: here.hearing and there.hearing)
        while not work.empty():
            work.get_nowait()
        got: set[str] = set()
        while len(got) < 2:
            assert time.monotonic() - began < 10, got
            here.ring(WORK)
            here.ring("staff", "no")
            await asyncio.sleep(0.3)
            got |= {"work"} if not work.empty() else set()
            got |= {"staff"} if not staff.empty() else set()
        print(f"Redis {how}: heard again after {time.monotonic() - began:.1f} s")


async def test_without_redis_everybody_looks_for_themselves(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bells, "BLIND_SECONDS", 0.2)
    async with processes(redis) as (here, there), there.listen("staff") as staff, here.listen(WORK) as work:
        redis.kill()
        await until(lambda: not there.hearing)
        assert await asyncio.wait_for(staff.get(), 3) == ""  # "look again"
        here.ring(WORK)
        await asyncio.wait_for(work.get(), 3)


async def test_tries_at_one_process_count_at_all(redis: RedisServer) -> None:
    async with processes(redis) as (here, there):
        now = [0.0]
        mine, theirs = (Tries(3, 60.0, 100.0, lambda: now[0]) for _ in range(2))
        mine.share(here, "logins")
        theirs.share(there, "logins")
        for _ in range(3):
            mine.note(("liu", "10.0.0.1"))
        await until(lambda: theirs.wait(("liu", "10.0.0.1")) > 0)
        assert theirs.wait(("wang", "10.0.0.1")) == 0
        theirs.forget(("liu", "10.0.0.1"))
        await until(lambda: mine.wait(("liu", "10.0.0.1")) == 0)
