"""A cast, a small county and cases in any state: what the tests of cases/ begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cases.case import Act, Actor, Case, Command, Role, State
from cases.clocks import Obligation, duties_after, with_duties
from cases.lifecycle import decide, fold
from config.schema import County, Kind, Lane, Limits
from tests.config.small import sample

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, 10:00 at the office
CASE_ID = 7
UNITS = ("xian-zhengfu", "zhiban", "shuiwu", "nongye", "minzheng", "hekou", "shi-jijian", "jijian")


def _staff(number: int, name: str, unit: str, *roles: Role) -> Actor:
    return Actor("staff", number, name, frozenset(roles), unit)


WANG = _staff(1, "王芳", "shuiwu", Role.CLERK)  # the water bureau has the case
LI = _staff(2, "李强", "shuiwu", Role.CLERK)  # her colleague
ZHAO = _staff(3, "赵敏", "minzheng", Role.CLERK)  # civil affairs assists
QIAN = _staff(4, "钱进", "nongye", Role.CLERK)  # agriculture has nothing to do with it
SUN = _staff(5, "孙丽", "xian-zhengfu", Role.CLERK)  # the county office is above all
CHEN = _staff(6, "陈伟", "zhiban", Role.DISPATCHER)
LIU = _staff(7, "刘洋", "xian-zhengfu", Role.SUPERVISOR)
ZHOU = _staff(8, "周静", "xian-zhengfu", Role.CUSTODIAN)
HE = _staff(9, "何平", "zhiban", Role.ADMIN)
MA = _staff(10, "马超", "zhiban", Role.CLERK, Role.DISPATCHER)  # two hats
VILLAGER = Actor("citizen", 900)
CLOCK = Actor("clock")
STAFF = (WANG, LI, ZHAO, QIAN, SUN, CHEN, LIU, ZHOU, HE, MA)
EVERYBODY = (*STAFF, VILLAGER, CLOCK)


def remade(county: County, **changes: Any) -> County:
    """The county with some fields replaced; look-ups already made are made again."""
    fields = {name: getattr(county, name) for name in County.model_fields}
    return County(**{**fields, **changes})


@cache
def county(**limits: int) -> County:
    """The sample county with eight units, and with other limits where they are named."""
    whole = sample()
    office = whole.office.model_copy(update={"limits": Limits(**{**whole.office.limits.model_dump(), **limits})})
    return remade(whole, office=office, departments=tuple(whole.department_by_id[unit] for unit in UNITS))


def case(state: State = State.FILED, **changes: Any) -> Case:
    """A case of the water bureau in this state, an hour after the last thing that happened to it."""
    then = NOW - timedelta(hours=1)
    held = Case(
        id=CASE_ID,
        no="MS20261120-0007",
        lane=Lane.SERVICE,
        kind=Kind.HELP,
        topic="07.01",
        department="shuiwu",
        state=state,
        opened_at=then,
        assist=("minzheng",),
        rev=3,
        place="qingshan",
        story="停水三天了，没得人管",
        person=VILLAGER.id,
        accept_by=NOW + timedelta(days=2),
        answer_by=NOW + timedelta(days=9),
    )
    if state in (State.ANSWERED, State.CLOSED):
        held = replace(held, answered_at=then)
    if not held.open:
        held = replace(held, closed_at=then)
    return replace(held, **changes)


FULL: dict[Act, dict[str, Any]] = {  # what each act has to bring along
    Act.REFUSE: {"ground": "susong"},
    Act.TRANSFER: {"department": "nongye"},
    Act.RETURN: {"text": "不归我们管"},
    Act.ASK: {"text": "请说清是哪一组"},
    Act.SUPPLEMENT: {"text": "是三组"},
    Act.REQUEST: {"text": "要等配件", "until": NOW + timedelta(days=30)},
    Act.EXTEND: {"text": "要等配件"},
    Act.DECLINE: {"text": "配件三天能到"},
    Act.REPLY: {"text": "低保没有停，已查过"},
    Act.PROGRESS: {"text": "配件已经订了"},
    Act.PROPOSE: {"text": "已通水", "evidence": "现场照片"},
    Act.ASSIST: {"departments": ("minzheng", "hekou")},
    Act.ANSWER: {"text": "已抢修，今晚来水"},
    Act.RATE_WELL: {"score": 5},
    Act.RATE_BADLY: {"score": 1, "text": "还是没水"},
    Act.CLOSE: {"text": "已通水", "evidence": "现场照片"},
    Act.REOPEN: {"text": "回头看不合格"},
    Act.MERGE: {"into": 8},
    Act.NOTE: {"text": "等水厂回话"},
    Act.TOLD: {"text": "说了今晚来水", "how": "phone"},
    Act.CONCLUDE: {"text": "查清了"},
    Act.HOLD: {"text": "正在复查"},
    Act.UNHOLD: {"text": "复查完了"},
    Act.REMIND: {"text": "answer", "evidence": "due"},
    Act.SPLIT: {"text": "不是同一处"},
    Act.SECOND: {"text": "我家也停水"},
    Act.REVIEW: {"sheet": (("handling", "修过一次"), ("history", "去年也停"), ("conduct", "无"), ("demand", "合理"))},
    Act.CROSSCHECK: {"department": "nongye"},
    Act.ACCUSE: {"departments": ("hekou",), "text": "说的是镇里的人"},
    Act.CHECKED: {"text": "到户看过，有水", "attachments": ("photo",), "finding": "none"},
}


ASKED: dict[str, Any] = {"pending": "extend", "pending_by": LI.id, "pending_until": NOW + timedelta(days=30)}
CLAIMED: dict[str, Any] = {"claimed_by": WANG.id, "claimed_name": WANG.name}
NEEDS: dict[Act, dict[str, Any]] = {  # what has to have happened before
    Act.RELEASE: CLAIMED,
    Act.EXTEND: ASKED,
    Act.DECLINE: ASKED,
    Act.CONFIRM: {"rechecked_at": NOW - timedelta(days=1)},
    Act.REOPEN: {"rechecked_at": NOW - timedelta(days=1)},
    Act.CHECKED: {"checker": QIAN.unit},
}


def ready(state: State, act: Act, **changes: Any) -> Case:
    """A case in this state to which the act may be done, if the state allows it at all."""
    return case(state, **{**NEEDS.get(act, {}), **changes})


def command(act: Act, by: Actor, **changes: Any) -> Command:
    """A command that has all its act has to bring along."""
    return Command(act, by, CASE_ID, **{**FULL.get(act, {}), **changes})


def done(held: Case, *steps: Command, at: datetime = NOW, where: County | None = None) -> Case:
    """The case after these commands, dates and all."""
    return told(held, *steps, at=at, where=where)[0]


def told(
    held: Case, *steps: Command, at: datetime = NOW, where: County | None = None
) -> tuple[Case, list[tuple[Act, tuple[Obligation, ...]]]]:
    """The case after these commands, and what happened: each event's act with the duties it laid."""
    place = where or county()
    happened: list[tuple[Act, tuple[Obligation, ...]]] = []
    for step in steps:
        for event in decide(held, step, at, place):
            held = fold(held, event)
            duties = duties_after(event, held, place)
            held = with_duties(held, duties)
            happened.append((event.act, duties))
    return held, happened
