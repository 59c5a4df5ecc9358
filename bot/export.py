"""Cases as rows for people and programs: masked, and nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from cases.case import Act, Case, Event
from cases.redaction import mask
from config.schema import County
from handlers.staff.card import light, place_words, summary, topic_path

Row = dict[str, Any]
Texts = Mapping[str, str]
Write = Callable[[Iterable[Row], IO[bytes]], None]

CONTACT = ("name", "phone")
COLUMNS = (
    "no", "state", "kind", "topic_code", "topic", "department_id", "department", "assist", "place", "opened_at",
    "accept_by", "answer_by", "answered_at", "closed_at", "overdue", "urgent", "supervised", "returns", "score",
    "claimed_by", "channel", "source", "on_behalf", "anonymous", "story",
)  # fmt: skip
# Columns whose values have words of their own, and where these stand in the texts.
NAMED = {"channel": "room.channel", "source": "room.source", "on_behalf": "room.behalf"}
CELL_MOST = 32_000  # characters a spreadsheet cell holds
_RUN = frozenset("=+-@")
_RUN_TOO = frozenset("\t\r\n")


def row_of(held: Case, county: County, now: datetime, *, contact: bool = False) -> Row:
    """A case for export. Name and phone are in it only with `contact`; numbers in free text are masked always.

    What a child under 14 told, and their contact, leave the office in no export (未成年人网络保护条例 §36).
    """
    unit = county.department_by_id.get(held.department)
    wanted, contact = contact, contact and not held.minor
    row: Row = {
        "no": held.no,
        "state": str(held.state),
        "kind": str(held.kind),
        "topic_code": held.topic,
        "topic": topic_path(county, held.topic, "zh"),
        "department_id": held.department,
        "department": unit.name if unit else held.department,
        "assist": list(held.assist),
        "place": place_words(county, held.place, "" if held.minor else mask(held.place_text), "zh"),
        "opened_at": held.opened_at,
        "accept_by": held.accept_by,
        "answer_by": held.answer_by,
        "answered_at": held.answered_at,
        "closed_at": held.closed_at,
        "overdue": light(held, now) == "overdue",
        "urgent": held.urgent,
        "supervised": held.supervised,
        "returns": held.returns,
        "score": held.score or None,
        "claimed_by": held.claimed_name,
        "channel": held.channel,
        "source": held.source,
        "on_behalf": held.on_behalf,
        "anonymous": not (held.name or held.phone),
        "story": "" if held.minor else mask(held.story),
    }
    return {**row, **{name: getattr(held, name) if contact else "" for name in CONTACT}} if wanted else row


def history(events: Iterable[Event], minor: bool = False) -> list[Row]:
    """What happened to a case, oldest first; numbers in texts masked, citizens without a name, of a child no text."""
    return [_step(one, minor) for one in events if one.act is not Act.REVEAL]


def looks(events: Iterable[Event]) -> list[Event]:
    """Who took a case on or looked at its contact, oldest first: what the yearly audit of children's cases asks."""
    return [one for one in events if one.act in (Act.CLAIM, Act.RELEASE, Act.REVEAL) and one.by.kind == "staff"]


def _step(one: Event, minor: bool) -> Row:
    who = one.by.name if one.by.kind == "staff" else ""
    data = {name: mask(str(value)) for name, value in one.data.items()}
    text = "" if minor else mask(one.text)
    return {"act": str(one.act), "at": one.at, "by": one.by.kind, "name": who, "text": text, "data": data}


def line_of(held: Case, county: County, now: datetime) -> str:
    """A case as one line with tabs: number, state, department, topic, place, opened, due, marks, first words."""
    row, zone = row_of(held, county, now), ZoneInfo(county.office.time_zone)
    marks = ",".join(name for name in ("overdue", "urgent", "supervised") if row[name])
    opened, due = (_day(at, zone) for at in (held.opened_at, held.answer_by))
    fields = (held.no, row["state"], row["department"], row["topic"], row["place"], opened, due, marks)
    return "\t".join(flat(str(field)) for field in (*fields, summary(held.story)))


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d}" if at else ""


def flat(text: str) -> str:
    """A text on one line, without control characters or broken surrogates."""
    if text.isprintable():
        return text.strip()
    kept = "".join(" " if char in "\t\r\n\v\f\u2028\u2029" else char for char in text)
    return "".join(char for char in kept if unicodedata.category(char) not in ("Cc", "Cs")).strip()


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before what would begin one.

    What counts is the form after NFKC (＝ is =), behind whatever cannot be seen.
    """
    if text[:1].isalnum():
        return text
    seen = unicodedata.normalize("NFKC", text)
    head = next((char for char in seen if not (char.isspace() or unicodedata.category(char)[0] in "CZ")), "")
    return f"'{text}" if head in _RUN or text[:1] in _RUN_TOO else text


# --- the three formats ------------------------------------------------------------------------------------


def jsonl(rows: Iterable[Row], out: IO[bytes]) -> None:
    """One JSON object a line, codes as they are, times as ISO 8601 UTC."""
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, default=datetime.isoformat)
        out.write(text.encode("utf-8", "replace") + b"\n")


def to_csv(county: County, columns: tuple[str, ...]) -> Write:
    """A writer of CSV in the office's words, one line a case, guarded."""

    def write(rows: Iterable[Row], out: IO[bytes]) -> None:
        lines = csv.writer(_Text(out), lineterminator="\n")
        for cells in _cells(rows, county, columns):
            lines.writerow(cells)

    return write


def to_xlsx(county: County, columns: tuple[str, ...]) -> Write:
    """A writer of one worksheet, every cell text, row by row."""

    def write(rows: Iterable[Row], out: IO[bytes]) -> None:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell

        book = Workbook(write_only=True)
        sheet: Any = book.create_sheet(county.texts["zh"]["export.sheet"])
        sheet.freeze_panes = "A2"
        for cells in _cells(rows, county, columns):
            line = [WriteOnlyCell(sheet, cell) if cell else None for cell in cells]
            for cell in line:
                if cell is not None:
                    cell.data_type = "s"  # text, whatever it looks like; openpyxl writes it inline
            sheet.append(line)
        book.save(out)

    return write


class _Text:
    """The text side that csv wants, over bytes."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode("utf-8", "replace"))


def _cells(rows: Iterable[Row], county: County, columns: tuple[str, ...]) -> Iterator[list[str]]:
    """The heading, then every row, as guarded one-line texts."""
    texts, zone = county.texts["zh"], ZoneInfo(county.office.time_zone)
    yield [texts[f"export.{name}"] for name in columns]
    for row in rows:
        yield [guarded(flat(_words(name, row[name], texts, zone)))[:CELL_MOST] for name in columns]


def _words(name: str, value: Any, texts: Texts, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return texts["word.yes"] if value else ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ",".join(cast(list[str], value))
    if value is None:
        return ""
    return texts.get(f"{NAMED.get(name, name)}.{value}", str(value))
