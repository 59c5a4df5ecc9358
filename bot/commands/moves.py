"""`zhitong move`: what is said while a county moves."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import typer

from bot.commands.common import office_folder, settings_of


def move(to: str, data: Path | None) -> None:
    """Move, with a bar on stderr; stdout gets a line a table: name, rows here, rows there."""
    from bot import moving

    settings = settings_of(data=data)
    folder = office_folder(settings)
    place = moving.target_of(to)
    with typer.progressbar(length=moving.rows_in(folder), label="moving", file=sys.stderr) as bar:
        done = asyncio.run(moving.move(folder, place, bar.update))
    for one in done:
        typer.echo(f"{one.table}\t{one.before}\t{one.after}")
    typer.echo("Every count agrees. From now on set ZHITONG_DATABASE_URL to the new address;", err=True)
    typer.echo(f"{folder} stays the data folder. The old cases in it are not served again.", err=True)
