"""The numbers of weights.yaml are numbers, or the missing one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from faq.site import SHIPPED, SiteFileError
from faq.weights import load_weights, shipped_weights
from tests.faq.pages import write

TEXT = (SHIPPED / "weights.yaml").read_text("utf-8")


def test_an_office_may_change_a_number(tmp_path: Path) -> None:
    write(tmp_path, TEXT.replace("answer_above: 0.75", "answer_above: 0.9"), "weights.yaml")
    assert load_weights(tmp_path).decide.answer_above == 0.9
    assert load_weights(tmp_path).search == shipped_weights().search


def test_an_office_without_the_file_has_the_shipped_one(tmp_path: Path) -> None:
    assert load_weights(tmp_path) == shipped_weights()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("answer_above: 0.75", "answer_above: 多", "answer_above 应是一个数字"),
        ("answer_above: 0.75", "answer_above: nan", "answer_above 应是一个数字"),
        ("candidates: 30", "candidate: 30", "candidates 应是一个数字"),
        ("decide:", "decides:", "应是一个数字"),
    ],
)
def test_a_number_that_is_none(tmp_path: Path, old: str, new: str, said: str) -> None:
    write(tmp_path, TEXT.replace(old, new), "weights.yaml")
    with pytest.raises(SiteFileError, match=said):
        load_weights(tmp_path)
