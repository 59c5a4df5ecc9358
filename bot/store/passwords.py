"""Passwords: their two rules, and argon2id.

Hashing takes a tenth of a second and 64 MB on purpose: never inside a transaction or on the event loop.
"""

from __future__ import annotations

import base64
import secrets
import threading
import unicodedata
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PASSWORD_MIN = 10

_hasher = PasswordHasher()
_hashing = threading.BoundedSemaphore(2)  # not more than 128 MB at once


class PasswordWeak(Exception):
    """The password will not do; `key` names the text that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Credential:
    """What a password is verified against; of an unknown name it is one that nothing fits."""

    staff_id: int
    password: str = field(repr=False)


def check_password(text: str, name: str) -> None:
    """Raise PasswordWeak for fewer than ten characters or the name itself; there are no other rules."""
    said = _normal(text)
    if len(said) < PASSWORD_MIN:
        raise PasswordWeak("staff.password.short")
    if said.strip().casefold() == clean_name(name).casefold():
        raise PasswordWeak("staff.password.name")


def hash_password(text: str) -> str:
    """The argon2id hash to store. Slow: never inside a transaction or on the event loop."""
    with _hashing:
        return _hasher.hash(_normal(text))


def verify(against: Credential, text: str) -> bool:
    """Whether the password fits; an unknown name takes as long as a known one. Slow, like `hash_password`."""
    with _hashing:
        try:
            return _hasher.verify(against.password, _normal(text)) and against.staff_id != 0
        except (VerificationError, InvalidHashError):
            return False


def unmatchable() -> str:
    """A well-formed hash with today's parameters that no password has."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    memory, time, lanes = _hasher.memory_cost, _hasher.time_cost, _hasher.parallelism
    return f"$argon2id$v=19$m={memory},t={time},p={lanes}${salt}${digest}"


def clean_name(name: str) -> str:
    """A name as it is stored and looked up: NFKC, single spaces."""
    return " ".join(_normal(name).split())


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).encode("utf-8", "replace").decode()
