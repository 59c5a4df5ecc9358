"""What the clock says to a case when an obligation wakes: pure, like every other handler."""

from __future__ import annotations

from dataclasses import dataclass

from cases import clocks
from cases.case import CLOCK, Act, Case, Command, State
from cases.clocks import STEPS, Obligation


@dataclass(frozen=True, slots=True)
class Wake:
    """One wake-up: what happens to the case, if anything, and which reminder it is."""

    command: Command | None
    step: str  # "50" | "80" | "due"


def wake(case: Case, duty: Obligation) -> Wake:
    """The command that a waking duty causes; a case that has moved on since gives none."""
    share = STEPS[duty.duty][duty.step]
    step = "due" if share >= 1.0 else str(round(share * 100))
    act = _ENDS.get(duty.duty) if step == "due" else None
    if act and case.state is _ENDS_IN[act]:
        return Wake(Command(act, CLOCK, case.id), step)
    if duty.duty in (clocks.ACCEPT, clocks.ANSWER) and case.open:
        return Wake(Command(Act.REMIND, CLOCK, case.id, text=duty.duty, evidence=step), step)
    return Wake(None, step)


_ENDS = {clocks.SUPPLEMENT: Act.WAIT_OUT, clocks.RATE: Act.LAPSE}
_ENDS_IN = {Act.WAIT_OUT: State.WAITING, Act.LAPSE: State.ANSWERED}
