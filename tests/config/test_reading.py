"""YAML traps (reliability.md row 13): typed text stays text, tricks and torn files are named by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from config import reading
from config.nodes import Node
from config.reading import MAX_BYTES, Refused, parse, read

TYPED: list[tuple[str | bytes, Any]] = [
    ("a: 22:30", {"a": "22:30"}),
    ("a: 0012", {"a": "0012"}),
    ("on: yes", {"on": "yes"}),
    ("a: 12345", {"a": "12345"}),
    ("a: 0000-5550100", {"a": "0000-5550100"}),
    ("a: 1e3", {"a": "1e3"}),
    ("a: 0x10", {"a": "0x10"}),
    ("a: 2026-01-01", {"a": "2026-01-01"}),
    ("a: 1_000", {"a": "1_000"}),
    ("a: .nan", {"a": ".nan"}),
    ('a: "007"', {"a": "007"}),
    ("a: 100%", {"a": "100%"}),
    ("a: 是哪一项补贴？", {"a": "是哪一项补贴？"}),
    ("a: # 只有注释", {}),
    ("a: ~", {}),
    ("a: null", {}),
    ('a: ""', {"a": ""}),
    ("12388: x", {"12388": "x"}),
    ("a: [甲, 乙]", {"a": ["甲", "乙"]}),
    ("a:\n  - 甲\n  - b: 1", {"a": ["甲", {"b": "1"}]}),
    ("a: |\n  两\n  行", {"a": "两\n行"}),
    ("\ufeffa: 1".encode(), {"a": "1"}),
    (b"a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
]


@pytest.mark.parametrize(("text", "tree"), TYPED)
def test_what_was_typed_is_what_is_read(tmp_path: Path, text: str | bytes, tree: Any):
    path = tmp_path / "f.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert read(path, "f").plain() == tree


WRONG = [
    ("a: 1\na: 2", 2, "a 写了两遍（第一遍在第 1 行）"),
    ("x:\n  b: 1\n  c: 1\n  b: 2", 4, "b 写了两遍（第一遍在第 2 行）"),
    ("a: &x [1]\nb: 2", 1, "&x"),
    ("a: 1\nb: *x", 2, "*x"),
    ("a: *重要*", 1, "加英文双引号"),
    ("a: !!python/object x", 1, "不能以 ! 开头"),
    ("a: !重要", 1, "不能以 ! 开头"),
    ("a:\n\t- b", 2, "Tab"),
    ("a: 1\n  \tb: 2", 2, "Tab"),
    ("a: 1\nb: \x00", 2, "U+0000"),
    ("a: 1\nb: \x07", 2, "U+0007"),
    ("name: 注意: 这里", 1, "冒号"),
    ("name：示例\nb: 1", 1, "中文冒号"),
    ("a: 1\n- b", 2, "对不上"),
    ("a: 1\n b: 2", 2, "冒号放错了地方"),
    (" a: 1\nb: 2", 2, "对不齐"),
    ("a: b\nc\n", 2, "缺少英文冒号"),
    ("a: 'x\n", 2, "没有保存完"),
    ("a: [甲, 乙\nb: 1", 2, "没有收尾"),
    ("a: [甲, ", 1, "没有收尾"),
    ('a: "\\q"', 1, "反斜杠"),
    ("a: @x", 1, "@"),
    ("a: %x", 1, "%"),
    ("a: `x", 1, "`"),
    ("a: 1\n---\nb: 2", 2, "只能有一份"),
    ("? [a]\n: 1", 1, "没有名称"),
    ("", 1, "空的"),
    ("# 只有注释\n", 1, "空的"),
    ("~", 1, "空的"),
    ("[" * 500_000, 1, "层"),
    ("{" * 500_000, 1, "层"),
    ("- " * 400_000, 1, "层"),
    ("a: [" + "b," * 400_000, 1, "太多"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=[repr(row[0][:20]) for row in WRONG])
def test_a_wrong_file_is_refused_by_line(text: str, line: int, words: str):
    with pytest.raises(Refused) as caught:
        parse(text, "config/f.yaml")
    assert any(problem.line == line and words in str(problem) for problem in caught.value.problems), caught.value


BYTES = [
    ("名: 内容\n二: 内容".encode("gbk"), 1, "GBK"),
    (b"a: 1\nb: " + "青山".encode()[:-1], 2, "没有保存完"),
    ("a: 1".encode("utf-16"), 1, "UTF-16"),
    (b"a: 1\n" * (MAX_BYTES // 5 + 1), 1, "1 MB"),
    (b"a: 1\nb: \x00\x00\x00", 2, "U+0000"),
]


@pytest.mark.parametrize(("raw", "line", "words"), BYTES, ids=[row[2] for row in BYTES])
def test_wrong_bytes_are_refused_by_line(tmp_path: Path, raw: bytes, line: int, words: str):
    path = tmp_path / "f.yaml"
    path.write_bytes(raw)
    with pytest.raises(Refused) as caught:
        read(path, "config/f.yaml")
    assert caught.value.problems[0].line == line
    assert words in str(caught.value.problems[0])


def test_a_folder_or_a_missing_file_is_refused(tmp_path: Path):
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(Refused, match="打不开"):
            read(path, "f")


def test_every_repeated_key_and_anchor_is_told_at_once():
    with pytest.raises(Refused) as caught:
        parse("a: 1\na: 2\nb: &x 1\nc: *x\nb: 3", "f")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4, 5]


def test_an_alias_bomb_stays_small():
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(500))
    with pytest.raises(Refused) as caught:
        parse(bomb, "f")
    assert len(caught.value.problems) <= 21


@given(st.one_of(st.text(max_size=80), st.text(alphabet=" \t\n-:?[]{}&*!|>'\"%@`#,ab甲：", max_size=60)))
def test_any_text_is_read_or_refused(text: str):
    try:
        assert isinstance(parse(text, "f"), Node)
    except Refused as refused:
        assert all(problem.line >= 1 and problem.message for problem in refused.problems)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    try:
        assert isinstance(read(path, "f"), Node)
    except Refused as refused:
        assert refused.problems


LINES: list[tuple[tuple[str | int, ...], int]] = [
    ((), 1),
    (("a",), 1),
    (("b", 0), 3),
    (("b", 1, "c"), 4),
    (("b", 1, "d"), 5),
    (("b", 1, "missing"), 4),
    (("b", 7), 2),
    (("none", "x"), 1),
]


@pytest.mark.parametrize(("path", "line"), LINES)
def test_the_line_of_a_path(path: tuple[str | int, ...], line: int):
    assert parse("a: 1\nb:\n  - x\n  - c: 1\n    d: 2\n", "f").line_at(path) == line


@pytest.mark.parametrize("name", ["office.yaml", "categories.yaml", "texts/en.yaml"])
def test_both_parsers_see_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML comes without libyaml, an office is the same office."""
    path = Path(config.__file__).parent / name
    fast = read(path, name)
    monkeypatch.setattr(reading, "FAST", yaml.SafeLoader)
    assert read(path, name) == fast
