"""The ring: where it comes from, what is sealed under it, and the codes people type."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from bot.store.keys import Key, KeyGone, KeyRing, KeysRefused, Unreadable, rotate, seal, sealed_by, unseal
from bot.store.keystore import KeyStore

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
KEY = Key("k1", b"\x07" * 32)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """A ring of one known key."""
    return KeyRing.load(f"a:{ONE}", tmp_path / "keys")


class TestLoading:
    """Environment first, file second, never silently a new one."""

    def test_the_environment_makes_no_file(self, ring: KeyRing, tmp_path: Path) -> None:
        assert (ring.ids, ring.generated) == (("a",), False)
        assert not (tmp_path / "keys").exists()

    def test_the_first_key_is_current(self, tmp_path: Path) -> None:
        ring = KeyRing.load(f" new:{TWO} , old:{ONE}\n", tmp_path)
        assert ring.ids == ("new", "old")
        assert ring.current("wrap") == ring.all("wrap")[0] == ring.key("wrap", "new")

    @pytest.mark.parametrize("nothing", [None, "", "  \n"])
    def test_a_file_is_made_once_for_its_owner_only(self, tmp_path: Path, nothing: str | None) -> None:
        keys = tmp_path / "data" / "keys"
        first, second = KeyRing.load(nothing, keys), KeyRing.load(nothing, keys)
        assert first.generated
        assert first.current("wrap") == second.current("wrap")
        assert [path.name for path in keys.iterdir()] == ["ring"]
        assert (keys.stat().st_mode & 0o777, (keys / "ring").stat().st_mode & 0o777) == (0o700, 0o600)

    def test_a_ring_left_open_to_others_is_closed(self, tmp_path: Path) -> None:
        KeyRing.load(None, tmp_path)
        (tmp_path / "ring").chmod(0o644)
        KeyRing.load(None, tmp_path)
        assert (tmp_path / "ring").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("nonsense", "key 1 .nonsense. has 0 bytes"),
            (f"{ONE}", "key 1 needs an id"),
            (f":{ONE}", "key 1 needs an id"),
            (f"a b:{ONE}", "key 1 needs an id"),
            (f"{'x' * 17}:{ONE}", "key 1 needs an id"),
            (f"a:{ONE},a:{TWO}", "key 2 needs an id of its own"),
            (f"a:{ONE},", "key 2 needs an id"),
            ("a:!!!!", "key 1 .a. is not base64"),
            (f"a:{ONE[:-2]}", "key 1 .a. is not base64"),
            (f"a:{base64.b64encode(b'short').decode()}", "key 1 .a. has 5 bytes, needed are 32"),
            (f"a:{ONE},b:密钥", "key 2 .b. is not base64"),
        ],
    )
    def test_malformed_keys_are_refused_without_showing_them(self, tmp_path: Path, text: str, problem: str) -> None:
        with pytest.raises(KeysRefused, match=problem) as caught:
            KeyRing.load(text, tmp_path)
        assert "ZHITONG_SECRET_KEYS" in str(caught.value)
        assert ONE not in str(caught.value)

    def test_url_safe_base64_is_the_same_key(self, tmp_path: Path) -> None:
        raw = bytes(range(223, 255))
        plain, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
        assert plain != safe
        rings = [KeyRing.load(f"a:{text}", tmp_path) for text in (plain, safe)]
        assert rings[0].current("wrap") == rings[1].current("wrap")

    def test_a_lost_ring_is_not_replaced(self, tmp_path: Path) -> None:
        ring = KeyRing.load(None, tmp_path)
        keys = KeyStore(tmp_path / "keys.sqlite3", ring)
        keys.new("case:1")
        keys.commit()
        keys.close()
        (tmp_path / "ring").unlink()
        with pytest.raises(KeysRefused, match="ring is gone"):
            KeyRing.load(None, tmp_path)

    def test_a_key_is_never_shown(self, ring: KeyRing) -> None:
        assert "secret" not in repr(ring.current("wrap"))

    def test_a_key_the_ring_does_not_hold(self, ring: KeyRing) -> None:
        with pytest.raises(KeyGone):
            ring.key("wrap", "z")


def test_every_purpose_has_a_key_of_its_own(ring: KeyRing) -> None:
    purposes = ("address", "code", "session", "wrap")
    assert len({ring.current(purpose).secret for purpose in purposes}) == len(purposes)


class TestRotation:
    """A fresh key in front; what the old one made still opens."""

    def test_the_old_key_stays_behind_the_new(self, tmp_path: Path) -> None:
        old = KeyRing.load(None, tmp_path)
        code, hashed = old.query_code(7, 1), old.address_hash("web", "x")
        new = rotate(tmp_path)
        assert (old.ids, new.ids) == (("k1",), ("k2", "k1"))
        assert KeyRing.load(None, tmp_path).ids == new.ids
        assert new.query_code(7, 1) != code
        assert new.check_code(code, 7, 1)
        assert new.address_hashes("web", "x") == (new.address_hash("web", "x"), hashed)
        assert (tmp_path / "ring").stat().st_mode & 0o777 == 0o600


class TestSealing:
    """What was sealed opens with the same key, in the same place, unchanged, and else not at all."""

    @pytest.mark.parametrize("plain", [b"", b"x", "张三 13800138000".encode(), b"\0" * 100_000])
    def test_comes_back(self, plain: bytes) -> None:
        sealed = seal(KEY, plain, b"case:1/story")
        assert unseal(KEY, sealed, b"case:1/story") == plain
        assert sealed_by(sealed) == "k1"
        assert len(sealed) == len(plain) + 3 + 12 + 16

    def test_the_same_twice_looks_different(self) -> None:
        assert seal(KEY, b"same", b"") != seal(KEY, b"same", b"")

    def test_another_place(self) -> None:
        with pytest.raises(Unreadable):
            unseal(KEY, seal(KEY, b"plain", b"case:1/story"), b"case:2/story")

    @pytest.mark.parametrize("other", [Key("k2", KEY.secret), Key("k1", b"\x08" * 32)])
    def test_another_key(self, other: Key) -> None:
        with pytest.raises(Unreadable):
            unseal(other, seal(KEY, b"plain", b""), b"")

    def test_any_changed_bit(self) -> None:
        sealed = seal(KEY, b"plain", b"")
        for at in range(len(sealed) * 8):
            changed = bytearray(sealed)
            changed[at // 8] ^= 1 << at % 8
            with pytest.raises(Unreadable):
                unseal(KEY, bytes(changed), b"")

    def test_any_shorter_piece(self) -> None:
        sealed = seal(KEY, b"plain", b"")
        for length in range(len(sealed)):
            with pytest.raises(Unreadable):
                unseal(KEY, sealed[:length], b"")


class TestQueryCodes:
    """Codes that people write on paper and type on phones."""

    def test_shape(self, ring: KeyRing) -> None:
        for case_id in range(500):
            assert re.fullmatch(r"[2-9]\d\d-\d{4}-\d{4}", ring.query_code(case_id, 1))
            assert re.fullmatch(r"[2-9]\d{3}-\d{4}-\d{4}-\d{4}", ring.query_code(case_id, 1, tip=True))

    def test_differs_by_case_version_lane_and_office(self, ring: KeyRing, tmp_path: Path) -> None:
        other = KeyRing.load(f"a:{TWO}", tmp_path)
        codes = [ring.query_code(1, 1), ring.query_code(2, 1), ring.query_code(1, 2), other.query_code(1, 1)]
        codes.append(ring.query_code(1, 1, tip=True)[:13])
        assert len(set(codes)) == len(codes)

    def test_never_changes(self, ring: KeyRing) -> None:
        assert ring.query_code(20261122, 1) == "589-4649-2782"

    def test_spreads_evenly(self, ring: KeyRing) -> None:
        firsts = [ring.query_code(n, 1)[0] for n in range(8000)]
        assert all(850 < firsts.count(digit) < 1150 for digit in "23456789")

    @pytest.mark.parametrize(
        "typed",
        ["{}", " {} ", "{a}{b}{c}", "{a} {b} {c}", "{a}—{b}－{c}", "{a}\u3000{b}\u2212{c}", "\u200b{}\ufeff", "{wide}"],
    )
    def test_forgives(self, ring: KeyRing, typed: str) -> None:
        code = ring.query_code(7, 1)
        a, b, c = code.split("-")
        wide = code.translate({ord(digit): ord(digit) - ord("0") + ord("０") for digit in "0123456789"})
        assert ring.check_code(typed.format(code, a=a, b=b, c=c, wide=wide), 7, 1)

    @pytest.mark.parametrize("typed", ["", "-", "{}1", "1{}", "{}x", "case {}", "{}, please", "{}{}", "x" * 10_000])
    def test_refuses(self, ring: KeyRing, typed: str) -> None:
        code = ring.query_code(7, 1)
        assert not ring.check_code(typed.format(code, code), 7, 1)

    def test_refuses_a_neighbour(self, ring: KeyRing) -> None:
        code = ring.query_code(7, 1)
        assert not ring.check_code(code, 8, 1)
        assert not ring.check_code(code, 7, 2)
        assert not ring.check_code(code, 7, 1, tip=True)
        assert not ring.check_code(code[:-1] + str((int(code[-1]) + 1) % 10), 7, 1)


def test_an_address_hash_finds_and_does_not_show(ring: KeyRing) -> None:
    hashes = [
        ring.address_hash(channel, address)
        for channel, address in [("web", "abc"), ("weba", "bc"), ("telegram", "abc"), ("web", "\ud800")]
    ]
    assert len(set(hashes)) == 4
    assert {len(found) for found in hashes} == {32}
    assert ring.address_hash("web", "abc") == hashes[0] == ring.address_hashes("web", "abc")[0]
