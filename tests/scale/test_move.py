"""A county moves: every row arrives, or none; nothing is moved onto somebody else's data."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot import moving
from bot.app import open_core
from bot.core import Core
from bot.failures import Mistake
from bot.store import cases, letters
from bot.store.connect import DATABASE
from bot.store.tables import case
from config.settings import Settings
from tests.bot.command import environment, zhitong
from tests.bot.past import site
from tests.scale.cluster import Cluster


@pytest.fixture
def target(cluster: Cluster) -> Generator[str]:
    """An empty database."""
    name = cluster.empty()
    yield name
    cluster.drop(name)


def seen(core: Core) -> list[tuple[object, ...]]:
    """Everything a dispatcher could read, and what the citizens were told."""

    async def look() -> list[tuple[object, ...]]:
        def work(conn: cases.Connection) -> list[tuple[object, ...]]:
            held = cases.many(conn, core.vault, select(case).order_by(case.c.id))
            talks = [letters.of_person(conn, core.vault, one.person, limit=1000) for one in held]
            return [(one, cases.events(conn, core.vault, one.id), talk) for one, talk in zip(held, talks, strict=True)]

        try:
            return await core.store.read(work)
        finally:
            await core.close()

    return asyncio.run(look())


def test_everything_arrives_and_counting_goes_on(cluster: Cluster, target: str, office: Path) -> None:
    url = cluster.url(target)
    done = zhitong("move", "--to", url, "--data", office, env=environment())
    assert done.returncode == 0, done.stderr
    counts = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert all(before == after for before, after in counts.values())
    assert int(counts["case"][0]) > 0
    assert int(counts["key"][0]) > 0
    before = seen(open_core(Settings(data_dir=office), site()))
    after = seen(open_core(Settings(data_dir=office, database_url=SecretStr(url)), site()))
    assert before == after
    here, there = (environment(ZHITONG_DATA_DIR=str(office), **more) for more in ({}, {"ZHITONG_DATABASE_URL": url}))
    listed = [zhitong("cases", "list", env=env) for env in (here, there)]
    assert listed[0].stdout == listed[1].stdout != "", listed[1].stderr
    (last,) = cluster.ask(target, "SELECT max(id) FROM letter")[0]
    (following,) = cluster.ask(target, "SELECT nextval(pg_get_serial_sequence('letter', 'id'))")[0]
    assert following > last
    again = zhitong("move", "--to", url, "--data", office, env=environment())
    assert again.returncode == 2
    assert "the target is not empty" in again.stderr


def test_a_move_that_breaks_off_leaves_nothing_and_can_be_repeated(cluster: Cluster, target: str, office: Path) -> None:
    place = moving.target_of(cluster.url(target))
    left = [3]

    def fail(rows: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError("pulled out")

    with pytest.raises(OSError, match="pulled out"):
        asyncio.run(moving.move(office, place, fail))
    assert cluster.ask(target, 'SELECT count(*) FROM "case"')[0][0] == 0
    done = asyncio.run(moving.move(office, place, lambda rows: None))
    assert {one.table for one in done if one.before} >= {"case", "event", "letter", "key"}


def test_keys_of_somebody_else_are_never_mixed_in(cluster: Cluster, target: str, office: Path) -> None:
    place = moving.target_of(cluster.url(target))
    cluster.ask(f"{target}_keys", "INSERT INTO key VALUES ('person:1', 'k1', 'x')")
    with pytest.raises(Mistake, match="keys of other cases"):
        asyncio.run(moving.move(office, place, lambda rows: None))


def test_only_of_several_processes(office: Path) -> None:
    assert (office / DATABASE).exists()
    done = zhitong("run", "--only", "intake", "--data", office, env=environment())
    assert (done.returncode, "set ZHITONG_DATABASE_URL" in done.stderr) == (2, True)
    done = zhitong("run", "--only", "kitchen", "--data", office, env=environment())
    assert (done.returncode, "--only takes intake, web, work" in done.stderr) == (2, True)
    assert os.environ.get("ZHITONG_DATABASE_URL") is None
