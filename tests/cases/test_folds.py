"""What each act changes in a case, field by field, and that it changes nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from cases.case import Act, Actor, Case, State
from cases.folds import FOLDS, NOTHING_PENDING
from cases.lifecycle import decide, fold
from cases.tips import ONLY
from tests.cases.factory import ASKED, CHEN, CLOCK, LIU, NOW, QIAN, VILLAGER, WANG, ZHAO, case, command, county

EARLIER = NOW - timedelta(hours=1)
WANGS = {"claimed_by": WANG.id, "claimed_name": "王芳"}
FREE: dict[str, Any] = {"claimed_by": 0, "claimed_name": ""}
BUSY = case(State.HANDLING, **WANGS)
LATE = case(State.HANDLING, overdue=True)
CLOSED = case(State.CLOSED)
RATED = case(State.ANSWERED, score=2, bad_ratings=1, **WANGS)

TABLE: list[tuple[Case, Act, Actor, dict[str, Any]]] = [
    (case(), Act.CLAIM, WANG, WANGS),
    (BUSY, Act.RELEASE, WANG, FREE),
    (case(), Act.ACCEPT, WANG, {"state": State.HANDLING, **WANGS}),
    (case(), Act.ACCEPT, CHEN, {"state": State.HANDLING}),
    (case(), Act.REFUSE, WANG, {"state": State.REFUSED, "closed_at": NOW}),
    (BUSY, Act.TRANSFER, CHEN, {"state": State.FILED, "department": "nongye", "since": NOW, **FREE}),
    (BUSY, Act.RETURN, WANG, {"state": State.FILED, "department": "zhiban", "returns": 1, "since": NOW, **FREE}),
    (BUSY, Act.ASK, WANG, {"state": State.WAITING}),
    (case(State.WAITING), Act.SUPPLEMENT, VILLAGER, {"state": State.HANDLING}),
    (case(State.WAITING), Act.WAIT_OUT, CLOCK, {"state": State.HANDLING}),
    (BUSY, Act.REQUEST, WANG, {**ASKED, "pending_by": WANG.id}),
    (replace(LATE, **ASKED), Act.EXTEND, LIU, {"extended": True, "overdue": False, **NOTHING_PENDING}),
    (replace(BUSY, **ASKED), Act.DECLINE, LIU, NOTHING_PENDING),
    (BUSY, Act.REPLY, ZHAO, {}),
    (BUSY, Act.PROGRESS, WANG, {}),
    (case(State.ANSWERED), Act.PROPOSE, CHEN, {"pending": "close", "pending_by": CHEN.id}),
    (replace(BUSY, **ASKED), Act.ANSWER, WANG, {"state": State.ANSWERED, "answered_at": NOW, **NOTHING_PENDING}),
    (CLOSED, Act.RECHECK, CLOCK, {"rechecked_at": NOW}),
    (replace(CLOSED, rechecked_at=EARLIER), Act.CONFIRM, VILLAGER, {"rechecked_at": None}),
    (BUSY, Act.ASSIST, CHEN, {"assist": ("minzheng", "hekou")}),
    (BUSY, Act.ANSWER, WANG, {"state": State.ANSWERED, "answered_at": NOW}),
    (LATE, Act.ANSWER, WANG, {"state": State.ANSWERED, "answered_at": NOW, "overdue": False, **WANGS}),
    (RATED, Act.ANSWER, WANG, {"answered_at": NOW, "score": 0}),
    (case(State.ANSWERED), Act.RATE_WELL, VILLAGER, {"state": State.CLOSED, "score": 5, "closed_at": NOW}),
    (CLOSED, Act.RATE_WELL, VILLAGER, {"score": 5}),
    (CLOSED, Act.RATE_BADLY, VILLAGER, {"state": State.HANDLING, "score": 1, "bad_ratings": 1, "closed_at": None}),
    (case(State.ANSWERED), Act.LAPSE, CLOCK, {"state": State.CLOSED, "closed_at": NOW}),
    (case(State.ANSWERED), Act.CLOSE, WANG, {"state": State.CLOSED, "closed_at": NOW}),
    (case(State.CLOSED, score=4), Act.REOPEN, LIU, {"state": State.HANDLING, "closed_at": None, "score": 0}),
    (BUSY, Act.WITHDRAW, VILLAGER, {"state": State.WITHDRAWN, "closed_at": NOW, **FREE}),
    (BUSY, Act.MERGE, CHEN, {"state": State.MERGED, "closed_at": NOW, "merged_into": 8, **FREE}),
    (BUSY, Act.ESCALATE, LIU, {"state": State.FILED, "department": "xian-zhengfu", "since": NOW, **FREE}),
    (BUSY, Act.SUPERVISE, LIU, {"supervised": True}),
    (BUSY, Act.URGE, VILLAGER, {"urged_at": NOW}),
    (BUSY, Act.REMIND, CLOCK, {"overdue": True}),
    (BUSY, Act.NOTE, WANG, {}),
    (BUSY, Act.TOLD, WANG, {}),
    (BUSY, Act.REVEAL, WANG, {}),
    (BUSY, Act.MUTE, CHEN, {}),
    (BUSY, Act.UNMUTE, LIU, {}),
    (case(State.MERGED, merged_into=8), Act.SPLIT, CHEN, {"state": State.FILED, "merged_into": 0, "closed_at": None}),
    (BUSY, Act.SECOND, VILLAGER, {}),
    (case(name="罗大勇", phone="0000"), Act.STEP_OUT, VILLAGER, {"person": 0, "name": "", "phone": "", "left": True}),
    (BUSY, Act.REVIEW, WANG, {"reviewed": True}),
    (CLOSED, Act.CROSSCHECK, LIU, {"checker": "nongye"}),
    (case(State.CLOSED, checker="nongye"), Act.CHECKED, QIAN, {"checker": ""}),
    (BUSY, Act.ACCUSE, CHEN, {"accused": ("hekou",)}),
    (BUSY, Act.HOLD, LIU, {"hold": True}),
    (case(hold=True), Act.UNHOLD, LIU, {"hold": False}),
]  # fmt: skip


def changed(before: Case, after: Case) -> dict[str, Any]:
    """The fields in which two cases differ."""
    names = [each.name for each in fields(Case)]
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


@pytest.mark.parametrize(("held", "act", "by", "expected"), TABLE, ids=[f"{row[1]}-{row[0].state}" for row in TABLE])
def test_an_act_changes_this_and_nothing_else(held: Case, act: Act, by: Actor, expected: dict[str, Any]) -> None:
    (event,) = decide(held, command(act, by), NOW, county())[:1]
    assert changed(held, fold(held, event)) == {"rev": held.rev + 1, **expected}


def test_every_act_is_in_the_table() -> None:
    assert {row[1] for row in TABLE} == set(Act) - {Act.FILE} - ONLY
    assert set(FOLDS) <= set(Act)


@pytest.mark.parametrize(
    ("duty", "step", "overdue"),
    [("answer", "due", True), ("answer", "80", False), ("answer", "50", False), ("accept", "due", False)],
)
def test_only_a_late_answer_is_overdue(duty: str, step: str, overdue: bool) -> None:
    (event,) = decide(BUSY, command(Act.REMIND, CLOCK, text=duty, evidence=step), NOW, county())
    assert fold(BUSY, event).overdue is overdue


def test_whoever_holds_a_case_keeps_it_when_a_dispatcher_answers() -> None:
    (event,) = decide(BUSY, command(Act.ANSWER, CHEN), NOW, county())
    assert fold(BUSY, event).claimed_by == WANG.id


def test_the_first_closing_is_remembered() -> None:
    (event,) = decide(CLOSED, command(Act.RATE_WELL, VILLAGER), NOW, county())
    assert fold(CLOSED, event).closed_at == EARLIER
