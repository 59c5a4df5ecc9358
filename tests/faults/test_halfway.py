"""K7: killed in the middle of a migration, in the middle of a deletion. Everything of it has happened, or nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select

from bot import keeping
from bot.app import open_core
from bot.core import Core
from bot.store import cases, files, migrations, shreds
from bot.store.connect import DATABASE, core, inspect
from bot.store.keys import KeyGone
from bot.store.tables import attachment, case, event
from bot.store.vault import case_owner
from bot.stored import Stored
from config.settings import Settings
from tests.bot import past
from tests.faults.dying import NOON
from tests.faults.nursery import ROOT
from tests.store.test_keeping import PDF, count, filed

DEEP = os.environ.get("ZHITONG_DEEP") == "1"
OLD = "0003"
ROWS = 300

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not DEEP, reason="NOT RUN: half a minute of killing; ZHITONG_DEEP=1 runs it"),
    pytest.mark.timeout(1800 if DEEP else 120),
]


def deaths(work: str, folder: Path, step: int) -> Generator[Path]:
    """The folder, each time as somebody found it who was killed a little later; the last was not killed."""
    words = [sys.executable, "-m", "tests.faults.dying", work, str(folder), str(step)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        for line in process.stdout:
            copy, status = line.split()
            assert int(status) in (0, -signal.SIGKILL), f"{copy}: {status}"
            yield Path(copy)
            shutil.rmtree(copy)
            if int(status):
                process.stdin.write("\n")
                process.stdin.flush()


def schema(path: Path) -> set[tuple[str, str]]:
    """Tables and indexes."""
    with closing(sqlite3.connect(path)) as raw:
        return {(kind, name) for kind, name in raw.execute("SELECT type, name FROM sqlite_schema")}


def rows(path: Path) -> tuple[int, str]:
    """How many rows there are, and whether the file is sound."""
    with closing(sqlite3.connect(path)) as raw:
        (held,) = raw.execute("SELECT count(*) FROM counter").fetchone()
        (sound,) = raw.execute("PRAGMA integrity_check").fetchone()
        return held, sound


def test_k7_killed_during_a_migration(tmp_path: Path) -> None:
    folder, made = tmp_path / "old", tmp_path / "new.sqlite3"
    folder.mkdir()
    old_office(folder / DATABASE)
    inspect(made)
    migrations.upgrade(made)
    kills = finished = 0
    for copy in deaths("migrate", folder, 1 if DEEP else 5):
        path, kills = copy / DATABASE, kills + 1
        with closing(sqlite3.connect(path)) as raw:
            at = migrations.revision(raw)
        assert at in (OLD, migrations.HEAD)
        assert schema(path) == (schema(made) if at == migrations.HEAD else schema(folder / DATABASE))
        finished += not migrations.upgrade(path)
        assert (schema(path), *rows(path)) == (schema(made), ROWS, "ok")
    assert kills > 10
    assert finished, "the last one was not killed"
    print(f"K7 migration: {kills - 1} kills, lost 0, duplicated 0, visible sign: the next start migrates")


def old_office(path: Path) -> None:
    """A database of an earlier release, with rows in it."""
    inspect(path)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with core(path, "rwc").begin() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, OLD)
    with closing(sqlite3.connect(path)) as raw:
        raw.executemany("INSERT INTO counter (name, n) VALUES (?, ?)", [(f"n{n}", n) for n in range(ROWS)])
        raw.commit()


@pytest.mark.asyncio
async def test_k7_killed_during_a_deletion(tmp_path: Path) -> None:
    folder = tmp_path / "office"
    core = opened(folder)
    for n in (1, 2):
        await filed(core, n)
    await core.close()
    kills = whole = 0
    for copy in deaths("delete", folder, 1 if DEEP else 13):
        core, kills = opened(copy), kills + 1
        whole += await no_case_is_half(core)
        await keeping.run(core, approved=1000)
        await gone_for_good(core)
        await core.close()
    assert kills > 5
    assert 0 < whole < 2 * kills, "some died before their case went, some after"
    print(f"K7 deletion: {kills - 1} kills, no case half deleted, visible sign: the next run finishes")


def opened(folder: Path) -> Core:
    """The core of a folder, at noon."""
    made = open_core(Settings(data_dir=folder), past.site())
    made.clock = lambda: NOON
    return made


async def no_case_is_half(core: Core) -> int:
    """How many cases are there; each with everything, and of the others nothing that could be read."""
    there = set(await core.store.read(lambda conn: list(conn.execute(select(case.c.id)).scalars())))
    owed = set(await core.store.read(shreds.owed))
    for case_id in (1, 2):
        mine = select(attachment.c.id).where(attachment.c.case_id == case_id)
        held = await core.store.read(lambda conn, mine=mine: list(conn.execute(mine).scalars()))
        told = await count(core, event, event.c.case_id == case_id)
        if case_id in there:
            assert await core.store.read(lambda conn, n=case_id: cases.by_id(conn, core.vault, n))
            assert len(await core.store.read(lambda conn, n=case_id: cases.events(conn, core.vault, n))) == told == 2
            for one in held:
                assert Stored(core.files.open(one), files.secret_of(core.vault, one)).read_bytes() == PDF
        else:
            assert (told, held) == (0, [])
            assert case_owner(case_id) in owed or not has_key(core, case_id)
    return len(there)


def has_key(core: Core, case_id: int) -> bool:
    """Whether its seals could be opened."""
    try:
        core.vault.keys.get(case_owner(case_id))
    except KeyGone:
        return False
    return True


async def gone_for_good(core: Core) -> None:
    """After the next run: no row, no key, no file."""
    for table in (case, event, attachment):
        assert await count(core, table) == 0
    assert await core.store.read(shreds.owed) == []
    assert not any(has_key(core, n) for n in (1, 2))
    assert list(core.files.ids()) == []
