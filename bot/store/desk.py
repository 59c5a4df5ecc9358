"""The desk over one connection: what handlers may look at, read in the transaction of their turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection

from bot.store import cases, files, letters, repeats, tips
from bot.store.vault import Vault
from cases.case import TIP_IDS, Actor, Case, Event, is_tip
from cases.repeats import Voice
from config.schema import County
from faq.book import Book, Entry
from faq.decide import usable
from handlers.desk import Citizen, Prepared
from handlers.messages import Attachment, Letter
from handlers.time_words import local_day

CODE_VERSION = 1
MOST_ASKED = 5


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
    hot: tuple[str, ...] = ()  # ids of answers, most asked first
    heard: dict[tuple[str, str], tuple[Voice, ...]] = field(default_factory=dict[tuple[str, str], tuple[Voice, ...]])

    def speaking(self, lang: str) -> StoreDesk:
        """The same desk for somebody who reads `lang`."""
        return self if lang == self.lang else replace(self, lang=lang)

    def fresh_id(self) -> int:
        """A new case id."""
        return self.fresh()

    def fresh_tip_id(self) -> int:
        """A new tip's id."""
        return TIP_IDS | secrets.randbelow(TIP_IDS)

    def entry(self, entry_id: str) -> Entry | None:
        """A policy answer by id."""
        return self.book.get(entry_id)

    def policies(self) -> tuple[str, ...]:
        """Policies that have answers, in the order of the files."""
        return tuple(dict.fromkeys(entry.policy for entry in self.book.entries if entry.policy))

    def entries_of(self, policy: str) -> tuple[Entry, ...]:
        """The answers of one policy."""
        return self.book.of_policy(policy)

    def asked_most(self) -> tuple[Entry, ...]:
        """The most asked answers that the files still have and that may be answered today."""
        day, region = local_day(self.county, self.now), self.county.office.region or None
        known = (entry for one in dict.fromkeys(self.hot) if (entry := self.book.get(one)))
        return tuple(islice((entry for entry in known if usable(entry, day, region)), MOST_ASKED))

    def my_cases(self, limit: int = 20, skip: int = 0) -> tuple[Case, ...]:
        """The citizen's own cases, newest first."""
        return tuple(cases.of_person(self.conn, self.vault, self.citizen.id, limit, skip))

    def holdings(self) -> Mapping[str, int]:
        """How many cases and letters there are of the citizen."""
        mine = self.citizen.id
        return {"cases": cases.count_of_person(self.conn, mine), "letters": letters.count(self.conn, mine)}

    def old_letters(self, skip: int, limit: int) -> tuple[Letter, ...]:
        """The citizen's talk from its beginning."""
        return letters.from_the_first(self.conn, self.vault, self.citizen.id, skip, limit)

    def my_tips(self) -> tuple[Case, ...]:
        """The tips this citizen handed in."""
        return tuple(tips.of_person(self.conn, self.vault, self.citizen.id))

    def follows(self, case_id: int) -> bool:
        """Whether the citizen follows the case."""
        if is_tip(case_id):
            return tips.is_of_person(self.conn, self.vault, self.citizen.id, case_id)
        return cases.follows(self.conn, case_id, self.citizen.id)

    def voices(self, topic: str, place: str) -> tuple[Voice, ...]:
        """Who wants a running case of this topic at this place solved."""
        if (topic, place) not in self.heard:  # a question is asked, and checked, several times in a turn
            since = self.now - timedelta(days=self.county.repeats.recent_days)
            self.heard[topic, place] = repeats.voices(self.conn, topic, place, since)
        return self.heard[topic, place]

    def others(self, case_id: int) -> int:
        """How many people besides the citizen still wait for the case."""
        return repeats.others(self.conn, case_id, self.citizen.id)

    def joined(self, case_id: int) -> bool:
        """Whether the citizen joined the case."""
        return repeats.joined(self.conn, case_id, self.citizen.id)

    def joined_cases(self) -> tuple[Case, ...]:
        """The cases the citizen joined, newest first."""
        return tuple(repeats.joined_by(self.conn, self.vault, self.citizen.id))

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
        tip = no.startswith(self.county.office.tip_prefix)
        right = self.vault.ring.check_code(code, case_id, CODE_VERSION, tip)
        return cases.by_id(self.conn, self.vault, case_id) if right else None

    def events(self, case_id: int) -> tuple[Event, ...]:
        """What happened to a case."""
        return tuple(cases.events(self.conn, self.vault, case_id))

    def letters(self, limit: int = 200) -> tuple[Letter, ...]:
        """The citizen's talk."""
        return letters.of_person(self.conn, self.vault, self.citizen.id, limit=limit)

    def attachments(self, ids: tuple[str, ...]) -> tuple[Attachment, ...]:
        """Stored files by id."""
        return files.by_ids(self.conn, self.vault, ids)
