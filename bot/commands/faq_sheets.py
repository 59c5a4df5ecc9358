"""`zhitong faq export` and `zhitong faq import`: the answers for people who live in Excel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import SiteOption, settings_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faq.sheet import Change, Plan

SHOWN = 60  # characters of a cell


def export_answers(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new .xlsx or .csv file.")],
    site: SiteOption = None,
) -> None:
    """Write all answers into a sheet, one a row."""
    from bot import sheets
    from bot.site import faq_folder, load_site

    folder = settings_of(site).site
    office = load_site(folder)
    if target.exists():
        raise Mistake(f"{target} is there already: name a new file.")
    count = sheets.write_sheet(office.book, faq_folder(folder), office.county.texts["zh"], target)
    typer.echo(f"{target}: {count} answers", err=True)


def import_answers(
    sheet: Annotated[Path, typer.Argument(metavar="FILE", help="The .xlsx or .csv file that was edited.")],
    write: Annotated[bool, typer.Option("--write", help="Change the files; without it, only say what would.")] = False,
    site: SiteOption = None,
) -> None:
    """Say what an edited sheet changes, and with --write change it; exit code 1 when the sheet has mistakes."""
    from bot import sheets
    from bot.site import faq_folder, load_site
    from faq.amend import CannotAmend
    from faq.sheet import plan

    folder = settings_of(site).site
    office, answers = load_site(folder), faq_folder(folder)
    if folder is None or not answers.is_relative_to(folder):
        raise Mistake("these are the packaged answers: run `zhitong init FOLDER` and name it with --site.")
    texts = office.county.texts
    found = plan(office.book, answers, sheets.read_sheet(sheet, texts.values()))
    _report(found, sheet, texts["zh"])
    sheets.check_plan(found, answers)
    if not found.bytes:
        typer.echo(texts["zh"]["sheet.nothing"])
    elif not write:
        typer.echo(texts["zh"]["sheet.dry"])
    else:
        try:
            sheets.write_plan(found)
        except CannotAmend:
            raise Mistake("somebody saved one of the files meanwhile. Look at it, then import again.") from None
        many = {"files": len(found.bytes), "changes": _changes(found)}
        typer.echo(texts["zh"]["sheet.done"].format(**many))


def _changes(found: Plan) -> int:
    return sum(one.what != "missing" for one in found.changes)


def _report(found: Plan, sheet: Path, texts: Mapping[str, str]) -> None:
    """Print what is wrong, or what would change. Raises Exit with 1 when something is wrong."""
    for fault in found.faults:
        where = f"{sheet}:{fault.row}: " if fault.row else ""
        typer.echo(where + texts[f"sheet.fault.{fault.wrong}"].format(words=fault.words))
    if found.faults:
        typer.echo(texts["sheet.refused"])
        raise typer.Exit(1)
    for change in found.changes:
        typer.echo(_line(change, texts))


def _line(change: Change, texts: Mapping[str, str]) -> str:
    column = texts[f"sheet.{change.column}"] if change.column else ""
    head = " ".join(filter(None, (change.file, change.where, texts[f"sheet.change.{change.what}"], column)))
    if change.what in ("changed", "field"):
        return f"{head}\n  - {_short(change.before)}\n  + {_short(change.after)}"
    return f"{head}  {_short(change.after)}".rstrip()


def _short(text: str) -> str:
    flat = " / ".join(text.split("\n"))
    return flat if len(flat) <= SHOWN else f"{flat[:SHOWN]}…（{len(text)}）"
