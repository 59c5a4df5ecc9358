"""`backup`, `keys rotate`, `keys list` and `check` of an office on PostgreSQL, beside a house that runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot import moving
from bot.app import open_core
from bot.store import cases
from bot.store.pg_start import place_of
from bot.store.tables import case
from config.settings import Settings
from tests.bot.command import environment, zhitong
from tests.bot.past import site
from tests.scale.cluster import Cluster


@pytest.fixture
def url(cluster: Cluster, office: Path) -> Generator[str]:
    """An office that has grown and has moved; its address."""
    name = cluster.empty()
    place = moving.target_of(cluster.url(name))
    asyncio.run(moving.move(office, place, lambda done: None))
    yield cluster.url(name)
    cluster.drop(name)


def told(url: str, office: Path, *words: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command of this office."""
    return zhitong(*words, "--data", office, env=environment(ZHITONG_DATABASE_URL=url, **(env or {})))


def stories(url: str, office: Path) -> list[str]:
    """What every case says, read as a house would."""

    async def look() -> list[str]:
        core = open_core(Settings(data_dir=office, database_url=SecretStr(url)), site())
        try:
            query = select(case).order_by(case.c.id)
            return [one.story for one in await core.store.read(lambda conn: cases.many(conn, core.vault, query))]
        finally:
            await core.close()

    return asyncio.run(look())


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="NOT RUN: pg_dump is not installed")
def test_a_backup_is_dumped_checked_and_restored(url: str, office: Path, cluster: Cluster, tmp_path: Path) -> None:
    before, copy = stories(url, office), tmp_path / "copy"
    done = told(url, office, "backup", copy)
    assert done.returncode == 0, done.stderr
    assert f"{len(before)} cases" in done.stderr
    assert "pg_dump --format=custom --file=KEYS.dump" in done.stderr
    assert done.stdout.strip() == str(copy)
    place = place_of(url)
    cluster.ask("postgres", f'DROP DATABASE "{place.main.database}" WITH (FORCE)')
    cluster.ask("postgres", f'CREATE DATABASE "{place.main.database}" TEMPLATE template0')
    words = ["pg_restore", "--host=127.0.0.1", f"--port={cluster.port}", "--username=zhitong", "--exit-on-error"]
    subprocess.run([*words, f"--dbname={place.main.database}", str(copy / "zhitong.dump")], check=True)
    assert stories(url, office) == before


def test_a_backup_without_pg_dump_says_what_to_run(url: str, office: Path, tmp_path: Path) -> None:
    done = told(url, office, "backup", tmp_path / "copy", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "pg_dump --format=custom --file=zhitong.dump" in done.stderr
    assert not list(tmp_path.glob("copy*"))


def test_keys_are_rotated_and_everything_opens(url: str, office: Path) -> None:
    before = stories(url, office)
    rotated = told(url, office, "keys", "rotate")
    assert rotated.returncode == 0, rotated.stderr
    listed = told(url, office, "keys", "list").stdout.split()
    assert listed[0] == rotated.stdout.strip()
    assert int(listed[1]) > 0
    assert int(listed[3]) == 0, "nothing is wrapped with the old one"
    assert stories(url, office) == before


def test_a_changed_audit_is_noticed(url: str, office: Path, cluster: Cluster) -> None:
    database = str(place_of(url).main.database)
    if not cluster.ask(database, "SELECT 1 FROM audit LIMIT 1"):
        cluster.ask(database, "INSERT INTO audit (at, staff_id, act, subject, hash) VALUES (1, 1, 'look', 'x', 'y')")
    else:
        assert "audit is broken" not in told(url, office, "check").stdout
        cluster.ask(database, "UPDATE audit SET subject = subject || '!' WHERE id = (SELECT min(id) FROM audit)")
    done = told(url, office, "check")
    assert "error: the audit is broken at row" in done.stdout
    assert done.returncode == 1
    assert os.environ.get("ZHITONG_DATABASE_URL") is None


def test_a_server_that_is_away_is_said(office: Path) -> None:
    done = told("postgresql+asyncpg://nobody@127.0.0.1:1/none", office, "check")
    assert "error: the audit was not looked at" in done.stdout
    assert done.returncode == 1
