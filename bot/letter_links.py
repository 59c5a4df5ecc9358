"""An address that opens one letter in a browser, for whoever holds it: its number and 128 bits only we can make."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from bot.store.keys import KeyRing

_MAC = 16
_NUMBER = 11  # characters of eight bytes


def token_of(ring: KeyRing, letter_id: int) -> str:
    """What opens a letter."""
    return _token(ring.current("letter").secret, letter_id)


def id_of(ring: KeyRing, token: str) -> int:
    """The letter a token opens, also one made under an older key of the ring; 0 for any other token."""
    try:
        letter_id = int.from_bytes(base64.urlsafe_b64decode(token[:_NUMBER] + "="), "big")
    except (binascii.Error, ValueError):
        return 0
    given = token.encode("utf-8", "replace")
    if not 0 < letter_id < 2**63:
        return 0
    hits = [hmac.compare_digest(given, _token(key.secret, letter_id).encode()) for key in ring.all("letter")]
    return letter_id if any(hits) else 0


def _token(secret: bytes, letter_id: int) -> str:
    plain = letter_id.to_bytes(8, "big")
    mac = hmac.digest(secret, plain, hashlib.sha256)[:_MAC]
    return "".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (plain, mac))
