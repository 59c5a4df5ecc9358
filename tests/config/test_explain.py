"""What the schema refuses is told in plain Chinese, on the right line, with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.explain import near
from tests.config.small import FILES, changed, said

Row = tuple[str, str, str, str]

WRONG: list[Row] = [
    ("office", "phone: 0000-5550100\n", "", "config/office.yaml:1: 缺少 phone。请补上一行 phone: 内容。"),
    ("office", "phone:", "phnoe:", "config/office.yaml:3: 不认识 phnoe 这一项。您是不是想写 phone？"),
    ("office", "name: 小县直通", 'name: ""', "config/office.yaml:1: name 不能空着。"),
    ("office", "day_ends: 18:00", "day_ends: 6点", "config/office.yaml:6: day_ends 写成了“6点”。要写成 18:00"),
    (
        "office",
        "story_min: 6",
        "story_min: 六",
        "config/office.yaml:8: story_min 的写法不对（现在写的是“六”）。要写整数",
    ),
    ("office", "  story_min: 6\n  story_max: 2000", " 无", "config/office.yaml:7: limits 的写法不对"),
    ("emergencies", "keywords: [着火]", "keywords: 着火", "config/emergencies.yaml:4: keywords 的写法不对"),
    ("categories", 'code: "01.02"', "code: 1.2", "config/categories.yaml:22: code 写成了“1.2”。要写成两位数字、点"),
    ("categories", "kind: help", "kind: hepl", "config/categories.yaml:24: kind 不能写“hepl”，只能写 consult、help"),
    ("categories", "lane: tip", "lane: top", "config/categories.yaml:34: lane 不能写“top”"),
    ("categories", "urgent: true", "urgent: 是", "config/categories.yaml:25: urgent 的写法不对"),
    ("categories", "type: choice", "type: chose", "type 不能写“chose”，只能写 text、choice"),
    ("departments", "- id: fu\n", "- id: 县府\n", "config/departments.yaml:1: id 写成了“县府”。只能用小写英文字母"),
    ("departments", "level: town", "level: 乡镇", "config/departments.yaml:9: level 不能写“乡镇”"),
    ("places", "lat: 30.5", "lat: 北纬30", "config/places.yaml:10: lat 的写法不对（现在写的是“北纬30”）。要写数字"),
    ("places", "  kind: town\n", "", "config/places.yaml:1: 缺少 kind。"),
    ("scenes", "code: gate-1", "code: 大门", "config/scenes.yaml:1: code 写成了“大门”。"),
    ("deadlines", "  source: 本县规定\n", "", "config/deadlines.yaml:1: 缺少 source。"),
    ("holidays", "- 2026-10-10", "- 2026-2-30", "config/holidays.yaml:10: work 的写法不对"),
    ("holidays", "2026:\n", "今年:\n", "config/holidays.yaml:5: "),
]


@pytest.mark.parametrize(("name", "old", "new", "words"), WRONG, ids=[f"{row[0]} {row[2][:12]}" for row in WRONG])
def test_a_slip_is_told_where_it_is(tmp_path: Path, name: str, old: str, new: str, words: str):
    assert any(words in line for line in changed(tmp_path, name, old, new)), changed(tmp_path, name, old, new)


def test_a_file_of_the_wrong_shape_is_told(tmp_path: Path):
    assert said(tmp_path, {"places": "a: 1\n"}) == [
        "config/places.yaml:1: 内容 的写法不对。要写成列表，一行一个，以 - 开头。"
    ]


def test_all_slips_of_all_files_are_told_at_once(tmp_path: Path):
    broken = {
        "office": FILES["office"].replace("zhiban", "zhibna"),
        "places": FILES["places"].replace("parent: town-hekou", "parent: town-hekuo").replace("lat: 30.5", "lat: x"),
        "departments": FILES["departments"].replace("level: town", "level: 乡"),
        "scenes": "- code: a\n\tplace: b\n",
        "holidays": FILES["holidays"].encode("gbk"),
    }
    lines = said(tmp_path, {**broken})
    assert {line.split(":")[0] for line in lines} == {f"config/{name}.yaml" for name in broken}
    assert len([line for line in lines if line.startswith("config/places")]) == 3


HINTS: list[tuple[str, list[str], str]] = [
    ("hekuo", ["hekou", "baihe"], "您是不是想写 hekou？"),
    ("xyz", ["hekou"], ""),
    ("hekou", [], ""),
]


@pytest.mark.parametrize(("word", "choices", "hint"), HINTS)
def test_the_nearest_word_is_offered(word: str, choices: list[str], hint: str):
    assert near(word, choices) == hint
