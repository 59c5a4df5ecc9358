"""Keys: the office's ring, what is derived from it, and one random key for every person and case.

The ring's secrets live outside the database. A data key is random, wrapped by the ring and kept in a file
of its own: dropping it makes everything sealed under it unreadable, in every backup of the main database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bot.store.connect import KEYS_FILE, holds_keys, sync_dir

_KEY = 32
_NONCE = 12
_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_LENGTHS = {False: 11, True: 16}
_ROTATING = "rotating"  # beside the ring: the id of the key that a rotation is wrapping everything with


class KeysRefused(Exception):
    """The keys are not ones to start with; the message says why and never shows a key."""


class KeyGone(Exception):
    """There is no key for this owner: it was dropped (its data is erased) or never made."""


class Unreadable(Exception):
    """Sealed under another key, for another place, or changed since."""


@dataclass(frozen=True, slots=True)
class Key:
    """32 secret bytes and the name they go by."""

    id: str
    secret: bytes = field(repr=False)


def seal(key: Key, plain: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: key id (with its length), nonce, ciphertext and tag. `aad` names the place it belongs to."""
    nonce = os.urandom(_NONCE)
    name = key.id.encode()
    return bytes((len(name),)) + name + nonce + AESGCM(key.secret).encrypt(nonce, plain, aad)


def unseal(key: Key, sealed: bytes, aad: bytes) -> bytes:
    """What was sealed. Raises Unreadable when key, `aad` or a single bit differs."""
    if sealed_by(sealed) != key.id:
        raise Unreadable("sealed under another key")
    start = 1 + sealed[0]
    try:
        return AESGCM(key.secret).decrypt(sealed[start : start + _NONCE], sealed[start + _NONCE :], aad)
    except (InvalidTag, ValueError):
        raise Unreadable("changed, or from another place") from None


def sealed_by(sealed: bytes) -> str:
    """The id of the key that sealed it; "" when it is no sealed value."""
    return sealed[1 : 1 + sealed[0]].decode("ascii", "replace") if sealed else ""


class KeyRing:
    """The office's secrets, the current one first. Everything else is derived per purpose (HKDF-SHA256)."""

    def __init__(self, keys: tuple[Key, ...], generated: bool = False, source: Path | None = None) -> None:
        if not keys:
            raise KeysRefused("the ring holds no key")
        self.generated = generated
        """Whether the ring came from DATA_DIR/keys/ring and not from the environment: worth a warning."""
        self._source = source
        self._hold(keys)

    def _hold(self, keys: tuple[Key, ...]) -> None:
        self._derived: dict[tuple[str, str], Key] = {}
        self._roots = {key.id: key.secret for key in keys}
        self.ids = tuple(key.id for key in keys)  # last: whoever reads meanwhile finds a root for every id

    def look_again(self) -> bool:
        """Read the ring's file anew: another process may have rotated it. Whether it holds other keys now.

        A file that cannot be read or has lost a key changes nothing.
        """
        if self._source is None:
            return False
        with suppress(OSError, KeysRefused):
            keys = parse_ring(self._source.read_text(encoding="ascii", errors="replace"), str(self._source))
            if tuple(key.id for key in keys) != self.ids and set(self.ids) <= {key.id for key in keys}:
                self._hold(keys)
                return True
        return False

    @classmethod
    def load(cls, secret_keys: str | None, keys_dir: Path) -> KeyRing:
        """The ring of ZHITONG_SECRET_KEYS, or else of `keys_dir`/ring, which is made when there is none yet.

        Raises KeysRefused: malformed keys, or no ring beside a key store that was locked with one.
        """
        if secret_keys and secret_keys.strip():
            return cls(parse_ring(secret_keys, "ZHITONG_SECRET_KEYS"))
        path = keys_dir / "ring"
        if not path.exists():
            _refuse_lost_ring(keys_dir)
            _write_ring(path)
        path.chmod(0o600)
        keys = parse_ring(path.read_text(encoding="ascii", errors="replace"), str(path))
        return cls(keys, generated=True, source=path)

    def current(self, purpose: str) -> Key:
        """The key to use now for `purpose`, such as "wrap" or "session"."""
        return self.key(purpose, self.ids[0])

    def all(self, purpose: str) -> tuple[Key, ...]:
        """Every key for `purpose`, current first: for reading what an older one made."""
        return tuple(self.key(purpose, key_id) for key_id in self.ids)

    def key(self, purpose: str, key_id: str) -> Key:
        """The key `key_id` for `purpose`; raises KeyGone when the ring does not hold it."""
        known = self._derived.get((purpose, key_id))
        if known is None:
            if key_id not in self._roots:
                self.look_again()
            root = self._roots.get(key_id)
            if root is None:
                raise KeyGone(f"the ring holds no key {key_id!r}")
            secret = HKDFExpand(SHA256(), _KEY, b"zhitong/" + purpose.encode()).derive(root)
            known = self._derived[purpose, key_id] = Key(key_id, secret)
        return known

    def address_hash(self, channel: str, address: str) -> bytes:
        """32 bytes that find a channel address without showing it, under the current key."""
        return _address_hash(self.current("address"), channel, address)

    def address_hashes(self, channel: str, address: str) -> tuple[bytes, ...]:
        """The same under every key of the ring, current first: look up with all, store the first."""
        return tuple(_address_hash(key, channel, address) for key in self.all("address"))

    def query_code(self, case_id: int, version: int, tip: bool = False) -> str:
        """The code that opens a case: 11 digits as 3-4-4, a tip's 16 as 4-4-4-4; never begins with 0 or 1."""
        digits = _digits(self.current("code"), case_id, version, _LENGTHS[tip])
        first = 4 if tip else 3
        return "-".join((digits[:first], *(digits[at : at + 4] for at in range(first, len(digits), 4))))

    def check_code(self, given: str, case_id: int, version: int, tip: bool = False) -> bool:
        """Whether `given` is that code, in constant time; spaces, hyphens and full-width digits are forgiven.

        Codes made under an older key of the ring still open.
        """
        said = _said(given)
        hits = [hmac.compare_digest(said, _digits(key, case_id, version, _LENGTHS[tip])) for key in self.all("code")]
        return any(hits)


def parse_ring(text: str, source: str) -> tuple[Key, ...]:
    """Keys out of `id:base64[,…]`. Raises KeysRefused naming `source` and the position, never the key."""
    keys: list[Key] = []
    for place, part in enumerate(text.strip().split(","), 1):
        key_id, _, secret = part.strip().partition(":")
        if not _ID.fullmatch(key_id) or any(key.id == key_id for key in keys):
            raise KeysRefused(f"{source}: key {place} needs an id of its own (letters, digits, - and _, at most 16)")
        keys.append(Key(key_id, _secret(secret, f"{source}: key {place} ({key_id})")))
    return tuple(keys)


def _secret(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise KeysRefused(f"{where} is not base64") from None
    if len(secret) != _KEY:
        raise KeysRefused(f"{where} has {len(secret)} bytes, needed are {_KEY}")
    return secret


def _refuse_lost_ring(keys_dir: Path) -> None:
    store = keys_dir / KEYS_FILE.name
    if store.exists() and holds_keys(store):
        raise KeysRefused(
            f"{keys_dir / 'ring'} is gone, but {store} was locked with it. "
            "Put the ring back, or set ZHITONG_SECRET_KEYS to the keys it held."
        )


def rotate(keys_dir: Path) -> KeyRing:
    """Put a fresh key in front of `keys_dir`/ring. Then rewrap the key store; only then may old keys leave.

    Codes and address hashes made under an old key live as long as it stays in the ring.
    """
    path = keys_dir / "ring"
    text = path.read_text(encoding="ascii")
    known = {key.id for key in parse_ring(text, str(path))}
    fresh = next(name for name in (f"k{n}" for n in range(1, len(known) + 2)) if name not in known)
    _write_temp(path, fresh).replace(keys_dir / _ROTATING)  # before the ring: so no key is made twice after a crash
    temp = _write_temp(path, f"{_fresh(fresh)},{text}")
    temp.replace(path)
    sync_dir(keys_dir)
    return KeyRing.load(None, keys_dir)


def resume(keys_dir: Path) -> KeyRing | None:
    """The ring of a rotation that broke off after its new key was there; None when there is none to go on with."""
    path = keys_dir / "ring"
    with suppress(FileNotFoundError):
        ring = KeyRing.load(None, keys_dir) if path.exists() else None
        if ring and ring.ids[0] == (keys_dir / _ROTATING).read_text(encoding="ascii").strip():
            return ring
    return None


def finished(keys_dir: Path) -> None:
    """Every key of the store is wrapped with the ring's first."""
    (keys_dir / _ROTATING).unlink(missing_ok=True)


def fresh_key() -> str:
    """A new key as it stands in ZHITONG_SECRET_KEYS, with an id that no other has."""
    return _fresh(f"k{secrets.token_hex(4)}")


def _write_ring(path: Path) -> None:
    """Make a ring of one key. When two processes try at once, both end up with the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    temp = _write_temp(path, _fresh("k1") + "\n")
    with suppress(FileExistsError):
        os.link(temp, path)
    temp.unlink()
    sync_dir(path.parent)


def _fresh(key_id: str) -> str:
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(_KEY)).decode()}"


def _write_temp(path: Path, text: str) -> Path:
    temp = path.with_name(f"ring.{secrets.token_hex(8)}")
    handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temp


def _address_hash(key: Key, channel: str, address: str) -> bytes:
    return hmac.digest(key.secret, f"{channel}\0{address}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def _digits(key: Key, case_id: int, version: int, length: int) -> str:
    """`length` digits, the first 2-9, so that no code looks like a mobile number (1…) or loses a leading 0."""
    span = 10 ** (length - 1)
    mac = hmac.digest(key.secret, f"{length}:{case_id}:{version}".encode(), hashlib.sha256)
    return str(2 * span + int.from_bytes(mac[:16], "big") % (8 * span))


def _said(given: str) -> str:
    """The digits somebody typed, as ASCII; "" when there is anything but digits, spaces and dashes."""
    digits: list[str] = []
    for mark in given[:64]:
        digit = unicodedata.decimal(mark, -1)
        if digit >= 0:
            digits.append(str(digit))
        elif not mark.isspace() and mark != "\u2212" and unicodedata.category(mark) not in ("Pd", "Cf"):
            return ""
    return "".join(digits)
