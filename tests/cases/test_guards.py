"""What an act needs beyond state and person, as a table; the edges of every window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from cases.case import Act, Actor, Case, State
from cases.guards import GUARDS, reopenable
from cases.lifecycle import Illegal, decide
from cases.tips import ONLY
from config.schema import County, Ground
from handlers.desk import Desk
from handlers.messages import Inbound
from handlers.staff import commands
from tests.cases.factory import (
    CHEN,
    CLOCK,
    LI,
    LIU,
    NOW,
    QIAN,
    VILLAGER,
    WANG,
    ZHAO,
    case,
    command,
    county,
    ready,
    remade,
)
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
PAST = case(State.HANDLING, answer_by=NOW - 3 * DAY)
ASKING = ready(State.HANDLING, Act.EXTEND)
PROPOSED = case(State.ANSWERED, pending="close", pending_by=WANG.id)
REPEAT, MERGED, CHECKING = (
    case(State.ANSWERED, repeat_of=3),
    case(State.MERGED, merged_into=8),
    case(State.CLOSED, checker="nongye"),
)
EMPTY = (("handling", "修过"), ("history", ""), ("conduct", " "), ("demand", "有"))
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
    ("looking at a child's contact", case(minor=True, claimed_by=LI.id), Act.REVEAL, WANG, {}, "minor"),
    ("looking at a claimed child's", case(minor=True, claimed_by=WANG.id), Act.REVEAL, WANG, {}, ""),
    ("keeping without a reason", case(), Act.HOLD, LIU, {"text": " "}, "empty"),
    ("releasing without a reason", case(hold=True), Act.UNHOLD, LIU, {"text": ""}, "empty"),
    ("helpers: none", HANDLING, Act.ASSIST, CHEN, {"departments": ()}, "department"),
    ("helpers: the handler", HANDLING, Act.ASSIST, CHEN, {"departments": ("hekou", "shuiwu")}, "department"),
    ("helpers: a unit that is not", HANDLING, Act.ASSIST, CHEN, {"departments": ("moon",)}, "department"),
    ("helpers: discipline staff", HANDLING, Act.ASSIST, CHEN, {"departments": ("jijian",)}, "department"),
    ("asking for time without a reason", HANDLING, Act.REQUEST, WANG, {"text": ""}, "empty"),
    ("asking for time without a date", HANDLING, Act.REQUEST, WANG, {"until": None}, "until"),
    ("asking until the same day", HANDLING, Act.REQUEST, WANG, {"until": HANDLING.answer_by}, "until"),
    ("asking for 30 days", HANDLING, Act.REQUEST, WANG, {"until": NOW + 39 * DAY}, ""),
    ("asking for more than 30", HANDLING, Act.REQUEST, WANG, {"until": NOW + 39 * DAY + TICK}, "too_far"),
    ("asking for a tick", HANDLING, Act.REQUEST, WANG, {"until": NOW + 9 * DAY + TICK}, ""),
    ("asking into the past", PAST, Act.REQUEST, WANG, {"until": NOW - DAY}, "until"),
    ("asking a second time", ASKING, Act.REQUEST, WANG, {}, "requested"),
    ("asking after an extension", case(State.HANDLING, extended=True), Act.REQUEST, WANG, {}, "extended"),
    ("extending what nobody asked for", HANDLING, Act.EXTEND, LIU, {}, "no_request"),
    ("extending as asked", ASKING, Act.EXTEND, LIU, {}, ""),
    ("extending to an earlier day", ASKING, Act.EXTEND, LIU, {"until": NOW + 20 * DAY}, ""),
    ("extending to a later day", ASKING, Act.EXTEND, LIU, {"until": NOW + 31 * DAY}, "too_far"),
    ("extending to before the end", ASKING, Act.EXTEND, LIU, {"until": NOW + DAY}, "until"),
    ("extending one's own request", replace(ASKING, pending_by=LIU.id), Act.EXTEND, LIU, {}, "own_request"),
    ("extending without a reason", ASKING, Act.EXTEND, LIU, {"text": ""}, "empty"),
    ("a second extension", replace(ASKING, extended=True), Act.EXTEND, LIU, {}, "extended"),
    ("declining", ASKING, Act.DECLINE, LIU, {}, ""),
    ("declining without a reason", ASKING, Act.DECLINE, LIU, {"text": ""}, "empty"),
    ("declining what nobody asked for", HANDLING, Act.DECLINE, LIU, {}, "no_request"),
    ("declining one's own request", replace(ASKING, pending_by=LIU.id), Act.DECLINE, LIU, {}, "own_request"),
    ("replying nothing", HANDLING, Act.REPLY, ZHAO, {"text": ""}, "empty"),
    ("telling no progress", HANDLING, Act.PROGRESS, WANG, {"text": " "}, "empty"),
    ("proposing without evidence", ANSWERED, Act.PROPOSE, WANG, {"evidence": ""}, "evidence"),
    ("proposing twice", PROPOSED, Act.PROPOSE, CHEN, {}, "second"),
    ("saying all is well unasked", CLOSED, Act.CONFIRM, VILLAGER, {}, "window"),
    ("reopening unasked", CLOSED, Act.REOPEN, VILLAGER, {}, "window"),
    ("reopening when asked", replace(LONG_AGO, rechecked_at=NOW - 30 * DAY), Act.REOPEN, VILLAGER, {}, ""),
    ("reopening too long after", replace(CLOSED, rechecked_at=NOW - 31 * DAY), Act.REOPEN, VILLAGER, {}, "window"),
    ("a return on the second day", case(opened_at=NOW - 2 * DAY), Act.RETURN, WANG, {}, ""),
    ("a return on the third", case(opened_at=NOW - 3 * DAY), Act.RETURN, WANG, {}, "return_late"),
    ("a return of what has just come", case(opened_at=NOW - 9 * DAY, since=NOW), Act.RETURN, WANG, {}, ""),
    ("telling in no way", HANDLING, Act.TOLD, WANG, {"how": ""}, "how"),
    ("telling in an odd way", HANDLING, Act.TOLD, WANG, {"how": "pigeon"}, "how"),
    ("telling about nothing known", HANDLING, Act.TOLD, WANG, {"about": ("answer",)}, "about"),
    ("telling tomorrow", HANDLING, Act.TOLD, WANG, {"on": NOW + DAY}, "told_on"),
    ("telling before it was filed", HANDLING, Act.TOLD, WANG, {"on": NOW - 9 * DAY}, "told_on"),
    ("telling today of the stage", HANDLING, Act.TOLD, WANG, {"on": NOW, "about": ("stage",)}, ""),
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
    ("closing what came back unreviewed", REPEAT, Act.CLOSE, WANG, {}, "review"),
    ("closing what came back, reviewed", case(State.ANSWERED, repeat_of=3, reviewed=True), Act.CLOSE, WANG, {}, ""),
    ("silence on what came back", REPEAT, Act.LAPSE, CLOCK, {}, "review"),
    ("content with what came back", REPEAT, Act.RATE_WELL, VILLAGER, {}, ""),
    ("a review without a part", REPEAT, Act.REVIEW, WANG, {"sheet": (("handling", "修过"),)}, "sheet"),
    ("a review with an empty part", REPEAT, Act.REVIEW, WANG, {"sheet": EMPTY}, "sheet"),
    ("splitting without a reason", MERGED, Act.SPLIT, CHEN, {"text": " "}, "empty"),
    ("splitting after the window", replace(MERGED, closed_at=NOW - 31 * DAY), Act.SPLIT, CHEN, {}, "window"),
    ("joining in with nothing", HANDLING, Act.SECOND, VILLAGER, {"text": ""}, "empty"),
    ("a check of a topic not chosen", case(State.CLOSED, topic="07.04"), Act.CROSSCHECK, LIU, {}, "check_topic"),
    ("a check by the handler", CLOSED, Act.CROSSCHECK, LIU, {"department": "shuiwu"}, "checker"),
    ("a check by a helper", CLOSED, Act.CROSSCHECK, LIU, {"department": "minzheng"}, "checker"),
    ("a check by discipline staff", CLOSED, Act.CROSSCHECK, LIU, {"department": "jijian"}, "checker"),
    ("a check by nobody", CLOSED, Act.CROSSCHECK, LIU, {"department": ""}, "checker"),
    ("kept from a unit that is not", HANDLING, Act.ACCUSE, CHEN, {"departments": ("moon",)}, "department"),
    ("kept from nobody, as before", HANDLING, Act.ACCUSE, CHEN, {"departments": ()}, "same"),
    ("kept from all there are", HANDLING, Act.ACCUSE, CHEN, {"departments": ("xian-zhengfu",)}, "nobody_above"),
    ("kept from a unit without a reason", HANDLING, Act.ACCUSE, CHEN, {"text": " "}, "empty"),
    ("kept from nobody any more", case(accused=("hekou",)), Act.ACCUSE, CHEN, {"departments": ()}, ""),
    ("a second check at once", CHECKING, Act.CROSSCHECK, LIU, {"department": "hekou"}, "checking"),
    ("a check without a finding", CHECKING, Act.CHECKED, QIAN, {"finding": "fine"}, "finding"),
    ("a check without a file", CHECKING, Act.CHECKED, QIAN, {"attachments": ()}, "check_evidence"),
    ("a check without words", CHECKING, Act.CHECKED, QIAN, {"text": ""}, "check_evidence"),
    ("a check that found something", CHECKING, Act.CHECKED, QIAN, {"finding": "found"}, ""),
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
    elsewhere = {Act.CLAIM, Act.RELEASE, *ONLY}  # test_lifecycle: who has it; tests/tips
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
