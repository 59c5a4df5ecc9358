"""YAML as clerks mean it: every value is the text that was typed, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import yaml
from yaml.tokens import (
    AliasToken,
    AnchorToken,
    BlockEndToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
)

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_UNTYPED: Any = cast(Any, yaml)  # its types say nothing of nodes
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as config.reading
_OPENS = (FlowSequenceStartToken, FlowMappingStartToken, BlockMappingStartToken, BlockSequenceStartToken)
_CLOSES = (FlowSequenceEndToken, FlowMappingEndToken, BlockEndToken)
_DEEPEST = 20


class YamlProblem(Exception):
    """One thing wrong in a YAML text: `message` in plain words, `line` counted from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Pair:
    """One `key: value` with the key's line, counted from 1."""

    key: str
    value: Plain
    line: int


def read_pairs(text: str, first_line: int = 1) -> list[Pair]:
    """The top mapping of one YAML document in file order, scalars exactly as typed; raise YamlProblem.

    `first_line` is where `text` begins in its file, so that lines are counted as the clerk's editor does. Anchors and
    aliases are refused before anything is expanded, so a small file cannot become a huge one.
    """
    text = "\n" * (first_line - 1) + text
    try:
        return _read(text, _FAST)
    except yaml.YAMLError:
        pass
    try:
        return _read(text, yaml.SafeLoader)  # slower, and nearer to the line of a mistake
    except yaml.MarkedYAMLError as error:
        raise _plainly(error, text) from None
    except yaml.YAMLError:
        raise YamlProblem("里面有不能用的字符，请删掉重新输入", first_line) from None


def _read(text: str, loader: Any) -> list[Pair]:
    _refuse_growth(_UNTYPED.scan(text, Loader=loader))
    node: Any = _UNTYPED.compose(text, Loader=loader)
    return [] if node is None else _pairs(node)


def _refuse_growth(tokens: Iterable[Any]) -> None:
    depth = 0
    for token in tokens:
        if isinstance(token, (AliasToken, AnchorToken)):
            raise YamlProblem("不能用 & 或 *（引用）。请把内容直接写出来，或给它加上英文双引号", _line(token))
        depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
        if depth > _DEEPEST:
            raise YamlProblem("括号或缩进套得太深", _line(token))


def _pairs(node: Any) -> list[Pair]:
    if node.id != "mapping":
        raise YamlProblem("应写成“名称: 内容”。冒号用英文的 :，后面加一个空格", _line(node))
    found: dict[str, Pair] = {}
    for key_node, value in node.value:
        if key_node.id != "scalar":
            raise YamlProblem("冒号前面只能是一个词", _line(key_node))
        pair = Pair(str(key_node.value), _plain(value), _line(key_node))
        if pair.key in found:
            raise YamlProblem(f"“{pair.key}” 写了两次（第一次在第 {found[pair.key].line} 行）。请删掉一个", pair.line)
        found[pair.key] = pair
    return list(found.values())


def _plain(node: Any) -> Plain:
    if node.id == "scalar":
        return str(node.value)
    if node.id == "sequence":
        return [_plain(item) for item in node.value]
    return {pair.key: pair.value for pair in _pairs(node)}


def _line(marked: Any) -> int:
    return int(marked.start_mark.line) + 1


def _plainly(error: Any, text: str) -> YamlProblem:
    unfinished = error.context == "while scanning a simple key"  # no colon: it is missed only lines later
    mark = error.context_mark if unfinished else error.problem_mark or error.context_mark
    number = int(mark.line) if mark is not None else 0
    rows = text.split("\n")
    row = rows[number] if number < len(rows) else ""
    return YamlProblem(_what(row), number + 1)


def _what(row: str) -> str:
    if "\t" in row:
        return "用了制表符（Tab）。请改成空格"
    if row.count(":") > 1:
        return "一行里有两个英文冒号。请给冒号后面的内容加上英文双引号"
    return "格式不对，应写成“名称: 内容”。内容里有冒号、# 或引号时，整段加上英文双引号"
