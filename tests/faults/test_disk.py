"""A full disk, a failing disk, a lock that is not let go: an honest no, no number, and well again by itself."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout

from bot.app import DATABASE
from tests.faults.child import WORLD, Order
from tests.faults.nursery import Nursery, nursery
from tests.faults.promises import Promises
from tests.faults.reckoning import reckon
from tests.faults.townsfolk import NUMBER, SUBMIT, Citizen, Town
from tests.store.pictures import picture

DISK = 'mount -t tmpfs -o size=6m,mode=755 tmpfs "$1" && shift && exec "$@"'
KEY = "the-key-of-this-submission"
DELIVERED_SECONDS = 15.0

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.crash]


@asynccontextmanager
async def town(houses: Nursery, folder: Path) -> AsyncGenerator[Town]:
    """A house over `folder` and somebody to ask it."""
    assert await houses.start(Order(str(folder)))
    async with ClientSession(timeout=ClientTimeout(total=20)) as http:
        try:
            yield Town(houses, http, Promises())
        finally:
            await houses.end(signal.SIGTERM)


async def refused(town: Town, citizen: Citizen) -> tuple[int, str, float]:
    """What 提交 brings while the house cannot write: status, words, seconds."""
    before = time.monotonic()
    status, answer = await town.once("POST", "/talk", citizen.cookie, json={"key": KEY, **SUBMIT})
    assert set(answer) == {"error"}
    return status, answer["error"]["text"], time.monotonic() - before


async def still_reads(town: Town, citizen: Citizen) -> None:
    """The page, the talk so far, and that the house is alive."""
    for path in ("/", "/healthz"):
        async with town.http.get(town.nursery.url + path, headers={"Cookie": citizen.cookie}) as response:
            assert response.status == 200
    status, talk = await town.once("GET", "/talk/history", citizen.cookie)
    assert status == 200
    assert talk["messages"]


async def refused_honestly(town: Town, citizen: Citizen, status: int) -> None:
    """A proper status, words for a citizen, no number; and what can be read is read."""
    found, words, _ = await refused(town, citizen)
    assert found == status
    assert words and not words.startswith("web.")
    assert not NUMBER.search(words)
    await still_reads(town, citizen)


async def well_again(town: Town, citizen: Citizen, folder: Path) -> None:
    """The same submission under the same key is taken, once, and its card goes out."""
    await citizen.submit(KEY)
    await citizen.submit(KEY)
    assert len(town.promises.numbers) == 1
    async with asyncio.timeout(DELIVERED_SECONDS):
        while not (folder / WORLD).read_text(encoding="utf-8"):
            await asyncio.sleep(0.1)


async def settled(town: Town, folder: Path) -> None:
    """What went out is noted as well: a house that is stopped before would send it once more, marked."""
    async with asyncio.timeout(DELIVERED_SECONDS):
        while town.promises.undelivered(folder):
            await asyncio.sleep(0.1)


def can_mount(folder: Path) -> bool:
    """Whether this machine lets us mount in a namespace of our own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "sh", "-c", DISK, "sh", folder, "true"], check=False).returncode == 0


async def test_a_full_disk(tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("no user namespaces here: a full disk was NOT tested")
    command = ("unshare", "-rm", "sh", "-c", DISK, "sh", str(tmp_path))
    async with nursery(tmp_path.with_name("errors"), *command) as houses:
        disk = houses.inside(tmp_path)
        async with town(houses, tmp_path) as people:
            citizen = Citizen(people)
            await citizen.prepare()
            fill(disk / "ballast")
            await refused_honestly(people, citizen, 507)
            assert (await upload(people, citizen))[0] == 507
            await refused_honestly(people, citizen, 507)
            (disk / "ballast").unlink()
            (disk / WORLD).touch()
            await well_again(people, citizen, disk)
            assert (await upload(people, citizen))[0] == 200
        shutil.copytree(disk, tmp_path / "kept")
    assert await reckon(people.promises, tmp_path / "kept") == []


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


async def upload(town: Town, citizen: Citizen) -> tuple[int, object]:
    """A photo, sent once."""
    headers = {"Content-Type": "image/png"}
    return await town.once("POST", "/talk/upload?name=a.png", citizen.cookie, data=picture("PNG"), headers=headers)


async def test_a_disk_that_fails_at_every_write(houses: Nursery, tmp_path: Path) -> None:
    """No file may grow, as if the disk answered EIO: SQLite meets it at the COMMIT."""
    async with town(houses, tmp_path) as people:
        (tmp_path / WORLD).touch()
        citizen = Citizen(people)
        await citizen.prepare()
        limit = resource.prlimit(houses.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        await refused_honestly(people, citizen, 503)
        await refused_honestly(people, citizen, 503)
        resource.prlimit(houses.pid, resource.RLIMIT_FSIZE, limit)
        await well_again(people, citizen, tmp_path)
        await settled(people, tmp_path)
    assert await reckon(people.promises, tmp_path) == []


@pytest.mark.parametrize("file", [DATABASE, "keys/keys.sqlite3"])
async def test_a_lock_that_another_process_holds(houses: Nursery, tmp_path: Path, file: str) -> None:
    """Longer than the busy timeout of 3 s, on the database and on the keys."""
    async with town(houses, tmp_path) as people:
        (tmp_path / WORLD).touch()
        citizen = Citizen(people)
        await citizen.prepare()
        with closing(sqlite3.connect(tmp_path / file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            asking = asyncio.create_task(refused(people, citizen))
            await asyncio.sleep(0.2)
            await still_reads(people, citizen)
            status, words, seconds = await asking
            other.execute("ROLLBACK")
        assert status == 503
        assert words and not NUMBER.search(words)
        assert 2.5 < seconds < 4.5  # WeChat gives up at 5
        await well_again(people, citizen, tmp_path)
        await settled(people, tmp_path)
    assert await reckon(people.promises, tmp_path) == []
