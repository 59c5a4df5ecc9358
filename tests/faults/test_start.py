"""What a house says to a folder it must not open: the file, what is wrong, what to do; and nothing is touched."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from bot.app import DATABASE, open_core
from bot.store.engine import StoreRefused
from bot.store.keys import KeysRefused
from config.settings import Settings
from tests.faults.child import Order
from tests.faults.nursery import ROOT, Nursery
from tests.faults.test_disk import can_mount, town
from tests.faults.townsfolk import Citizen

KEYS = "keys/keys.sqlite3"
Harm = Callable[[Path, ExitStack], object]

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.crash]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def county(houses: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office with one case, left in peace."""
    folder = tmp_path_factory.mktemp("county")
    async with town(houses, folder) as people:
        await Citizen(people).file()
        assert people.promises.numbers
    return folder


def garbage(folder: Path, until: ExitStack) -> None:
    (folder / DATABASE).write_bytes(b"not a database at all, but a letter " * 300)


def foreign(folder: Path, until: ExitStack) -> None:
    (folder / DATABASE).unlink()
    with closing(sqlite3.connect(folder / DATABASE)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        other.commit()


def gone(folder: Path, until: ExitStack) -> None:
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()


def emptied(folder: Path, until: ExitStack) -> None:
    for path in folder.glob(f"{DATABASE}*"):
        path.write_bytes(b"")


def cut_off(folder: Path, until: ExitStack) -> None:
    whole = (folder / DATABASE).read_bytes()
    (folder / DATABASE).write_bytes(whole[: len(whole) // 2])


def without_keys(folder: Path, until: ExitStack) -> None:
    for path in folder.glob(f"{KEYS}*"):
        path.unlink()


def without_ring(folder: Path, until: ExitStack) -> None:
    (folder / "keys" / "ring").unlink()


def other_ring(folder: Path, until: ExitStack) -> None:
    (folder / "keys" / "ring").write_text("k1:" + "A" * 43 + "=\n", encoding="ascii")


def held(folder: Path, until: ExitStack) -> None:
    other = until.enter_context(closing(sqlite3.connect(folder / DATABASE, isolation_level=None)))
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("CREATE TABLE mine (n)")


REFUSED: list[tuple[Harm, type[Exception], str]] = [
    (garbage, StoreRefused, f"{DATABASE}: not a database"),
    (foreign, StoreRefused, f"{DATABASE}: the database of another program"),
    (gone, StoreRefused, f"{DATABASE}: gone, but .*keys.sqlite3 holds keys"),
    (emptied, StoreRefused, f"{DATABASE}: gone, but .*keys.sqlite3 holds keys"),
    (cut_off, StoreRefused, f"{DATABASE}: damaged"),
    (without_keys, KeysRefused, "keys.sqlite3 is gone"),
    (without_ring, KeysRefused, "ring is gone"),
    (other_ring, KeysRefused, "keys.sqlite3 was locked with another key of the name 'k1'"),
    (held, StoreRefused, f"{DATABASE}: held by another process"),
]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that holds something."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")}
    return {str(path.relative_to(folder)): content for path, content in files.items() if content}


@pytest.mark.parametrize(("harm", "refusal", "words"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_folder_that_is_refused(
    county: Path, tmp_path: Path, harm: Harm, refusal: type[Exception], words: str
) -> None:
    folder = shutil.copytree(county, tmp_path / "county")
    with ExitStack() as until:
        harm(folder, until)
        before = contents(folder)
        with pytest.raises(refusal, match=words):
            open_core(Settings(data_dir=folder))
        assert contents(folder) == before


async def test_a_damaged_page_ends_the_house_before_it_is_ready(houses: Nursery, county: Path, tmp_path: Path) -> None:
    """What only the thorough look finds: the house is never ready, ends by itself, and not with success."""
    folder = shutil.copytree(county, tmp_path / "county")
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name='case_month'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with (folder / DATABASE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert await houses.start(Order(str(folder)))
    assert await houses.gone(20)
    assert houses.status > 0


async def test_a_sound_folder_becomes_ready(houses: Nursery, county: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(county, tmp_path / "county")
    async with town(houses, folder), ClientSession() as http, asyncio.timeout(20):
        while (await http.get(f"{houses.url}/readyz")).status != 200:
            await asyncio.sleep(0.05)


async def test_a_read_only_disk(county: Path, tmp_path: Path) -> None:
    """The command itself: one sentence, exit code 2, no traceback."""
    if not can_mount(tmp_path):
        pytest.skip("no user namespaces here: a read-only disk was NOT tested")
    folder = shutil.copytree(county, tmp_path / "county")
    mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    run = [sys.executable, "-m", "bot.cli", "run", "--data", str(folder), "--port", "0"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", folder, *run],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert str(folder) in done.stderr
    assert "Traceback" not in done.stderr
