"""Who may see what of a case: one function, and the default is no.

Every path asks it: card, list, search, count, export, notice, attachment. A path that does not is a bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from cases.case import Actor, Case, Role
from cases.firewall import is_barred
from cases.routing import superiors
from config.schema import County, Lane


class Sight(IntEnum):
    """How much of a case somebody sees; ordered, so that `sight(...) >= Sight.READ` reads well."""

    NONE = 0
    READ = 1  # the case, masked, without contact; nothing to press
    WORK = 2  # the case, and whatever lifecycle.WHO allows


def sight(viewer: Actor, case: Case, county: County) -> Sight:
    """What `viewer`, a member of staff in good standing, sees of `case`."""
    if viewer.kind != "staff" or is_barred(viewer, case.accused, case.about, county):
        return Sight.NONE
    if case.lane is Lane.TIP:
        return Sight.WORK if case.department == tip_unit(viewer, county) else Sight.NONE
    return _of_service(viewer, case, county) if case.lane is Lane.SERVICE else Sight.NONE


def _of_service(viewer: Actor, case: Case, county: County) -> Sight:
    if viewer.roles & {Role.DISPATCHER, Role.SUPERVISOR}:
        return Sight.WORK
    if Role.CLERK not in viewer.roles:
        return Sight.NONE
    if viewer.unit == case.department or viewer.unit in case.assist:
        return Sight.WORK
    if case.checker and viewer.unit == case.checker:  # until it has said what it found; WHO allows it nothing else
        return Sight.WORK
    return Sight.READ if viewer.unit in superiors(county, case.department) else Sight.NONE


def group_reader(units: Iterable[str], case: Case, county: County) -> Actor | None:
    """As whom a staff group of these units reads `case`: a clerk of one that works on it.

    None as well when it is about any of them: whatever is shown there, everybody in the group reads.
    """
    clerks = [Actor("staff", 0, "", frozenset({Role.CLERK}), unit) for unit in units]
    if any(is_barred(clerk, case.accused, case.about, county) for clerk in clerks):
        return None
    return next((clerk for clerk in clerks if sight(clerk, case, county) is Sight.WORK), None)


def tip_unit(viewer: Actor, county: County) -> str:
    """The discipline unit whose tips `viewer` may see; "" for nobody's (检举控告工作规则 §47).

    A person with a name, of a discipline unit, and a custodian there: a group chat or a command line is no person.
    """
    unit = county.department_by_id.get(viewer.unit)
    custodian = viewer.kind == "staff" and viewer.id > 0 and Role.CUSTODIAN in viewer.roles
    return unit.id if custodian and unit is not None and unit.discipline else ""


def may_read(viewer: Actor, case: Case, county: County) -> bool:
    """Whether the viewer reads what was told, and not only what it is about and by when.

    Of a child under 14 nobody does but who has claimed the case: to claim it is to answer for it, and is on record
    (未成年人网络保护条例 §36: the fewest people, each look recorded; 个人信息保护法 §28, §31).
    """
    if case.minor:
        return sight(viewer, case, county) is Sight.WORK and 0 != viewer.id == case.claimed_by
    return sight(viewer, case, county) is not Sight.NONE


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
