"""Category and place to department: every case has an owner the moment it is filed, and never the accused."""

from __future__ import annotations

from config.schema import County, Topic

TOWN = "town"  # in categories.yaml: the office of the town where it happened


def route(county: County, topic: Topic, place: str, never: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """The department that answers, and those that assist.

    A unit in `never` is stepped over upward, not sideways (信访工作条例 §30: a matter is not passed to whom it
    is about). Where nobody is named, or nobody is left above, the duty office decides, or who is above it.
    """
    named = [_resolve(county, unit, place) for unit in (topic.department, *topic.assist)]
    lead, *assist = named
    duty = county.office.duty_department
    lead = upward(county, lead, never) or upward(county, duty, never) or duty
    others = tuple(dict.fromkeys(unit for unit in assist if unit and unit != lead and unit not in never))
    return lead, others


def town_office(county: County, place: str) -> str:
    """The department of the town that a place lies in; "" when the place is not known."""
    known = county.place_by_id.get(place)
    while known:
        if known.department:
            return known.department
        known = county.place_by_id.get(known.parent)
    return ""


def superiors(county: County, unit: str) -> tuple[str, ...]:
    """The units above `unit`, nearest first."""
    above: list[str] = []
    known = county.department_by_id.get(unit)
    while known and known.parent and known.parent not in (unit, *above):
        above.append(known.parent)
        known = county.department_by_id.get(known.parent)
    return tuple(above)


def _resolve(county: County, unit: str, place: str) -> str:
    return town_office(county, place) if unit == TOWN else unit


def upward(county: County, unit: str, never: frozenset[str]) -> str:
    """The unit itself or the nearest above it that is not in `never`; "" for none."""
    for candidate in (unit, *superiors(county, unit)):
        if candidate in county.department_by_id and candidate not in never:
            return candidate
    return ""
