"""Plain values of staff groups, which the store keeps and the channels show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.groups import Detail
from handlers.staff.card import CaseFile


@dataclass(frozen=True, slots=True)
class Group:
    """A staff group: its id now, whose it is, and how much it may read."""

    chat: str
    units: tuple[str, ...]
    detail: Detail


@dataclass(frozen=True, slots=True)
class Place:
    """A case in a group. Zeros are: not yet."""

    chat: str
    case_id: int
    thread: int = 0
    card: int = 0
    seq: int = 0
    title: str = ""
    looks: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Showing:
    """A case that a group is to see. `file` is None when it is the group's no longer; then `gone_to` says whose.

    `rows` are what is owed, to be handed back with what became of it.
    """

    rows: tuple[Any, ...]
    place: Place
    file: CaseFile | None
    gone_to: str
    maybe: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wrote in a group and nobody has confirmed. `staff_id` 0: whoever confirms it."""

    id: int
    chat: str
    source: str
    message: str
    case_id: int
    staff_id: int
    act: str
    text: str
    fields: Mapping[str, str]
    files: tuple[str, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What would come of an act: the citizen's words, or why it may not be."""

    words: str = ""
    error: str = ""
    gaps: Mapping[str, str] | None = None
