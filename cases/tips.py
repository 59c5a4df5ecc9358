"""The law of a tip 检举控告: what may be done to it, its two clocks, and where it goes.

A tip lives in the same states as any case, with fewer acts: it is never assisted with, pressed, rated, merged or
shown to a group. Acceptance is told within 15 working days of receipt, the result within 15 working days of the
conclusion (检举控告工作规则, domain.md §2); repeat tips and examination itself have no clock here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from cases.case import Act, Actor, Case, Role, State
from cases.firewall import barred, folded, named_units
from cases.routing import superiors
from config.schema import County, Lane

ACTS = frozenset(
    {Act.FILE, Act.CLAIM, Act.RELEASE, Act.ACCEPT, Act.REFUSE, Act.TRANSFER, Act.ASK, Act.SUPPLEMENT, Act.WAIT_OUT}
    | {Act.CONCLUDE, Act.ANSWER, Act.CLOSE, Act.REOPEN, Act.NOTE, Act.REMIND, Act.ACCUSE}
)
ONLY = frozenset({Act.CONCLUDE})  # what no service case knows

TOLD = frozenset({Act.ACCEPT, Act.REFUSE, Act.ASK, Act.ANSWER})
"""What the informant gets a notice of, without a word of what it is about."""

_SHOWN = {State.FILED: "received", State.HANDLING: "accepted", State.WAITING: "accepted"}


def stage(case: Case) -> str:
    """All that progress says of a tip: received 已收到, accepted 已受理, told 已反馈."""
    return _SHOWN.get(case.state, "told")


def hats(case: Case, actor: Actor) -> frozenset[str]:
    """As what a member of staff stands before a tip: whoever of its discipline unit sees it does everything there."""
    here = actor.id > 0 and actor.unit == case.department and Role.CUSTODIAN in actor.roles
    return frozenset({"handler", str(Role.DISPATCHER)}) if here else frozenset()


def examiner(county: County, named: str, accused: Iterable[str]) -> str:
    """The discipline unit a tip goes to: the topic's, or the nearest above that it is not about; "" for none."""
    closed = barred(county, accused)
    first = county.department_by_id.get(named)
    start = named if first and first.discipline else _office(county)
    for unit in (start, *superiors(county, start)):
        known = county.department_by_id.get(unit)
        if known and known.discipline and unit not in closed:
            return unit
    return ""


def _office(county: County) -> str:
    """The office's own discipline unit: the one its topics of that lane name."""
    return next((topic.department for topic in county.topics() if topic.lane is Lane.TIP), "")


def is_above(county: County, who: str) -> bool:
    """Whether the accused, as the informant named them, are not this office's to examine (检举控告规则 §15).

    Our own discipline staff are not either: a complaint about them bypasses them.
    """
    rules, typed = county.office.tips, folded(who)
    if any(folded(word) in typed for word in rules.upper_words):
        return True
    own = {unit.id for unit in county.departments if unit.discipline}
    return not own.union(rules.upper_units).isdisjoint(named_units(county, who))


def day_of(at: datetime, county: County) -> datetime:
    """The beginning of the day in the office's zone: what is kept of the moment of anything about a tip.

    To the minute it would stand beside the sender's own traces, which are kept to the microsecond.
    """
    zone = ZoneInfo(county.office.time_zone)
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
