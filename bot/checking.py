"""Everything that is wrong with an office's files, and what will soon want a look."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from bot.site import faq_folder, load_site
from bot.store.connect import DATABASE, connect
from bot.store.keeping import WAITING
from config.load import SiteErrors, load
from config.schema import County
from faq import book as books
from faq.book import UNVERIFIED, Book
from faq.danger import load_dangers
from faq.grievance import load_grievances
from faq.hot import load_hot
from faq.lint import ERRORS, Linter
from faq.normalise import load_normaliser
from faq.problems import BookErrors
from faq.site import SiteFileError
from faq.weights import load_weights
from handlers.wording import fill

T = TypeVar("T")

SOON = timedelta(days=60)
PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Checked:
    """Errors stop the files from being used, warnings do not; each begins with file:line. `heading` is theirs."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    heading: str
    counts: str


def check(site: Path | None, today: date, data: Path | None = None) -> Checked:
    """Read everything under `site` (None: the packaged sample) and say all that is to be said; also of the office in
    `data`, when there is one: what waits for an admin's word."""
    folder = faq_folder(site)
    county, errors = _tried(lambda: load(site))
    book, wrong = _tried(lambda: books.load([folder]))
    for read in (load_normaliser, load_grievances, load_weights, load_dangers, load_hot):
        wrong += _tried(lambda read=read: read(folder))[1]
    errors = _from_here([*errors, *wrong], site)
    words = _Words(county or load(None), today)
    warnings = _from_here([*words.of_years(), *words.of_answers(book)], site)
    if data and (waits := _waiting(data / DATABASE)):
        warnings.append(words.say("keeping", n=waits))
    sizes = {"answers": len(book.entries) if book else 0, "topics": sum(1 for _ in county.topics()) if county else 0}
    counts = words.say("counts", errors=len(errors), warnings=len(warnings), **sizes)
    return Checked(tuple(errors), tuple(warnings), words.say("warnings"), counts)


def _waiting(path: Path) -> int:
    """How many cases and people are to be deleted and wait for a word; 0 where nobody can say."""
    if not path.exists():
        return 0
    with suppress(sqlite3.Error), closing(connect(path, "ro")) as raw:
        found = raw.execute("SELECT n FROM counter WHERE name=?", (WAITING,)).fetchone()
        return int(found[0]) if found else 0
    return 0


def check_answers(site: Path | None, now: datetime) -> Checked:
    """Read the answers under `site` and say what is wrong with them, in themselves and beside each other."""
    office, errors = _tried(lambda: load_site(site))
    words = _Words(office.county if office else load(None), now.astimezone().date())
    warnings: list[str] = []
    if office is not None:
        lists = office.lists
        for one in Linter(office.answers(now), lists.normaliser, lists.weights.search).findings():
            line = f"{one.file}:{one.line}: {words.say(f'faq.{one.what}', words=one.words, other=one.other)}"
            (errors if one.what in ERRORS else warnings).append(line)
        warnings += words.of_answers(office.book)
    sizes = {"answers": len(office.book.entries) if office else 0}
    errors, warnings = _from_here(errors, site), _from_here(warnings, site)
    counts = words.say("faq.counts", errors=len(errors), warnings=len(warnings), **sizes)
    return Checked(tuple(errors), tuple(warnings), words.say("warnings"), counts)


def _tried(read: Callable[[], T]) -> tuple[T | None, list[str]]:
    """What was read, or None and every problem."""
    try:
        return read(), []
    except (SiteErrors, BookErrors) as found:
        return None, [str(problem) for problem in found.problems]
    except SiteFileError as found:
        return None, [str(found)]


def _from_here(lines: Iterable[str], site: Path | None) -> list[str]:
    """The lines with their paths shortened to what follows the site's folder."""
    roots = [f"{root}/" for root in (site, PACKAGE) if root]
    return [next((line.removeprefix(root) for root in roots if line.startswith(root)), line) for line in lines]


@dataclass(frozen=True)
class _Words:
    """The warnings in the office's words."""

    county: County
    today: date

    def say(self, key: str, **gaps: object) -> str:
        return fill(self.county.texts["zh"], f"check.{key}", {name: str(value) for name, value in gaps.items()})

    def of_years(self) -> Iterator[str]:
        """This year and the next without a working calendar."""
        for year in (self.today.year, self.today.year + 1):
            if year not in self.county.calendar:
                yield f"config/holidays.yaml:1: {self.say('calendar', year=year)}"

    def of_answers(self, book: Book | None) -> Iterator[str]:
        """Files that run out, and lines that somebody still has to verify."""
        until = {entry.file: entry.valid_to for entry in book.entries} if book else {}
        for file, day in until.items():
            rows = Path(file).read_text("utf-8-sig", "replace").splitlines()
            if day <= self.today + SOON:
                yield f"{file}:{_line_of(rows, 'valid_to')}: {self._ends(day)}"
            for line, row in enumerate(rows, 1):
                if UNVERIFIED in row:
                    yield f"{file}:{line}: {self.say('unverified')}"

    def _ends(self, day: date) -> str:
        if day < self.today:
            return self.say("expired", day=day)
        return self.say("expiring", day=day, days=(day - self.today).days)


def _line_of(rows: list[str], start: str) -> int:
    return next((line for line, row in enumerate(rows, 1) if row.startswith(start)), 1)
