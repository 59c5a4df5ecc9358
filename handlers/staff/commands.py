"""What staff press or type, as commands on a case. The same for the staff room and for group chats.

An inbound message of staff names the act in `choice`, the case in `case`, and carries what belongs to it in
`text` and `fields`. Whether it may happen is decided by `cases.lifecycle`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from cases.case import SHEET, Act, Actor, Case, Command, Filing, Role
from cases.lifecycle import may
from cases.routing import route
from cases.visibility import Sight, sight
from config.schema import County, Lane
from handlers.desk import Deed, Desk
from handlers.messages import Inbound
from handlers.questions.place import find

SOURCES = ("visit", "phone", "letter", "hotline")

# Every act of staff is pressed by its own name; the rest of `Act` belongs to citizens and the clock.
PRESSED = frozenset(Act) - {
    Act.FILE,
    Act.WAIT_OUT,
    Act.LAPSE,
    Act.RATE_WELL,
    Act.RATE_BADLY,
    Act.WITHDRAW,
    Act.URGE,
    Act.REMIND,
    Act.PROPOSE,  # what closing becomes where a second person has to look
    Act.RECHECK,
    Act.CONFIRM,
    Act.SECOND,
    Act.STEP_OUT,
}


@dataclass(frozen=True, slots=True)
class StaffOutcome:
    """What a message of staff causes: deeds, or the reason (a key under `illegal.`) why nothing happens."""

    deeds: tuple[Deed, ...] = ()
    error: str = ""


def answer(desk: Desk, inbound: Inbound) -> StaffOutcome:
    """The deeds behind one press. A case the viewer may not work on is one that does not exist."""
    staff = desk.staff
    if staff is None:
        return StaffOutcome(error="role")
    if inbound.choice == "file":
        return _file(desk, staff, inbound)
    case = desk.case_by_no(inbound.case)
    if case is None or sight(staff, case, desk.county) < Sight.WORK:
        return StaffOutcome(error="unknown")
    if inbound.choice not in PRESSED:
        return StaffOutcome(error="act")
    return _command(desk, staff, case, inbound)


def _command(desk: Desk, staff: Actor, case: Case, inbound: Inbound) -> StaffOutcome:
    fields = inbound.fields
    into = 0
    if other := fields.get("into", ""):
        target = desk.case_by_no(other.strip().upper())
        if target is None or not _takes_in(target, case) or sight(staff, target, desk.county) < Sight.WORK:
            return StaffOutcome(error="merge")
        into = target.id
    command = Command(
        act=Act(inbound.choice),
        by=staff,
        case_id=case.id,
        text=inbound.text.strip()[: desk.county.office.limits.story_max],
        department=fields.get("department", ""),
        departments=tuple(unit for unit in fields.get("departments", "").split(",") if unit),
        ground=fields.get("ground", ""),
        door=fields.get("door", ""),
        evidence=fields.get("evidence", "").strip()[:500],
        into=into,
        sheet=tuple((part, fields.get(part, "").strip()[:1000]) for part in SHEET if part in fields),
        finding=fields.get("finding", ""),
        until=_until(desk.county, fields.get("until", "")),
        how=fields.get("how", ""),
        whom=fields.get("whom", "").strip()[:40],
        on=_on(desk.county, fields.get("on", ""), inbound.at),
        about=tuple(duty for duty in fields.get("about", "").split(",") if duty),
        attachments=tuple(file.id for file in inbound.attachments),
        rev=int(fields["rev"]) if fields.get("rev", "").isdecimal() else 0,
    )
    return StaffOutcome((command,))


def _takes_in(target: Case, case: Case) -> bool:
    """Whether a case may be merged into this one: it goes on, and no lane is crossed."""
    return target.open and target.lane is case.lane


def _until(county: County, day: str) -> datetime | None:
    """The end of that day in the office's zone; None for what is no date."""
    try:
        date = datetime.fromisoformat(day[:10]).date()
    except ValueError:
        return None
    zone = ZoneInfo(county.office.time_zone)
    return datetime.combine(date, time.fromisoformat(county.office.day_ends), zone)


def _on(county: County, day: str, now: datetime) -> datetime | None:
    """Noon of the day on which somebody was told, or now for today; None for no day."""
    try:
        date = datetime.fromisoformat(day[:10]).date()
    except ValueError:
        return None
    zone = ZoneInfo(county.office.time_zone)
    return now if date == now.astimezone(zone).date() else datetime.combine(date, time(12), zone)


def _file(desk: Desk, staff: Actor, inbound: Inbound) -> StaffOutcome:
    """代群众登记: a walk-in or a caller, entered by a clerk who read the notice to them."""
    fields, county = inbound.fields, desk.county
    topic = county.topic_by_code.get(fields.get("topic", ""))
    story = fields.get("story", "").strip() or inbound.text.strip()
    if not staff.roles & {Role.CLERK, Role.DISPATCHER}:
        return StaffOutcome(error="role")
    if topic is None or topic.lane is not Lane.SERVICE:
        return StaffOutcome(error="topic")
    if len(story) < county.office.limits.story_min or fields.get("source") not in SOURCES:
        return StaffOutcome(error="empty")
    if fields.get("consent") != "yes":
        return StaffOutcome(error="consent")
    typed = fields.get("place", "").strip()[:100]
    found = [county.place_by_id[typed]] if typed in county.place_by_id else find(county, typed) if typed else []
    place = found[0].id if len(found) == 1 else ""
    lead, assist = route(county, topic, place)
    filing = Filing(
        case_id=desk.fresh_id(),
        by=staff,
        kind=topic.kind,
        lane=Lane.SERVICE,
        topic=topic.code,
        department=lead,
        assist=assist,
        story=story[: county.office.limits.story_max],
        place=place,
        place_text="" if typed == place else typed,
        attachments=tuple(file.id for file in inbound.attachments),
        name=fields.get("name", "").strip()[:20],
        phone=fields.get("phone", "").strip()[:20],
        urgent=fields.get("urgent") == "yes",
        channel="staff",
        on_behalf="clerk",
        source=fields["source"],
    )
    return StaffOutcome((filing,))


def can(case: Case, staff: Actor, act: str) -> bool:
    """Whether the act is one this member of staff may do to the case at all, for drawing."""
    return act in PRESSED and may(case, staff, Act(act))
