"""What changes in a case, act by act, besides its state and its revision. Applied by `lifecycle.fold` only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cases.case import Act, Case, Event
from cases.clocks import ANSWER

Changes = dict[str, Any]


NOTHING_PENDING: Changes = {"pending": "", "pending_by": 0, "pending_until": None}


def _claimed(case: Case, event: Event) -> Changes:
    return {"claimed_by": event.by.id, "claimed_name": event.by.name}


def _released(case: Case, event: Event) -> Changes:
    return {"claimed_by": 0, "claimed_name": ""}


def _accepted(case: Case, event: Event) -> Changes:
    """Whoever of the unit accepts or answers an unclaimed case has claimed it."""
    own = event.by.kind == "staff" and event.by.unit == case.department
    return _claimed(case, event) if own and not case.claimed_by else {}


def _answered(case: Case, event: Event) -> Changes:
    """A new answer has no rating yet, whatever was said of the last one."""
    return {"answered_at": event.at, "overdue": False, "score": 0, **NOTHING_PENDING, **_accepted(case, event)}


def _moved(case: Case, event: Event) -> Changes:
    """Another unit has it. Neither that one nor the one that lost it is a helper: 提级 must end all sight."""
    unit = str(event.data["department"])
    assist = tuple(helper for helper in case.assist if helper not in (unit, case.department))
    checker = {"checker": ""} if unit == case.checker else {}  # nobody checks themselves
    return {"department": unit, "assist": assist, "since": event.at, **NOTHING_PENDING, **checker}


def _returned(case: Case, event: Event) -> Changes:
    return {"returns": case.returns + 1, **_moved(case, event)}


def _accused(case: Case, event: Event) -> Changes:
    """Kept from other units than before: those that help or check leave it, and perhaps the one that has it."""
    gone = str(event.data.get("without", "")).split(",")
    assist = tuple(helper for helper in case.assist if helper not in gone)
    checker = {"checker": ""} if case.checker in gone else {}
    moved = _moved(replace(case, assist=assist), event) if "department" in event.data else {}
    accused = tuple(filter(None, str(event.data.get("departments", "")).split(",")))
    return {"accused": accused, "assist": assist, **checker, **moved}


def _helped(case: Case, event: Event) -> Changes:
    helpers = tuple(str(event.data["departments"]).split(","))
    return {"assist": helpers, **({"checker": ""} if case.checker in helpers else {})}


def _reminded(case: Case, event: Event) -> Changes:
    """Overdue is the answer the citizen waits for; a late acceptance is reminded of and no more."""
    late = event.text == ANSWER and event.data.get("evidence") in ("due", "attention")
    return {"overdue": True} if late else {}


def _requested(case: Case, event: Event) -> Changes:
    until = datetime.fromtimestamp(int(event.data["until"]), event.at.tzinfo)
    return {"pending": "extend", "pending_by": event.by.id, "pending_until": until}


def _proposed(case: Case, event: Event) -> Changes:
    return {"pending": "close", "pending_by": event.by.id, "pending_until": None}


def _ended(case: Case, event: Event) -> Changes:
    return {"closed_at": event.at, **NOTHING_PENDING}


FOLDS: dict[Act, Callable[[Case, Event], Changes]] = {
    Act.CLAIM: _claimed,
    Act.RELEASE: _released,
    Act.ACCEPT: _accepted,
    Act.ANSWER: _answered,
    Act.TRANSFER: _moved,
    Act.RETURN: _returned,
    Act.ESCALATE: _moved,
    Act.ASSIST: _helped,
    Act.REQUEST: _requested,
    Act.EXTEND: lambda case, event: {"extended": True, "overdue": False, **NOTHING_PENDING},
    Act.DECLINE: lambda case, event: {**NOTHING_PENDING},
    Act.PROPOSE: _proposed,
    Act.SUPERVISE: lambda case, event: {"supervised": True},
    Act.URGE: lambda case, event: {"urged_at": event.at},
    Act.REMIND: _reminded,
    Act.RATE_WELL: lambda case, event: {
        "score": event.data["score"],
        "closed_at": case.closed_at or event.at,
        **NOTHING_PENDING,
    },
    Act.RATE_BADLY: lambda case, event: {
        "score": event.data["score"],
        "bad_ratings": case.bad_ratings + 1,
        "closed_at": None,
        "rechecked_at": None,
        **NOTHING_PENDING,
    },
    Act.LAPSE: _ended,
    Act.CLOSE: _ended,
    Act.REFUSE: _ended,
    Act.WITHDRAW: _ended,
    Act.MERGE: lambda case, event: {"merged_into": event.data["into"], **_ended(case, event)},
    Act.REOPEN: lambda case, event: {"closed_at": None, "score": 0, "rechecked_at": None, **NOTHING_PENDING},
    Act.RECHECK: lambda case, event: {"rechecked_at": event.at},
    Act.CONFIRM: lambda case, event: {"rechecked_at": None},
    Act.SPLIT: lambda case, event: {"merged_into": 0, "closed_at": None},
    Act.STEP_OUT: lambda case, event: {"person": 0, "name": "", "phone": "", "left": True},
    Act.REVIEW: lambda case, event: {"reviewed": True},
    Act.CROSSCHECK: lambda case, event: {"checker": event.data["department"]},
    Act.CHECKED: lambda case, event: {"checker": ""},
    Act.ACCUSE: _accused,
    Act.HOLD: lambda case, event: {"hold": True},
    Act.UNHOLD: lambda case, event: {"hold": False},
}
