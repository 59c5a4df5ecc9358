"""What happens in the demo: config/demo.yaml, read and checked. Its people and their words are data."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

import config
from cases.case import Act, Role, State
from cases.clocks import add_working_days, is_working_day
from config.explain import validate
from config.load import SiteErrors
from config.reading import read
from config.schema import County

FILE = Path(config.__file__).parent / "demo.yaml"
DAYS = 20  # working days that the demo has behind it
CITIZEN = "citizen"

_DAY = re.compile(r"(?P<day>\d+) (?P<at>\d\d:\d\d)")
_BACK = re.compile(r"-(?P<days>\d+) (?P<at>\d\d:\d\d)")
_AGO = re.compile(r"-(?P<minutes>\d+)m")
WHEN = r"^(-?\d+ \d\d:\d\d|-\d+m)$"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Model):
    """Somebody on the staff of the demo."""

    name: str
    roles: tuple[Role, ...]
    unit: str


class Person(_Model):
    """A sample citizen. One who is `away` does not read what is sent to them."""

    id: str
    away: bool = False


class Step(_Model):
    """Something done to a case: by a member of staff (by name) or by the citizen."""

    when: str = Field(pattern=WHEN)
    by: str = CITIZEN
    act: Act
    text: str = ""
    department: str = ""
    departments: str = ""
    ground: str = ""
    evidence: str = ""
    into: str = ""  # key of another case
    until: int = 0  # working days from today
    how: str = ""  # phone, visit or letter: how somebody was told
    score: int = 0


class Tip(_Model):
    """What makes a sample a tip: the rank of the accused, and who it is."""

    rank: str
    who: str


class Sample(_Model):
    """One sample case from filing to where it `ends`. `by` a citizen's id, or a clerk's name for a walk-in."""

    key: str
    by: str
    when: str = Field(pattern=WHEN)
    topic: str = ""
    place: str = ""
    tip: Tip | None = None
    story: str
    contact: str = "anonymous"
    answers: dict[str, str] = {}
    walk_in: dict[str, str] = {}
    steps: tuple[Step, ...] = ()
    ends: State


class Plan(_Model):
    """The whole demo."""

    staff: tuple[Member, ...]
    people: tuple[Person, ...]
    cases: tuple[Sample, ...]


def load_plan(path: Path = FILE) -> Plan:
    """The demo's content. Raises SiteErrors naming file and line."""
    plan, problems = validate(TypeAdapter(Plan), read(path, "config/demo.yaml"))
    if plan is None:
        raise SiteErrors(problems)
    return plan


class Calendar:
    """From the plan's words for a moment ("3 09:12", "-1 15:00", "-40m") to the moment, seen from `now`."""

    def __init__(self, county: County, now: datetime) -> None:
        self._county, self._now = county, now
        self._zone = ZoneInfo(county.office.time_zone)
        self._days = _working_days_before(now.astimezone(self._zone).date(), county)

    @property
    def began(self) -> datetime:
        """Midnight of the first day."""
        return self._at(self._days[0], "00:00")

    def moment(self, when: str) -> datetime:
        """Day n of the demo's working days, n calendar days back, or n minutes ago; UTC."""
        if found := _DAY.fullmatch(when):
            return self._at(self._days[int(found["day"])], found["at"])
        if found := _BACK.fullmatch(when):
            today = self._now.astimezone(self._zone).date()
            return self._at(today - timedelta(days=int(found["days"])), found["at"])
        found = _AGO.fullmatch(when)
        return self._now - timedelta(minutes=int(found["minutes"]) if found else 0)

    def in_working_days(self, days: int) -> date:
        """The day so many working days from today."""
        return add_working_days(self._now.astimezone(self._zone).date(), days, self._county.calendar)

    def _at(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), self._zone).astimezone(UTC)


def _working_days_before(today: date, county: County) -> list[date]:
    days: list[date] = []
    day = today
    while len(days) < DAYS:
        day -= timedelta(days=1)
        if is_working_day(day, county.calendar):
            days.append(day)
    return days[::-1]
