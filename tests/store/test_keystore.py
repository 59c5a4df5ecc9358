"""A key for everybody: there before the case is, gone when it must be."""

from __future__ import annotations

import base64
import sqlite3
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from bot.store.engine import StoreBusy
from bot.store.keys import KeyGone, KeyRing, KeysRefused, seal, unseal
from bot.store.keystore import KeyStore, ids_in_use
from bot.store.sqlite import SqliteStore
from bot.store.tables import person
from tests.store.works import names, put, put_and_raise, settled

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, NEW = (f"{name}:{base64.b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2"))


@pytest.fixture
def keys_path(tmp_path: Path) -> Path:
    """Where the key store of this test lies."""
    return tmp_path / "keys" / "keys.sqlite3"


class Opener:
    """Opens the key store of this test, again and again; closes them all in the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[KeyStore] = []

    def __call__(self, ring: str = OLD) -> KeyStore:
        """One more, beside those that are open."""
        self.opened.append(KeyStore(self.path, KeyRing.load(ring, self.path.parent)))
        return self.opened[-1]

    def again(self, ring: str = OLD) -> KeyStore:
        """The only one, as after a restart."""
        self.close()
        return self(ring)

    def close(self) -> None:
        """Close what is open."""
        for keys in self.opened:
            keys.close()


@pytest.fixture
def opener(keys_path: Path) -> Generator[Opener]:
    """A way to open the key store."""
    opener = Opener(keys_path)
    yield opener
    opener.close()


@pytest.fixture
def keys(opener: Opener) -> KeyStore:
    """A new key store."""
    return opener()


class TestOwners:
    """new, get, drop."""

    def test_a_key_stays_the_same(self, keys: KeyStore, opener: Opener) -> None:
        made = keys.new("case:1")
        assert keys.get("case:1") == keys.new("case:1") == made
        keys.commit()
        assert keys.get("case:1") == made
        assert opener.again().get("case:1") == made

    def test_everybody_has_another(self, keys: KeyStore) -> None:
        assert len({keys.new(f"case:{n}").secret for n in range(100)}) == 100

    def test_what_was_not_committed_is_not_there(self, keys: KeyStore, opener: Opener) -> None:
        keys.new("case:1")
        with pytest.raises(KeyGone, match="case:1"):
            opener.again().get("case:1")

    def test_a_key_for_nobody(self, keys: KeyStore) -> None:
        with pytest.raises(KeyGone, match="person:9"):
            keys.get("person:9")

    def test_dropped_is_gone_at_once_and_later(self, keys: KeyStore, opener: Opener) -> None:
        for owner in ("case:1", "case:2", "person:3"):
            keys.new(owner)
        keys.commit()
        keys.new("case:4")
        keys.drop("case:1", "person:3", "case:4", "case:unknown")
        for store in (keys, opener()):
            for owner in ("case:1", "person:3", "case:4"):
                with pytest.raises(KeyGone):
                    store.get(owner)
            assert store.get("case:2")

    def test_the_cache_is_not_needed(self, keys: KeyStore) -> None:
        made = {f"case:{n}": keys.new(f"case:{n}") for n in range(10_500)}
        keys.commit()
        assert all(keys.get(owner) == key for owner, key in made.items())

    def test_a_row_moved_to_another_owner_opens_nothing(self, keys: KeyStore, keys_path: Path, opener: Opener) -> None:
        keys.new("case:1")
        keys.new("case:3")
        keys.commit()
        with closing(sqlite3.connect(keys_path)) as raw:
            raw.execute("UPDATE key SET owner='case:2' WHERE owner='case:1'")
            raw.commit()
        with pytest.raises(KeyGone, match="cannot be unwrapped"):
            opener.again().get("case:2")


class TestShredding:
    """After drop the wrapped key stands nowhere on the disk."""

    def test_no_trace_in_any_file(self, keys: KeyStore, keys_path: Path) -> None:
        for n in range(300):
            keys.new(f"case:{n}")
        keys.commit()
        with closing(sqlite3.connect(keys_path)) as raw:
            wrapped = dict(raw.execute("SELECT owner, wrapped FROM key").fetchall())
        gone = [f"case:{n}" for n in range(0, 300, 7)]
        keys.drop(*gone)
        files = b"".join(path.read_bytes() for path in keys_path.parent.iterdir())
        assert [owner for owner in wrapped if wrapped[owner] in files] == [o for o in wrapped if o not in gone]


class TestRewrapping:
    """zhitong keys rotate: every key wrapped anew, then the old ring key may go."""

    def test_the_old_ring_key_is_not_needed_afterwards(self, keys: KeyStore, keys_path: Path, opener: Opener) -> None:
        made = {f"case:{n}": keys.new(f"case:{n}") for n in range(1203)}
        keys.commit()
        both = opener.again(f"{NEW},{OLD}")
        seen: list[int] = []
        assert ids_in_use(keys_path) == {"k1"}
        assert both.rewrap(seen.append) == 1203
        assert seen == [500, 1000, 1203]
        assert both.rewrap() == 0
        assert ids_in_use(keys_path) == {"k2"}
        new_only = opener.again(NEW)
        assert {owner: new_only.get(owner) for owner in made} == made

    def test_a_ring_without_the_key_in_use_is_refused(self, keys: KeyStore, opener: Opener) -> None:
        keys.new("case:1")
        keys.commit()
        with pytest.raises(KeysRefused, match="locked with key 'k1'"):
            opener.again(NEW)


class TestFiles:
    """What it starts with."""

    def test_for_its_owner_only(self, keys: KeyStore, keys_path: Path) -> None:
        keys.new("case:1")
        keys.commit()
        modes = {path.name: path.stat().st_mode & 0o777 for path in keys_path.parent.iterdir()}
        assert set(modes.values()) == {0o600}
        assert keys_path.parent.stat().st_mode & 0o777 == 0o700

    def test_a_lost_file_is_not_replaced(self, keys_path: Path) -> None:
        with pytest.raises(KeysRefused, match="is gone"):
            KeyStore(keys_path, KeyRing.load(OLD, keys_path.parent), must_exist=True)

    @pytest.mark.parametrize(
        ("script", "problem"), [("PRAGMA application_id=42", "another program"), (None, "not a database")]
    )
    def test_a_foreign_file_is_refused(self, keys_path: Path, opener: Opener, script: str | None, problem: str) -> None:
        keys_path.parent.mkdir()
        if script is None:
            keys_path.write_bytes(b"words, words, words " * 100)
        else:
            with closing(sqlite3.connect(keys_path)) as raw:
                raw.executescript(script)
        with pytest.raises(KeysRefused, match=problem):
            opener()

    def test_a_lock_is_said_and_new_keys_are_forgotten(self, keys: KeyStore, keys_path: Path, opener: Opener) -> None:
        keys.new("case:1")
        with closing(sqlite3.connect(keys_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy):
                keys.commit()
        with pytest.raises(KeyGone):
            keys.get("case:1")
        keys.new("case:1")
        keys.commit()
        assert opener.again().get("case:1")

    def test_a_key_another_process_made_meanwhile_is_not_overruled(self, keys: KeyStore, opener: Opener) -> None:
        keys.new("case:1")
        other = opener()
        theirs = other.new("case:1")
        other.commit()
        with pytest.raises(sqlite3.IntegrityError):
            keys.commit()
        assert keys.get("case:1") == theirs


@pytest.mark.asyncio
class TestBesideTheStore:
    """Keys and cases are committed in this order."""

    async def test_a_key_is_stored_before_its_row(self, store: SqliteStore, keys: KeyStore, keys_path: Path) -> None:
        seen: list[tuple[int, int]] = []

        def look() -> None:
            with closing(sqlite3.connect(keys_path)) as raw:
                seen.append((raw.execute("SELECT count(*) FROM key").fetchone()[0], store.commits))

        def register(conn: Connection) -> None:
            sealed = seal(keys.new("person:1"), b"name", b"person:1/sealed")
            conn.execute(insert(person), {"id": 1, "made_at": NOON, "sealed": sealed})

        store.before_commit += [keys.commit, look]
        await store.write(register)
        assert seen == [(1, 0)]
        sealed = await store.read(lambda conn: conn.execute(select(person.c.sealed)).scalar_one())
        assert unseal(keys.get("person:1"), sealed, b"person:1/sealed") == b"name"

    async def test_a_write_that_fails_leaves_an_idle_key_at_most(self, store: SqliteStore, keys: KeyStore) -> None:
        def fail(conn: Connection) -> None:
            keys.new("case:1")
            put_and_raise("case 1", ValueError())(conn)

        store.before_commit.append(keys.commit)
        await settled(store.write(fail), store.write(put("case 2")))
        assert await store.read(names) == ["case 2"]
        assert keys.new("case:1") == keys.get("case:1")

    async def test_no_key_no_case(self, store: SqliteStore, keys: KeyStore, keys_path: Path) -> None:
        def file_case(conn: Connection) -> None:
            keys.new("case:1")
            put("case 1")(conn)

        store.before_commit.append(keys.commit)
        with closing(sqlite3.connect(keys_path, isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy):
                await store.write(file_case)
        assert await store.read(names) == []
        await store.write(file_case)
        assert await store.read(names) == ["case 1"]


def test_readers_and_the_writer_do_not_meet(keys: KeyStore) -> None:
    for n in range(200):
        keys.new(f"old:{n}")
    keys.commit()
    over = threading.Event()

    def read() -> int:
        count = 0
        while not over.is_set() or count < 200:
            keys.get(f"old:{count % 200}")
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read) for _ in range(3)]
        for n in range(50):
            keys.new(f"new:{n}")
            keys.commit()
            keys.drop(f"new:{n}")
        over.set()
        assert all(task.result(10) >= 200 for task in reading)
