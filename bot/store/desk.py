"""The desk over one connection: what handlers may look at, read in the transaction of their turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.store import cases, files, letters
from bot.store.vault import Vault
from cases.case import Actor, Case, Event
from config.schema import County
from faq.book import Book, Entry
from handlers.desk import Citizen, Prepared
from handlers.messages import Attachment, Letter

CODE_VERSION = 1


@dataclass(frozen=True)
class StoreDesk:
    """Implements `handlers.desk.Desk`. `fresh` makes ids, `may_guess` counts tries at a query code."""

    conn: Connection
    vault: Vault
    county: County
    book: Book
    now: datetime
    lang: str
    citizen: Citizen
    staff: Actor | None
    prepared: Prepared
    fresh: Callable[[], int]
    may_guess: Callable[[int], bool]

    def speaking(self, lang: str) -> StoreDesk:
        """The same desk for somebody who reads `lang`."""
        return self if lang == self.lang else replace(self, lang=lang)

    def fresh_id(self) -> int:
        """A new case id."""
        return self.fresh()

    def entry(self, entry_id: str) -> Entry | None:
        """A policy answer by id."""
        return self.book.get(entry_id)

    def policies(self) -> tuple[str, ...]:
        """Policies that have answers, in the order of the files."""
        return tuple(dict.fromkeys(entry.policy for entry in self.book.entries if entry.policy))

    def entries_of(self, policy: str) -> tuple[Entry, ...]:
        """The answers of one policy."""
        return self.book.of_policy(policy)

    def my_cases(self) -> tuple[Case, ...]:
        """The citizen's own cases, newest first."""
        return tuple(cases.of_person(self.conn, self.vault, self.citizen.id))

    def follows(self, case_id: int) -> bool:
        """Whether the citizen follows the case."""
        return cases.follows(self.conn, case_id, self.citizen.id)

    def case(self, case_id: int) -> Case | None:
        """A case by id."""
        return cases.by_id(self.conn, self.vault, case_id)

    def case_by_no(self, no: str) -> Case | None:
        """A case by number."""
        return cases.by_no(self.conn, self.vault, no)

    def case_by_code(self, no: str, code: str) -> Case | None:
        """A case by number and code. Until the code is right the same is done, whether or not there is such a case."""
        if not self.may_guess(self.citizen.id):
            return None
        case_id = cases.id_of(self.conn, no)
        right = self.vault.ring.check_code(code, case_id, CODE_VERSION)
        return cases.by_id(self.conn, self.vault, case_id) if right else None

    def events(self, case_id: int) -> tuple[Event, ...]:
        """What happened to a case."""
        return tuple(cases.events(self.conn, self.vault, case_id))

    def letters(self, limit: int = 200) -> tuple[Letter, ...]:
        """The citizen's talk."""
        return letters.of_person(self.conn, self.vault, self.citizen.id, limit=limit)

    def attachments(self, ids: tuple[str, ...]) -> tuple[Attachment, ...]:
        """Stored files by id."""
        return files.by_ids(self.conn, ids)
