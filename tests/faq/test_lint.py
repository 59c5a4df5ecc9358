"""What is wrong with answers that load well is found, with its line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from faq.book import load
from faq.grievance import load_grievances
from faq.lint import Finding, Linter
from faq.normalise import shipped
from faq.respond import Answers
from faq.search import Index
from faq.site import SHIPPED
from faq.weights import shipped_weights
from tests.faq.pages import GOOD, write

_WORDS = {"农村低保": "高龄津贴", "低保": "高龄津贴", "底保": "高龄补贴", "dibao": "gaoling"}
OLD_AGE = re.sub("|".join(_WORDS), lambda found: _WORDS[found[0]], GOOD)


def findings(folder: Path, region: str | None = "四川省示例县") -> list[Finding]:
    book, weights = load([folder]), shipped_weights()
    asks = load_grievances().is_asking
    answers = Answers(Index.build(book), book, weights.decide, asks, date(2026, 11, 22), region)
    return Linter(answers, shipped(), weights.search).findings()


def test_good_answers_have_nothing_to_find(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, OLD_AGE, "gaoling.md")
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("what", "old", "new", "line"),
    [
        ("source", "source: 四川日报 2025年7月\n", "", 12),
        ("several", "低保要什么条件？", "低保要什么条件？要带什么材料？", 13),
        ("twins", "低保一个月多少钱？ {#dibao-biaozhun aspect=标准}", "低保要什么样条件？ {#b aspect=条件}", 24),
        ("same", "- 底保要咋个才评得上", "- 低保一个月多少钱", 24),
        ("same", "- 底保要咋个才评得上", "- 高龄津贴要什么条件", 13),
    ],
)  # fmt: skip
def test_each_mistake_is_found_once_with_its_line(tmp_path: Path, what: str, old: str, new: str, line: int) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    write(tmp_path, OLD_AGE, "gaoling.md")
    found = [one for one in findings(tmp_path) if one.what == what]
    if what == "source":  # every entry of the file lacks it
        assert [one.line for one in found] == [12, 23]
    elif new == "- 高龄津贴要什么条件":
        assert [(Path(one.file).name, one.line) for one in found] == [("gaoling.md", line)]
    else:
        assert [(one.file, one.line) for one in found] == [(str(path), line)]


def test_an_entry_that_another_one_hides_is_unreachable(tmp_path: Path) -> None:
    write(tmp_path)
    twin = GOOD.replace("dibao", "zweite").replace("低保一个月多少钱？", "低保的标准？")
    write(tmp_path, twin, "zweite.md")
    write(tmp_path, GOOD.replace("dibao", "dritte").replace("低保一个月多少钱？", "低保按什么标准？"), "dritte.md")
    write(tmp_path, GOOD.replace("dibao", "vierte").replace("低保一个月多少钱？", "低保标准多少？"), "vierte.md")
    found = [one for one in findings(tmp_path) if one.what == "unreachable"]
    assert len(found) == 1  # of four with the same words, only three can be shown
    assert found[0].words == "低保要什么条件？"


def test_an_alias_in_the_wrong_place(tmp_path: Path) -> None:
    for name in ("dibao.md", "gaoling.md"):
        write(tmp_path, (SHIPPED / "subsidies" / name).read_text("utf-8"), name)
    assert [one for one in findings(tmp_path) if one.what == "elsewhere" and "高龄" in one.words] == []
    text = (tmp_path / "dibao.md").read_text("utf-8")
    path = write(tmp_path, text.replace("- 底保要咋个才评得上", "- 高龄津贴一个月给多少钱"))
    found = [one for one in findings(tmp_path) if one.words == "高龄津贴一个月给多少钱"]
    line = text[: text.index("- 底保要咋个才评得上")].count("\n") + 1
    assert [(one.file, one.line, one.what) for one in found] == [(str(path), line, "elsewhere")]
    assert "gaoling-biaozhun" in found[0].other


def test_expired_answers_are_not_called_unreachable(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("valid_to: 2027-06-30", "valid_to: 2026-01-01"))
    assert findings(tmp_path) == []
