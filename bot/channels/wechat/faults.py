"""What Tencent says no with, as data: by errcode, what it means for a letter (channels.md §2, §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["token", "window", "passing", "day", "config", "permanent", "maybe"]

# token: fetch another one, once · window: this person cannot be written to now · passing: again soon ·
# day: not before midnight · config: the office has to do something · permanent: the same tomorrow ·
# maybe: nobody knows whether it went out
CODES: dict[int, Kind] = {
    -1: "passing",
    40001: "token",
    40014: "token",
    42001: "token",
    42007: "token",
    40003: "permanent",
    40007: "permanent",
    40036: "permanent",
    40037: "config",
    40013: "config",
    40125: "config",
    40164: "config",
    41002: "config",
    41004: "config",
    43004: "window",
    43101: "window",
    43019: "window",
    45002: "permanent",
    45008: "permanent",
    45009: "day",
    45011: "passing",
    45015: "window",
    45047: "window",
    45065: "maybe",
    47001: "permanent",
    47003: "config",
    48001: "config",
    48004: "config",
    48006: "config",
    50002: "config",
    61004: "config",
}


@dataclass
class Trouble(Exception):
    """A call that failed. `code` is Tencent's, 0 when there was no answer; `about` holds nobody's words."""

    kind: Kind
    code: int = 0
    about: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.code or self.about}".strip()


def sorted_out(code: int) -> Trouble:
    """What an errcode means. One we do not know may pass, and is tried again a few times."""
    return Trouble(CODES.get(code, "passing"), code)
