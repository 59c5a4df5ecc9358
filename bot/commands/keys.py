"""`zhitong keys`: the office's ring. A rotation goes on beside a running server, and goes on where it broke off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import typer

from bot.commands.common import DataOption, group, office_folder, settings_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from pathlib import Path

    from bot.store.keys import KeyRing
    from bot.store.keystore import Keys
    from bot.store.pg_keys import PgKeyStore
    from config.settings import Settings

T = TypeVar("T")
app = group("keys", "Make a new key of the ring, and wrap everything with it.")


@app.command()
def new() -> None:
    """Print a fresh key, to be put in front of ZHITONG_SECRET_KEYS."""
    from bot.store.keys import fresh_key

    typer.echo(fresh_key())


@app.command()
def rotate(data: DataOption = None) -> None:
    """Put a new key in front of the ring and wrap every key of the key store with it."""
    settings = settings_of(data=data)
    office_folder(settings)
    folder = settings.data_dir / "keys"
    ring = _of_environment(settings) or _of_file(folder)
    done = _in_keys(settings, ring, lambda keys: keys.rewrap(lambda count: typer.echo(f"{count} keys", err=True)))
    _finished(folder)
    typer.echo(ring.ids[0])
    typer.echo(
        f"{done} keys are now wrapped with {ring.ids[0]!r}. The older keys of the ring ({', '.join(ring.ids[1:])}) "
        "must stay: query codes and addresses made under them still need them. Copy the key store anew, and destroy "
        "the old copies.",
        err=True,
    )


@app.command("list")
def list_all(data: DataOption = None) -> None:
    """Print the ids of the ring, current first, and how many keys each one wraps."""
    from bot.store.connect import KEYS_FILE
    from bot.store.keystore import wrapped_by

    settings = settings_of(data=data)
    office_folder(settings)
    ring = _of_environment(settings) or _ring(settings.data_dir / "keys")
    if settings.database_url:
        wrapped = _on_server(settings, ring, lambda keys: keys.wrapped_by())
    else:
        wrapped = wrapped_by(settings.data_dir / KEYS_FILE)
    for key_id in ring.ids:
        typer.echo(f"{key_id}\t{wrapped.get(key_id, 0)}")


def _in_keys(settings: Settings, ring: KeyRing, work: Callable[[Keys], int]) -> int:
    """What the work gives over this office's key store, wherever that is."""
    if settings.database_url:
        return _on_server(settings, ring, work)
    from bot.store.connect import KEYS_FILE
    from bot.store.keystore import KeyStore

    with closing(KeyStore(settings.data_dir / KEYS_FILE, ring, must_exist=True)) as keys:
        return work(keys)


def _on_server(settings: Settings, ring: KeyRing, work: Callable[[PgKeyStore], T]) -> T:
    import asyncio

    from sqlalchemy.util import greenlet_spawn

    from bot.store.pg_keys import PgKeyStore
    from bot.store.pg_start import place_of
    from bot.store.postgres import text_of

    assert settings.database_url is not None
    keys = PgKeyStore(text_of(place_of(settings.database_url.get_secret_value()).keys), ring)

    async def run() -> T:
        try:
            await keys.check()
            return await greenlet_spawn(work, keys)
        finally:
            await keys.aclose()

    return asyncio.run(run())


def _of_environment(settings: Settings) -> KeyRing | None:
    """The ring of ZHITONG_SECRET_KEYS, whose first key is the new one: a server must know it before."""
    from bot.store.keys import KeyRing

    if settings.secret_keys is None:
        return None
    typer.echo(
        "The ring comes from ZHITONG_SECRET_KEYS: its first key is used. A running server must have been started with "
        "it before, or it cannot read what is wrapped now.",
        err=True,
    )
    return KeyRing.load(settings.secret_keys.get_secret_value(), settings.data_dir / "keys")


def _of_file(folder: Path) -> KeyRing:
    """The ring with a new key in front, or as it is when a rotation broke off."""
    from bot.store import keys

    return keys.resume(folder) or keys.rotate(folder)


def _ring(folder: Path) -> KeyRing:
    from bot.store.keys import KeyRing

    if not (folder / "ring").exists():
        raise Mistake(f"{folder / 'ring'} is missing and ZHITONG_SECRET_KEYS is not set.")
    return KeyRing.load(None, folder)


def _finished(folder: Path) -> None:
    from bot.store.keys import finished

    finished(folder)
