"""What the page of the answers needs from the rest of the machine. `bot.answers` is the real one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from bot.web.staff_house import StaffHouse
from cases.case import Actor
from faq.book import Entry
from faq.learn import Gap
from faq.why import Why

Kind = Literal["alias", "entry"]


class Unwilling(Exception):
    """It was not done; `reason` is a key under `answers.error.` in the texts, `detail` what the file says."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that a question was found to be like, with its score and what speaks for it."""

    entry: Entry
    score: float
    exact: bool
    why: Why


@dataclass(frozen=True, slots=True)
class Tried:
    """What a question would get: the road, how sure the match is (0-1), the best entries."""

    text: str
    route: str
    confidence: float
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A suggestion that waits. `id` is 0 for one that clicks speak for: then `people` says of how many."""

    id: int
    kind: Kind
    entry_id: str
    text: str
    answer: str
    staff: str
    people: int
    made_at: datetime | None
    likely: tuple[Entry, ...]  # entries it may belong to, the likeliest first


@dataclass(frozen=True, slots=True)
class OpenGap:
    """Questions alike without an answer, and the entries they may belong to."""

    gap: Gap
    likely: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """A file whose answers run out, or have."""

    file: str
    policy: str
    day: date
    entries: int
    expired: bool


@dataclass(frozen=True, slots=True)
class Board:
    """All that stands on the page. `problems` keep newer files from being served; not `editable`: the sample."""

    version: str
    entries: int
    questions: int
    editable: bool
    problems: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    gaps: tuple[OpenGap, ...]
    ending: tuple[Ending, ...]
    policies: tuple[str, ...]
    aspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an admin accepts: words for an entry, or (kind `entry`) a new entry of a policy. `said` are the words as
    they were suggested, `suggestion` is 0 for what nobody on the staff suggested."""

    kind: Kind
    suggestion: int
    said: str
    text: str
    entry_id: str = ""
    policy: str = ""
    aspect: str = ""
    answer: str = ""


class AnswersDesk(Protocol):
    """The answers as clerks and admins work on them."""

    async def board(self) -> Board:
        """Everything as it is now."""
        ...

    async def ask(self, text: str) -> Tried:
        """What a question would get."""
        ...

    async def suggest(self, viewer: Actor, no: str, kind: Kind) -> bool:
        """Suggest what a case was about; False when it was suggested before. Raises Unwilling."""
        ...

    async def accept(self, viewer: Actor, what: Acceptance) -> str:
        """Write it into the file; the name of the file. Raises Unwilling."""
        ...

    async def reject(self, viewer: Actor, what: Acceptance) -> None:
        """Say no to a suggestion. Raises Unwilling."""
        ...


@runtime_checkable
class AnswersHouse(StaffHouse, Protocol):
    """A staff room with the answers in it."""

    @property
    def answers(self) -> AnswersDesk:
        """The answers."""
        ...
