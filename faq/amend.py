"""Writes an accepted alias or a new entry into a clerk's file, and touches nothing else in it.

Bytes in, bytes out: BOM, line ends, comments, order and spacing stay. What comes out is parsed again and must say
exactly what was meant; a file that has mistakes already is never changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from faq.markdown import Page, Section, parse

__all__ = [
    "CannotAmend", "NewEntry", "alias_of", "checked", "line_end", "meaning", "read_rows", "with_alias", "with_entry",
]  # fmt: skip

LONGEST_ALIAS = 100
_BOM = b"\xef\xbb\xbf"
_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_MARK = re.compile(r"^(\s*)(?:([-*+•])|(\d+)([.)、]))(\s+)")
_LOOSE = re.compile(r"[\s\x00-\x1f\x7f]+")


class CannotAmend(Exception):
    """The file cannot take it. `reason`: broken (it has mistakes), gone (no such entry), shape (it would be read
    differently), words (not words of a question)."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be added at the end of a policy's file; `alias` are the words somebody really used."""

    id: str
    question: str
    aspect: str
    answer: str
    alias: str = ""


def alias_of(text: str) -> str:
    """Return somebody's words as one line of a list; raise CannotAmend when they cannot be one."""
    line = _LOOSE.sub(" ", text).strip()
    if not line or len(line) > LONGEST_ALIAS or "<!--" in line or "-->" in line:
        raise CannotAmend("words")
    return line


def with_alias(raw: bytes, entry_id: str, alias: str, who: str, day: date) -> bytes:
    """Return the file with the alias at the end of the entry's list, and behind it who accepted it and when.

    A file that has it already comes back as it is. Raises CannotAmend.
    """
    alias = alias_of(alias)
    rows, page = read_rows(raw)
    section = next((one for one in page.sections if one.id == entry_id), None)
    if section is None:
        raise CannotAmend("gone")
    if alias in (section.question, *(known for _, known in section.aliases)):
        return raw
    wanted = [meaning(one) for one in page.sections]
    at = page.sections.index(section)
    wanted[at] = replace(wanted[at], aliases=[*wanted[at].aliases, (0, alias)])
    _insert_alias(rows, section, f"{alias} {_note(who, day)}")
    return checked(raw, rows, wanted)


def with_entry(raw: bytes, new: NewEntry, who: str, day: date) -> bytes:
    """Return the file with the entry at its end. Raises CannotAmend."""
    rows, page = read_rows(raw)
    question, answer = _LOOSE.sub(" ", new.question).strip(), new.answer.replace("\r\n", "\n").strip()
    end = line_end(rows[-1]) or line_end(rows[0])
    said = alias_of(new.alias or question)
    block = ["", f"## {question} {{#{new.id} aspect={new.aspect}}}", "", "问法：", f"- {said} {_note(who, day)}", ""]
    if not line_end(rows[-1]):
        rows[-1] += end
    rows += [row + end for row in (*block, *answer.split("\n"))]
    made = Section(0, new.id, question, new.aspect, [(0, said)], answer)
    return checked(raw, rows, [*map(meaning, page.sections), made])


def read_rows(raw: bytes) -> tuple[list[str], Page]:
    """Return a file's rows with their line ends, and what is read in them. Raises CannotAmend."""
    try:
        text = raw.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise CannotAmend("broken") from error
    page = parse("", _plain(text))
    if page.problems:
        raise CannotAmend("broken", str(page.problems[0]))
    return _ROW.findall(text), page


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_end(row: str) -> str:
    """Return the line end of a row."""
    return row[len(row.rstrip("\r\n")) :]


def _insert_alias(rows: list[str], section: Section, words: str) -> None:
    end = line_end(rows[section.line - 1]) or "\n"
    if section.list_end:
        rows.insert(section.list_end, f"{_next_mark(rows[section.list_end - 1])}{words}{end}")
        return
    gap = [end] if rows[section.line].strip() else []
    rows[section.line : section.line] = [end, f"问法：{end}", f"- {words}{end}", *gap]


def _next_mark(row: str) -> str:
    """The mark of the next item of a list, as the clerk makes them."""
    found = _MARK.match(row)
    if found is None:
        return "- "
    indent, bullet, number, point, space = found.groups()
    return f"{indent}{bullet or f'{int(number) + 1}{point}'}{space}"


def _note(who: str, day: date) -> str:
    """A comment that no citizen sees: who accepted it, and when."""
    return f"<!-- {day.isoformat()} {' '.join(re.sub(r'[-<>]+', ' ', who).split())} -->"


def checked(raw: bytes, rows: list[str], wanted: list[Section]) -> bytes:
    """Return the rows as bytes, once they are read as what was meant. Raises CannotAmend."""
    text = "".join(rows)
    page = parse("", _plain(text))
    if page.problems or [meaning(one) for one in page.sections] != [meaning(one) for one in wanted]:
        raise CannotAmend("shape", str(page.problems[0]) if page.problems else "")
    return (_BOM if raw.startswith(_BOM) else b"") + text.encode()


def meaning(section: Section) -> Section:
    """Return a section without the places of its lines."""
    return replace(section, line=0, list_end=0, aliases=[(0, alias) for _, alias in section.aliases])
