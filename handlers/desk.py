"""Desk: all that a handler may look at. The store implements it over one connection, tests with dicts.

Reading only. What a handler wants done it returns as commands; `bot.turn` executes them in the same
transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cases.case import Actor, Case, Command, Event, Filing
from config.schema import County
from faq.book import Entry
from faq.decide import Verdict
from handlers.messages import Attachment, Letter


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was worked out about a message before its turn began: slow, pure, and maybe nothing."""

    policy: Verdict | None = None
    topics: tuple[str, ...] = ()  # codes of likely topics, best first
    sure: bool = False  # the first topic is clearly ahead of the second
    grievance: float = 0.0  # 0..1, how much it sounds like a complaint


@dataclass(frozen=True, slots=True)
class Citizen:
    """What is known of the person who writes."""

    id: int
    consent: int = 0
    name: str = ""
    phone: str = ""
    muted_until: datetime | None = None


class Desk(Protocol):
    """What lies on the desk during one turn."""

    @property
    def county(self) -> County: ...

    @property
    def now(self) -> datetime: ...

    @property
    def lang(self) -> str: ...

    @property
    def citizen(self) -> Citizen: ...

    @property
    def staff(self) -> Actor | None: ...

    @property
    def prepared(self) -> Prepared: ...

    def speaking(self, lang: str) -> Desk:
        """The same desk for somebody who reads `lang`."""
        ...

    def fresh_id(self) -> int:
        """A new case id, unique and ordered by time."""
        ...

    def entry(self, entry_id: str) -> Entry | None:
        """A policy answer by its id."""
        ...

    def policies(self) -> tuple[str, ...]:
        """Names of the policies that have answers, in the order of the files."""
        ...

    def entries_of(self, policy: str) -> tuple[Entry, ...]:
        """The answers of one policy, in the order of its file."""
        ...

    def my_cases(self) -> tuple[Case, ...]:
        """The citizen's own cases, newest first, at most 20."""
        ...

    def follows(self, case_id: int) -> bool:
        """Whether the citizen is a follower of the case."""
        ...

    def case(self, case_id: int) -> Case | None:
        """A case by id."""
        ...

    def case_by_no(self, no: str) -> Case | None:
        """A case by its number, upper case, for staff."""
        ...

    def case_by_code(self, no: str, code: str) -> Case | None:
        """A case by number and query code; None alike for no such case, a wrong code and too many guesses."""
        ...

    def events(self, case_id: int) -> tuple[Event, ...]:
        """What happened to a case, oldest first."""
        ...

    def letters(self, limit: int = 200) -> tuple[Letter, ...]:
        """The citizen's talk, oldest first, the newest `limit`."""
        ...

    def attachments(self, ids: tuple[str, ...]) -> tuple[Attachment, ...]:
        """Stored files by id; unknown ids are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Consent:
    """The citizen agreed to the notice of this version (PIPL §14, §17)."""

    version: int


@dataclass(frozen=True, slots=True)
class Speak:
    """The citizen wants to be spoken to in this language."""

    lang: str


@dataclass(frozen=True, slots=True)
class ForgetTalk:
    """Erase the letters of this talk since the given moment, and every file that belongs to no case: a tip leaves
    no trace here (design §8), nor does a complaint without consent. What is said in this very turn is not kept."""

    since: datetime


@dataclass(frozen=True, slots=True)
class EraseMe:
    """Erase the citizen: talk, drafts, name, phone, addresses. Open cases stay, without the person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A policy question for the log: how it came (typed, list, button), its words (redacted; "" when they are not to
    be kept), the ids of the entries shown, and how sure the search was of the first. It goes by its moment."""

    at: datetime
    arrival: str
    text: str
    band: str
    confidence: float
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clicked:
    """What was pressed under the answer to the question of that moment: an entry ("-" for 都不是), or a verdict."""

    at: datetime
    picked: str = ""
    felt: str = ""  # ok | bad | file


@dataclass(frozen=True, slots=True)
class Unsay:
    """Questions since then became a complaint: their words leave the log, but for those that were helped."""

    since: datetime


Deed = Command | Filing | Consent | Speak | ForgetTalk | EraseMe | Asked | Clicked | Unsay
