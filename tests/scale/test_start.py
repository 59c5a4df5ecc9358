"""What a house refuses to start on, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from bot.store.engine import StoreRefused
from bot.store.pg_start import place_of, prepare
from tests.bot.command import environment, zhitong
from tests.scale.cluster import Cluster, free_port


def sentence(url: str) -> str:
    """Why this address is refused."""
    with pytest.raises(StoreRefused) as refused:
        prepare(place_of(url))
    return str(refused.value)


@pytest.fixture
def empty(cluster: Cluster) -> Generator[str]:
    """A database with nothing in it."""
    name = cluster.empty()
    yield name
    cluster.drop(name)


def altered(setting: str) -> Callable[[Cluster, str], None]:
    return lambda cluster, name: void(cluster.ask("postgres", f"ALTER DATABASE {name} SET {setting}"))


def foreign(cluster: Cluster, name: str) -> None:
    cluster.ask(name, "CREATE TABLE somebody_elses (n int)")


def emptied(cluster: Cluster, name: str) -> None:
    prepare(place_of(cluster.url(name)))
    cluster.ask(f"{name}_keys", "INSERT INTO key VALUES ('person:1', 'k1', 'x')")
    cluster.ask(name, "DROP SCHEMA public CASCADE")
    cluster.ask(name, "CREATE SCHEMA public")


def keyless(cluster: Cluster, name: str) -> None:
    prepare(place_of(cluster.url(name)))
    cluster.ask("postgres", f"DROP DATABASE {name}_keys")


def newer(cluster: Cluster, name: str) -> None:
    prepare(place_of(cluster.url(name)))
    cluster.ask(name, "UPDATE alembic_version SET version_num = '9999'")
    cluster.ask(name, "COMMENT ON TABLE alembic_version IS '9000'")


def void(_: object) -> None:
    """Nothing."""


REFUSED: list[tuple[Callable[[Cluster, str], None], str]] = [
    (altered("synchronous_commit = off"), "synchronous_commit=off: a crash would lose cases"),
    (foreign, "the database of another program"),
    (emptied, "holds keys of its cases"),
    (keyless, "its key store, the database .*_keys, is gone"),
    (newer, "its schema 9999 is newer than this release knows"),
]


@pytest.mark.parametrize(("spoil", "words"), REFUSED, ids=lambda one: getattr(one, "__name__", None))
def test_refused(cluster: Cluster, empty: str, spoil: Callable[[Cluster, str], None], words: str) -> None:
    spoil(cluster, empty)
    before = cluster.ask(empty, "SELECT tablename FROM pg_tables ORDER BY 1")
    with pytest.raises(StoreRefused, match=words):
        prepare(place_of(cluster.url(empty)))
    assert cluster.ask(empty, "SELECT tablename FROM pg_tables ORDER BY 1") == before


def test_an_async_standby_is_refused_and_a_synchronous_one_is_not(cluster: Cluster, empty: str) -> None:
    """A replication connection that streams is a standby; with nobody to wait for, a failover loses cases."""
    with cluster.follower():
        said = sentence(cluster.url(empty))
        assert "its standbys follow asynchronously: a failover would lose cases" in said
        try:
            cluster.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'copy'")
            cluster.ask("postgres", "SELECT pg_reload_conf(), pg_sleep(0.3)")
            prepare(place_of(cluster.url(empty)))
        finally:
            cluster.ask("postgres", "ALTER SYSTEM RESET synchronous_standby_names")
            cluster.ask("postgres", "SELECT pg_reload_conf(), pg_sleep(0.3)")


def test_many_start_at_once_and_one_migrates(cluster: Cluster, empty: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare, [place_of(cluster.url(empty))] * 4))
    assert len(cluster.ask(empty, "SELECT 1 FROM alembic_version")) == 1


def test_the_schema_is_the_one_of_the_tables(cluster: Cluster, database: str) -> None:
    """What the steps make on PostgreSQL is what the statements are written for."""
    from bot.store.tables import metadata

    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    found = cluster.ask(database, columns)
    there = {(row[0], row[1]) for row in found if row[0] != "alembic_version"}
    assert there == {(table.name, column.name) for table in metadata.sorted_tables for column in table.c}


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://u:secret-word@127.0.0.1:{free_port()}/office"
    done = zhitong("run", "--port", "0", "--data", tmp_path, env=environment(ZHITONG_DATABASE_URL=url))
    assert done.returncode == 2
    assert "the server cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr


def test_staff_are_taken_on_beside_it(cluster: Cluster, database: str, tmp_path: Path) -> None:
    beside = environment(ZHITONG_DATABASE_URL=cluster.url(database), ZHITONG_DATA_DIR=str(tmp_path))
    done = zhitong("staff", "add", "王芳", "--role", "clerk", "--unit", "zhiban", env=beside)
    assert done.returncode == 0, done.stderr
    assert "王芳" in zhitong("staff", "list", env=beside).stdout
