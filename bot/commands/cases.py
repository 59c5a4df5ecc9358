"""`zhitong cases`: the cases beside a running server. stdout is data only, one line a case."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from bot.commands.common import DataOption, SiteOption, beside_server, group, office_folder, settings_of, unit_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from bot.export import Row, Write
    from bot.reading import Desk

app = group("cases", "List, show and export cases.")


class Format(StrEnum):
    """The formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


StateOption = Annotated[str, typer.Option("--state", help="Only cases in this state.")]
UnitOption = Annotated[str, typer.Option("--department", help="Only cases of this department: its id or its name.")]
OverdueOption = Annotated[bool, typer.Option("--overdue", help="Only cases that should have been answered by now.")]
ContactOption = Annotated[bool, typer.Option("--with-contact", help="Name and phone too; handle with care.")]


@app.command("list")
@beside_server
def list_cases(
    state: StateOption = "",
    department: UnitOption = "",
    overdue: OverdueOption = False,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """List cases, newest first, one a line, with tabs."""
    from bot.export import line_of
    from bot.reading import each_case, reading

    settings = settings_of(site, data)
    office_folder(settings)
    with reading(settings) as desk:
        for held in each_case(desk, *_where(desk, state, department, overdue), newest_first=True):
            typer.echo(line_of(held, desk.county, desk.now))


@app.command()
@beside_server
def show(
    number: Annotated[str, typer.Argument(help="The case number, as on the card.")],
    with_contact: ContactOption = False,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """Show one case and what happened to it, as JSON."""
    import json
    from datetime import datetime

    from bot.export import history, row_of
    from bot.reading import reading, the_case
    from cases.redaction import mask

    settings = settings_of(site, data)
    office_folder(settings)
    with reading(settings) as desk:
        held, events = the_case(desk, number)
        row = row_of(held, desk.county, desk.now, contact=with_contact)
        details = [] if held.minor else [[ask, mask(answer)] for ask, answer in held.details]
        whole = {**row, "details": details, "steps": history(events, held.minor)}
    indent = 2 if sys.stdout.isatty() else None
    typer.echo(json.dumps(whole, ensure_ascii=False, default=datetime.isoformat, indent=indent))


@app.command()
@beside_server
def minors(
    year: Annotated[int, typer.Option(help="The year they were filed in.")] = 0,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """List cases of children under 14 and who looked, for the yearly audit (未成年人网络保护条例 §37)."""
    from zoneinfo import ZoneInfo

    from bot.export import looks
    from bot.reading import each_case, reading
    from bot.store.cases import events

    settings = settings_of(site, data)
    office_folder(settings)
    with reading(settings) as desk:
        zone = ZoneInfo(desk.county.office.time_zone)
        wanted = year or desk.now.astimezone(zone).year
        for held in each_case(desk):
            filed = held.opened_at.astimezone(zone)
            if not held.minor or filed.year != wanted:
                continue
            typer.echo("\t".join((held.no, f"{filed:%Y-%m-%d}", held.department, held.state, held.claimed_name)))
            for one in looks(events(desk.conn, desk.vault, held.id)):
                typer.echo(f"\t{one.at.astimezone(zone):%Y-%m-%d %H:%M}\t{one.act}\t{one.by.name}")


@app.command()
@beside_server
def export(
    format: Annotated[Format, typer.Option("--format", help="jsonl for programs, csv and xlsx for people.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; without it, standard output.")] = None,
    state: StateOption = "",
    department: UnitOption = "",
    overdue: OverdueOption = False,
    with_contact: ContactOption = False,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """Export cases, oldest first, masked and safe to open."""
    from bot.reading import reading

    settings = settings_of(site, data)
    office_folder(settings)
    if out is None and format is Format.XLSX and sys.stdout.isatty():
        raise Mistake("an xlsx file is not for the screen: name a file with --out.")
    with reading(settings) as desk, _target(out) as stream:
        if format is Format.CSV and out is not None:
            stream.write(b"\xef\xbb\xbf")  # without it Excel takes the file for GBK
        write = _writer(format, desk, with_contact)
        write(_told(_rows(desk, _where(desk, state, department, overdue), with_contact), out), stream)


def _writer(format: Format, desk: Desk, with_contact: bool) -> Write:
    from bot.export import COLUMNS, CONTACT, jsonl, to_csv, to_xlsx

    columns = (*COLUMNS, *CONTACT) if with_contact else COLUMNS
    match format:
        case Format.JSONL:
            return jsonl
        case Format.CSV:
            return to_csv(desk.county, columns)
        case Format.XLSX:
            return to_xlsx(desk.county, columns)


def _rows(desk: Desk, where: list[ColumnElement[bool]], with_contact: bool) -> Iterator[Row]:
    from bot.export import row_of
    from bot.reading import each_case

    for held in each_case(desk, *where):
        yield row_of(held, desk.county, desk.now, contact=with_contact)


def _told(rows: Iterator[Row], out: Path | None) -> Iterator[Row]:
    """The rows, counted on stderr at the end when they went to a file."""
    count = 0
    for row in rows:
        count += 1
        yield row
    if out is not None:
        typer.echo(f"{count} cases in {out}", err=True)


def _where(desk: Desk, state: str, department: str, overdue: bool) -> list[ColumnElement[bool]]:
    from bot.store.tables import case
    from cases.case import State

    where: list[ColumnElement[bool]] = []
    if state:
        if state not in list(State):
            raise Mistake(f"there is no state {state!r}. States are: {', '.join(State)}.")
        where.append(case.c.state == state)
    if department:
        where.append(case.c.department == unit_of(desk.county, department).id)
    if overdue:
        owed = (State.FILED, State.HANDLING, State.WAITING)
        where += [case.c.open, case.c.state.in_(owed), case.c.answer_by < desk.now]
    return where


@contextmanager
def _target(out: Path | None) -> Generator[IO[bytes]]:
    """Standard output, or a file that appears under its name only when it is complete."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with _beside(out) as temp, temp.open("wb") as stream:
        temp.chmod(0o600)
        yield stream


@contextmanager
def _beside(out: Path) -> Generator[Path]:
    temp = out.with_name(f"{out.name}.unfinished")
    try:
        yield temp
        temp.replace(out)
    except BaseException:
        temp.unlink(missing_ok=True)
        raise
