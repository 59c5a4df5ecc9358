"""YAML as an office writes it: every scalar stays the text it was, and every node knows its line.

Only parser *events* are used, so nothing is ever resolved: 22:30, 0012, on and 12345 stay what was typed
(reliability.md row 13). Anchors, aliases, tags and repeated keys are refused instead of interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from config.nodes import Node, Problem, Refused

__all__ = ["MAX_BYTES", "Refused", "parse", "read"]

# libyaml, where the library was built with it: sixteen times faster (docs/decisions/0025).
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNTYPED: Any = cast(Any, yaml)  # its types say nothing of events
MAX_BYTES = 1_000_000
MAX_DEPTH = 12
MAX_NODES = 100_000
MAX_PROBLEMS = 20
NOTHING = frozenset({"", "~", "null"})
FULL_WIDTH_COLON = re.compile(r"[ -]*[A-Za-z_0-9.\"]+\s*：")

NOT_UTF8 = ("文件的编码不是 UTF-8（可能是 GBK）。", "请在记事本里“另存为”，编码选 UTF-8。")
WRONG_START = {
    "@": "以 @ 开头的内容要加英文双引号。",
    "`": "以 ` 开头的内容要加英文双引号。",
    "%": "以 % 开头的内容要加英文双引号。",
    "\\t": "缩进不能用 Tab 键，请改成空格。",
}
SYNTAX = (
    (
        "mapping values are not allowed",
        "这一行的冒号放错了地方。",
        "内容里有冒号时整句加英文双引号，或者检查前面的空格。",
    ),
    ("could not find expected ':'", "这一行缺少英文冒号。", "名称后面写英文冒号再空一格，例如 name: 青山村。"),
    ("found unexpected end of stream", "引号没有收尾，文件可能没有保存完。", "请补上引号，或者重新保存一次。"),
    ("but found '<block mapping start>'", "这一行的缩进和上面对不齐。", "同一层的行，前面空格数要一样。"),
    ("but found '<block sequence start>'", "这一行的缩进和上面对不齐。", "同一层的行，前面空格数要一样。"),
    (
        "expected <block end>",
        "这一行和上面对不上。",
        "同一层要么都以 - 开头，要么都写成 名称: 内容，前面空格数也要一样。",
    ),
    ("expected ','", "方括号或花括号里缺逗号，或者没有收尾。", "用英文逗号隔开，并补上 ] 或 }。"),
    ("expected the node content", "方括号或花括号没有收尾。", "请补上 ] 或 }。"),
    ("expected '<document start>'", "这一行的缩进和上面对不齐。", "同一层的行，前面空格数要一样。"),
    ("unknown escape character", "双引号里有多余的反斜杠 \\。", "请删掉它，或者改用单引号。"),
    ("a tag", "内容不能以 ! 开头。", "请删掉 !，或者整句加英文双引号。"),
    ("while scanning an alias", "以 * 开头的内容要加英文双引号。", ""),
    ("while scanning an anchor", "以 & 开头的内容要加英文双引号。", ""),
)


def read(path: Path, name: str) -> Node:
    """The file at `path`, called `name` in messages, as a tree. Raises Refused; nothing else."""
    return parse(_decode(_bytes(path, name), name), name)


def parse(text: str, name: str) -> Node:
    """`text` as a tree. Raises Refused with every repeated key and every anchor, or the first syntax error."""
    _refuse_controls(text, name)
    tree = _Tree(name)
    try:
        return tree.grow(_UNTYPED.parse(text, Loader=FAST))
    except (yaml.YAMLError, ValueError):
        raise Refused(*tree.problems, _first_mistake(text, name)) from None


def _first_mistake(text: str, name: str) -> Problem:
    """What the slow parser, which says more, finds wrong in `text`."""
    try:
        for _ in _UNTYPED.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        return _syntax(error, name, text.split("\n"))
    except (yaml.YAMLError, ValueError) as error:
        return Problem(name, 1, f"这个文件读不懂：{error}。")
    return Problem(name, 1, "这个文件读不懂。", "请对照自带的同名文件改。")


def _bytes(path: Path, name: str) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Refused(Problem(name, 1, "文件超过 1 MB。", "请检查是不是存错了文件，或者把多余的内容删掉。"))
        return path.read_bytes()
    except OSError as error:
        raise Refused(
            Problem(name, 1, f"文件打不开：{error.strerror}。", "请检查文件在不在、有没有读取权限。")
        ) from None


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(Problem(name, 1, "文件的编码是 UTF-16。", "请在记事本里“另存为”，编码选 UTF-8。"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if error.end >= len(raw) and error.reason == "unexpected end of data":
            raise Refused(Problem(name, line, "文件在半个字的地方断了，没有保存完。", "请重新保存一次。")) from None
        raise Refused(Problem(name, line, *NOT_UTF8)) from None
    if _passes_for_utf8(text):
        raise Refused(Problem(name, 1, *NOT_UTF8))
    return text


def _passes_for_utf8(text: str) -> bool:
    """Short GBK words such as 通知 happen to be valid UTF-8 and read as Greek or Hebrew."""
    return any("\u0250" <= char <= "\u07ff" for char in text) and not any(char >= "\u2e80" for char in text)


def _refuse_controls(text: str, name: str) -> None:
    problems = list(_controls(text.split("\n"), name))[:MAX_PROBLEMS]
    if problems:
        raise Refused(*problems)


def _controls(lines: list[str], name: str) -> Iterator[Problem]:
    for number, line in enumerate(lines, 1):
        if re.match(r" *\t", line) and line.strip():
            yield Problem(name, number, "缩进用了 Tab 键。", "请改成空格。")
        if bad := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", line):
            yield Problem(name, number, f"有看不见的坏字符（U+{ord(bad[0]):04X}）。", "请删掉这一行重新打一遍。")


def _syntax(error: Any, name: str, lines: list[str]) -> Problem:
    said = f"{error.context or ''} {error.problem or ''}"
    unfinished = error.context == "while scanning a simple key"  # no colon: it is missed only lines later
    mark = error.context_mark if unfinished else error.problem_mark or error.context_mark
    line: int = mark.line + 1 if mark is not None else 1
    for near in (line, line - 1):
        if 0 < near <= len(lines) and FULL_WIDTH_COLON.match(lines[near - 1]):
            return Problem(name, near, "这一行用了中文冒号。", "请改成英文冒号再空一格，例如 name: 青山村。")
    for start, advice in WRONG_START.items():
        if f"found character '{start}'" in said:
            return Problem(name, line, advice)
    for sign, message, hint in SYNTAX:
        if sign in said:
            return Problem(name, line, message, hint)
    return Problem(name, line, f"这一行的写法不对（{said.strip()}）。", "请对照上下相同的行改。")


def _scalar(event: Any) -> str | None:
    return None if not event.style and event.value in NOTHING else str(event.value)


class _Tree:
    """Builds nodes from events; keeps going after a repeated key or an anchor, stops at syntax errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.stack: list[Node] = []
        self.keys: list[str | None] = []
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0

    def grow(self, events: Iterator[Any]) -> Node:
        for event in events:
            self._take(event)
            if len(self.problems) >= MAX_PROBLEMS or len(self.stack) > MAX_DEPTH or self.nodes >= MAX_NODES:
                break
        if self.problems:
            raise Refused(*self.problems)
        if self.root is None or self.root.empty:
            raise Refused(Problem(self.name, 1, "文件是空的，可能没有保存完。", "请从备份里找回，或者删掉它用自带的。"))
        return self.root

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, NodeEvent):
            self._node(event, line)
        elif isinstance(event, CollectionEndEvent):
            self.stack.pop()
            self.keys.pop()
        elif isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._wrong(line, "一个文件里只能有一份内容。", "请删掉中间的 --- 。")

    def _node(self, event: Any, line: int) -> None:
        self.nodes += 1
        if self.nodes == MAX_NODES:
            self._wrong(line, "内容太多，读不下去了。", "请检查是不是存错了文件。")
        self._refuse_sharing(event, line)
        node = Node(self.name, line)
        if isinstance(event, ScalarEvent):
            node.text = _scalar(event)
        elif isinstance(event, MappingStartEvent):
            node.pairs = {}
        elif isinstance(event, SequenceStartEvent):
            node.items = []
        self._place(node)
        if node.pairs is not None or node.items is not None:
            self._enter(node)

    def _refuse_sharing(self, event: Any, line: int) -> None:
        anchor: str | None = getattr(event, "anchor", None)
        if isinstance(event, AliasEvent):
            self._wrong(line, f"不能用 *{anchor} 引用别处的内容。", "请照写一遍；只是普通文字就加英文双引号。")
        elif anchor is not None:
            self._wrong(line, f"不能用 &{anchor} 给内容起代号。", "请删掉；只是普通文字就加英文双引号。")
        elif getattr(event, "tag", None) is not None:
            self._wrong(line, "内容不能以 ! 开头。", "请删掉 !，或者整句加英文双引号。")

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.root = self.root or node
            return
        parent = self.stack[-1]
        if parent.items is not None:
            parent.items.append(node)
        elif self.keys[-1] is None:
            self._key(parent, node)
        elif parent.pairs is not None:
            parent.pairs.setdefault(self.keys[-1], node)
            self.keys[-1] = None

    def _key(self, parent: Node, node: Node) -> None:
        key = node.text
        if key is None:
            self._wrong(node.line, "冒号前面没有名称。", "请写成 名称: 内容。")
            key = f"?{node.line}"
        elif key in parent.lines:
            self._wrong(node.line, f"{key} 写了两遍（第一遍在第 {parent.lines[key]} 行）。", "请删掉一处。")
        parent.lines.setdefault(key, node.line)
        self.keys[-1] = key

    def _enter(self, node: Node) -> None:
        self.stack.append(node)
        self.keys.append(None)
        if len(self.stack) > MAX_DEPTH:
            self._wrong(node.line, f"一层套一层超过 {MAX_DEPTH} 层。", "请检查多余的括号或缩进。")

    def _wrong(self, line: int, message: str, hint: str) -> None:
        self.problems.append(Problem(self.name, line, message, hint))
