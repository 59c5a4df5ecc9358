"""What each act changes in a case, field by field, and that it changes nothing else."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from cases.case import Act, Actor, Case, State
from cases.folds import FOLDS
from cases.lifecycle import decide, fold
from tests.cases.factory import CHEN, CLOCK, LIU, NOW, VILLAGER, WANG, case, command, county

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
    (BUSY, Act.TRANSFER, CHEN, {"state": State.FILED, "department": "nongye", **FREE}),
    (BUSY, Act.RETURN, WANG, {"state": State.FILED, "department": "zhiban", "returns": 1, **FREE}),
    (BUSY, Act.ASK, WANG, {"state": State.WAITING}),
    (case(State.WAITING), Act.SUPPLEMENT, VILLAGER, {"state": State.HANDLING}),
    (case(State.WAITING), Act.WAIT_OUT, CLOCK, {"state": State.HANDLING}),
    (LATE, Act.EXTEND, LIU, {"extended": True, "overdue": False}),
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
    (BUSY, Act.ESCALATE, LIU, {"state": State.FILED, "department": "xian-zhengfu", **FREE}),
    (BUSY, Act.SUPERVISE, LIU, {"supervised": True}),
    (BUSY, Act.URGE, VILLAGER, {"urged_at": NOW}),
    (BUSY, Act.REMIND, CLOCK, {"overdue": True}),
    (BUSY, Act.NOTE, WANG, {}),
    (BUSY, Act.TOLD, WANG, {}),
    (BUSY, Act.REVEAL, WANG, {}),
    (BUSY, Act.MUTE, CHEN, {}),
    (BUSY, Act.UNMUTE, LIU, {}),
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
    assert {row[1] for row in TABLE} == set(Act) - {Act.FILE}
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
