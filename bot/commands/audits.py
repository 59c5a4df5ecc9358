"""What `check` and `backup` say of the audit: its newest anchor, to be written down, and whether it is whole."""

from __future__ import annotations

from bot.store.connect import DATABASE
from config.settings import Settings


def said(settings: Settings) -> list[str]:
    """Lines about the audit of the data folder; none where there is no data. A broken chain begins with "error:"."""
    if not (path := settings.data_dir / DATABASE).exists():
        return []
    from contextlib import closing

    from sqlalchemy.exc import DBAPIError

    from bot import anchor
    from bot.store.connect import core, snapshot

    try:
        with closing(core(path, "ro").connect()) as conn, snapshot(conn):
            wrong = anchor.problem(conn, settings.data_dir)
    except DBAPIError:  # of a release that kept no audit yet
        return []
    if wrong:
        return [f"error: {wrong}. Nobody may open a name until it is known why."]
    newest = anchor.newest(settings.data_dir)
    return [f"audit: whole; newest anchor {newest}. Write it down where no computer can change it."] if newest else []
