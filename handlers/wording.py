"""Replies to JSON and back, and to words in the reader's language.

The JSON is versioned because stored replies outlive a release: a duplicate is answered from it years later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from handlers.messages import (
    Attachment,
    CaseNo,
    Gap,
    Markdown,
    Option,
    QueryCode,
    Reply,
    Say,
    Words,
)

VERSION = 1
_GAP = re.compile(r"\{([a-z_][a-z0-9_]*)\}")  # filled in one pass: a citizen's own {braces} stay as they are
Texts = Mapping[str, str]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A reply in words. `paragraphs` are plain text, except those whose index is in `markdown`."""

    paragraphs: tuple[str, ...]
    markdown: frozenset[int]
    options: tuple[tuple[str, str, str], ...]  # (token, label, style)
    wants: str
    attachments: tuple[Attachment, ...] = ()

    @property
    def text(self) -> str:
        """All paragraphs as one plain text, for channels without layout."""
        return "\n\n".join(self.paragraphs)


def render(reply: Reply, texts: Texts, code_of: Callable[[int], str]) -> Rendered:
    """A reply in the words of `texts`; `code_of` computes a case's query code at this moment."""

    def words(value: Gap) -> str:
        match value:
            case Say(key, args):
                return fill(texts, key, {name: words(gap) for name, gap in args.items()})
            case QueryCode(case_id):
                return code_of(case_id)
            case CaseNo():
                return ""
            case _:
                return str(value)

    parts = [part.text if isinstance(part, Markdown) else words(part) for part in reply.parts]
    return Rendered(
        paragraphs=tuple(parts),
        markdown=frozenset(i for i, part in enumerate(reply.parts) if isinstance(part, Markdown)),
        options=tuple((option.token, words(option.label), option.style) for option in reply.options),
        wants=reply.wants,
        attachments=reply.attachments,
    )


def fill(texts: Texts, key: str, args: Mapping[str, str]) -> str:
    """The text under `key` with its gaps filled; the key itself when the text is missing, never a crash."""
    template = texts.get(key)
    if template is None:
        return key
    return _GAP.sub(lambda gap: args.get(gap.group(1), gap.group(0)), template) if args else template


def number_cases(reply: Reply, numbers: Mapping[int, str]) -> Reply:
    """The reply with every CaseNo replaced by the number given in this turn."""

    def settle(value: Gap) -> Gap:
        match value:
            case CaseNo(case_id):
                return numbers.get(case_id, "")
            case Say(key, args):
                return Say(key, {name: settle(gap) for name, gap in args.items()})
            case _:
                return value

    parts = tuple(part if isinstance(part, Markdown) else cast(Words, settle(part)) for part in reply.parts)
    return Reply(parts, reply.options, reply.wants, reply.attachments, reply.case_id)


def to_json(reply: Reply) -> Json:
    """A reply as JSON of this VERSION."""
    return {
        "v": VERSION,
        "parts": [_dump(part) for part in reply.parts],
        "options": [[option.token, _dump(option.label), option.style] for option in reply.options],
        "wants": reply.wants,
        "attachments": [[a.id, a.kind, a.name, a.mime, a.size] for a in reply.attachments],
        "case": reply.case_id,
    }


def from_json(data: Json) -> Reply:
    """A stored reply; raises ValueError for a version this release does not know."""
    if data.get("v") != VERSION:
        raise ValueError(f"reply of unknown version {data.get('v')!r}")
    return Reply(
        parts=tuple(_load(part) for part in data["parts"]),
        options=tuple(Option(token, cast(Words, _load(label)), style) for token, label, style in data["options"]),
        wants=data["wants"],
        attachments=tuple(Attachment(*item) for item in data["attachments"]),
        case_id=data["case"],
    )


def _dump(value: Gap | Markdown) -> Any:
    match value:
        case Say(key, args):
            return {"say": key, "args": {name: _dump(gap) for name, gap in args.items()}}
        case QueryCode(case_id):
            return {"code": case_id}
        case CaseNo(case_id):
            return {"no": case_id}
        case Markdown(text):
            return {"md": text}
        case _:
            return value


def _load(value: Any) -> Any:
    match value:
        case {"say": key, "args": args}:
            return Say(key, {name: _load(gap) for name, gap in args.items()})
        case {"code": case_id}:
            return QueryCode(case_id)
        case {"no": case_id}:
            return CaseNo(case_id)
        case {"md": text}:
            return Markdown(text)
        case _:
            return value
