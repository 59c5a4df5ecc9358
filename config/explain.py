"""What pydantic found wrong with a file, in words a clerk can act on."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from config import schema
from config.nodes import Node, Problem

Path = tuple[str | int, ...]
T = TypeVar("T")

PATTERNS = {
    r"^[A-Z]{1,4}$": "只能写 1 到 4 个大写英文字母，例如 MS。",
    r"^\d\d\.\d\d$": '要写成两位数字、点、两位数字，例如 "01.01"。',
    r"^\d\d$": '要写成两位数字，例如 "01"。',
    r"^\d\d:\d\d$": "要写成 18:00 这样的钟点。",
    schema.CLOCK: "要写成 18:00 这样的钟点。",
    f"^$|{schema.SPAN}": "要写成 12:00-14:00 这样的一段，或者不写。",
    r"^[a-z0-9-]+$": "只能用小写英文字母、数字和 -。",
    r"^[a-z0-9_-]+$": "只能用小写英文字母、数字、- 和 _。",
    r"^[a-z0-9_]+$": "只能用小写英文字母、数字和 _。",
    r"^[A-Za-z0-9_-]{1,64}$": "只能用英文字母、数字、- 和 _，最多 64 个。",
}
SHAPES = {
    "int": "要写整数，例如 15。",
    "float": "要写数字，例如 30.5。",
    "bool": "只能写 true 或 false。",
    "date": "要写成 2026-01-01 这样的日期。",
    "string": "只能写一段文字。",
    "tuple": "要写成列表，一行一个，以 - 开头。",
    "list": "要写成列表，一行一个，以 - 开头。",
    "frozen": "要写成列表，一行一个，以 - 开头。",
    "model": "要写成一行一个的 名称: 内容。",
    "dict": "要写成一行一个的 名称: 内容。",
}


def validate(adapter: TypeAdapter[T], tree: Node) -> tuple[T | None, list[Problem]]:
    """`tree` as a model and no problems, or None and every problem with its line."""
    try:
        return adapter.validate_python(tree.plain()), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True, include_input=True)
        return None, [_explain(cast(dict[str, Any], item), tree) for item in found]


def near(word: str, choices: list[str], ask: str = "您是不是想写 {}？") -> str:
    """A hint naming the choice closest to `word`; "" when nothing is close."""
    found = get_close_matches(word, choices, n=1, cutoff=0.6)
    return ask.format(found[0]) if found else ""


def _explain(item: dict[str, Any], tree: Node) -> Problem:
    path = cast(Path, tuple(step for step in item["loc"] if step != "[key]"))
    message, hint = _words(item, next((str(step) for step in reversed(path) if isinstance(step, str)), "内容"))
    return Problem(tree.file, tree.line_at(path), message, hint)


def _words(item: dict[str, Any], name: str) -> tuple[str, str]:
    context, typed = cast(dict[str, Any], item.get("ctx", {})), item["input"]
    match item["type"]:
        case "missing":
            return f"缺少 {name}。", f"请补上一行 {name}: 内容。"
        case "extra_forbidden":
            return f"不认识 {name} 这一项。", near(name, _field_names()) or "请删掉，或者对照上下相同的内容改。"
        case "enum" | "literal_error":
            choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return f"{name} 不能写“{typed}”，只能写 {'、'.join(choices)}。", near(str(typed), choices)
        case "string_pattern_mismatch":
            return f"{name} 写成了“{typed}”。", PATTERNS.get(context["pattern"], "请对照上下相同的内容改。")
        case "string_too_short":
            return f"{name} 不能空着。", ""
        case kind:
            shape = SHAPES.get(str(kind).split("_")[0], "请对照上下相同的内容改。")
            return f"{name} 的写法不对{_typed(typed)}。", shape


def _typed(value: object) -> str:
    return f"（现在写的是“{value[:30]}”）" if isinstance(value, str) else ""


@cache
def _field_names() -> list[str]:
    models = [model for model in vars(schema).values() if isinstance(model, type) and issubclass(model, schema.Model)]
    return sorted({name for model in models for name in model.model_fields})
