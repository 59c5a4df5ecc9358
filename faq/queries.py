"""Labelled questions, by which a search is judged: JSON lines of text, the right entry's id, and kind of noise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from faq.problems import BookErrors, Problem
from faq.textfile import JSONL_LIMIT, read_text


class Query(BaseModel):
    """One line. `faq_id` None: no entry answers it. Fields not named here are left aside."""

    model_config = ConfigDict(strict=True, frozen=True)

    text: str
    faq_id: str | None
    noise: Annotated[str, StringConstraints(min_length=1)] = "none"


def read_queries(path: Path) -> list[Query]:
    """Return the questions of a file in its order; raises BookErrors naming every line that is none."""
    read = read_text(path, JSONL_LIMIT)
    if isinstance(read, Problem):
        raise BookErrors([read])
    problems: list[Problem] = []
    found: list[Query] = []
    for line, row in enumerate(read[0].split("\n"), 1):
        try:
            found += [Query.model_validate_json(row)] if row.strip() else []
        except ValidationError as error:
            hint = '每行写成 {"text": …, "faq_id": 编号或 null, "noise": …}'
            problems.append(Problem(str(path), line, _what(error), hint))
    if problems:
        raise BookErrors(problems)
    return found


def _what(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return "这一行不是完整的 JSON"
    return f"{'、'.join(map(str, first['loc'])) or '这一行'} 不对"
