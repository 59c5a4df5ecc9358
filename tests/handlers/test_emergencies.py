"""Villagers' emergencies are met with the right number at once, and what only sounds like one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from handlers.citizen.emergencies import emergency
from tests.config.small import sample

HERE = Path(__file__).parent
CALLS = [tuple(row.split("\t")) for row in (HERE / "emergencies.tsv").read_text("utf-8").splitlines()]
OTHERS = (HERE / "no_emergencies.tsv").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("number", "text"), CALLS)
def test_an_emergency(number: str, text: str) -> None:
    found, word = emergency(sample(), text)
    assert found is not None
    assert (found.number, word != "") == (number, True)


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_sounds_like_one(text: str) -> None:
    found, word = emergency(sample(), text)
    assert found is None, word


def test_there_are_enough_of_both() -> None:
    assert len(CALLS) >= 60
    assert len(OTHERS) >= 60
