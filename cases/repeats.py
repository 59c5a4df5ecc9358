"""The same matter again? What two cases have in common, when others may be told, when it is a repeat. Pure.

Nothing here crosses lanes. A tip is like another only by whom it accuses (检举控告工作规则 §47: nobody learns from
a hint who else reported); a service case never is, by that. Two cases are of the same person only where both left
a contact: a hint must not give away who wrote anonymously.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from cases.case import Case, State
from config.repeats import Repeats
from config.schema import Lane, Topic

COMPARED = 400  # characters of a story that are compared
RUNNING = (State.FILED, State.HANDLING, State.WAITING)


class Why(StrEnum):
    """What two cases have in common."""

    PERSON = "person"  # 同一人
    PLACE = "place"  # 同地同类
    STORY = "story"  # 说法相近
    ACCUSED = "accused"  # 同一被反映人: tips only


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a case. `person` is 0 for whoever must not be linked; `accused` are keys of whom it names."""

    lane: Lane
    topic: str
    place: str = ""
    person: int = 0
    accused: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()  # of the story's neighbouring characters


def matter(case: Case, accused: frozenset[str] = frozenset()) -> Matter:
    """A case as it is compared; without a contact it is nobody's."""
    person = case.person if case.name or case.phone else 0
    return Matter(case.lane, case.topic, case.place, person, accused, _pairs(case.story))


def in_common(one: Matter, other: Matter, rules: Repeats) -> tuple[Why, ...]:
    """Why two matters may be the same one; () for no reason. The order of the two does not matter."""
    if one.lane is not other.lane:
        return ()
    if one.lane is Lane.TIP:
        return (Why.ACCUSED,) if one.accused & other.accused else ()
    if one.lane is not Lane.SERVICE:
        return ()
    alike = 100 * _share(one.pairs, other.pairs) >= rules.likeness
    found = {
        Why.PERSON: bool(one.person) and one.person == other.person and (_shelf(one) == _shelf(other) or alike),
        Why.PLACE: bool(one.place) and (one.topic, one.place) == (other.topic, other.place),
        Why.STORY: alike and (_shelf(one) == _shelf(other) or (bool(one.place) and one.place == other.place)),
    }
    return tuple(why for why, is_so in found.items() if is_so)


def _shelf(one: Matter) -> str:
    return one.topic[:2]


def likeness(one: str, other: str) -> float:
    """0..1: the share of neighbouring characters two texts have in common (Dice); 0 where one says nothing."""
    return _share(_pairs(one), _pairs(other))


def _share(pairs: frozenset[str], others: frozenset[str]) -> float:
    total = len(pairs) + len(others)
    return 2 * len(pairs & others) / total if total else 0.0


def _pairs(text: str) -> frozenset[str]:
    said = [char for char in unicodedata.normalize("NFKC", text[:COMPARED]).lower() if char.isalnum()]
    return frozenset(one + other for one, other in pairwise(said))


def ranked(case: Case, others: Iterable[Case], rules: Repeats) -> list[tuple[Case, tuple[Why, ...]]]:
    """The cases that may be the same matter, most in common first, then the newest; at most `similar`."""
    mine = matter(case)
    found = [(other, in_common(mine, matter(other), rules)) for other in others if other.id != case.id]
    alike = [(other, why) for other, why in found if why]
    alike.sort(key=lambda pair: (-len(pair[1]), -pair[0].opened_at.timestamp(), pair[0].id))
    return alike[: rules.similar]


# --- 重复件: the same matter again after closing -------------------------------------------------------------------


def repeated(case: Case, earlier: Iterable[Case], rules: Repeats, at: datetime) -> Case | None:
    """The case, closed at most `repeat_days` ago, that this one brings up again; the one closed last."""
    since = at - timedelta(days=rules.repeat_days)
    closed = [one for one in earlier if one.state is State.CLOSED and (one.closed_at or at) >= since]
    mine = matter(case)
    again = [one for one in closed if one.id != case.id and _same(mine, matter(one), rules)]
    return max(again, key=lambda one: (one.closed_at or at, one.id), default=None)


def _same(one: Matter, other: Matter, rules: Repeats) -> bool:
    """The same person about the same thing, or somebody else about it in like words."""
    why = in_common(one, other, rules)
    nowhere = not (one.place and other.place)
    mine = Why.PERSON in why and one.topic == other.topic and (Why.PLACE in why or nowhere)
    return mine or (Why.PLACE in why and Why.STORY in why)


# --- 附议: others have said it too ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who wants a running case solved: `case_id` is the one they hear of. Whoever came in person has no
    `person` id; there it is the number of their own case, below zero."""

    case_id: int
    person: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A case that may be joined. `people` is 0 below the floor: then nobody is told how many."""

    case_id: int
    people: int


def offer(topic: Topic, voices: Sequence[Voice], me: int, rules: Repeats) -> Offer | None:
    """What may be said to somebody about to file the same; None for nothing.

    `voices` are those of running service cases of this topic at this place. Only topics marked `joinable`, never
    one that may be about an official, and never on the word of a single person.
    """
    if topic.lane is not Lane.SERVICE or not topic.joinable or topic.ask_official:
        return None
    if any(voice.person == me for voice in voices):
        return None
    people = heads(voices)
    if people < rules.offer_from:
        return None
    followed = Counter(voice.case_id for voice in voices)
    most = max(followed, key=lambda case_id: (followed[case_id], -case_id))
    return Offer(most, said(people, rules))


def heads(voices: Iterable[Voice]) -> int:
    """How many people there are: a person once, whoever came in person once for each case."""
    return len({voice.person for voice in voices})


def said(people: int, rules: Repeats) -> int:
    """How many may be spoken of; 0 below the floor (k-anonymity, domain.md §6.10)."""
    return people if people >= rules.count_from else 0


# --- 监察建议: like cases that ask for more than answers -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """One case as it is counted. Nothing of a person is in it."""

    no: str
    topic: str
    place: str
    department: str
    opened_at: datetime
    open: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """Like cases of one topic at one `where`: a place, or a department over several places."""

    topic: str
    scope: str  # "place" | "department"
    where: str
    cases: tuple[Tally, ...]  # oldest first

    @property
    def open(self) -> int:
        """How many still run."""
        return sum(one.open for one in self.cases)

    @property
    def overdue(self) -> int:
        """How many were late."""
        return sum(one.overdue for one in self.cases)


def clusters(
    tallies: Iterable[Tally], rules: Repeats, through: Mapping[tuple[str, str, str], datetime] | None = None
) -> list[Cluster]:
    """Every topic that came up at least `advice.cases` times, by place and by department, the most first.

    A department whose cases all lie in one place is that place once more, and left out. `through` says until when
    the cases of a (topic, scope, where) were dealt with; only later ones count.
    """
    dealt = through or {}
    found: dict[tuple[str, str, str], list[Tally]] = {}
    for one in tallies:
        for key in ((one.topic, "place", one.place), (one.topic, "department", one.department)):
            if key[2] and (key not in dealt or one.opened_at > dealt[key]):
                found.setdefault(key, []).append(one)
    many = [
        Cluster(*key, tuple(sorted(ones, key=lambda one: (one.opened_at, one.no))))
        for key, ones in found.items()
        if len(ones) >= rules.advice.cases and (key[1] == "place" or len({one.place for one in ones}) > 1)
    ]
    return sorted(many, key=lambda one: (-len(one.cases), one.topic, one.scope, one.where))


# --- 村村协作: does a check ever find anything ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """One cross-check: which unit was asked, and what it found ("" while it is still to be done)."""

    unit: str
    finding: str


@dataclass(frozen=True, slots=True)
class Zeal:
    """What a unit's checks came to. `zero` is the share of checks that found nothing; None before the first."""

    unit: str
    asked: int
    done: int
    nothing: int

    @property
    def zero(self) -> float | None:
        """0..1."""
        return self.nothing / self.done if self.done else None


def zeal(checks: Iterable[Checked]) -> list[Zeal]:
    """By unit, those that found nothing most often first (监委工作报告: 村村协作流于表面)."""
    units: dict[str, list[Checked]] = {}
    for one in checks:
        units.setdefault(one.unit, []).append(one)
    found = [
        Zeal(unit, len(ones), sum(bool(one.finding) for one in ones), sum(one.finding == "none" for one in ones))
        for unit, ones in units.items()
    ]
    return sorted(found, key=lambda one: (-(one.zero or 0.0), -one.asked, one.unit))
