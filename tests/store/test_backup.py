"""A backup is whole, checked and without keys, or it is not there."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.store.attachments import Attachments
from bot.store.backup import BackupRefused, Report, backup, copy_keys
from bot.store.connect import DATABASE, KEYS_FILE, LAST_BACKUP
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.migrations import HEAD
from bot.store.sqlite import open_store
from bot.store.tables import attachment
from config.schema import Limits
from tests.store.works import names, put

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An office with two rows, two attachments, one that a row names in vain, and keys."""
    folder = tmp_path / "data"
    ring = KeyRing.load(None, folder / "keys")
    files = Attachments(folder / "attachments")
    kept = [files.receive([b"%PDF-" + bytes([n])], "x", "", Limits()).id for n in range(2)]

    async def fill() -> None:
        store = open_store(folder / DATABASE)
        for name in ("one", "two"):
            await store.write(put(name))
        row = {"kind": "file", "name": "x.pdf", "mime": "application/pdf", "size": 6, "made_at": NOON}
        rows = [row | {"id": file_id} for file_id in (*kept, "f" * 32)]
        await store.write(lambda conn: conn.execute(insert(attachment), rows))
        await store.close()

    asyncio.run(fill())
    keys = KeyStore(folder / KEYS_FILE, ring)
    keys.new("case:1")
    keys.commit()
    keys.close()
    return folder


def _rows(path: Path) -> list[str]:
    async def read() -> list[str]:
        store = open_store(path)
        await store.verified()
        try:
            return await store.read(names)
        finally:
            await store.close()

    return asyncio.run(read())


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestABackup:
    """What is in it."""

    def test_holds_the_database_and_the_attachments(self, data: Path, tmp_path: Path) -> None:
        target = tmp_path / "monday"
        report = backup(data, target)
        assert report == Report(
            target=str(target), made_at=report.made_at, schema=HEAD, cases=0, attachments=2, attachment_bytes=12,
            database_bytes=(target / DATABASE).stat().st_size, missing=("f" * 32,), seconds=report.seconds,
        )  # fmt: skip
        assert _tree(target / "attachments") == _tree(data / "attachments")
        beside = {name for name in _tree(target) if not name.startswith("attachments/")}
        assert beside == {DATABASE, "backup.json"}

    def test_is_an_office_to_start_with(self, data: Path, tmp_path: Path) -> None:
        backup(data, tmp_path / "monday")
        assert _rows(tmp_path / "monday" / DATABASE) == ["one", "two"]

    def test_holds_no_keys_and_says_so(self, data: Path, tmp_path: Path) -> None:
        report = backup(data, tmp_path / "monday")
        ring = (data / "keys" / "ring").read_bytes()
        assert all(ring not in held for held in _tree(tmp_path / "monday").values())
        for word in ("NOT in this backup", "keys.sqlite3", "ZHITONG_SECRET_KEYS", "30 days"):
            assert word in report.keys_note
        assert json.loads((tmp_path / "monday" / "backup.json").read_text())["keys_note"] == report.keys_note

    def test_is_for_its_owner_only(self, data: Path, tmp_path: Path) -> None:
        target = tmp_path / "monday"
        backup(data, target)
        assert {path.stat().st_mode & 0o077 for path in (target, *target.rglob("*"))} == {0}

    def test_is_remembered_as_the_last_good_one(self, data: Path, tmp_path: Path) -> None:
        report = backup(data, tmp_path / "monday")
        assert (data / LAST_BACKUP).read_text() == f"{tmp_path / 'monday'} ({report.made_at})\n"

    def test_tells_how_far_it_is(self, data: Path, tmp_path: Path) -> None:
        seen: list[tuple[str, int, int]] = []
        backup(data, tmp_path / "monday", lambda what, done, of: seen.append((what, done, of)))
        assert [what for what, _, _ in seen] == ["database", "attachments", "attachments"]
        assert all(done == of for _, done, of in (seen[0], seen[-1]))


class TestRefused:
    """And nothing is left behind."""

    def test_an_existing_target(self, data: Path, tmp_path: Path) -> None:
        (tmp_path / "monday").mkdir()
        with pytest.raises(BackupRefused, match="exists already"):
            backup(data, tmp_path / "monday")

    def test_a_link_that_leads_nowhere(self, data: Path, tmp_path: Path) -> None:
        (tmp_path / "monday").symlink_to(tmp_path / "nowhere")
        with pytest.raises(BackupRefused, match="exists already"):
            backup(data, tmp_path / "monday")

    def test_among_the_attachments(self, data: Path) -> None:
        with pytest.raises(BackupRefused, match="among the attachments"):
            backup(data, data / "attachments" / "monday")

    def test_no_database(self, tmp_path: Path) -> None:
        with pytest.raises(BackupRefused, match="does not exist"):
            backup(tmp_path, tmp_path / "monday")

    def test_a_foreign_database(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
            raw.executescript("CREATE TABLE theirs (x)")
        with pytest.raises(BackupRefused, match="not a database of this program"):
            backup(tmp_path, tmp_path / "monday")

    def test_a_damaged_database(self, data: Path, tmp_path: Path) -> None:
        with (data / DATABASE).open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * 4096)
        with pytest.raises(BackupRefused, match=r"damaged|cannot be copied"):
            backup(data, tmp_path / "monday")
        assert not (data / LAST_BACKUP).exists()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_writers_neither_wait_nor_hold_it_up(data: Path, tmp_path: Path) -> None:
    """A backup in steps, while somebody writes between any two of them."""
    over = threading.Event()

    def copy() -> None:
        try:
            backup(data, tmp_path / "monday")
        finally:
            over.set()

    async def write_meanwhile() -> int:
        store = open_store(data / DATABASE)
        await store.write(lambda conn: [put(f"row {n:06}")(conn) for n in range(60_000)])
        copying = asyncio.create_task(asyncio.to_thread(copy))
        written = 0
        while not over.is_set():
            await store.write(put(f"meanwhile {written}"))
            written += 1
        await copying
        await store.close()
        return written

    written = asyncio.run(write_meanwhile())
    assert written > 3
    assert len([name for name in _rows(tmp_path / "monday" / DATABASE) if name.startswith("row")]) == 60_000
    assert len(_rows(data / DATABASE)) == 60_002 + written


class TestKeys:
    """The other half, kept elsewhere."""

    def test_are_copied_apart(self, data: Path, tmp_path: Path) -> None:
        target = copy_keys(data, tmp_path / "safe")
        ring = KeyRing.load(None, target)
        keys = KeyStore(target / KEYS_FILE.name, ring)
        assert keys.get("case:1").secret
        keys.close()
        assert {path.stat().st_mode & 0o077 for path in (target, *target.iterdir())} == {0}

    def test_an_existing_target(self, data: Path, tmp_path: Path) -> None:
        with pytest.raises(BackupRefused, match="exists already"):
            copy_keys(data, tmp_path)
