"""`zhitong faq export` and `import`: the answers as a sheet for people who live in Excel, and back.

A sheet that comes back is compared with the files first; what would change is said, and only `write` changes it:
everything that was read is checked again as a whole, in a copy, before the first file is replaced.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.amending import amend
from bot.export import guarded
from bot.failures import Mistake
from faq import book as books
from faq.amend import CannotAmend
from faq.book import Book
from faq.sheet import COLUMNS, NEEDED, Plan, rows_of

Row = tuple[int, dict[str, str]]
LARGEST = 20 << 20  # bytes of a sheet
UNPACKED = 200 << 20
MOST_ROWS = 50_000
CELL = 32_767  # characters that fit into a cell of Excel
CSV, XLSX = ".csv", ".xlsx"


def write_sheet(book: Book, folder: Path, texts: Mapping[str, str], target: Path) -> int:
    """Write the answers into `target` (.xlsx or .csv); how many rows. Raises Mistake."""
    rows = [[texts[f"sheet.{name}"] for name in COLUMNS]]
    for cells in rows_of(book, folder):
        if len(cells["answer"]) > CELL or len(cells["aliases"]) > CELL:
            raise Mistake(f"{cells['file']}: {cells['id']} is longer than a cell of Excel may be ({CELL} characters).")
        rows.append([guarded(cells[name]) for name in COLUMNS])
    if target.suffix.lower() == XLSX:
        _to_xlsx(rows, texts["sheet.name"], target)
    elif target.suffix.lower() == CSV:
        with target.open("w", encoding="utf-8-sig", newline="") as out:  # with a BOM Excel sees that it is UTF-8
            csv.writer(out).writerows(rows)
    else:
        raise Mistake(f"{target} must end in .xlsx or .csv.")
    return len(rows) - 1


def _to_xlsx(rows: Iterable[list[str]], name: str, target: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment
    from openpyxl.utils.exceptions import IllegalCharacterError

    work = Workbook(write_only=True)
    sheet: Any = work.create_sheet(name)
    sheet.freeze_panes = "A2"
    for row in rows:
        try:
            line = [WriteOnlyCell(sheet, cell or None) for cell in row]
        except IllegalCharacterError:
            raise Mistake(f"{row[0]}: {row[1]} holds a character that Excel cannot keep.") from None
        for cell in (one for one in line if one.value):
            cell.data_type, cell.number_format = "s", "@"  # text, even if it looks like a formula
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.append(line)
    work.save(target)


def read_sheet(path: Path, texts: Iterable[Mapping[str, str]]) -> list[Row]:
    """The rows of a sheet as (number, cells by column). Raises Mistake."""
    if path.stat().st_size > LARGEST:
        raise Mistake(f"{path} is larger than {LARGEST >> 20} MB.")
    if path.suffix.lower() not in (XLSX, CSV):
        raise Mistake(f"{path} must end in .xlsx or .csv.")
    lines = _from_xlsx(path) if path.suffix.lower() == XLSX else _from_csv(path)
    names = {words[f"sheet.{name}"]: name for words in texts for name in COLUMNS} | {name: name for name in COLUMNS}
    head = next((line for _, line in lines), list[str]())
    columns = [names.get(cell.strip(), "") for cell in head]
    if lacking := [name for name in NEEDED if name not in columns]:
        raise Mistake(f"{path}: the first row lacks the columns {', '.join(lacking)}. Export a sheet to see them all.")
    if len(named := [name for name in columns if name]) != len(set(named)):
        raise Mistake(f"{path}: a column stands in the first row twice.")
    rows: list[Row] = []
    for number, line in lines:
        if len(rows) == MOST_ROWS:
            raise Mistake(f"{path} has more than {MOST_ROWS} rows.")
        if any(cell.strip() for cell in line):
            cells = dict(zip(columns, [*line, *[""] * len(columns)], strict=False))
            rows.append((number, {name: _unguarded(cell) for name, cell in cells.items() if name}))
    return rows


def _unguarded(cell: str) -> str:
    """A cell without the apostrophe that an export put before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell


def _from_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _as_excel_saves(path, raw)
    csv.field_size_limit(LARGEST)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        yield from enumerate(lines, 1)
    except csv.Error as error:
        raise Mistake(f"{path} is no CSV: {error}.") from None


def _as_excel_saves(path: Path, raw: bytes) -> str:
    """Excel on a Chinese Windows saves CSV as GBK."""
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        raise Mistake(f"{path} cannot be read: save it as .xlsx, or as CSV UTF-8.") from None


def _from_xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise Mistake(f"{path} is larger than {UNPACKED >> 20} MB when unpacked.")
        work: Any = load_workbook(path, read_only=True)
        try:
            for number, line in enumerate(work.worksheets[0].iter_rows(values_only=True), 1):
                yield number, [_words(cell) for cell in line]
        finally:
            work.close()
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError):
        raise Mistake(f"{path} is no Excel workbook, or a damaged one. Save it again as .xlsx.") from None


def _words(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell)


def check_plan(plan: Plan, folder: Path) -> None:
    """Read all files as they would be, in a copy. Raises BookErrors with the paths of the real ones."""
    with tempfile.TemporaryDirectory() as temp:
        copy = Path(temp) / folder.name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
        for path, (_, body) in plan.bytes.items():
            place = copy / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        try:
            books.load([copy])
        except books.BookErrors as errors:
            real = [_moved(problem, copy, folder) for problem in errors.problems]
            raise books.BookErrors(real) from None


def _moved(problem: books.Problem, copy: Path, folder: Path) -> books.Problem:
    file = problem.file.replace(str(copy), str(folder), 1)
    return books.Problem(file, problem.line, problem.message, problem.hint)


def write_plan(plan: Plan) -> None:
    """Replace the files, each whole. Raises CannotAmend before the first when one was saved meanwhile, OSError."""
    for path, (before, _) in plan.bytes.items():
        if (path.read_bytes() if path.exists() else b"") != before:
            raise CannotAmend("changed")
    for path, (before, after) in plan.bytes.items():
        if not before:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        amend(path, lambda raw, before=before, after=after: after if raw == before else _changed())


def _changed() -> bytes:
    raise CannotAmend("changed")
