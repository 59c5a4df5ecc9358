"""Questions as JSON lines: what evaluation sets and exports use instead of Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from faq.problems import Problem

_Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Row(BaseModel):
    """One line. Only `id` and `question` must be there; fields not named here are left aside."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: _Text
    question: _Text
    aliases: list[_Text] = []
    answer: str = ""
    policy: str = ""
    aspect: str = ""
    source: str = ""


def parse_jsonl(file: str, text: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    """Yield (line, Row) for every good line; every bad one is added to `problems`."""
    for line, row in enumerate(text.split("\n"), 1):
        if not row.strip():
            continue
        try:
            yield line, Row.model_validate_json(row)
        except ValidationError as error:
            problems.append(_problem(file, line, error))


def _problem(file: str, line: int, error: ValidationError) -> Problem:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return Problem(file, line, "这一行不是完整的 JSON", "每行一个 {…}；也可能文件没有保存完")
    where = "、".join(str(part) for part in first["loc"] if isinstance(part, str)) or "这一行"
    return Problem(file, line, f"{where} 不对", '每行写成 {"id": …, "question": …, "aliases": […]}，里面都是文字')
