"""`zhitong staff`: who may come into the staff room, and who no longer may."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import DataOption, SiteOption, group, office_folder, settings_of, unit_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.store.engine import T, Work
    from bot.store.staff import StaffRow
    from config.settings import Settings

app = group("staff", "Take staff on, list them, move them, let them go.")

NAME_LONGEST = 40
NameArgument = Annotated[str, typer.Argument(help="The name they log in with.")]


@app.command()
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option(help="One role or several: clerk,dispatcher,...")] = "",
    unit: Annotated[str, typer.Option(help="Their department: its id or its name.")] = "",
    new_code: Annotated[bool, typer.Option("--new-code", help="A new code for somebody already on the staff.")] = False,
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """Take somebody on; prints the code that sets their password."""
    from config.load import load

    settings = settings_of(site, data)
    clean = _clean(name)
    if new_code:
        code = asyncio.run(_write(settings, lambda conn: _renew(conn, clean)))
    else:
        roles, department = _roles(role), unit_of(load(settings.site), unit).id
        code = asyncio.run(_write(settings, lambda conn: _add(conn, clean, roles, department)))
    root = settings.public_url or f"http://{settings.host}:{settings.port}"
    typer.echo(code)
    typer.echo(f"{root}/staff/start#{code}")
    typer.echo("Hand both over in person: the code works once, for seven days.", err=True)


@app.command("list")
def list_all(data: DataOption = None) -> None:
    """List everybody with roles and department, one a line."""
    from bot.store.staff import list_staff

    for row in asyncio.run(_write(settings_of(data=data), list_staff)):
        typer.echo("\t".join((row.name, ",".join(row.roles), row.unit, _standing(row))))


@app.command()
def move(
    name: NameArgument,
    unit: Annotated[str, typer.Option(help="Their new department: its id or its name.")],
    role: Annotated[str, typer.Option(help="Other roles than before: clerk,dispatcher,...")] = "",
    site: SiteOption = None,
    data: DataOption = None,
) -> None:
    """Put somebody into another department; what they had claimed is on the pile again."""
    from config.load import load

    settings, clean = settings_of(site, data), _clean(name)
    office_folder(settings)
    department = unit_of(load(settings.site), unit)
    roles = tuple(_roles(role)) if role else ()
    given_back = asyncio.run(_leave(settings, clean, department.id, roles))
    typer.echo(f"{clean} is with {department.name} now and has to log in again.{_on_the_pile(given_back)}", err=True)


@app.command()
def revoke(name: NameArgument, site: SiteOption = None, data: DataOption = None) -> None:
    """Let somebody go; their sessions end at once, and what they had claimed is on the pile again."""
    settings, clean = settings_of(site, data), _clean(name)
    office_folder(settings)
    given_back = asyncio.run(_leave(settings, clean))
    typer.echo(f"{clean} can no longer log in.{_on_the_pile(given_back)}", err=True)


def _on_the_pile(cases: int) -> str:
    return f" Cases they had claimed, for others to take: {cases}." if cases else ""


async def _leave(settings: Settings, name: str, unit: str = "", roles: tuple[str, ...] = ()) -> int:
    from bot import leaving
    from bot.app import open_core
    from bot.store.staff import NameUnknown

    core = open_core(settings)
    try:
        return await (leaving.move(core, name, unit, roles) if unit else leaving.let_go(core, name))
    except NameUnknown:
        raise _nobody(name) from None
    finally:
        await core.close()


async def _write(settings: Settings, work: Work[T]) -> T:
    """One write beside a running server, or without one."""
    from bot.store.opening import open_alone

    office_folder(settings)
    store = open_alone(settings)
    try:
        return await store.write(work)
    finally:
        await store.close()


def _clean(name: str) -> str:
    from bot.store.passwords import clean_name

    clean = clean_name(name)
    if not clean or len(clean) > NAME_LONGEST or not clean.isprintable():
        raise Mistake(f"a name has 1 to {NAME_LONGEST} visible characters.")
    return clean


def _roles(said: str) -> list[str]:
    from cases.case import Role

    roles = list(dict.fromkeys(word for word in said.replace("，", ",").replace(" ", "").split(",") if word))
    valid = ", ".join(Role)
    if not roles:
        raise Mistake(f"say what they are there for with --role. Roles are: {valid}.")
    for role in roles:
        if role not in list(Role):
            raise Mistake(f"there is no role {role!r}. Roles are: {valid}.")
    return roles


def _add(conn: Connection, name: str, roles: list[str], unit: str) -> str:
    from bot.store import staff

    try:
        return staff.add(conn, name, roles, unit, datetime.now(UTC))
    except staff.NameTaken:
        hint = "Give them another code with --new-code, or let them go first with `zhitong staff revoke`."
        raise Mistake(f"{name} is on the staff already. {hint}") from None


def _renew(conn: Connection, name: str) -> str:
    from bot.store import staff

    try:
        return staff.renew_code(conn, name, datetime.now(UTC))
    except staff.NameUnknown:
        raise _nobody(name) from None


def _nobody(name: str) -> Mistake:
    return Mistake(f"there is nobody called {name} on the staff. `zhitong staff list` shows who is.")


def _standing(row: StaffRow) -> str:
    if row.revoked_at:
        return f"revoked {row.revoked_at:%Y-%m-%d}"
    if row.code_until:
        return f"code until {row.code_until:%Y-%m-%d}"
    return "active" if row.has_password else "no code, no password"
