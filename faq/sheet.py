"""Answers as rows of a sheet, and what a sheet that came back would change in the files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from faq.amend import CannotAmend
from faq.book import Book, Entry
from faq.markdown import FIELDS, Section
from faq.rewrite import new_page, rewritten

OF_ENTRY = ("id", "aspect", "question", "aliases", "answer")
COLUMNS = ("file", *OF_ENTRY, *FIELDS)
NEEDED = ("id", "question", "answer")
Cells = Mapping[str, str]
What = Literal["new_file", "new", "changed", "field", "missing"]
Wrong = Literal["twice", "moved", "disagree", "empty", "no_file", "line", "refused"]
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*\.md")
_DAY = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a sheet changes: in which `file`, at which entry's id or field, what."""

    what: What
    file: str
    where: str
    column: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row of the sheet (its number, from 1) cannot be taken, and the cell or words it is about."""

    row: int
    wrong: Wrong
    words: str


@dataclass
class Plan:
    """What would become of the files: (before, after) in `bytes` by path, before b"" for a new one; `changes` in
    words; and `faults`, which stop all of it."""

    bytes: dict[Path, tuple[bytes, bytes]] = field(default_factory=dict[Path, tuple[bytes, bytes]])
    changes: list[Change] = field(default_factory=list[Change])
    faults: list[Fault] = field(default_factory=list[Fault])


def rows_of(book: Book, folder: Path) -> Iterator[dict[str, str]]:
    """Yield a book's entries as cells by column, aliases one a line."""
    for entry in book.entries:
        cells = {name: str(getattr(entry, name)) for name in COLUMNS if name not in ("file", "aliases")}
        yield {"file": _name(entry, folder), "aliases": "\n".join(entry.aliases), **cells}


def plan(book: Book, folder: Path, rows: Sequence[tuple[int, Cells]]) -> Plan:
    """Return what the (number, cells) of a sheet would change in the book's files below `folder`.

    Columns that the sheet lacks, and entries that are not in it, stay as they are.
    """
    made = Plan()
    by_file: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for number, cells in _sorted_out(book, folder, rows, made):
        by_file.setdefault(cells["file"], []).append((number, cells))
    for file, of_file in by_file.items():
        fields = _agreed(of_file, made)
        if not made.faults:
            _file(book, folder, file, [cells for _, cells in of_file], fields, made)
    seen = {cells["id"] for of_file in by_file.values() for _, cells in of_file}
    gone = [one for one in book.entries if one.id not in seen]
    made.changes += [Change("missing", _name(one, folder), one.id, after=one.question) for one in gone]
    return made


def _sorted_out(
    book: Book, folder: Path, rows: Iterable[tuple[int, Cells]], made: Plan
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with every cell as it would be kept, the file and the id filled in; what is wrong goes to `made`."""
    ids: set[str] = {one.id for one in book.entries}
    seen: set[str] = set()
    for number, raw in rows:
        cells = {name: _kept(name, value) for name, value in raw.items()}
        known = book.get(cells["id"])
        file = cells.get("file", "") or (_name(known, folder) if known else "")
        cells = {**cells, "file": file, "id": cells["id"] or _fresh(file, ids)}
        wrong = _wrong(cells, known, seen, folder)
        if wrong:
            made.faults.append(Fault(number, wrong, cells["id"]))
        seen.add(cells["id"])
        ids.add(cells["id"])
        yield number, cells


def _wrong(cells: Cells, known: Entry | None, seen: set[str], folder: Path) -> Wrong | None:
    if cells["id"] in seen:
        return "twice"
    if known and _name(known, folder) != cells["file"]:
        return "moved"
    if not known and not _NAME.fullmatch(cells["file"]):
        return "no_file"
    aspect = cells.get("aspect") or (known.aspect if known else "")
    if not (cells["question"] and cells["answer"] and aspect):
        return "empty"
    single = (value for name, value in cells.items() if name not in ("aliases", "answer"))
    return "line" if any("\n" in value for value in single) else None


def _kept(name: str, value: str) -> str:
    """A cell as the files keep it; Excel writes a day as 2026/6/30 once somebody has touched it."""
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if name == "aliases":
        return "\n".join(dict.fromkeys(row.strip() for row in text.split("\n") if row.strip()))
    if name in ("verified_on", "valid_to") and (day := _DAY.fullmatch(text.split(" ")[0])):
        return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"
    return text


def _fresh(file: str, ids: set[str]) -> str:
    stem = file.rpartition("/")[2].removesuffix(".md") or "x"
    return next(one for number in range(1, len(ids) + 2) if (one := f"{stem}-{number}") not in ids)


def _agreed(rows: Sequence[tuple[int, Cells]], made: Plan) -> dict[str, str]:
    """The fields of one file, which all its rows must give alike."""
    first = rows[0][1]
    for number, cells in rows[1:]:
        for name in FIELDS:
            if cells.get(name, "") != first.get(name, ""):
                made.faults.append(Fault(number, "disagree", name))
    return {name: first[name] for name in FIELDS if name in first}


def _file(book: Book, folder: Path, file: str, rows: Sequence[Cells], fields: dict[str, str], made: Plan) -> None:
    path = folder / file
    entries = {one.id: one for one in book.entries if Path(one.file) == path}
    sections = [_wanted(cells, entries.get(cells["id"])) for cells in rows]
    before = path.read_bytes() if entries else b""
    try:
        if entries:
            out = rewritten(before, sections, fields)
        else:
            made.changes.append(Change("new_file", file, rows[0].get("title", "") or fields.get("policy", "")))
            out = new_page(fields.get("policy", file), fields, sections)
    except CannotAmend as error:
        made.faults.append(Fault(0, "refused", f"{file} {error}"))
        return
    if out != before:
        made.bytes[path] = before, out
    made.changes += _differences(file, entries, sections, fields)


def _wanted(cells: Cells, known: Entry | None) -> Section:
    aliases = cells["aliases"].split("\n") if cells.get("aliases") else []
    if "aliases" not in cells and known:
        aliases = list(known.aliases)
    aspect = cells.get("aspect") or (known.aspect if known else "")
    return Section(0, cells["id"], cells["question"], aspect, [(0, one) for one in aliases], answer=cells["answer"])


def _differences(
    file: str, entries: Mapping[str, Entry], sections: Sequence[Section], fields: Mapping[str, str]
) -> Iterator[Change]:
    first = next(iter(entries.values()), None)
    for name, value in fields.items():
        if first and str(getattr(first, name)) != value:
            yield Change("field", file, "", name, str(getattr(first, name)), value)
    for section in sections:
        known = entries.get(section.id)
        if known is None:
            yield Change("new", file, section.id, after=section.question)
            continue
        new = {"question": section.question, "aspect": section.aspect, "answer": section.answer}
        new["aliases"] = "\n".join(alias for _, alias in section.aliases)
        old = {name: getattr(known, name) for name in ("question", "aspect", "answer")}
        old["aliases"] = "\n".join(known.aliases)
        changed = [name for name in new if new[name] != old[name]]
        yield from (Change("changed", file, known.id, name, old[name], new[name]) for name in changed)


def _name(entry: Entry, folder: Path) -> str:
    return Path(entry.file).relative_to(folder).as_posix()
