"""Alembic's way in: runs the steps on the connection that `upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from bot.store.tables import metadata


def _run() -> None:
    conn: Connection = context.config.attributes["connection"]
    context.configure(connection=conn, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run()
