"""The sentences of texts/zh.yaml and texts/en.yaml: nested maps flattened to "a.b.c", and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from config.nodes import Node, Problem

GAP = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
BRACE = re.compile(r"[{}]")

# design.md §9: printed on posters, spoken by radio and used by tests; no office may reword them.
FIXED = (
    *("反映问题", "查政策", "查进度", "提交", "返回", "取消", "跳过", "同意", "菜单"),
    *("更多", "完成", "重来", "发送", "查询码", "都不是", "匿名", "实名"),
)

Phrases = dict[str, Node]


def flatten(tree: Node | None) -> tuple[Phrases, list[Problem]]:
    """Sentences by dotted key, each a node that holds text; a list of strings is joined with line breaks."""
    phrases: Phrases = {}
    problems: list[Problem] = []
    if tree is not None and tree.pairs is None:
        return {}, [tree.problem("文字文件要写成一行一个的 名称: 内容。")]
    for key, node in _walk("", tree) if tree is not None else ():
        words = _words(node)
        if words is None:
            problems.append(node.problem(f"{key} 这一句没有内容。", '请写上文字；真要留空就写 ""。'))
        elif key in phrases:
            problems.append(node.problem(f"{key} 写了两遍（第一遍在第 {phrases[key].line} 行）。", "请删掉一处。"))
        else:
            phrases[key] = Node(node.file, node.line, words)
    return phrases, problems


def _walk(prefix: str, node: Node) -> Iterator[tuple[str, Node]]:
    for key, child in (node.pairs or {}).items():
        if child.pairs is not None:
            yield from _walk(f"{prefix}{key}.", child)
        else:
            yield prefix + key, child


def _words(node: Node) -> str | None:
    if node.items is None:
        return node.text
    lines = [item.text for item in node.items]
    return "\n".join(line for line in lines if line is not None) if lines and None not in lines else None


def compare(zh: Phrases, en: Phrases) -> Iterator[Problem]:
    """Both languages say the same sentences with the same gaps."""
    for here, there, name in ((zh, en, "英文 en.yaml"), (en, zh, "中文 zh.yaml")):
        for key in here.keys() - there.keys():
            yield here[key].problem(f"{key} 这一句在{name}里没有。", "两种文字要成对，请补上或者删掉。")
    for phrases in (zh, en):
        for node in phrases.values():
            if BRACE.search(GAP.sub("", node.text or "")):
                yield node.problem("花括号写得不对。", "空位要写成 {name} 这样：小写英文字母，两边括号成对。")
    for key in zh.keys() & en.keys():
        yield from _gaps(key, zh[key], en[key])


def _gaps(key: str, zh: Node, en: Node) -> Iterator[Problem]:
    wanted, found = (set(GAP.findall(node.text or "")) for node in (zh, en))
    for gap in sorted(wanted - found):
        yield en.problem(f"{key} 的英文里少了 {{{gap}}}。", "中文有的空位英文也要有。")
    for gap in sorted(found - wanted):
        yield en.problem(f"{key} 的英文里多了 {{{gap}}}。", "中文没有这个空位。")


def fixed(zh: Phrases, packaged: Mapping[str, str]) -> Iterator[Problem]:
    """The labels that never change: each is still said, and where the packaged file says it."""
    said = {node.text for node in zh.values()}
    for key, node in zh.items():
        label = packaged.get(key, "")
        if label in FIXED and node.text != label:
            yield node.problem(f"“{label}”这几个字不能改（现在写的是“{node.text}”）。", "群众已经用惯了，请改回去。")
            said.add(label)
    for label in FIXED if zh else ():
        if label not in said:
            first = next(iter(zh.values()))
            yield Problem(first.file, 1, f"找不到固定的说法“{label}”。", "请从自带的 zh.yaml 里抄回来。")
