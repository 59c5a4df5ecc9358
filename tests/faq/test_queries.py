"""Labelled questions are read as written, or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from faq.problems import BookErrors
from faq.queries import Query, read_queries
from tests.faq.pages import write


def test_questions_with_and_without_an_answer(tmp_path: Path) -> None:
    first = '{"text": "低保好多钱", "faq_id": "a", "noise": "drop", "source": "x"}'
    path = write(tmp_path, f'\ufeff{first}\r\n\n{{"text": "", "faq_id": null}}\n', "q.jsonl")
    assert read_queries(path) == [
        Query(text="低保好多钱", faq_id="a", noise="drop"),
        Query(text="", faq_id=None),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"text": "问", "faq_id":', "不是完整的 JSON"),
        ('{"text": "问"}', "faq_id 不对"),
        ('{"text": 1, "faq_id": null}', "text 不对"),
        ('{"text": "问", "faq_id": 7}', "faq_id 不对"),
        ('{"text": "问", "faq_id": null, "noise": ""}', "noise 不对"),
        ("[]", "这一行 不对"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, row: str, said: str) -> None:
    path = write(tmp_path, '{"text": "问", "faq_id": null}\n' + row, "q.jsonl")
    with pytest.raises(BookErrors) as raised:
        read_queries(path)
    assert [(one.line, said in one.message) for one in raised.value.problems] == [(2, True)]


@pytest.mark.parametrize("raw", ["问".encode("gbk"), b"", None])
def test_files_that_are_none(tmp_path: Path, raw: bytes | None) -> None:
    path = tmp_path / "q.jsonl" if raw is None else write(tmp_path, raw, "q.jsonl")
    with pytest.raises(BookErrors):
        read_queries(path)
