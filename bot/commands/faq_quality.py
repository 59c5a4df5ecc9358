"""`zhitong faq eval` and `zhitong faq check`: how good the answers are to find, and what is in the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import SiteOption, settings_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from bot.checking import Checked

FaqOption = Annotated[
    Path | None, typer.Option("--faq", help="Folder of Markdown files, or JSON lines, in place of the office's own.")
]


def evaluate(
    queries: Annotated[Path, typer.Argument(help='JSON lines: {"text", "faq_id": id or null, "noise"}.')],
    faq: FaqOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    site: SiteOption = None,
) -> None:
    """Measure how well labelled questions find their answer."""
    from bot import evaluating
    from bot.site import faq_folder

    own = faq_folder(settings_of(site).site)
    lists = faq if faq is not None and faq.is_dir() else own
    found = evaluating.evaluate(queries, faq or own, lists)
    lines = [json.dumps(evaluating.as_json(found), ensure_ascii=False)] if as_json else evaluating.as_table(found)
    typer.echo("\n".join(lines))
    if found.unknown:
        some = ", ".join(sorted(found.unknown)[:5])
        typer.echo(f"warning: {len(found.unknown)} wanted ids are not among the answers ({some})", err=True)


def check(site: SiteOption = None) -> None:
    """Check the answers themselves and beside each other; exit code 1 when one cannot be given."""
    from bot import checking

    folder = settings_of(site).site
    if folder is not None and not folder.is_dir():
        raise Mistake(f"there is no folder {folder}.")
    show(checking.check_answers(folder, datetime.now(UTC)))


def show(found: Checked) -> None:
    """Print what was found, errors apart from warnings. Raises Exit with 1 when there are errors."""
    for line in found.errors:
        typer.echo(line)
    if found.warnings:
        typer.echo(f"\n{found.heading}" if found.errors else found.heading)
    for line in found.warnings:
        typer.echo(line)
    typer.echo(f"\n{found.counts}")
    if found.errors:
        raise typer.Exit(1)
