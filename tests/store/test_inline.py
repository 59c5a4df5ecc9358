"""The inline store keeps the promises of the threaded one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.store.engine import Store, StoreClosed, StoreFailed
from bot.store.inline import InlineStore
from bot.store.sqlite import open_store
from tests.store.works import names, put, put_and_raise

pytestmark = pytest.mark.asyncio

MAKERS: list[Callable[[Path], Store]] = [lambda _path: InlineStore(), InlineStore, open_store]


@pytest.mark.parametrize("make", MAKERS, ids=["memory", "file", "threaded"])
class TestEveryStore:
    """One behaviour, three stores."""

    async def test_writes_and_reads(self, make: Callable[[Path], Store], path: Path) -> None:
        store = make(path)
        assert await store.write(put("a"), start_within=1) == "a"
        assert await store.read(names) == ["a"]
        assert (store.writes, store.commits) == (1, 1)
        await store.verified()
        await store.close()

    async def test_undoes_what_fails(self, make: Callable[[Path], Store], path: Path) -> None:
        store = make(path)
        with pytest.raises(ValueError, match="no"):
            await store.write(put_and_raise("bad", ValueError("no")))
        await store.write(put("good"))
        assert await store.read(names) == ["good"]
        await store.close()

    async def test_a_read_cannot_write(self, make: Callable[[Path], Store], path: Path) -> None:
        store = make(path)
        with pytest.raises(StoreFailed):
            await store.read(put("sneaky"))
        await store.write(put("open"))
        assert await store.read(names) == ["open"]
        await store.close()

    async def test_hooks_run_before_the_commit(self, make: Callable[[Path], Store], path: Path) -> None:
        store = make(path)
        called: list[int] = []
        store.before_commit.append(lambda: called.append(store.commits))
        await store.write(put("a"))
        await store.write(put("b"))
        assert called == [0, 1]
        await store.close()

    async def test_a_failing_hook_undoes_the_write(self, make: Callable[[Path], Store], path: Path) -> None:
        def fail() -> None:
            raise StoreFailed("no keys")

        store = make(path)
        store.before_commit.append(fail)
        with pytest.raises(StoreFailed, match="no keys"):
            await store.write(put("a"))
        assert await store.read(names) == []
        await store.close()

    async def test_foreign_keys_hold(self, make: Callable[[Path], Store], path: Path) -> None:
        def orphan(conn: Connection) -> None:
            conn.exec_driver_sql("INSERT INTO follower VALUES (1, 1)")

        store = make(path)
        with pytest.raises(Exception, match="FOREIGN KEY constraint failed"):
            await store.write(orphan)
        await store.close()

    async def test_closed_is_closed(self, make: Callable[[Path], Store], path: Path) -> None:
        store = make(path)
        await store.close()
        await store.close()
        with pytest.raises(StoreClosed):
            await store.write(put("late"))
        with pytest.raises(StoreClosed):
            await store.read(names)
