"""One office's files as a snapshot: loaded whole, checked whole, swapped whole.

A turn reads one Site from beginning to end. A broken file on reload keeps the last good Site and names file
and line; at start it stops the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from os import stat_result
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

import config
import faq
from bot import memory
from config.load import SiteErrors, load
from config.schema import County, Lane
from faq import book as books
from faq import danger
from faq.book import Book, load_vocabulary
from faq.danger import Dangers
from faq.grievance import Grievances, load_grievances
from faq.hot import load_hot
from faq.normalise import Normaliser, load_normaliser
from faq.problems import BookErrors
from faq.respond import Answers
from faq.site import SiteFileError
from faq.weights import Weights, load_weights
from handlers.desk import Prepared

if TYPE_CHECKING:
    from faq.search import Index

log = structlog.get_logger(__name__)

TOPICS_SHOWN = 5
HOT = 50  # of the most asked answers are kept in order; some of them may be over
# On tests/config/stories.tsv a topic that is sure by these figures is right 96 times in 100.
TOPIC_FLOOR = 0.2  # below this a topic does not sound like the story at all
TOPIC_SURE = 0.6  # from this on the first topic may be sure,
TOPIC_AHEAD = 1.5  # when it is this much ahead of the second
TOPIC_FAR = 0.3  # of the first: what is this far behind it would be a strange guess; 101 of 107 stories keep theirs
TOPIC_FAR_IF_SURE = 0.5
LONGEST = 2000  # characters of a message that are searched with
PIECE = 20  # characters of a dictated story that are listened to at once
PARTS_HEARD = 12

# How much a topic's category speaks for it, and having many words against it (measured on tests/config/stories.tsv).
TOPIC_LABEL = 0.5
TOPIC_PER_TEXT = 0.1

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Lists:
    """The office's word lists and numbers for matching: its own where it has them, else the shipped ones."""

    normaliser: Normaliser
    weights: Weights
    grievances: Grievances
    own_dangers: Dangers | None  # None: the shipped reader, which is read when it is needed first
    hot: tuple[str, ...]

    @property
    def dangers(self) -> Dangers:
        """What tells an emergency."""
        return self.own_dangers or danger.shipped()


@dataclass(frozen=True)
class Site:
    """The files of an office and the indexes over them.

    The files are read and checked at once. The indexes take a second: `warm` builds them beside the start, and
    whoever searches before that waits for them.
    """

    county: County
    book: Book
    lists: Lists
    stamp: Stamp
    topics: Index | None = field(default=None, repr=False, compare=False)  # of the same topics and lists, built before
    _building: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def warm(self) -> Site:
        """Build the indexes if nobody has; a second of pure work, so never on the event loop."""
        self.indexes()
        self.lists.dangers("")
        memory.give_back()
        return self

    def indexes(self) -> tuple[Index, Index]:
        """The indexes over the answers and over the topics."""
        with self._building:
            return self._indexes

    @cached_property
    def _indexes(self) -> tuple[Index, Index]:
        from faq.search import Index  # with numpy: a tenth of the time to the first page

        normaliser, weights = self.lists.normaliser, self.lists.weights.search
        answers = Index.build(self.book, normaliser, weights)
        if self.topics is not None:
            return answers, self.topics
        of_topics = replace(weights, label=TOPIC_LABEL, per_text=TOPIC_PER_TEXT)
        shelves = {topic.code: (topic.code[:2],) for topic in self.county.topics()}
        return answers, Index.build_from(_topic_texts(self.county), shelves, normaliser, of_topics)

    def answers(self, now: datetime) -> Answers:
        """What answers there are on the day of `now`, for people of this office."""
        office, asks = self.county.office, self.lists.grievances.is_asking
        day = now.astimezone(ZoneInfo(office.time_zone)).date()
        return Answers(self.indexes()[0], self.book, self.lists.weights.decide, asks, day, office.region or None)

    def ranked(self, people: Mapping[str, int]) -> tuple[str, ...]:
        """Ids of answers, those first that most people asked for, then the admin's own list; of equals the first in
        the files. `people`: how many asked for each."""
        known = [entry.id for entry in self.book.entries if people.get(entry.id)]
        return (*sorted(known, key=lambda one: -people[one])[:HOT], *self.lists.hot)

    def prepare(self, text: str, now: datetime) -> Prepared:
        """What can be known of a message before its turn; a few milliseconds of pure work."""
        words = text.strip()[:LONGEST]
        heard = self.lists.dangers(words)
        if len(words) < 2 or words.isdecimal():
            return Prepared(danger=heard)
        _, topics = self.indexes()
        verdict, _ = self.answers(now).respond(words)
        found = topics.search(words, TOPICS_SHOWN, explained=False)
        likely = [hit for hit in found if hit.score >= TOPIC_FLOOR]
        sure = _is_sure([hit.score for hit in likely])
        far = (TOPIC_FAR_IF_SURE if sure else TOPIC_FAR) * max((hit.score for hit in likely), default=0.0)
        codes = [hit.entry_id for hit in likely if hit.score >= far] or _heard_in_parts(topics, words)
        tone = self.lists.grievances
        return Prepared(verdict, tuple(codes), sure, tone(words), heard, tone.ends_asking(words))


def _is_sure(scores: list[float]) -> bool:
    """Whether the first topic stands out. Scores are best first."""
    first, second = [*scores, 0.0, 0.0][:2]
    return first >= TOPIC_SURE and first >= TOPIC_AHEAD * second


def _heard_in_parts(topics: Index, words: str) -> list[str]:
    """Topics that parts of a story sound like, best first.

    A dictated story has no commas and much around the matter: as a whole it may sound like nothing.
    """
    scores: dict[str, float] = {}
    starts = range(0, min(len(words) - PIECE // 2, PARTS_HEARD * PIECE // 2), PIECE // 2)
    for hit in (hit for at in starts for hit in topics.search(words[at : at + PIECE], TOPICS_SHOWN, explained=False)):
        scores[hit.entry_id] = max(hit.score, scores.get(hit.entry_id, TOPIC_FLOOR))
    best = sorted(scores, key=lambda code: -scores[code])
    return [code for code in best if scores[code] > TOPIC_FLOOR][:TOPICS_SHOWN]


def load_site(folder: Path | None, last: Site | None = None) -> Site:
    """Read everything under `folder` (None: the packaged sample). Raises SiteErrors, BookErrors, SiteFileError.

    What has not changed since comes from `last`: its county, its word lists, the index over its topics. An edited
    answer is to be live at once.
    """
    stamp = _stamp(folder)
    own = faq_folder(folder)
    book = books.load([own], load_vocabulary(own))
    same_lists = last is not None and _of_lists(last.stamp, own) == _of_lists(stamp, own)
    lists = last.lists if last is not None and same_lists else _lists(own)
    if last is not None and _of_county(last.stamp, own) == _of_county(stamp, own):
        return Site(last.county, book, lists, stamp, last.indexes()[1] if same_lists else None)
    return Site(load(folder), book, lists, stamp)


def reload_site(
    folder: Path | None, current: Site, tell: Callable[[bool, bool], None] = lambda broken, refused: None
) -> Site:
    """The Site as the files are now; the current one when nothing changed or something is broken.

    `tell` hears whether something is broken, and whether this is said for the first time.
    """
    if _stamp(folder) == current.stamp:
        tell(False, False)
        return current
    known = _report_once.cache_info().misses
    try:
        site = load_site(folder, last=current).warm()
    except (SiteErrors, BookErrors, SiteFileError) as errors:
        _report_once(str(errors))
        tell(True, _report_once.cache_info().misses > known)
        return current
    except Exception as error:  # what no check thought of must not end the looking for changes
        _report_once(f"{type(error).__name__} while reading the files: run `zhitong check`")
        tell(True, _report_once.cache_info().misses > known)
        return current
    tell(False, False)
    log.info("files.reloaded", entries=len(site.book.entries), version=site.book.version)
    return site


def problems(folder: Path | None, current: Site) -> list[str]:
    """What keeps the files from being served as they are now, each with file and line; [] when nothing does."""
    if _stamp(folder) == current.stamp:
        return []
    try:
        load_site(folder)
    except (SiteErrors, BookErrors) as errors:
        return [str(problem).removeprefix(f"{folder}/") for problem in errors.problems]
    except SiteFileError as error:
        return [str(error).removeprefix(f"{folder}/")]
    except Exception as error:  # as above
        return [type(error).__name__]
    return []


@lru_cache(maxsize=8)
def _report_once(errors: str) -> None:
    """A broken file is named once, not once a second."""
    log.error("files.broken", problems=errors, serving="the last good version")


def _topic_texts(county: County) -> Iterable[tuple[str, list[str]]]:
    for topic in county.topics():
        if topic.lane is not Lane.UPPER:
            shelf = county.category_by_code[topic.code[:2]]
            yield topic.code, [f"{shelf.name}{topic.name}", topic.name, topic.example, *topic.keywords]


def faq_folder(folder: Path | None) -> Path:
    """Where the answers of a site are: its own faq/, else the packaged one."""
    own = folder / "faq" if folder else None
    return own if own and own.is_dir() else Path(faq.__file__).parent


def _stamp(folder: Path | None) -> Stamp:
    """Names, times and sizes of every file that counts."""
    roots = [Path(config.__file__).parent, faq_folder(folder)]
    if folder:
        roots.append(folder / "config")
    files = [path for root in roots if root.is_dir() for path in sorted(root.rglob("*")) if _counts(path)]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path in files if (stat := _stat(path)))


def _of_county(stamp: Stamp, answers: Path) -> Stamp:
    """The part of a stamp that is about config/."""
    return tuple(one for one in stamp if not Path(one[0]).is_relative_to(answers))


def _of_lists(stamp: Stamp, answers: Path) -> Stamp:
    """The part of a stamp that is about the word lists and weights."""
    texts = (".md", ".jsonl")
    return tuple(one for one in stamp if Path(one[0]).is_relative_to(answers) and Path(one[0]).suffix not in texts)


def _lists(own: Path) -> Lists:
    return Lists(load_normaliser(own), load_weights(own), load_grievances(own), danger.own(own), load_hot(own))


def _counts(path: Path) -> bool:
    return path.suffix in (".yaml", ".md", ".jsonl", ".tsv")


def _stat(path: Path) -> stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
