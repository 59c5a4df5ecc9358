"""What else a case hangs together with, as its page shows it. `handlers.staff.around` finds it, within sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that may be the same matter, and why."""

    no: str
    state: str
    topic: str
    place: str
    opened_at: datetime
    why: tuple[str, ...]
    joinable: bool  # it is still open: this one could be merged into it


@dataclass(frozen=True, slots=True)
class Ties:
    """What a case hangs together with. Numbers are "" where there is none, or none in sight."""

    alike: tuple[Alike, ...] = ()
    joined: int = 0
    into: str = ""
    merged: tuple[str, ...] = ()
    repeat: bool = False
    repeat_of: str = ""
    reviewed: bool = False
    checker: str = ""
    may_check: bool = False  # a cross-check may be asked for
