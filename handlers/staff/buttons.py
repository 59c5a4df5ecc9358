"""What a button in a staff group says to us when it is pressed: short, for platforms count its bytes."""

from __future__ import annotations

import hashlib

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def act_data(case_id: int, rev: int, act: str) -> str:
    """A button of a card: which case, as it was when the button was drawn, and what to do."""
    return f"k:{in36(case_id)}:{in36(rev)}:{act}"


def entry_mark(entry_id: str) -> str:
    """A stored answer in a button."""
    return hashlib.sha256(entry_id.encode()).hexdigest()[:24]


def in36(number: int) -> str:
    """A number in few characters."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


def from36(text: str) -> int:
    """The number in36 wrote; 0 for what is none."""
    return int(text, 36) if text.isascii() and text.isalnum() and len(text) <= 13 else 0
