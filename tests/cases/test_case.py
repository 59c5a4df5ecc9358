"""The nouns: values that nobody changes, and words for each of them in both languages."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cases.case import OPEN, Act, State
from tests.cases.factory import CLOCK, VILLAGER, WANG, case, command
from tests.config.small import sample


@pytest.mark.parametrize("state", State)
def test_open_means_that_somebody_owes_something(state: State) -> None:
    owes = state in (State.FILED, State.HANDLING, State.WAITING, State.ANSWERED)
    assert case(state).open is owes
    assert (state in OPEN) is owes


@pytest.mark.parametrize(("value", "name"), [(case(), "state"), (command(Act.NOTE, WANG), "text"), (VILLAGER, "roles")])
def test_values_are_frozen(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_state_and_act_has_a_word(lang: str) -> None:
    texts = sample().texts[lang]
    missing = [f"state.{state}" for state in State if not texts.get(f"state.{state}")]
    missing += [f"act.{act}" for act in Act if not texts.get(f"act.{act}")]
    assert missing == []


def test_the_clock_is_nobody() -> None:
    assert (CLOCK.id, CLOCK.name, CLOCK.roles, CLOCK.unit) == (0, "", frozenset(), "")
