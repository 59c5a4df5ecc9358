"""The firewall: who is meant by what somebody wrote, and which units must learn nothing of it.

A matter is never passed to whom it is about (信访工作条例 §30, §46(5); 检举控告工作规则 §47): not to the accused unit,
not to the units under it, not to its people. A unit is known by its name and aliases in departments.yaml;
wording that names no known unit is nobody's, and such a matter goes up, never sideways.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from cases.case import Actor
from cases.routing import superiors, town_office
from config.schema import County

NEAR = 16  # characters after a unit's name within which a reproach is meant for it
SHORTEST = 2  # characters a name must have to be looked for

_UNSEEN = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f·・.,，。、\-_*]+")
Names = tuple[tuple[str, str], ...]


def folded(text: str) -> str:
    """Text as names are looked for in it: NFKC, lower case, without spaces, dots and marks nobody sees."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text).lower())


def named_units(county: County, text: str, place: str = "") -> tuple[str, ...]:
    """The departments that a text names, by name or alias; 镇政府 alone is the town's that `place` lies in.

    Every one that is named counts: for keeping something from a unit, too many are better than too few.
    """
    return tuple(dict.fromkeys(unit for _, unit in _hits(county, folded(text), place)))


def reproached(county: County, story: str, place: str = "") -> tuple[str, ...]:
    """The departments that a complaint is about: named, and a reproach follows close behind.

    A road before the town hall is no complaint about the town.
    """
    typed = folded(story)
    reproaches = _words(county, "control.reproach")
    found = [
        unit for end, unit in _hits(county, typed, place) if any(word in typed[end : end + NEAR] for word in reproaches)
    ]
    return tuple(dict.fromkeys(found))


def barred(county: County, accused: Iterable[str]) -> frozenset[str]:
    """The departments that must learn nothing: the accused, and all that stand under them."""
    named = frozenset(accused)
    if not named:
        return named
    under = {unit.id for unit in county.departments if named.intersection(superiors(county, unit.id))}
    return named | under


def is_barred(viewer: Actor, accused: Iterable[str], about: str, county: County) -> bool:
    """Whether a matter about these units and these words is to be kept from this person.

    `about` is read anew each time: a new alias, or somebody's new unit, counts at once.
    """
    units = {*accused, *named_units(county, about)} if about else set(accused)
    if viewer.unit and not units.isdisjoint({viewer.unit, *superiors(county, viewer.unit)}):
        return True
    return bool(about and len(viewer.name) >= SHORTEST and folded(viewer.name) in folded(about))


def _hits(county: County, typed: str, place: str) -> list[tuple[int, str]]:
    """Where names of units end in folded text, and whose they are. 镇政府 counts where it is no part of a name."""
    found: list[tuple[int, str]] = []
    rest = typed
    for name, unit in _known(county.department_names):
        if name in typed:
            found += [(hit.end(), unit) for hit in re.finditer(re.escape(name), typed)]
            rest = rest.replace(name, "\0" * len(name))
    town = town_office(county, place) if place else ""
    alone = _words(county, "control.the_town") if town else ()
    return found + [(hit.end(), town) for word in alone for hit in re.finditer(re.escape(word), rest)]


@lru_cache(16)
def _known(names: Names) -> Names:
    every = [(folded(name), unit) for name, unit in names]
    return tuple((name, unit) for name, unit in every if len(name) >= SHORTEST and not name.isdigit())


def _words(county: County, key: str) -> tuple[str, ...]:
    return tuple(word for texts in county.texts.values() for word in _split(texts.get(key, "")))


@lru_cache(64)
def _split(words: str) -> tuple[str, ...]:
    return tuple(word for part in words.split("|") if (word := folded(part)))
