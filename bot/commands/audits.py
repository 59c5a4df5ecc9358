"""What `check` and `backup` say of the audit: its newest anchor, to be written down, and whether it is whole."""

from __future__ import annotations

from bot.store.connect import DATABASE
from config.settings import Settings


def said(settings: Settings) -> list[str]:
    """Lines about the audit of the office; none where there is no data. A broken chain begins with "error:"."""
    from sqlalchemy.exc import DBAPIError

    from bot import anchor
    from bot.store.engine import StoreRefused

    if settings.database_url is None and not (settings.data_dir / DATABASE).exists():
        return []
    try:
        wrong = _on_server(settings) if settings.database_url else _on_disk(settings)
    except DBAPIError:  # of a release that kept no audit yet
        return []
    except StoreRefused as refused:
        return [f"error: the audit was not looked at: {refused}"]
    if wrong:
        return [f"error: {wrong}. Nobody may open a name until it is known why."]
    newest = anchor.newest(settings.data_dir)
    return [f"audit: whole; newest anchor {newest}. Write it down where no computer can change it."] if newest else []


def _on_disk(settings: Settings) -> str:
    from contextlib import closing

    from bot import anchor
    from bot.store.connect import core, snapshot

    with closing(core(settings.data_dir / DATABASE, "ro").connect()) as conn, snapshot(conn):
        return anchor.problem(conn, settings.data_dir)


def _on_server(settings: Settings) -> str:
    """The same on PostgreSQL, which is only looked at: nothing is migrated. Raises StoreRefused."""
    from bot import anchor
    from bot.store.pg_start import look_at, place_of

    assert settings.database_url is not None
    place = place_of(settings.database_url.get_secret_value())
    return look_at(place, lambda conn: anchor.problem(conn, settings.data_dir))
