"""Changes many things in a clerk's file at once, and leaves every row that means the same as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from faq.amend import CannotAmend, checked, line_end, meaning, read_rows
from faq.markdown import FIELDS, Page, Section, parse

_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`~][^:#\"'\\]*")


def rewritten(raw: bytes, wanted: Sequence[Section], fields: Mapping[str, str]) -> bytes:
    """Return the file with the `wanted` sections (by id; unknown ids go to its end) and front-matter `fields`.

    Raises CannotAmend when the file is broken, or what would come out is not read as what was meant.
    """
    rows, page = read_rows(raw)
    by_id = {one.id: one for one in wanted}
    end = line_end(rows[0]) or "\n"
    ends = [*(one.line - 1 for one in page.sections[1:]), len(rows)]
    for section, until in reversed(list(zip(page.sections, ends, strict=True))):
        new = by_id.pop(section.id, section)
        if meaning(new) != meaning(section):
            rows[section.line - 1 : until] = _section(rows[section.line - 1 : until], section, new, end)
    for new in by_id.values():
        rows[-1] = rows[-1].rstrip("\r\n") + end
        rows += [end, *(row + end for row in section_rows(new))]
    _put_fields(rows, page, fields, end)
    after = {one.id: one for one in wanted}
    meant = [after.pop(one.id, one) for one in page.sections]
    out = checked(raw, rows, [meaning(one) for one in (*meant, *after.values())])
    _check_fields(out, page, fields)
    return out


def new_page(title: str, fields: Mapping[str, str], sections: Sequence[Section]) -> bytes:
    """Return a new file. Raises CannotAmend when it would not be read as meant."""
    rows = ["---", *(f"{key}: {_scalar(fields[key])}" for key in FIELDS if fields.get(key)), "---", f"# {title}"]
    for section in sections:
        rows += ["", *section_rows(section)]
    return checked(b"", [f"{row}\n" for row in rows], [meaning(one) for one in sections])


def section_rows(section: Section) -> list[str]:
    """Return the rows of a section, without line ends."""
    aliases = ["问法：", *(f"- {alias}" for _, alias in section.aliases), ""] if section.aliases else []
    return [_heading(section), "", *aliases, *section.answer.split("\n")]


def _heading(section: Section) -> str:
    return f"## {section.question} {{#{section.id} aspect={section.aspect}}}"


def _section(rows: list[str], old: Section, new: Section, end: str) -> list[str]:
    """The new rows of a section: what stays keeps its row, with the clerk's comments and spacing."""
    known = {alias: rows[line - old.line] for line, alias in old.aliases}
    heading = rows[0] if (old.question, old.aspect) == (new.question, new.aspect) else _heading(new) + end
    aliases = [known.get(alias, f"- {alias}{end}") for _, alias in new.aliases]
    body = [heading, end, *([f"问法：{end}", *aliases, end] if aliases else [])]
    blank = len(rows) - len("".join(rows).rstrip().splitlines())
    answer = [row + end for row in new.answer.split("\n")]
    return [*body, *answer, *rows[len(rows) - blank :]]


def _put_fields(rows: list[str], page: Page, fields: Mapping[str, str], end: str) -> None:
    closing = next(number for number, row in enumerate(rows[1:], 1) if row.rstrip() == "---")
    for key, value in fields.items():
        known, line = page.fields.get(key, ("", 0))
        if line and value != known:
            rows[line - 1] = f"{key}: {_scalar(value)}{end}"
        elif value and not line:
            rows.insert(closing, f"{key}: {_scalar(value)}{end}")


def _scalar(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _check_fields(out: bytes, before: Page, fields: Mapping[str, str]) -> None:
    read = {key: value for key, (value, _) in parse("", _text(out)).fields.items()}
    wanted = {key: value for key, (value, _) in before.fields.items()} | dict(fields)
    if {key: value for key, value in read.items() if value} != {key: value for key, value in wanted.items() if value}:
        raise CannotAmend("shape")


def _text(out: bytes) -> str:
    return out.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
