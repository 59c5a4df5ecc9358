"""A backup of an office on PostgreSQL: `pg_dump` of the main database, checked, and the attachments; no keys.

`pg_dump` is the tool that the server's own release brings, and the only one that promises to read it whole in one
snapshot. Where it is missing or too old for the server, what to run elsewhere is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from bot.store.backup import (
    BackupRefused,
    Progress,
    Report,
    copy_attachments,
    describe,
    remember,
    silent,
    sync,
    target_folder,
)
from bot.store.migrations import pg_revision
from bot.store.pg_start import Place, look_at
from bot.store.tables import attachment, case

DUMP = "zhitong.dump"
KEYS_NOTE = (
    "The keys are NOT in this backup: without them nothing personal in it can be read, which is the point. Copy them "
    "apart, to another place and another guardian: `{keys}`, and DATA_DIR/keys/ring or the value of "
    "ZHITONG_SECRET_KEYS. Destroy copies of the key database within 30 days: what was erased is gone only when its "
    "last copied key is."
)


def backup(place: Place, data_dir: Path, target: Path, progress: Progress | None = None) -> Report:
    """Copy the office to the new folder `target`, beside running processes. Blocks.

    Raises BackupRefused, StoreRefused when the server cannot be reached.
    """
    began, tell = time.monotonic(), progress or silent
    cases, schema, named = look_at(place, _held)
    with target_folder(data_dir, target) as folder:
        tell("database", 0, 1)
        _dump(place, folder / DUMP)
        tell("database", 1, 1)
        files, size, missing = copy_attachments(data_dir / "attachments", folder / "attachments", named, tell)
        report = Report(
            target=str(target.absolute()),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            schema=schema,
            database_bytes=(folder / DUMP).stat().st_size,
            cases=cases,
            attachments=files,
            attachment_bytes=size,
            missing=missing,
            seconds=round(time.monotonic() - began, 3),
            keys_note=KEYS_NOTE.format(keys=" ".join(command(place, str(place.keys.database), "KEYS.dump"))),
        )
        describe(report, folder)
    remember(report, data_dir)
    return report


def command(place: Place, database: str, file: str) -> list[str]:
    """How a database is dumped; without the password, which goes by PGPASSWORD or ~/.pgpass."""
    at = place.main
    words = ["pg_dump", "--format=custom", f"--file={file}", f"--dbname={database}"]
    words += [f"--host={at.host}"] if at.host else []
    words += [f"--port={at.port}"] if at.port else []
    return words + ([f"--username={at.username}"] if at.username else [])


def _held(conn: Connection) -> tuple[int, str, list[str]]:
    cases = conn.execute(select(func.count()).select_from(case)).scalar_one()
    named = list(conn.execute(select(attachment.c.id).order_by(attachment.c.id)).scalars())
    return cases, pg_revision(conn) or "", named


def _dump(place: Place, file: Path) -> None:
    """Dump, and read the dump's own list of contents: it must name the table of cases."""
    words = command(place, str(place.main.database), str(file))
    elsewhere = command(place, str(place.main.database), DUMP)
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        raise BackupRefused(f"pg_dump is not installed here. {_by_hand(elsewhere)}")
    secret = {"PGPASSWORD": place.main.password} if place.main.password else {}
    _run(words, secret, elsewhere)
    file.chmod(0o600)
    if "TABLE DATA public case " not in _run(["pg_restore", "--list", str(file)], {}, elsewhere):
        raise BackupRefused("the dump holds no table of cases: it was thrown away")
    sync(file)


def _run(words: Sequence[str], secret: dict[str, str], elsewhere: Sequence[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **secret}, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BackupRefused(f"{words[0]} failed ({last}). {_by_hand(elsewhere)}")
    return done.stdout


def _by_hand(words: Sequence[str]) -> str:
    return (
        f"Where a pg_dump of the server's release is, run: {' '.join(words)} - and copy DATA_DIR/attachments "
        "after it. The other database, of the keys, is dumped apart."
    )
