"""Desk: all that a handler may look at. The store implements it over one connection, tests with dicts.

Reading only. What a handler wants done it returns as commands; `bot.turn` executes them in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cases.case import Actor, Case, Command, Event, Filing
from cases.repeats import Voice
from config.schema import County
from faq.book import Entry
from faq.danger import Danger
from faq.decide import Verdict
from handlers.messages import Attachment, Letter


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was worked out about a message before its turn began: slow, pure, and maybe nothing."""

    policy: Verdict | None = None
    topics: tuple[str, ...] = ()  # codes of likely topics, best first
    sure: bool = False  # the first topic is clearly ahead of the second
    grievance: float = 0.0  # 0..1, how much it sounds like a complaint
    danger: Danger = field(default_factory=Danger)
    asks: bool = False  # whether the words are put as a question


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

    def fresh_tip_id(self) -> int:
        """A new tip's id: random, so that it tells nothing of when or in which order (cases.case.TIP_IDS)."""
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

    def asked_most(self) -> tuple[Entry, ...]:
        """The answers that most people asked for lately and that hold today, first the most asked; at most 5."""
        ...

    def my_cases(self, limit: int = 20, skip: int = 0) -> tuple[Case, ...]:
        """The citizen's own cases, newest first."""
        ...

    def holdings(self) -> Mapping[str, int]:
        """How many "cases" and "letters" there are of the citizen."""
        ...

    def old_letters(self, skip: int, limit: int) -> tuple[Letter, ...]:
        """The citizen's talk from its beginning."""
        ...

    def my_tips(self) -> tuple[Case, ...]:
        """The tips this citizen handed in, found blindly; a list says no more than their number and stage."""
        ...

    def follows(self, case_id: int) -> bool:
        """Whether the citizen is a follower of the case."""
        ...

    def voices(self, topic: str, place: str) -> tuple[Voice, ...]:
        """Who wants a running service case of this topic at this place solved; () for no place."""
        ...

    def others(self, case_id: int) -> int:
        """How many people besides the citizen and whoever filed it still wait for the case."""
        ...

    def joined(self, case_id: int) -> bool:
        """Whether the citizen joined the case (附议) of somebody else."""
        ...

    def joined_cases(self) -> tuple[Case, ...]:
        """The cases the citizen joined, newest first, at most 20."""
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
class Withdraw:
    """The citizen takes their consent back (PIPL §15): drafts, name and phone go, their cases go on without them,
    and they hear no more of these."""


@dataclass(frozen=True, slots=True)
class Correct:
    """The citizen's name and phone are these (PIPL §46), also in the cases where they left them; empty: none."""

    name: str
    phone: str


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
class Join:
    """The citizen joins a running case of somebody else's (附议), with their own words and files for the office."""

    case_id: int
    text: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leave:
    """取消附议: the citizen no longer goes along with a case they joined."""

    case_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A policy question for the log: how it came (typed, list, button, hot), its words (redacted; "" when they are
    not to be kept), the ids of the entries shown, and how sure the search was of the first. It goes by its moment."""

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


Deed = (
    Command
    | Filing
    | Consent
    | Withdraw
    | Correct
    | Speak
    | ForgetTalk
    | EraseMe
    | Join
    | Leave
    | Asked
    | Clicked
    | Unsay
)
