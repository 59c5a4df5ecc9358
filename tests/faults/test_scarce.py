"""X2: no descriptors, no memory, a loop that stands still. A real process, its real limits, and a sign of it."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.watchdog import HUNG
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery
from tests.faults.promises import Promises
from tests.faults.reckoning import reckon
from tests.faults.townsfolk import Citizen, GivenUp, Town

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.crash,
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="NOT RUN: limits of another process are Linux's"),
]

MEGABYTE = 1 << 20
SECONDS = 20.0


@asynccontextmanager
async def scarce(houses: Nursery, folder: Path, **order: Any) -> AsyncGenerator[Town]:
    """A house, somebody to ask it, and at the end: was every promise kept?"""
    folder.mkdir()
    (folder / WORLD).touch()
    assert await houses.start(Order(str(folder), **order))
    async with ClientSession(timeout=ClientTimeout(total=SECONDS)) as http:
        town = Town(houses, http, Promises())
        try:
            yield town
            await delivered(town, folder)
        finally:
            await houses.end(signal.SIGTERM)
    assert await reckon(town.promises, folder) == []


async def delivered(town: Town, folder: Path) -> None:
    """The cards went out."""
    async with asyncio.timeout(SECONDS):
        while town.promises.undelivered(folder):
            await asyncio.sleep(0.1)


def limit(pid: int, what: int, most: int) -> None:
    """From now on the process may have so much."""
    resource.prlimit(pid, what, (most, resource.prlimit(pid, what)[1]))


async def test_x2_out_of_descriptors(houses: Nursery, tmp_path: Path) -> None:
    async with scarce(houses, tmp_path / "county") as town:
        citizen = Citizen(town)
        await citizen.prepare()
        before = houses.complaints()
        limit(houses.pid, resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{houses.pid}/fd")) + 2)
        host, port = houses.url.removeprefix("http://").split(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(8)]
        with suppress(ClientError, OSError, TimeoutError):  # it may be among those who are not let in
            async with ClientSession(timeout=ClientTimeout(total=1)) as other, other.get(f"{houses.url}/healthz"):
                pass
        said = houses.complaints().removeprefix(before)
        assert "Too many open files" in said or "out of system resource" in said, "somebody can tell"
        for _, writer in idle:
            writer.close()
        async with asyncio.timeout(SECONDS):
            await citizen.submit()
        print(f"X2 descriptors: lost 0, duplicated 0, visible sign: {said.splitlines()[-1][:80]!r}")
        assert len(town.promises.numbers) == 1, "well again by itself"


@pytest.mark.skipif(os.environ.get("ZHITONG_DEEP") != "1", reason="NOT RUN: twenty seconds; ZHITONG_DEEP=1 runs it")
async def test_x2_out_of_memory(houses: Nursery, tmp_path: Path) -> None:
    """Whether it refuses or ends, nothing that was said is lost; with memory again, everybody is served."""
    async with scarce(houses, tmp_path / "county") as town:
        await Citizen(town).file()
        grown = int(re.findall(r"VmSize:\s+(\d+) kB", Path(f"/proc/{houses.pid}/status").read_text())[0]) * 1024
        limit(houses.pid, resource.RLIMIT_AS, grown + 2 * MEGABYTE)
        people = [asyncio.create_task(hungry(town)) for _ in range(4)]
        await asyncio.sleep(2.0)
        ended = not houses.alive
        if ended:
            assert await houses.start(Order(str(tmp_path / "county")))
        else:
            limit(houses.pid, resource.RLIMIT_AS, resource.prlimit(houses.pid, resource.RLIMIT_AS)[1])
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*people)
        refused = [one for one in town.promises.findings if one.kind == "refused"]
        assert ended or refused, "the limit was felt"
        sign = f"exit {houses.status}" if ended else f"{len(refused)} x refused"
        print(f"X2 memory: lost 0, duplicated 0, visible sign: {sign}, {len(town.promises.files)} photos kept")
        for one in refused:  # no broken promise here: what was promised is reckoned
            town.promises.findings.remove(one)


async def hungry(town: Town) -> None:
    """A photo, which takes memory, and a case."""
    with suppress(GivenUp):
        await Citizen(town).upload()
    while True:
        with suppress(GivenUp):
            await Citizen(town).file()
            return


async def test_x2_a_loop_that_stalls_is_told_with_its_place(houses: Nursery, tmp_path: Path) -> None:
    before = houses.complaints()
    async with scarce(houses, tmp_path / "county", stall=2.0) as town:
        async with asyncio.timeout(SECONDS):
            while "loop.goes_on" not in houses.complaints().removeprefix(before):
                await asyncio.sleep(0.05)
        await Citizen(town).file()
        async with town.http.get(f"{houses.url}/metrics") as page:
            assert "zhitong_loop_stalls_total 1.0" in await page.text()
    said = houses.complaints().removeprefix(before)
    assert re.search(r'"at": "\w+\.py:\d+ \w+".*"event": "loop.stalled"', said), said
    print("X2 a loop stalls: lost 0, duplicated 0, visible sign: loop.stalled, zhitong_loop_stalls_total")


@pytest.mark.skipif(os.environ.get("ZHITONG_DEEP") != "1", reason="NOT RUN: twenty seconds; ZHITONG_DEEP=1 runs it")
async def test_x2_a_loop_that_hangs_ends_the_process(houses: Nursery, tmp_path: Path) -> None:
    folder, before = tmp_path / "county", houses.complaints()
    async with scarce(houses, folder, stall=60.0, hung=1.5) as town:
        filing = asyncio.create_task(Citizen(town).file())
        assert await houses.gone(SECONDS)
        assert houses.status == HUNG
        assert '"event": "loop.hung"' in houses.complaints().removeprefix(before)
        assert await houses.start(Order(str(folder)))  # as systemd does
        async with asyncio.timeout(SECONDS):
            await filing
        print(f"X2 a loop hangs: lost 0, duplicated 0, visible sign: loop.hung, exit {HUNG}")
