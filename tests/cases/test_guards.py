"""What an act needs beyond state and person, as a table; the edges of every window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from cases.case import Act, Actor, Case, State
from cases.guards import GUARDS, reopenable
from cases.lifecycle import Illegal, decide
from config.schema import County, Ground
from handlers.desk import Desk
from handlers.messages import Inbound
from handlers.staff import commands
from tests.cases.factory import CHEN, LIU, NOW, VILLAGER, WANG, case, command, county, remade
from tests.config.small import sample

HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def refusal(held: Case, act: Act, by: Actor, where: County | None = None, **changes: Any) -> str:
    """The reason why a command may not be; "" when it may."""
    try:
        decide(held, command(act, by, **changes), NOW, where or county())
    except Illegal as illegal:
        return illegal.reason
    return ""


HANDLING, ANSWERED, CLOSED = case(State.HANDLING), case(State.ANSWERED), case(State.CLOSED)
LONG_AGO = case(State.CLOSED, closed_at=NOW - 30 * DAY - TICK)

TABLE: list[tuple[str, Case, Act, Actor, dict[str, Any], str]] = [
    ("a refusal without a ground", case(), Act.REFUSE, WANG, {"ground": ""}, "ground"),
    ("a ground not on the list", case(), Act.REFUSE, WANG, {"ground": "annoying"}, "ground"),
    ("a door of one's own choice", case(), Act.REFUSE, WANG, {"door": "12345"}, ""),
    ("a door that is not there", case(), Act.REFUSE, WANG, {"door": "nowhere"}, "door"),
    ("transfer to nobody", HANDLING, Act.TRANSFER, CHEN, {"department": ""}, "department"),
    ("transfer to a unit that is not", HANDLING, Act.TRANSFER, CHEN, {"department": "moon"}, "department"),
    ("transfer to where it is", HANDLING, Act.TRANSFER, CHEN, {"department": "shuiwu"}, "department"),
    ("transfer to discipline staff", HANDLING, Act.TRANSFER, CHEN, {"department": "jijian"}, "department"),
    ("a return without a word", HANDLING, Act.RETURN, WANG, {"text": ""}, "empty"),
    ("a third return", case(returns=2), Act.RETURN, WANG, {}, "returned"),
    ("a second return", case(returns=1), Act.RETURN, WANG, {}, ""),
    ("asking nothing", HANDLING, Act.ASK, WANG, {"text": "  "}, "empty"),
    ("answering nothing", HANDLING, Act.ANSWER, WANG, {"text": "\u3000\n"}, "empty"),
    ("noting nothing", HANDLING, Act.NOTE, WANG, {"text": ""}, "empty"),
    ("telling nothing", HANDLING, Act.TOLD, WANG, {"text": ""}, "empty"),
    ("supplementing nothing", HANDLING, Act.SUPPLEMENT, VILLAGER, {"text": ""}, "empty"),
    ("supplementing a picture", HANDLING, Act.SUPPLEMENT, VILLAGER, {"text": "", "attachments": ("a",)}, ""),
    ("supervising", HANDLING, Act.SUPERVISE, LIU, {}, ""),
    ("supervising once more", case(State.HANDLING, supervised=True), Act.SUPERVISE, LIU, {}, "supervised"),
    ("muting whoever came in person", case(person=0), Act.MUTE, CHEN, {}, "nobody"),
    ("muting whoever wrote", case(), Act.MUTE, CHEN, {}, ""),
    ("ending a mute of nobody", case(person=0), Act.UNMUTE, CHEN, {}, "nobody"),
    ("helpers: none", HANDLING, Act.ASSIST, CHEN, {"departments": ()}, "department"),
    ("helpers: the handler", HANDLING, Act.ASSIST, CHEN, {"departments": ("hekou", "shuiwu")}, "department"),
    ("helpers: a unit that is not", HANDLING, Act.ASSIST, CHEN, {"departments": ("moon",)}, "department"),
    ("helpers: discipline staff", HANDLING, Act.ASSIST, CHEN, {"departments": ("jijian",)}, "department"),
    ("an extension without a reason", HANDLING, Act.EXTEND, LIU, {"text": ""}, "empty"),
    ("an extension without a date", HANDLING, Act.EXTEND, LIU, {"until": None}, "until"),
    ("an extension to the same day", HANDLING, Act.EXTEND, LIU, {"until": HANDLING.answer_by}, "until"),
    ("an extension by 30 days", HANDLING, Act.EXTEND, LIU, {"until": NOW + 39 * DAY}, ""),
    ("an extension by more than 30", HANDLING, Act.EXTEND, LIU, {"until": NOW + 39 * DAY + TICK}, "too_far"),
    ("an extension by a tick", HANDLING, Act.EXTEND, LIU, {"until": NOW + 9 * DAY + TICK}, ""),
    ("a second extension", case(State.HANDLING, extended=True), Act.EXTEND, LIU, {}, "extended"),
    (
        "an extension into the past",
        case(State.HANDLING, answer_by=NOW - 3 * DAY),
        Act.EXTEND,
        LIU,
        {"until": NOW - DAY},
        "until",
    ),
    ("urging", HANDLING, Act.URGE, VILLAGER, {}, ""),
    ("urging again at once", case(urged_at=NOW - 24 * HOUR + TICK), Act.URGE, VILLAGER, {}, "urged"),
    ("urging again after a day", case(urged_at=NOW - 24 * HOUR), Act.URGE, VILLAGER, {}, ""),
    ("six stars", ANSWERED, Act.RATE_WELL, VILLAGER, {"score": 6}, "score"),
    ("no stars", ANSWERED, Act.RATE_BADLY, VILLAGER, {"score": 0}, "score"),
    ("two stars are bad", ANSWERED, Act.RATE_WELL, VILLAGER, {"score": 2}, "score"),
    ("three stars are good", ANSWERED, Act.RATE_BADLY, VILLAGER, {"score": 3}, "score"),
    ("three stars", ANSWERED, Act.RATE_WELL, VILLAGER, {"score": 3}, ""),
    ("two stars", ANSWERED, Act.RATE_BADLY, VILLAGER, {"score": 2}, ""),
    ("rating a closed case", CLOSED, Act.RATE_WELL, VILLAGER, {}, ""),
    ("rating a closed case twice", case(State.CLOSED, score=4), Act.RATE_BADLY, VILLAGER, {}, "rated"),
    ("rating after the window", LONG_AGO, Act.RATE_BADLY, VILLAGER, {}, "rated"),
    ("closing without evidence", ANSWERED, Act.CLOSE, WANG, {"evidence": " "}, "evidence"),
    ("closing without a result", ANSWERED, Act.CLOSE, WANG, {"text": ""}, "evidence"),
    ("reopening without a reason", CLOSED, Act.REOPEN, LIU, {"text": ""}, "empty"),
    ("reopening after the window", LONG_AGO, Act.REOPEN, LIU, {}, "window"),
    ("reopening on the last tick", case(State.CLOSED, closed_at=NOW - 30 * DAY), Act.REOPEN, LIU, {}, ""),
    ("merging into nothing", HANDLING, Act.MERGE, CHEN, {"into": 0}, "merge"),
    ("merging into itself", HANDLING, Act.MERGE, CHEN, {"into": HANDLING.id}, "merge"),
    ("escalating from the top", case(department="xian-zhengfu"), Act.ESCALATE, LIU, {}, "top"),
    ("escalating from a unit that left the files", case(department="gone"), Act.ESCALATE, LIU, {}, "top"),
]


@pytest.mark.parametrize(
    ("held", "act", "by", "changes", "reason"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_guards(held: Case, act: Act, by: Actor, changes: dict[str, Any], reason: str) -> None:
    assert refusal(held, act, by, **changes) == reason


def test_every_guard_is_in_the_table() -> None:
    elsewhere = {Act.CLAIM, Act.RELEASE}  # test_lifecycle: who has it
    assert set(GUARDS) == {act for _, _, act, _, _, reason in TABLE if reason} | elsewhere


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_words(lang: str) -> None:
    reasons = {row[5] for row in TABLE if row[5]} | {"state", "role", "stale", "claimed", "not_claimed"}
    assert {reason for reason in reasons if not sample().texts[lang].get(f"illegal.{reason}")} == set()


def test_the_duty_desk_has_nowhere_to_return_to() -> None:
    held = case(department="zhiban")
    duty_clerk = Actor("staff", 11, "吴迪", WANG.roles, "zhiban")
    assert refusal(held, Act.RETURN, duty_clerk) == "department"


def test_a_ground_without_a_door_needs_one_named() -> None:
    office = county().office.model_copy(update={"grounds": (Ground(id="other", name="其他"),)})
    where = remade(county(), office=office)
    assert refusal(case(), Act.REFUSE, WANG, where, ground="other") == "door"
    assert refusal(case(), Act.REFUSE, WANG, where, ground="other", door="12345") == ""


def test_the_window_stands_open_while_nothing_is_closed() -> None:
    limits = county().office.limits
    assert reopenable(ANSWERED, NOW + 1000 * DAY, limits)
    assert reopenable(CLOSED, NOW, limits)
    assert not reopenable(LONG_AGO, NOW, limits)


def test_the_windows_are_the_offices_own() -> None:
    short = county(reopen_days=1, urge_hours=2)
    assert refusal(case(State.CLOSED, closed_at=NOW - 2 * DAY), Act.REOPEN, LIU, short) == "window"
    assert refusal(case(urged_at=NOW - 3 * HOUR), Act.URGE, VILLAGER, short) == ""


# --- 并案: two cases may not end in each other -------------------------------------------------------------


@dataclass
class SmallDesk:
    """As much of a Desk as a press of staff looks at."""

    staff: Actor
    held: dict[str, Case]
    county: County = field(default_factory=sample)

    def case_by_no(self, no: str) -> Case | None:
        """A case by number."""
        return self.held.get(no)


@pytest.mark.parametrize(
    ("state", "error"),
    [(State.HANDLING, ""), (State.MERGED, "merge"), (State.CLOSED, "merge"), (State.REFUSED, "merge")],
)
def test_a_case_is_merged_only_into_one_that_goes_on(state: State, error: str) -> None:
    other = case(state, id=8, no="MS20261120-0008")
    desk = SmallDesk(CHEN, {held.no: held for held in (case(), other)})
    press = Inbound("staff", "k", "6", NOW, choice="merge", case=case().no, fields={"into": other.no})
    outcome = commands.answer(cast(Desk, desk), press)
    assert (outcome.error, len(outcome.deeds)) == (error, 0 if error else 1)
