"""A backup beside the running server: the main database and the attachments, checked, without the keys.

The target appears under its name only when everything in it has been written, fsynced and checked.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.store.attachments import Attachments
from bot.store.connect import APPLICATION_ID, DATABASE, KEYS_FILE, LAST_BACKUP, connect, sync_dir
from bot.store.migrations import revision

KEYS_NOTE = (
    "The keys are NOT in this backup: without them nothing personal in it can be read, which is the point. "
    "Copy them apart, to another place and another guardian: keys/keys.sqlite3 (with `copy_keys`, not with cp "
    "while the server runs) and keys/ring or the value of ZHITONG_SECRET_KEYS. Destroy copies of keys.sqlite3 "
    "within 30 days: what was erased is gone only when its last copied key is."
)
_PAGES = 2000

Progress = Callable[[str, int, int], None]
"""Called with what is being copied ("database", "attachments"), how far it is, and how far it goes."""


class BackupRefused(Exception):
    """The backup cannot be made; nothing was left behind. The message says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds. `missing` are attachments a row names and the disk does not have."""

    target: str
    made_at: str
    schema: str
    database_bytes: int
    cases: int
    attachments: int
    attachment_bytes: int
    missing: tuple[str, ...]
    seconds: float
    keys_note: str = KEYS_NOTE


def backup(data_dir: Path, target: Path, progress: Progress | None = None) -> Report:
    """Copy the office's data to the new folder `target`. Blocks, for minutes when there is much.

    The database is one moment's snapshot; writers are not held up. Raises BackupRefused for an existing
    target, a missing or foreign database, or a copy that does not pass integrity_check.
    """
    began = time.monotonic()
    tell = progress or silent
    with target_folder(data_dir, target) as folder:
        cases, schema, named = _copy_database(data_dir / DATABASE, folder / DATABASE, tell)
        files, size, missing = copy_attachments(data_dir / "attachments", folder / "attachments", named, tell)
        report = Report(
            target=str(target.absolute()),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            schema=schema,
            database_bytes=(folder / DATABASE).stat().st_size,
            cases=cases,
            attachments=files,
            attachment_bytes=size,
            missing=missing,
            seconds=round(time.monotonic() - began, 3),
        )
        describe(report, folder)
    remember(report, data_dir)
    return report


def describe(report: Report, folder: Path) -> None:
    """Write into a backup what it holds."""
    _write(folder / "backup.json", json.dumps(asdict(report), indent=2) + "\n")


def remember(report: Report, data_dir: Path) -> None:
    """Name the backup where a damaged office looks for its last good one."""
    _write(data_dir / LAST_BACKUP, f"{report.target} ({report.made_at})\n")


def copy_keys(data_dir: Path, target: Path) -> Path:
    """Copy the key store, and the ring when it is a file, to the new folder `target`. Raises BackupRefused."""
    with target_folder(data_dir, target) as folder:
        _snapshot(data_dir / KEYS_FILE, folder / KEYS_FILE.name, silent)
        ring = (data_dir / KEYS_FILE).with_name("ring")
        if ring.exists():
            _write(folder / "ring", ring.read_text(encoding="ascii"))
    return target


def silent(what: str, done: int, of: int) -> None:
    """The progress nobody watches."""


@contextmanager
def target_folder(data_dir: Path, target: Path) -> Generator[Path]:
    """A folder to fill beside `target`, renamed to it when the block ends well and removed when not."""
    if target.exists() or target.is_symlink():
        raise BackupRefused(f"{target} exists already: name a new folder")
    if target.absolute().is_relative_to((data_dir / "attachments").absolute()):
        raise BackupRefused(f"{target} lies among the attachments it would copy")
    folder = target.with_name(f"{target.name}.unfinished-{os.getpid()}")
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
        sync_dir(folder)
        folder.rename(target)
        sync_dir(target.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _copy_database(source: Path, copy: Path, tell: Progress) -> tuple[int, str, list[str]]:
    """The copy's number of cases, its schema, and the attachments its rows name."""
    _snapshot(source, copy, tell)
    with closing(connect(copy, "ro")) as raw:
        (owner,) = raw.execute("PRAGMA application_id").fetchone()
        if owner != APPLICATION_ID:
            raise BackupRefused(f"{source} is not a database of this program")
        (cases,) = raw.execute('SELECT count(*) FROM "case"').fetchone()
        named = [str(row[0]) for row in raw.execute("SELECT id FROM attachment ORDER BY id")]
        return cases, revision(raw) or "", named


def _snapshot(source: Path, copy: Path, tell: Progress) -> None:
    if not source.exists():
        raise BackupRefused(f"{source} does not exist")
    try:
        with closing(connect(source, "ro")) as old, closing(connect(copy, "rwc")) as new:
            # Inside a read transaction the source stands still: writers could otherwise make it start over forever.
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            old.backup(new, pages=_PAGES, progress=lambda _status, left, of: tell("database", of - left, of), sleep=0)
            new.execute("PRAGMA journal_mode=DELETE").fetchall()
            found = [str(row[0]) for row in new.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        raise BackupRefused(f"{source} cannot be copied: {error}") from error
    if found != ["ok"]:
        raise BackupRefused(f"the copy of {source} is damaged: {'; '.join(found)}")
    copy.chmod(0o600)
    sync(copy)


def copy_attachments(source: Path, copy: Path, named: list[str], tell: Progress) -> tuple[int, int, tuple[str, ...]]:
    """How many files, how many bytes, and which of those the rows name were not there."""
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    ids = sorted(set(Attachments(source).ids()))
    size = 0
    for done, attachment_id in enumerate(ids, 1):
        size += _copy_file(source, copy, attachment_id)
        tell("attachments", done, len(ids))
    for folder in (copy, *copy.glob("??")):
        sync_dir(folder)
    there = set(ids)
    return len(ids), size, tuple(name for name in named if name not in there)


def _copy_file(source: Path, copy: Path, attachment_id: str) -> int:
    """Its size; 0 when it was deleted a moment ago."""
    target = copy / attachment_id[:2] / attachment_id
    target.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        shutil.copyfile(source / attachment_id[:2] / attachment_id, target)
    except FileNotFoundError:
        return 0
    target.chmod(0o600)
    sync(target)
    return target.stat().st_size


def _write(path: Path, text: str) -> None:
    temp = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(path)
    sync_dir(path.parent)


def sync(path: Path) -> None:
    """Make a file durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
