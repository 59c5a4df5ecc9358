"""Recusal 回避: what follows when it turns out later whom a matter is about.

Whoever files it may not say so, or may name a unit by words nobody knows; a dispatcher or custodian who reads it marks
the units then. From that moment on neither they nor anybody under them has, sees or hears of it (信访工作条例 §30,
§46(5)).
"""

from __future__ import annotations

from collections.abc import Iterable

from cases.case import Case
from cases.firewall import barred
from cases.routing import upward
from cases.tips import examiner
from config.schema import County, Lane


def kept_by(case: Case, accused: Iterable[str], county: County) -> str:
    """The unit that has `case` once it is about `accused`: its own, or the nearest above; "" when nobody is left."""
    closed = barred(county, accused)
    if case.department not in closed:
        return case.department
    if case.lane is Lane.TIP:
        return examiner(county, case.department, accused)
    return upward(county, case.department, closed) or upward(county, county.office.duty_department, closed)


def recusal(case: Case, accused: Iterable[str], county: County) -> dict[str, str]:
    """What the event says beside the units: which helpers and checker leave it, and where it goes if it has to."""
    named = frozenset(accused)
    closed, keeper = barred(county, named), kept_by(case, named, county)
    without = ",".join(unit for unit in (*case.assist, case.checker) if unit in closed)
    moved = {} if keeper == case.department else {"department": keeper}
    return {"without": without, **moved} if without else moved
