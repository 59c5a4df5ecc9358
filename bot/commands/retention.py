"""`zhitong retention`: what has been kept long enough, and the word of a human when it is much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import DataOption, SiteOption, beside_server, group, office_folder, settings_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from bot.core import Core
    from bot.keeping import Kept
    from config.settings import Settings

app = group("retention", "Show and delete what has been kept long enough.")


@app.command()
@beside_server
def plan(site: SiteOption = None, data: DataOption = None) -> None:
    """Show what would be deleted now, a line a lane and state; nothing is."""
    from bot.reading import reading
    from bot.store import keeping

    settings = settings_of(site, data)
    office_folder(settings)
    with reading(settings) as desk:
        terms = desk.county.retention
        for lane, state, count, oldest in keeping.by_state(desk.conn, terms, desk.now):
            days = terms.days_of(lane, state)
            typer.echo(f"{lane}\t{state}\t{count}\t{days} days\tat rest since {oldest:%Y-%m-%d}")
        due = keeping.plan(desk.conn, terms, desk.now)
        waits = due.waits(terms)
    typer.echo(f"{due.cases} of {due.of_cases} cases, {due.people} of {due.of_people} people are due.", err=True)
    if waits:
        typer.echo(f"More than may go without a human. Look, then: zhitong retention run --approve {waits}", err=True)


@app.command()
def run(
    approve: Annotated[int, typer.Option(min=0, help="Up to so many cases, and so many people, may go.")] = 0,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """Delete what is due now, beside a running server; exit code 2 when it is more than was approved."""
    settings = settings_of(site, data)
    office_folder(settings)
    done = asyncio.run(_run(settings, approve))
    typer.echo(f"{done.cases} cases and {done.people} people deleted; their keys are gone.", err=True)
    if done.waits:
        raise Mistake(
            f"{done.waits} stay: due are {done.plan.cases} of {done.plan.of_cases} cases and {done.plan.people} of "
            f"{done.plan.of_people} people, more than may go without a human. Look at `zhitong retention plan`, "
            f"then give the number: zhitong retention run --approve {max(done.plan.cases, done.plan.people)}"
        )


async def _run(settings: Settings, approved: int) -> Kept:
    from bot import keeping
    from bot.app import open_core

    core: Core = open_core(settings)
    try:
        return await keeping.run(core, approved)
    finally:
        await core.close()
