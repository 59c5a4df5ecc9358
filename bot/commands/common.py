"""What the commands share: options, the settings of a call, the office's folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from bot.failures import Mistake

if TYPE_CHECKING:
    from config.schema import County, Department
    from config.settings import Settings

P = ParamSpec("P")
SiteOption = Annotated[Path | None, typer.Option("--site", help="Folder with this office's config/ and faq/.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder for the database, keys and files.")]


def group(name: str, about: str) -> typer.Typer:
    """A group of commands; called without one it shows its help."""
    made = typer.Typer(
        name=name, help=about, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )

    @made.callback(invoke_without_command=True)
    def alone(context: typer.Context) -> None:  # pyright: ignore[reportUnusedFunction]
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return made


def settings_of(site: Path | None = None, data: Path | None = None, **more: object) -> Settings:
    """The settings of this call: the environment, then what was said on the command line."""
    from config.settings import Settings

    given: dict[str, Any] = {"site": site, "data_dir": data, **more}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    for name in settings.unknown:
        typer.echo(f"warning: {name} is not a setting of zhitong; is it misspelt?", err=True)
    return settings


def beside_server(command: Callable[P, None]) -> Callable[P, None]:
    """A command that only looks, and whose connections may be PostgreSQL's: then they wait in a loop around it."""

    @wraps(command)
    def run(*args: P.args, **options: P.kwargs) -> None:
        from config.settings import Settings

        if Settings().database_url is None:
            command(*args, **options)
            return
        import asyncio

        from sqlalchemy.util import greenlet_spawn

        asyncio.run(greenlet_spawn(command, *args, **options))

    return run


def office_folder(settings: Settings) -> Path:
    """The folder of an office that has been started before. Raises Mistake: a slip must not make an empty one."""
    from bot.store.connect import DATABASE

    folder = settings.data_dir
    if settings.database_url is not None:
        return folder
    if not folder.is_dir():
        raise Mistake(f"there is no folder {folder}. Name the right one with --data or ZHITONG_DATA_DIR.")
    if not (folder / DATABASE).exists():
        raise Mistake(f"{folder} holds no office yet ({DATABASE} is missing). Start `zhitong run` once to make one.")
    return folder


def unit_of(county: County, name: str) -> Department:
    """A department by id, name or alias. Raises Mistake with the list of all."""
    wanted = name.strip().casefold()
    for unit in county.departments if wanted else ():
        if wanted in {unit.id, unit.name.casefold(), unit.name_en.casefold(), *map(str.casefold, unit.aliases)}:
            return unit
    known = ", ".join(f"{unit.id} ({unit.name})" for unit in county.departments)
    problem = f"there is no department {name!r}" if wanted else "say which department with --unit"
    raise Mistake(f"{problem}. Departments are: {known}.")
