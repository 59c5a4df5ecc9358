"""How often somebody may try: guesses at a query code, passwords. In memory; a restart forgives.

Where an office has several processes each tells the others of every try, so that all count alike (`share`).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from math import inf

from bot.bells import Bells

FORGET = "-"
KEPT = 10_000  # sources remembered at once; the longest quiet one is forgotten first
CROWD = 10  # what a network may try, in persons: a village's phones share an address
STORM = 20  # persons' worth of guesses a minute from which a network may try no more than one person


class Tries:
    """At most `limit` tries in `seconds` for each source, and `overall` for all together."""

    def __init__(self, limit: int, seconds: float, overall: float, clock: Callable[[], float]) -> None:
        self._limit, self._seconds, self._overall, self._clock = limit, seconds, overall, clock
        self._by_source: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()
        self._tell: Callable[[str], None] = _nobody

    def share(self, bells: Bells, name: str) -> None:
        """Count the tries of all processes that share under this name."""
        topic = ("tries", name)
        self._tell = lambda word: bells.tell(topic, word)
        bells.follow(topic, self._told)

    def wait(self, source: Hashable, limit: int = 0) -> int:
        """Seconds until this source may try again; 0 = now. `limit` may be another than usual."""
        now = self._clock()
        mine = self._by_source.get(_name(source), deque[float]())
        of_all = _wait(self._all, self._overall, self._seconds, now)
        return max(_wait(mine, limit or self._limit, self._seconds, now), of_all)

    def forget(self, source: Hashable) -> None:
        """The source has shown that it is in the right: its tries were none."""
        self._tell(FORGET + _name(source))
        self._forget(_name(source))

    def _forget(self, name: str) -> None:
        for at in self._by_source.pop(name, ()):
            with suppress(ValueError):
                self._all.remove(at)

    def recent(self) -> int:
        """How many tries there were of late, of all sources together."""
        _wait(self._all, self._overall, self._seconds, self._clock())
        return len(self._all)

    def note(self, source: Hashable) -> None:
        """Count a try."""
        self._tell(_name(source))
        self._note(_name(source))

    def _told(self, word: str) -> None:
        """Somebody tried at another process, or is forgiven."""
        if word.startswith(FORGET):
            self._forget(word.removeprefix(FORGET))
        elif word:
            self._note(word)

    def _note(self, name: str) -> None:
        now = self._clock()
        self._by_source.setdefault(name, deque()).append(now)
        self._by_source.move_to_end(name)
        self._all.append(now)
        if len(self._by_source) > KEPT:
            self._by_source.popitem(last=False)


class Guesses:
    """Tries at a query code, `limit` a minute for each person and CROWD times that for each network.

    Who has a new cookie for every guess is still one network. While the whole house is guessed at a network may
    try as much as one person, and never less: nobody's tries are used up by those of other networks.
    """

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._persons = Tries(limit, 60.0, inf, clock)
        self._networks = Tries(limit * CROWD, 60.0, inf, clock)

    def share(self, bells: Bells) -> None:
        """Count the guesses of all processes."""
        self._persons.share(bells, "guesses of a person")
        self._networks.share(bells, "guesses of a network")

    def allow(self, person: int, network: str = "") -> bool:
        """Whether this person may try now; a refused try does not count. A channel may know no network."""
        crowd = 1 if self._persons.recent() >= self._limit * STORM else CROWD
        if self._persons.wait(person) or (network and self._networks.wait(network, self._limit * crowd)):
            return False
        if network:
            self._networks.note(network)
        self._persons.note(person)
        return True


def _name(source: Hashable) -> str:
    """A source as it is counted and told: nobody's address."""
    return hashlib.sha256(repr(source).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _nobody(word: str) -> None:
    """There is no other process."""


def _wait(tries: deque[float], limit: float, seconds: float, now: float) -> int:
    while tries and tries[0] <= now - seconds:
        tries.popleft()
    return 0 if len(tries) < limit else int(tries[0] + seconds - now) + 1
