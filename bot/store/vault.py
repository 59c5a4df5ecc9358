"""Sealing of whole values: JSON under the key of whoever it is about, bound to the row it stands in."""

from __future__ import annotations

from typing import Any

from bot.store.keys import KeyRing, seal, unseal
from bot.store.keystore import Keys
from bot.store.packed import pack, unpack


class Vault:
    """What the store seals and opens. Owners are "person:ID", "case:ID", "contact:ID" of a case, and "file:ID"."""

    def __init__(self, ring: KeyRing, keys: Keys) -> None:
        self.ring = ring
        self.keys = keys

    def begin(self, owner: str) -> None:
        """A key for a new owner; durable before the transaction that needs it commits."""
        self.keys.new(owner)

    def adopt(self, owner: str, secret: bytes) -> None:
        """The same with a key that has sealed something already."""
        self.keys.adopt(owner, secret)

    def put(self, owner: str, place: str, value: Any) -> bytes:
        """Seal a JSON value. `place` names the row it belongs to: it opens nowhere else. Raises KeyGone."""
        return seal(self.keys.get(owner), pack(value), place.encode())

    def get(self, owner: str, place: str, sealed: bytes) -> Any:
        """The sealed value. Raises KeyGone once it is erased, Unreadable when it was tampered with."""
        return unpack(unseal(self.keys.get(owner), sealed, place.encode()))


def person_owner(person_id: int) -> str:
    """The key owner of a person."""
    return f"person:{person_id}"


def case_owner(case_id: int) -> str:
    """The key owner of a case."""
    return f"case:{case_id}"


def contact_owner(case_id: int) -> str:
    """The key owner of the name and phone that were left with a case: they can be forgotten and the case go on."""
    return f"contact:{case_id}"


def file_owner(file_id: str) -> str:
    """The key owner of a file and its name."""
    return f"file:{file_id}"
