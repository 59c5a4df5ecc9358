"""Which store, and which key store: SQLite in the data folder, or PostgreSQL where ZHITONG_DATABASE_URL says."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store.connect import DATABASE, KEYS_FILE, Check, inspect
from bot.store.engine import Store
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.sqlite import open_store
from bot.store.vault import Vault
from config.settings import Settings


@dataclass(frozen=True)
class Opened:
    """A store and the vault that goes with it."""

    store: Store
    vault: Vault


def open_both(settings: Settings, check: Check | None = None) -> Opened:
    """Open the store and its keys. Raises StoreRefused, KeysRefused."""
    secret = settings.secret_keys.get_secret_value() if settings.secret_keys else None
    ring = KeyRing.load(secret, settings.data_dir / "keys")
    opened = _on_server(settings, ring) if settings.database_url else _on_disk(settings, ring, check)
    opened.store.before_commit.append(opened.vault.keys.commit)
    return opened


def open_alone(settings: Settings) -> Store:
    """The store of an office without its keys, for what needs none. Raises StoreRefused."""
    if settings.database_url is None:
        return open_store(settings.data_dir / DATABASE)
    from bot.store.pg_start import place_of, prepare
    from bot.store.postgres import PgStore, text_of

    place = place_of(settings.database_url.get_secret_value())
    prepare(place)
    return PgStore(text_of(place.main), pool=1)


def _on_disk(settings: Settings, ring: KeyRing, check: Check | None) -> Opened:
    path = settings.data_dir / DATABASE
    if path.exists():
        inspect(path)  # what is no office's database is called that, before its keys are missed
    # The key store comes first: a crash between the two must not leave a database whose keys look lost.
    keys = KeyStore(settings.data_dir / KEYS_FILE, ring, must_exist=path.exists())
    return Opened(open_store(path, check=check), Vault(ring, keys))


def _on_server(settings: Settings, ring: KeyRing) -> Opened:
    # Not above: an office on SQLite does not pay for what it does not use, and need not have it installed.
    from bot.store.pg_keys import PgKeyStore
    from bot.store.pg_start import in_a_loop_of_its_own, place_of, prepare
    from bot.store.postgres import PgStore, text_of

    assert settings.database_url is not None
    place = place_of(settings.database_url.get_secret_value())
    prepare(place)
    in_a_loop_of_its_own(_checked(PgKeyStore(text_of(place.keys), ring)))
    return Opened(PgStore(text_of(place.main)), Vault(ring, PgKeyStore(text_of(place.keys), ring)))


async def _checked(keys: object) -> None:
    from bot.store.pg_keys import PgKeyStore

    assert isinstance(keys, PgKeyStore)
    try:
        await keys.check()
    finally:
        await keys.aclose()
