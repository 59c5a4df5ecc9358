"""What changes in a case, act by act, besides its state and its revision. Applied by `lifecycle.fold` only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cases.case import Act, Case, Event
from cases.clocks import ANSWER

Changes = dict[str, Any]


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
    return {"answered_at": event.at, "overdue": False, "score": 0, **_accepted(case, event)}


def _moved(case: Case, event: Event) -> Changes:
    """Another unit has it. Neither that one nor the one that lost it is a helper: 提级 must end all sight."""
    unit = str(event.data["department"])
    assist = tuple(helper for helper in case.assist if helper not in (unit, case.department))
    return {"department": unit, "assist": assist}


def _returned(case: Case, event: Event) -> Changes:
    return {"returns": case.returns + 1, **_moved(case, event)}


def _helped(case: Case, event: Event) -> Changes:
    return {"assist": tuple(str(event.data["departments"]).split(","))}


def _reminded(case: Case, event: Event) -> Changes:
    """Overdue is the answer the citizen waits for; a late acceptance is reminded of and no more."""
    late = event.text == ANSWER and event.data.get("evidence") == "due"
    return {"overdue": True} if late else {}


def _ended(case: Case, event: Event) -> Changes:
    return {"closed_at": event.at}


FOLDS: dict[Act, Callable[[Case, Event], Changes]] = {
    Act.CLAIM: _claimed,
    Act.RELEASE: _released,
    Act.ACCEPT: _accepted,
    Act.ANSWER: _answered,
    Act.TRANSFER: _moved,
    Act.RETURN: _returned,
    Act.ESCALATE: _moved,
    Act.ASSIST: _helped,
    Act.EXTEND: lambda case, event: {"extended": True, "overdue": False},
    Act.SUPERVISE: lambda case, event: {"supervised": True},
    Act.URGE: lambda case, event: {"urged_at": event.at},
    Act.REMIND: _reminded,
    Act.RATE_WELL: lambda case, event: {"score": event.data["score"], "closed_at": case.closed_at or event.at},
    Act.RATE_BADLY: lambda case, event: {
        "score": event.data["score"],
        "bad_ratings": case.bad_ratings + 1,
        "closed_at": None,
    },
    Act.LAPSE: _ended,
    Act.CLOSE: _ended,
    Act.REFUSE: _ended,
    Act.WITHDRAW: _ended,
    Act.MERGE: lambda case, event: {"merged_into": event.data["into"], **_ended(case, event)},
    Act.REOPEN: lambda case, event: {"closed_at": None, "score": 0},
}
