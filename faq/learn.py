"""What citizens' questions teach: where the answers fall short, and which words should lead to which entry.

The log is given as rows; nothing is read here and nothing is changed. What follows from it is a suggestion
until an admin accepts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rapidfuzz import fuzz, process

from faq.book import Book
from faq.pinyin import encode

__all__ = ["NONE", "Gap", "Learned", "Logged", "Miss", "gaps", "learned", "missed"]

NONE = "-"  # picked: none of these
ALIKE = 72.0  # from this likeness (0-100), in characters or in sound, two questions ask the same
PEOPLE = 2  # who have to agree before their click counts
AGREE = 0.75  # share of the clicks on the same words that must be for one entry
EXAMPLES = 5
MOST_FORMS = 4000  # newest different wordings that are grouped: the work grows with their square

Miss = Literal["none", "not_these", "not_helped", "no_click"]
Normalise = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Logged:
    """One question of the log. `picked` is an entry's id, NONE or ""; `felt` is ok, bad, file or ""; `text` is ""
    when its words were not kept; `person` only tells people apart."""

    person: int
    at: datetime
    arrival: str
    band: str
    confidence: float
    book: str
    shown: tuple[str, ...]
    picked: str = ""
    felt: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions alike that were not answered: how many people asked them, how often, how they fell short."""

    people: int
    times: int
    examples: tuple[str, ...]
    reasons: tuple[tuple[Miss, int], ...]
    shown: tuple[str, ...]  # entries that were shown for them, oftenest first
    last: datetime


@dataclass(frozen=True, slots=True)
class Learned:
    """Words that several people typed and then all chose the same entry: an alias it lacks."""

    entry_id: str
    text: str
    people: int
    form: str


@dataclass(slots=True)
class _Group:
    rows: list[tuple[Logged, Miss]] = field(default_factory=list[tuple[Logged, Miss]])

    @property
    def people(self) -> int:
        return len({row.person for row, _ in self.rows})


def missed(row: Logged) -> Miss | None:
    """How a question fell short; None when it did not, or nobody knows.

    An answer that nobody said anything to counts as an answer. Choices that nobody took do not.
    """
    if row.felt == "ok":
        return None
    if row.felt in ("bad", "file"):
        return "not_helped"
    if row.picked == NONE:
        return "not_these"
    if row.band == "none":
        return "none"
    return "no_click" if row.band == "choices" and not row.picked else None


def gaps(rows: Iterable[Logged], normalise: Normalise, book: Book | None = None) -> list[Gap]:
    """Return the misses whose words were kept, grouped by likeness; those of most people first.

    Words that the `book` has by now are no gap any more, unless its answer did not help.
    """
    known = _forms(book, normalise) if book else set[str]()
    found: list[tuple[Logged, Miss]] = []
    for row in rows:
        why = missed(row)
        if why and row.text and (why == "not_helped" or normalise(row.text) not in known):
            found.append((row, why))
    groups = _grouped(sorted(found, key=lambda pair: pair[0].at, reverse=True), normalise)
    return [_gap(group) for group in sorted(groups, key=lambda group: (-group.people, -len(group.rows)))]


def _grouped(found: Sequence[tuple[Logged, Miss]], normalise: Normalise) -> list[_Group]:
    """The same wording first; then each, the oftenest first, goes to the first group that it is like."""
    same: dict[str, _Group] = {}
    for row, why in found:
        form = normalise(row.text)
        if form in same or len(same) < MOST_FORMS:
            same.setdefault(form, _Group()).rows.append((row, why))
    leaders: list[str] = []
    sounds: list[str] = []
    groups: list[_Group] = []
    for form, group in sorted(same.items(), key=lambda item: -item[1].people):
        at = _like(form, leaders, sounds)
        if at is None:
            leaders.append(form)
            sounds.append(encode(form))
            groups.append(group)
        else:
            groups[at].rows += group.rows
    return groups


def _like(form: str, leaders: Sequence[str], sounds: Sequence[str]) -> int | None:
    for mine, theirs in ((form, leaders), (encode(form), sounds)):
        best = process.extractOne(mine, theirs, scorer=fuzz.ratio, score_cutoff=ALIKE)
        if best:
            return best[2]
    return None


def _gap(group: _Group) -> Gap:
    texts = Counter(row.text for row, _ in group.rows)
    reasons: Counter[Miss] = Counter(why for _, why in group.rows)
    shown = Counter(entry_id for row, _ in group.rows for entry_id in row.shown)
    return Gap(
        people=group.people,
        times=len(group.rows),
        examples=tuple(text for text, _ in texts.most_common(EXAMPLES)),
        reasons=tuple(reasons.most_common()),
        shown=tuple(entry_id for entry_id, _ in shown.most_common(3)),
        last=max(row.at for row, _ in group.rows),
    )


def learned(rows: Iterable[Logged], book: Book, normalise: Normalise) -> list[Learned]:
    """Return the aliases that clicks speak for: those of most people first; what an entry has already is left out."""
    chosen: dict[str, dict[str, set[int]]] = {}
    texts: dict[str, Counter[str]] = {}
    for row in rows:
        if row.text and row.picked and row.felt not in ("bad", "file"):
            form = normalise(row.text)
            chosen.setdefault(form, {}).setdefault(row.picked, set()).add(row.person)
            texts.setdefault(form, Counter())[row.text] += 1
    known = _forms(book, normalise)
    found = [
        Learned(entry_id, texts[form].most_common(1)[0][0], people, form)
        for form, votes in chosen.items()
        if form not in known
        for entry_id, people in _agreed(votes)
        if book.get(entry_id)
    ]
    return sorted(found, key=lambda one: (-one.people, one.form))


def _forms(book: Book, normalise: Normalise) -> set[str]:
    return {normalise(text) for entry in book.entries for text in (entry.question, *entry.aliases)}


def _agreed(votes: dict[str, set[int]]) -> Iterator[tuple[str, int]]:
    """The entry that enough people chose, if nearly all who chose did."""
    best = max(votes, key=lambda entry_id: len(votes[entry_id]))
    people = len(votes[best])
    if best != NONE and people >= PEOPLE and people >= AGREE * sum(map(len, votes.values())):
        yield best, people
