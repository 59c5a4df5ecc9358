"""What leaves for spreadsheets: no formula in any disguise, one line a case, a row in memory at a time."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.export import COLUMNS, Row, flat, guarded, jsonl, to_csv, to_xlsx
from tests.bot import past

DANGEROUS = [
    "=1+1", "+861380", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "﹣1", "﹢1", "⁼1", "₊1",
    " =1", "\u200b=1", "\ufeff=1", "\u3000＝1", "\x00=1", "\t", "\u202e=1",
]  # fmt: skip
HARMLESS = ["停水三天", "MS20261122-0007", "1+1=2", "3-5 号", "a@b", "（=）", "", "'=1", "#REF!", "％"]


@pytest.mark.parametrize("text", DANGEROUS, ids=repr)
def test_what_would_run_is_quoted(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS, ids=repr)
def test_what_would_not_stays(text: str) -> None:
    assert guarded(text) == text


@given(st.text())
def test_a_cell_is_one_line_of_writable_text(text: str) -> None:
    cell = guarded(flat(text))
    cell.encode()
    assert len(cell.splitlines()) <= 1
    assert guarded(cell) == cell


def rows(count: int, story: str = "水管漏了") -> Iterator[Row]:
    """That many rows, each with a story of its own."""
    for number in range(count):
        row: Row = dict.fromkeys(COLUMNS, "")
        row |= {"no": f"MS20261122-{number:04d}", "opened_at": datetime(2026, 11, 22, tzinfo=UTC)}
        yield {**row, "story": f"{number} {story}"}


def test_a_story_full_of_line_ends_stays_on_its_line() -> None:
    out = io.BytesIO()
    to_csv(past.site().county, COLUMNS)(rows(2, 'a\r\nb\u2028c\x00d\ud800"e'), out)
    text = out.getvalue().decode()
    assert len(text.splitlines()) == 3
    assert '"1 a  b cd""e"' in text


def test_jsonl_takes_broken_surrogates() -> None:
    out = io.BytesIO()
    jsonl(rows(1, "a\ud800"), out)
    assert out.getvalue().count(b"\n") == 1


def test_memory_does_not_grow_with_the_cases() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        to_xlsx(past.site().county, COLUMNS)(rows(count, "停水三天没人管" * 20), io.BytesIO())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(600) < 1.5 * peak(100)
