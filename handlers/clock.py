"""What the clock says to a case when an obligation wakes: pure, like every other handler."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cases import clocks
from cases.case import CLOCK, Act, Case, Command, State, is_tip
from cases.clocks import Obligation
from cases.guards import unreviewed
from cases.lifecycle import TRANSITIONS, closes_by_second
from config.schema import County, Rung


@dataclass(frozen=True, slots=True)
class Wake:
    """One wake-up: what happens to the case, if anything, and the duty as it is afterwards."""

    command: Command | None
    after: Obligation


def wake(case: Case, duty: Obligation, now: datetime, county: County) -> Wake:
    """The command that a waking duty causes; a case that has moved on since gives none."""
    rung, after = clocks.woken(duty, now, county)
    command = _command(case, duty, rung, county) if rung else None
    fits = command is not None and command.act in TRANSITIONS[case.state]
    return Wake(command if fits else None, after)


def _command(case: Case, duty: Obligation, rung: Rung, county: County) -> Command | None:
    match clocks.does(duty.duty, rung):
        case "end":
            return _end(case, duty, county)
        case "supervise" | "escalate" if is_tip(case.id):  # a tip goes to nobody else: its own people are reminded
            return _remind(case, duty, "attention")
        case "supervise":  # once is enough: somebody may have been faster
            return None if case.supervised else Command(Act.SUPERVISE, CLOCK, case.id, evidence="overdue")
        case "escalate" if _has_superior(case, county):
            return Command(Act.ESCALATE, CLOCK, case.id)
        case "remind":
            return _remind(case, duty, clocks.step_name(rung))
        case _:  # where nobody is above, it is the supervisor's attention again
            return _remind(case, duty, "attention")


def _remind(case: Case, duty: Obligation, step: str) -> Command:
    return Command(Act.REMIND, CLOCK, case.id, text=duty.duty, evidence=step, department=duty.department)


def _end(case: Case, duty: Obligation, county: County) -> Command | None:
    """What happens by itself. Where a second person has to close, the clock does not: it says that one is missing.
    Nor does it close what came back and was not looked into (四个穿透)."""
    if duty.duty == clocks.RATE and case.state is State.ANSWERED and unreviewed(case):
        return Command(Act.REMIND, CLOCK, case.id, text="review", evidence="due")
    if duty.duty == clocks.RATE and case.state is State.ANSWERED and closes_by_second(case, county):
        return _remind(case, duty, "due")
    act, state = _ENDS[duty.duty]
    return Command(act, CLOCK, case.id) if case.state is state else None


def _has_superior(case: Case, county: County) -> bool:
    unit = county.department_by_id.get(case.department)
    return bool(unit and unit.parent)


_ENDS = {
    clocks.SUPPLEMENT: (Act.WAIT_OUT, State.WAITING),
    clocks.RATE: (Act.LAPSE, State.ANSWERED),
    clocks.RECHECK: (Act.RECHECK, State.CLOSED),
}
