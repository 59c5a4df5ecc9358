"""Who may see what of a case: one function, and the default is no.

Every path asks it: card, list, search, count, export, notice, attachment. A path that does not is a bug.
"""

from __future__ import annotations

from enum import IntEnum

from cases.case import Actor, Case, Role
from cases.routing import superiors
from config.schema import County, Lane


class Sight(IntEnum):
    """How much of a case somebody sees; ordered, so that `sight(...) >= Sight.READ` reads well."""

    NONE = 0
    READ = 1  # the case, masked, without contact; nothing to press
    WORK = 2  # the case, and whatever lifecycle.WHO allows


def sight(viewer: Actor, case: Case, county: County) -> Sight:
    """What `viewer`, a member of staff in good standing, sees of `case`."""
    if viewer.kind != "staff" or case.lane is not Lane.SERVICE:
        return Sight.NONE
    if viewer.roles & {Role.DISPATCHER, Role.SUPERVISOR}:
        return Sight.WORK
    if Role.CLERK not in viewer.roles:
        return Sight.NONE
    if viewer.unit == case.department or viewer.unit in case.assist:
        return Sight.WORK
    return Sight.READ if viewer.unit in superiors(county, case.department) else Sight.NONE


def departments_in_sight(viewer: Actor, county: County) -> tuple[str, ...] | None:
    """The departments whose service cases `viewer` may list; None means all, () means none.

    A narrowing for queries only: cases that the viewer's unit assists with come on top, and every row that
    comes back is still put to `sight`.
    """
    if viewer.kind != "staff":
        return ()
    if viewer.roles & {Role.DISPATCHER, Role.SUPERVISOR}:
        return None
    if Role.CLERK not in viewer.roles:
        return ()
    return tuple(
        unit.id for unit in county.departments if unit.id == viewer.unit or viewer.unit in superiors(county, unit.id)
    )
