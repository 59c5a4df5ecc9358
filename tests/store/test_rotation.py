"""The ring gets a new first key while the office runs: nothing becomes unreadable, nothing has to be stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import keys as rings
from bot.store.connect import KEYS_FILE
from bot.store.keys import KeyGone, KeyRing
from bot.store.keystore import KeyStore, wrapped_by
from tests.bot.command import zhitong


class Office:
    """A key store as a running server holds it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder / "keys", folder / KEYS_FILE
        self.ring = KeyRing.load(None, self.folder)
        self.keys = KeyStore(self.path, self.ring)

    def make(self, *owners: str) -> None:
        """New keys, on the disk."""
        for owner in owners:
            self.keys.new(owner)
        self.keys.commit()

    def rotate(self) -> int:
        """As `zhitong keys rotate` does it, in a process of its own."""
        ring = rings.resume(self.folder) or rings.rotate(self.folder)
        other = KeyStore(self.path, ring, must_exist=True)
        done = other.rewrap()
        other.close()
        rings.finished(self.folder)
        return done


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Three cases under the first key."""
    made = Office(tmp_path)
    made.make("case:1", "case:2", "case:3")
    return made


def test_the_server_reads_on_and_writes_with_the_new_key(office: Office) -> None:
    before = {owner: office.keys.get(owner) for owner in ("case:1", "case:2")}
    assert office.rotate() == 3
    office.keys.forget()  # as housekeeping does every hour
    assert {owner: office.keys.get(owner) for owner in before} == before
    office.make("case:4")
    assert wrapped_by(office.path) == {"k2": 4}
    assert office.ring.ids == ("k2", "k1")


def test_a_server_that_has_not_looked_yet_looks_when_it_must(office: Office) -> None:
    office.keys.forget()
    office.rotate()
    office.make("case:4")  # nothing has told it of the new key
    assert office.keys.get("case:3")
    assert office.keys.get("case:4")


def test_what_was_made_under_old_keys_still_opens(office: Office) -> None:
    code, hashed = office.ring.query_code(1, 1), office.ring.address_hash("web", "wu")
    office.rotate()
    office.ring.look_again()
    assert office.ring.query_code(1, 1) != code
    assert office.ring.check_code(code, 1, 1)
    assert hashed in office.ring.address_hashes("web", "wu")


@pytest.mark.parametrize("crash", ["before the ring", "before the keys", "among the keys"])
def test_a_rotation_that_broke_off_goes_on(office: Office, crash: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if crash == "before the ring":
        (office.folder / "rotating").write_text("k2")
    else:
        ring = rings.rotate(office.folder)
        if crash == "among the keys":
            monkeypatch.setattr("bot.store.keystore._BATCH", 1)
            other = KeyStore(office.path, ring)
            with pytest.raises(InterruptedError):
                other.rewrap(stop_at_two)
            other.close()
    office.rotate()
    assert wrapped_by(office.path) == {"k2": 3}
    assert KeyRing.load(None, office.folder).ids == ("k2", "k1")
    assert not (office.folder / "rotating").exists()


def stop_at_two(done: int) -> None:
    """The power goes after the second key."""
    if done == 2:
        raise InterruptedError


def test_a_key_dropped_meanwhile_does_not_come_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.keystore._BATCH", 1)
    other = KeyStore(office.path, rings.rotate(office.folder))
    other.rewrap(lambda done: office.keys.drop("case:3") if done == 1 else None)
    other.close()
    assert wrapped_by(office.path) == {"k2": 2}
    office.keys.forget()
    with pytest.raises(KeyGone):
        office.keys.get("case:3")


def test_a_ring_that_lost_a_key_is_not_taken_over(office: Office) -> None:
    (office.folder / "ring").write_text(rings.fresh_key())
    assert not office.ring.look_again()
    assert office.keys.get("case:1")


def test_twice_are_two_keys(office: Office) -> None:
    office.rotate()
    office.rotate()
    assert wrapped_by(office.path) == {"k3": 3}


def test_by_command(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.make("case:1")
    (tmp_path / "zhitong.sqlite3").touch()
    told = zhitong("keys", "rotate", "--data", tmp_path)
    assert (told.returncode, told.stdout) == (0, "k2\n"), told.stderr
    listed = zhitong("keys", "list", "--data", tmp_path)
    assert listed.stdout == "k2\t1\nk1\t0\n"
