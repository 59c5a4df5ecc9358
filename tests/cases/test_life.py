"""A case in the hands of everybody at once: random commands, and what may never be otherwise."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cases.case import Act, Actor, Case, Command, Event, Filing, State
from cases.clocks import duties_after, settled_by, with_duties
from cases.lifecycle import Illegal, decide, fold, opened, possible
from config.schema import Kind, Lane
from tests.cases.factory import CASE_ID, EVERYBODY, NOW, UNITS, VILLAGER, command, county
from tests.cases.law import ACCEPTED_FIRST, BESIDE, MAY, MOVES, OWED, hats, outcome

DEEP = bool(os.environ.get("ZHITONG_DEEP"))
EXAMPLES, STEPS = (5000, 50) if DEEP else (200, 50)

PEOPLE = st.sampled_from(EVERYBODY)
HOURS = st.sampled_from([0, 0, 1, 5, 24, 24 * 8, 24 * 31])
ALL_BESIDE = {duty for duties in BESIDE.values() for duty in duties}
LAST = frozenset({State.REFUSED, State.WITHDRAWN})  # a merge may turn out to be wrong
SLIPS: list[dict[str, Any]] = [
    {"text": ""},
    {"rev": 1},
    {"department": "moon"},
    {"department": "jijian"},
    {"ground": ""},
    {"evidence": ""},
    {"score": 3},
    {"into": CASE_ID},
    {"until": None},
    {"how": ""},
    {"about": ("stage",)},
    {"until": NOW},
    {"departments": ()},
]


def filed(urgent: bool, kind: Kind) -> tuple[Case, Event]:
    """A new case of the water bureau."""
    filing = Filing(
        CASE_ID, VILLAGER, kind, Lane.SERVICE, "07.01", "shuiwu", "停水三天了", ("minzheng",), urgent=urgent
    )
    return opened(filing, "MS20261120-0007", NOW)


class Life(RuleBasedStateMachine):
    """One case, everybody who might touch it, and the duties that hang on it."""

    seen: ClassVar[Counter[Act]] = Counter()
    reached: ClassVar[Counter[State]] = Counter()

    @initialize(urgent=st.booleans(), kind=st.sampled_from(Kind))
    def file(self, urgent: bool, kind: Kind) -> None:
        """A citizen files."""
        self.county, self.now = county(), NOW
        self.case, event = filed(urgent, kind)
        self.events, self.duties = [event], Counter[str]()
        self._owe(event)

    @precondition(lambda self: self.case.state in LAST)
    @rule(urgent=st.booleans(), kind=st.sampled_from(Kind))
    def file_again(self, urgent: bool, kind: Kind) -> None:
        """Nothing more can come of this one: the next."""
        self.file(urgent, kind)

    @rule(choose=st.data(), hours=HOURS)
    def somebody_does(self, choose: st.DataObject, hours: int) -> None:
        """Somebody presses a button that is there, as it should be pressed."""
        self._later(hours)
        buttons = {who: possible(self.case, who) for who in EVERYBODY}
        act = choose.draw(st.sampled_from([act for act in Act if any(act in acts for acts in buttons.values())]))
        who = choose.draw(st.sampled_from([who for who, acts in buttons.items() if act in acts]))
        unit = choose.draw(st.sampled_from(UNITS))
        changes: dict[str, Any] = {
            Act.TRANSFER: {"department": unit},
            Act.ASSIST: {"departments": (unit, "hekou")},
            Act.ACCUSE: {"departments": choose.draw(st.sampled_from(((unit,), (unit, "shuiwu"), ())))},
        }.get(act, {})
        self._try(self._command(act, who, rev=self.case.rev, **changes))

    @rule(act=st.sampled_from(Act), who=PEOPLE, hours=HOURS, slip=st.one_of(st.just({}), st.sampled_from(SLIPS)))
    def somebody_tries(self, act: Act, who: Actor, hours: int, slip: dict[str, Any]) -> None:
        """Anybody tries anything, at times with a slip. Their buttons are exactly what is not refused out of hand."""
        self._later(hours)
        fits = [act for act in Act if self._reason(self._command(act, who)) not in ("state", "role")]
        assert list(possible(self.case, who)) == fits
        self._try(self._command(act, who, **slip))

    def _command(self, act: Act, who: Actor, **changes: Any) -> Command:
        later = {"until": (self.case.answer_by or self.now) + timedelta(days=20)} if act is Act.REQUEST else {}
        return command(act, who, **{**later, **changes})

    def _later(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def _reason(self, step: Command) -> str:
        try:
            decide(self.case, step, self.now, self.county)
        except Illegal as illegal:
            return illegal.reason
        return ""

    def _try(self, step: Command) -> None:
        before, expected = self.case, outcome(self.case, step.act, step.by)
        try:
            events = decide(self.case, step, self.now, self.county)
        except Illegal as illegal:
            assert illegal.reason == expected or isinstance(expected, State)
            assert self.case == before
            return
        assert MAY[step.act] & hats(before, step.by), "done by somebody who may not"
        assert events == decide(self.case, step, self.now, self.county), "the same twice is the same"
        for event in events:
            self._happens(event)
        assert self.case.state == expected

    def _happens(self, event: Event) -> None:
        before = self.case
        assert (before.state, event.act) not in ACCEPTED_FIRST
        self.case = fold(before, event)
        assert self.case.state == MOVES[before.state, event.act]
        assert not (before.state in LAST and self.case.state != before.state), "ended is ended"
        self.events.append(event)
        self.seen[event.act] += 1
        self._owe(event)

    def _owe(self, event: Event) -> None:
        duties = duties_after(event, self.case, self.county)
        self.case = with_duties(self.case, duties)
        for settled in settled_by(event, self.case):
            del self.duties[settled]
        self.duties.update(duty.duty for duty in duties)
        if event.act is Act.TOLD:
            for told in str(event.data["about"]).split(","):
                del self.duties[told]
        assert all(duty.due_at > duty.made_at == event.at for duty in duties)
        self.reached[self.case.state] += 1

    @invariant()
    def the_count_is_right(self) -> None:
        """One revision an event, in order."""
        assert self.case.rev == len(self.events)
        assert [event.seq for event in self.events] == list(range(1, self.case.rev + 1))

    @invariant()
    def exactly_what_is_owed_is_owed_once(self) -> None:
        """No duty is left over, none is missing, none is there twice; beside them only what may be."""
        beside = BESIDE[self.case.state]
        assert {duty for duty in self.duties if duty not in ALL_BESIDE} == OWED[self.case.state]
        assert {duty for duty in self.duties if duty in ALL_BESIDE} <= beside
        assert {duty: n for duty, n in self.duties.items() if duty != "assist" and n > 1} == {}

    @invariant()
    def the_dates_fit_the_state(self) -> None:
        """Closed has a date, open has none; an answer stands exactly where none is owed."""
        held = self.case
        assert (held.closed_at is None) is held.open
        if held.state in (State.ANSWERED, State.CLOSED):
            assert held.answered_at is not None
        if held.state in (State.FILED, State.HANDLING, State.WAITING):
            assert held.answered_at is None

    @invariant()
    def somebody_has_it(self) -> None:
        """A unit that exists and is no discipline staff; helpers are others; a claim only while it is open."""
        held, units = self.case, self.county.department_by_id
        assert not units[held.department].discipline
        assert not any(units[helper].discipline for helper in held.assist)
        assert held.department not in held.assist
        assert len(set(held.assist)) == len(held.assist)
        assert bool(held.claimed_by) == bool(held.claimed_name)
        assert held.open or not held.claimed_by

    @invariant()
    def counts_stay_in_their_bounds(self) -> None:
        """Two returns, one extension, a second bad rating seen by the supervisor, a score from 0 to 5."""
        held = self.case
        done = Counter(event.act for event in self.events)
        assert held.returns == done[Act.RETURN] <= 2
        assert done[Act.EXTEND] + done[Act.DECLINE] <= done[Act.REQUEST] + done[Act.PROPOSE]
        assert not held.pending or held.open
        assert held.extended == bool(done[Act.EXTEND]) and done[Act.EXTEND] <= 1
        assert held.bad_ratings == done[Act.RATE_BADLY]
        assert held.supervised or held.bad_ratings < 2
        assert 0 <= held.score <= 5
        assert (held.merged_into != 0) == (held.state is State.MERGED)


@pytest.mark.timeout(0 if DEEP else 120)
def test_a_case_in_the_hands_of_everybody() -> None:
    Life.seen.clear()
    Life.reached.clear()
    bounds = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Life, settings=bounds)
    assert set(Life.reached) == set(State), "the machine has been everywhere"
    assert Life.seen.total() > 1000 and len(Life.seen) > 20, "and has not been idle"
