"""Which files the store starts with, and what it says of the others (D3 of the fault catalogue)."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.connect import DATABASE, KEYS_FILE, LAST_BACKUP
from bot.store.engine import StoreClosed, StoreRefused
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.sqlite import open_store
from tests.store.works import kinds, names, put, settled


async def _use(path: Path) -> list[str]:
    """Open, check, read, close: the whole start."""
    store = open_store(path)
    try:
        await store.verified()
        return await store.read(names)
    finally:
        await store.close()


async def _fill(path: Path, rows: int = 2000) -> None:
    store = open_store(path)
    await store.write(lambda conn: [put(f"{n:05}")(conn) for n in range(rows)])
    await store.close()


def _run_sql(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(script)


def _words(path: Path) -> None:
    path.write_text("this is a letter, not a database\n" * 100, encoding="ascii")


def _foreign(path: Path) -> None:
    _run_sql(path, "PRAGMA application_id=42")


def _nameless(path: Path) -> None:
    _run_sql(path, "CREATE TABLE theirs (x)")


def _newer(path: Path) -> None:
    asyncio.run(_fill(path, 1))
    _run_sql(path, "UPDATE alembic_version SET version_num='0999'; PRAGMA user_version=999")


def _broken_schema(path: Path) -> None:
    asyncio.run(_fill(path, 1))
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 60)


def _broken_inside(path: Path) -> None:
    asyncio.run(_fill(path))
    with path.open("r+b") as file:
        file.seek(-6 * 4096, 2)
        file.write(b"\xa5" * 4096 * 3)


def _cut_off(path: Path) -> None:
    asyncio.run(_fill(path))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _gone_with_keys(path: Path) -> None:
    keys = KeyStore(path.parent / KEYS_FILE, KeyRing.load(None, path.parent / "keys"))
    keys.new("case:1")
    keys.commit()
    keys.close()


def _empty_with_keys(path: Path) -> None:
    _gone_with_keys(path)
    path.touch()


def _gone_with_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(b"frames")


def _a_folder(path: Path) -> None:
    path.mkdir()


REFUSED: list[tuple[Callable[[Path], None], str, str]] = [
    (_words, "not a database", "restore a backup"),
    (_foreign, "another program", "another file"),
    (_nameless, "another program", "another file"),
    (_newer, "newer than this release knows", "newer release"),
    (_broken_schema, "damaged", "Restore a backup"),
    (_broken_inside, "damaged", "Restore a backup"),
    (_cut_off, "damaged", "Restore a backup"),
    (_gone_with_keys, "gone, but", "Put the file back"),
    (_empty_with_keys, "gone, but", "Put the file back"),
    (_gone_with_log, "gone, but", "Put the file back"),
    (_a_folder, "cannot be opened", "Check its owner"),
]


@pytest.mark.parametrize(("spoil", "problem", "advice"), REFUSED)
def test_refused(path: Path, spoil: Callable[[Path], None], problem: str, advice: str) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreRefused) as caught:
        asyncio.run(_use(path))
    assert caught.value.path == path
    assert problem in caught.value.problem
    assert advice in caught.value.advice
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_the_last_good_backup_is_named(path: Path) -> None:
    _broken_schema(path)
    (path.parent / LAST_BACKUP).write_text("/mnt/disk/monday (2026-11-16)\n", encoding="utf-8")
    with pytest.raises(StoreRefused, match="last good backup: /mnt/disk/monday"):
        open_store(path)


def test_a_new_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / DATABASE
    assert asyncio.run(_use(path)) == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_file_and_an_empty_key_store_are_a_first_start(path: Path) -> None:
    KeyStore(path.parent / KEYS_FILE, KeyRing.load(None, path.parent / "keys")).close()
    path.touch()
    assert asyncio.run(_use(path)) == []


def test_starting_again_finds_everything(path: Path) -> None:
    asyncio.run(_fill(path, 3))
    assert asyncio.run(_use(path)) == ["00000", "00001", "00002"]


def test_a_newer_schema_made_for_this_release_too_is_taken(path: Path) -> None:
    asyncio.run(_fill(path, 1))
    _run_sql(path, "UPDATE alembic_version SET version_num='9999'; PRAGMA user_version=1")
    assert asyncio.run(_use(path)) == ["00000"]


def test_an_interrupted_check_does_not_hold_up_closing(path: Path) -> None:
    async def hurry() -> list[object]:
        store = open_store(path)
        await store.close()
        return await settled(asyncio.wait_for(store.verified(), 5))

    asyncio.run(_fill(path, 20_000))
    assert kinds(asyncio.run(hurry())) <= {type(None), StoreClosed}


def test_an_up_to_date_start_does_not_import_alembic(path: Path) -> None:
    asyncio.run(_fill(path, 1))
    program = (
        "import asyncio, sys, pathlib; from bot.store.sqlite import open_store;"
        "store = open_store(pathlib.Path(sys.argv[1])); asyncio.run(store.close()); print('alembic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
