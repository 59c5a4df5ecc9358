"""What was promised to people over HTTP while house after house was killed."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import DATABASE


@dataclass(frozen=True)
class Finding:
    """A promise that was not kept. `lives` are the houses that may be to blame, as far as that can be said."""

    kind: str
    what: str
    lives: frozenset[int] = frozenset()


@dataclass
class Promises:
    """Everything the citizens and the clerk were told. A life is the number of a house, from 1."""

    numbers: dict[str, str] = field(default_factory=dict[str, str])  # case number: the citizen who heard it
    filed: Counter[str] = field(default_factory=Counter[str])  # by citizen: submissions, each repeated until answered
    answered: set[str] = field(default_factory=set[str])  # numbers whose answer the clerk saw accepted
    files: dict[str, str] = field(default_factory=dict[str, str])  # upload: whose it is
    cut: Counter[int] = field(default_factory=Counter[int])  # by life: requests that got no answer
    anew: Counter[int] = field(default_factory=Counter[int])  # of these: taken when they came again
    again: Counter[int] = field(default_factory=Counter[int])  # of these: known already, the stored reply came
    doubtful: dict[str, set[int]] = field(default_factory=dict[str, set[int]])  # citizen: lives that cut a submission
    repeated: int = 0  # answered messages sent once more after a crash
    findings: list[Finding] = field(default_factory=list[Finding])  # what was seen over HTTP to be wrong

    def broken(self, kind: str, what: str, *lives: int) -> None:
        """Something that no honest house does."""
        self.findings.append(Finding(kind, what, frozenset(lives)))

    def lost(self, folder: Path) -> set[str]:
        """Numbers spoken and files accepted that the database under a running house does not hold."""
        with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as raw:
            held = {str(row[0]) for row in raw.execute('SELECT no FROM "case" UNION SELECT id FROM attachment')}
        return {*self.numbers, *self.files} - held

    def undelivered(self, folder: Path) -> int:
        """Rows a running house still owes to the world."""
        with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as raw:
            return int(raw.execute("SELECT count(*) FROM outbox WHERE delivered_at IS NULL").fetchone()[0])
