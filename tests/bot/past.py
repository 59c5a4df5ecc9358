"""An office with a past of a test's own, played like the demo's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.app import House, build, open_core
from bot.demo.plan import Calendar, Member, Person, Plan, Sample, load_plan
from bot.demo.play import DemoClock, Player
from bot.site import Site, load_site
from bot.store import staff
from cases.case import Role
from config.settings import Settings

WANG = Member(name="王芳", roles=(Role.CLERK,), unit="shuiwu")
LI = Member(name="李敏", roles=(Role.DISPATCHER,), unit="zhiban")
LIU = Person(id="liu")

_site: list[Site] = []


def site() -> Site:
    """The packaged files, read once for all tests of this process."""
    if not _site:
        _site.append(load_site(None))
    return _site[0]


def plan_of(*samples: Sample) -> Plan:
    """A plan with a clerk, a dispatcher and one citizen."""
    return Plan(staff=(WANG, LI), people=(LIU,), cases=samples)


def sample(key: str, story: str, **more: object) -> Sample:
    """A complaint of Liu's about yellow water, filed yesterday."""
    usual = {"by": "liu", "when": "-1 09:00", "topic": "07.02", "place": "qingshan", "ends": "filed"}
    return Sample.model_validate({"key": key, "story": story, **usual, **more})


def play(folder: Path, plan: Plan | None = None, now: datetime | None = None) -> Mapping[str, str]:
    """Play a plan (None: the demo's) into a new office in `folder`; the case numbers by the plan's keys."""
    return asyncio.run(_play(folder, plan or load_plan(), now or datetime.now(UTC)))


async def _play(folder: Path, plan: Plan, now: datetime) -> Mapping[str, str]:
    settings = Settings(data_dir=folder)
    core = open_core(settings, site())
    try:
        core.clock = clock = DemoClock()
        player = await _player(build(core, settings), clock, plan, now)
        await player.play(now)
        return player.numbers
    finally:
        await core.close()


async def _player(house: House, clock: DemoClock, plan: Plan, now: datetime) -> Player:
    calendar = Calendar(house.core.site.county, now)
    clock.stand(calendar.began)
    codes = {one.name: one for one in plan.staff}
    for one in codes.values():
        await house.core.store.write(lambda conn, one=one: staff.add(conn, one.name, one.roles, one.unit, now))
    ids = {row.name: row.id for row in await house.core.store.read(staff.list_staff)}
    addresses = {person.id: f"address of {person.id}" for person in plan.people}
    return Player(house, clock, plan, calendar, addresses, ids)
