"""The steps make exactly what tables.py says, all or none, once."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store import migrations
from bot.store.connect import core, inspect
from bot.store.engine import StoreRefused
from bot.store.sqlite import open_store
from bot.store.tables import metadata

Schema = dict[str, list[str]]


def _schema(path: Path) -> Schema:
    """Every table and index with the lines of its definition, sorted: constraints may stand in any order."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL AND name <> 'alembic_version'")
        split = {name: [one.strip(" ,\t") for one in re.split(r"\n|, ", sql)] for name, sql in found}
        return {name: sorted(filter(None, lines)) for name, lines in split.items()}


def _migrate(path: Path) -> bool:
    inspect(path)
    return migrations.upgrade(path)


def test_migrations_make_what_tables_say(tmp_path: Path) -> None:
    migrated, made = tmp_path / "migrated", tmp_path / "made"
    assert _migrate(migrated)
    engine = core(made, "rwc")
    metadata.create_all(engine)
    assert _schema(migrated) == _schema(made)


def test_alembic_finds_no_difference(path: Path) -> None:
    _migrate(path)
    with core(path).connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []


def test_head_is_the_newest_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.HEAD]
    steps = [step.revision for step in script.walk_revisions()]
    assert steps == sorted(steps, reverse=True)
    assert all(re.fullmatch(r"\d{4}", step) for step in steps)
    assert steps[-1] <= migrations.READABLE_FROM <= migrations.HEAD


def test_a_second_run_has_nothing_to_do(path: Path) -> None:
    assert [_migrate(path), _migrate(path)] == [True, False]
    with closing(sqlite3.connect(path)) as raw:
        assert migrations.revision(raw) == migrations.HEAD
        assert raw.execute("PRAGMA user_version").fetchone() == (int(migrations.READABLE_FROM),)


def test_a_step_that_fails_leaves_nothing(path: Path) -> None:
    inspect(path)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE letter (something_else)")
    with pytest.raises(StoreRefused, match=r"failed \(table letter already exists\)"):
        migrations.upgrade(path)
    assert list(_schema(path)) == ["letter"]
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TABLE letter")
    assert migrations.upgrade(path)


def test_processes_that_start_together_migrate_once(path: Path) -> None:
    program = (
        "import sys, pathlib; from bot.store.connect import inspect; from bot.store.migrations import upgrade;"
        "path = pathlib.Path(sys.argv[1]); inspect(path); print(upgrade(path))"
    )
    command = [sys.executable, "-c", program, str(path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert sorted(said) == ["False\n"] * 3 + ["True\n"]
    asyncio.run(open_store(path).close())
