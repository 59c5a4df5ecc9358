"""Sentences: flattened, in pairs, with the same gaps, and the fixed labels kept."""

from __future__ import annotations

import pytest

from config.phrases import FIXED, compare, fixed, flatten
from config.reading import parse

FLAT = [
    ("a: 您好", {"a": "您好"}),
    ("a:\n  b:\n    c: 您好", {"a.b.c": "您好"}),
    ("a: [一, 二]", {"a": "一\n二"}),
    ("a:\n  - 一\n  - 二", {"a": "一\n二"}),
    ("a: |\n  一\n  二", {"a": "一\n二"}),
    ("on: 12", {"on": "12"}),
    ('a: ""', {"a": ""}),
    ('"1": 一', {"1": "一"}),
]


@pytest.mark.parametrize(("text", "flat"), FLAT)
def test_maps_become_dotted_keys(text: str, flat: dict[str, str]):
    phrases, problems = flatten(parse(text, "f"))
    assert ({key: node.text for key, node in phrases.items()}, problems) == (flat, [])


NOT_FLAT = [
    ("a: 1\nb:", 2, "b 这一句没有内容"),
    ("a:\n  b: 1\na.b: 2", 3, "a.b 写了两遍（第一遍在第 2 行）"),
    ("a: []", 1, "a 这一句没有内容"),
    ("a:\n  - b: 1", 2, "a 这一句没有内容"),
    ("- a", 1, "要写成一行一个的"),
]


@pytest.mark.parametrize(("text", "line", "words"), NOT_FLAT)
def test_what_is_no_sentence_is_told(text: str, line: int, words: str):
    _, problems = flatten(parse(text, "f"))
    assert [(problem.line, words in problem.message) for problem in problems] == [(line, True)]


PAIRS: list[tuple[str, str, list[str]]] = [
    ("a: 您好 {name}", "a: Hello {name}", []),
    ("a: 您好", "a: Hello", []),
    ("a: '{n} 天'\nb: 一", "a: '{n} days'", ["zh:2: b 这一句在英文 en.yaml里没有。"]),
    ("a: 一", "a: one\nb: two", ["en:2: b 这一句在中文 zh.yaml里没有。"]),
    ("a: 您好 {name}", "a: Hello", ["en:1: a 的英文里少了 {name}。"]),
    ("a: 您好", "a: Hello {name}", ["en:1: a 的英文里多了 {name}。"]),
    ("a: 您好 {nmae}", "a: Hello {name}", ["en:1: a 的英文里少了 {nmae}。", "en:1: a 的英文里多了 {name}。"]),
    ("a: 您好 {Name}", "a: Hello", ["zh:1: 花括号写得不对。"]),
    ("a: 您好 {", "a: Hello", ["zh:1: 花括号写得不对。"]),
    ("a: 您好", "a: Hello {a.__class__}", ["en:1: 花括号写得不对。"]),
    ("a: 您好 {}", "a: Hello {}", ["zh:1: 花括号写得不对。", "en:1: 花括号写得不对。"]),
]


@pytest.mark.parametrize(("zh", "en", "told"), PAIRS)
def test_both_languages_say_the_same(zh: str, en: str, told: list[str]):
    pair = [flatten(parse(text, name))[0] for text, name in ((zh, "zh"), (en, "en"))]
    found = [f"{problem.file}:{problem.line}: {problem.message}" for problem in compare(*pair)]
    assert found == told


LABELS = "\n".join(f"w{n}: {label}" for n, label in enumerate(FIXED))
SHIPPED = {f"w{n}": label for n, label in enumerate(FIXED)}

FIXES: list[tuple[str, dict[str, str], list[str]]] = [
    (LABELS, SHIPPED, []),
    (LABELS + "\nmore: 别的", SHIPPED, []),
    ("", {}, []),
    (LABELS.replace("提交", "确定"), SHIPPED, ["“提交”这几个字不能改（现在写的是“确定”）。"]),
    (LABELS.replace("提交", "确定"), {}, ["找不到固定的说法“提交”。"]),
    ("a: 您好", {}, [f"找不到固定的说法“{label}”。" for label in FIXED]),
]


@pytest.mark.parametrize(("zh", "shipped", "told"), FIXES)
def test_fixed_labels_stay(zh: str, shipped: dict[str, str], told: list[str]):
    phrases = flatten(parse(zh, "zh"))[0] if zh else {}
    assert [problem.message for problem in fixed(phrases, shipped)] == told
