"""docs/cases.md says what the code does: drawn parts are fresh, every arrow is explained with its source."""

from __future__ import annotations

import re

import pytest

from tests.cases.draw import PAGE, arrows, diagram, drawn, people, stays
from tests.cases.law import OWED

TEXT = PAGE.read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_drawn_parts_are_fresh() -> None:
    assert drawn(TEXT) == TEXT, "run: python -m tests.cases.draw"
    assert diagram() in TEXT
    assert people() in TEXT


def test_a_stale_page_would_be_found() -> None:
    stale = TEXT.replace("filed --> refused : refuse", "filed --> refused : accept")
    assert drawn(stale) == TEXT != stale


def test_every_arrow_is_explained_and_no_other() -> None:
    told: list[tuple[str, str, str]] = []
    for act, way, *_ in rows("Every arrow"):
        froms, to = way.split(" → ")
        told += [(state, act.split()[0], to) for state in froms.split(", ")]
    assert sorted(told) == sorted(arrows())


def test_everything_that_leaves_a_case_where_it_is_is_explained_and_nothing_else() -> None:
    told = [(act.split()[0], states) for act, states, *_ in rows("What leaves a case where it is")]
    assert sorted(told) == sorted(stays())


@pytest.mark.parametrize("heading", ["Every arrow", "What leaves a case where it is"])
def test_every_explanation_is_one_line_with_a_source(heading: str) -> None:
    for act, _, what, source in rows(heading):
        assert re.fullmatch(r"[a-z_]+ [\u4e00-\u9fff]+", act), act
        assert what.endswith("."), act
        assert source, act


def test_what_is_owed() -> None:
    told = {state: set(owed.split(", ")) for state, owed in rows("What is owed")}
    assert told == {str(state): owed for state, owed in OWED.items() if owed}
