"""The command `zhitong`. stdout is data; progress, warnings and errors go to stderr."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import cases, codes, faq, faq_quality, keys, retention, staff
from bot.commands.common import DataOption, SiteOption, settings_of
from bot.failures import Mistake, explained, leaving_at_once

app = typer.Typer(name="zhitong", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for room in (staff, cases, faq, codes, retention, keys):
    app.add_typer(room.app)

PortOption = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")]


def main() -> None:
    """Entry point: known mistakes end with a sentence and exit code 2, never with a traceback."""
    with explained():
        code = app(standalone_mode=False)
    raise SystemExit(code or 0)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"zhitong {version('zhitong')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """直通 Zhitong: a direct line between the people of a county and the offices that owe them an answer."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def demo(
    lan: Annotated[bool, typer.Option("--lan", help="Let phones in the same network in, and print a QR code.")] = False,
    port: PortOption = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder to keep the demo in.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Try a made-up county office, kept only if --data names a folder."""
    gc.disable()  # until the house serves: it is a fifth of the time to get there
    with leaving_at_once():
        from bot.demo.office import run_demo

    run_demo(lan=lan, port=port, data=data, browser=not no_browser)


@app.command()
def simulate(
    citizens: Annotated[int, typer.Option(min=1, help="How many people.")] = 100,
    minutes: Annotated[float, typer.Option(min=0.1, help="In how many minutes.")] = 1.0,
    url: Annotated[str, typer.Option(help="The page of a house that runs, instead of one opened for this.")] = "",
    seed: Annotated[int, typer.Option(help="Another number, another crowd.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Figures for a machine on stdout.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Write what happened as an SVG.")] = None,
) -> None:
    """Let a crowd talk through every front door, and count what is lost; exit code 1 when anything is."""
    from bot.demo import simulate as crowd

    if not crowd.run(crowd.Plan(citizens, minutes, url.rstrip("/"), seed), as_json, picture):
        raise typer.Exit(1)


@app.command()
def run(
    site: SiteOption = None,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: PortOption = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Of several processes: intake, web or work; more than once for two.")
    ] = None,
) -> None:
    """Run the office: citizen page, staff room, workers."""
    gc.disable()  # until the house serves: it is a fifth of the time to get there
    with leaving_at_once():
        from bot import memory

        memory.share_heaps()
        memory.log_plainly()
        from bot.store.connect import DATABASE, early_check

        settings = settings_of(site, data, host=host, port=port)
        # Beside the imports that follow: they take as long.
        check = early_check(settings.data_dir / DATABASE) if settings.database_url is None else None
        from bot import serving
        from bot.app import EVERYTHING, Part

    if unknown := set(only or ()) - set(Part):
        raise Mistake(f"--only takes {', '.join(Part)}, not {', '.join(sorted(unknown))}.")
    asyncio.run(serving.run(settings, check, frozenset(map(Part, only)) if only else EVERYTHING))


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="An empty or new folder.")]) -> None:
    """Copy the sample files out, to be edited and used with --site."""
    from config.load import copy_out

    for path in copy_out(folder):
        typer.echo(path)


@app.command()
def check(site: SiteOption = None, data: DataOption = None) -> None:
    """Check the office's files, and the audit of its data; exit code 1 when one cannot be used."""
    from bot import checking
    from bot.commands import audits

    settings = settings_of(site, data)
    folder = settings.site
    if folder is not None and not folder.is_dir():
        raise Mistake(f"there is no folder {folder}.")
    about_audit = audits.said(settings)
    for line in about_audit:
        typer.echo(line)
    faq_quality.show(checking.check(folder, datetime.now(UTC).astimezone().date(), settings.data_dir))
    if any(line.startswith("error:") for line in about_audit):
        raise typer.Exit(1)


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="A new folder.")], data: DataOption = None) -> None:
    """Copy database and files beside the running server, checked."""
    from bot.commands import backups

    backups.backup(target, data)


@app.command()
def move(
    to: Annotated[str, typer.Option("--to", help="postgresql+asyncpg://user@host/database, empty.")],
    data: DataOption = None,
) -> None:
    """Move a stopped office from SQLite to PostgreSQL, whole or not at all."""
    from bot.commands import moves

    moves.move(to, data)


@app.command()
def qr(
    scenes: Annotated[list[str] | None, typer.Argument(metavar="[CODE]...", help="Codes of scenes.yaml.")] = None,
    way: Annotated[list[codes.Way], typer.Option("--for", help="What the code opens.")] = [codes.Way.WEB],  # noqa: B006
    form: Annotated[list[codes.Form], typer.Option("--as", help="What to write.")] = [*codes.Form],  # noqa: B006
    out: Annotated[Path, typer.Option(help="Folder for the sheets.")] = Path("qr"),
    lang: Annotated[str, typer.Option(help="zh or en.")] = "zh",
    site: SiteOption = None,
) -> None:
    """Write sheets with a code to print: for all of scenes.yaml and the office, or for some."""
    codes.qr(scenes or [], way, form, out, site, lang)


@app.command()
def clock(
    day: Annotated[str, typer.Argument(metavar="DATE", help="The day of receipt, such as 2026-09-18.")],
    days: Annotated[int, typer.Argument(metavar="DAYS", min=0, max=3650, help="Working days.")],
    site: SiteOption = None,
) -> None:
    """Print the day that so many working days lead to."""
    from cases.clocks import add_working_days, published
    from config.load import load

    calendar = load(settings_of(site).site).calendar
    try:
        start = date.fromisoformat(day)
        due = add_working_days(start, days, calendar)
    except ValueError:
        raise Mistake(f"{day!r} is no date: write it like 2026-09-18.") from None
    except OverflowError:
        raise Mistake("that is beyond the end of the calendar.") from None
    typer.echo(f"{due.isoformat()} {due:%a}, {days} working days after {start.isoformat()}")
    for year in range(start.year, due.year + 1):
        if not published(date(year, 1, 1), calendar):
            typer.echo(f"note: {year} is not in holidays.yaml; Monday to Friday was counted", err=True)


if __name__ == "__main__":  # pragma: no cover
    main()
