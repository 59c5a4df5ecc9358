"""The figures mean what their names say."""

from __future__ import annotations

import pytest

from faq.measure import Answered, figures, measure, risks

ROWS = [
    Answered("a", "none", ("a", "b"), 0.9),
    Answered("b", "none", ("c", "b"), 0.8),
    Answered("c", "none", (), 0.0),
    Answered(None, "none", ("a",), 0.85),
    Answered("d", "pinyin", ("x", "y", "z", "d"), 0.5),
]


def test_each_kind_of_noise_by_itself() -> None:
    found = measure(ROWS)
    assert {kind: (one.n, one.top1, one.top3) for kind, one in found.items()} == {
        "clean": (3, pytest.approx(1 / 3), pytest.approx(2 / 3)),
        "pinyin": (1, 0.0, 0.0),
    }
    assert found["clean"].mrr10 == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["pinyin"].mrr10 == pytest.approx(0.25)
    assert set(found["clean"].as_dict()) == {"n", "top1", "top3", "mrr10", "right_direct_at_2pct", "aurc"}


def test_right_direct_needs_to_beat_all_but_two_in_a_hundred_out_of_scope() -> None:
    assert figures(ROWS[:4]).right_direct_at_2pct == pytest.approx(1 / 3)
    assert figures([ROWS[0], Answered(None, "none", ("a",), 0.95)]).right_direct_at_2pct == 0.0
    crowd = [Answered(None, "none", ("a",), 0.95), *[Answered(None, "none", (), 0.1)] * 99]
    assert figures([ROWS[0], *crowd]).right_direct_at_2pct == 1.0


def test_risk_coverage() -> None:
    assert figures(ROWS[:4]).aurc == pytest.approx((0 + 1 / 2 + 2 / 3 + 3 / 4) / 4)


def test_no_questions() -> None:
    assert measure([]) == {}
    assert figures([Answered(None, "none", (), 0.0)]).top1 == 0.0


def test_risk_grows_with_coverage() -> None:
    found = {one.coverage: one.risk for one in risks(ROWS * 2)}
    assert (found[0.2], found[0.4], found[1.0]) == (0.0, pytest.approx(0.5), pytest.approx(0.8))
    assert [one.risk for one in risks([])] == [0.0] * 8
