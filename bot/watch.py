"""What `/metrics` shows of the store, read when somebody asks."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.core import Core
from bot.lines import REACHED
from bot.metrics import Standing
from bot.store import figures
from bot.store.engine import StoreError
from bot.store.upsert import kept_number


async def page(core: Core) -> bytes:
    """The figures of this process and of its store. Raises nothing: a store that cannot be read is a figure too."""
    now = core.clock()
    try:
        standing = await core.store.read(lambda conn: _standing(conn, now))
        await note_lines(core)
    except StoreError:
        standing = None
    _lines(core, now)
    core.metrics.stand(standing, now, core.store_checked())
    return core.metrics.page()


def _standing(conn: Connection, now: datetime) -> Standing:
    return Standing(
        depth=figures.depth(conn),
        oldest=figures.oldest_due(conn, now),
        overdue=figures.overdue(conn),
        open=figures.open_cases(conn),
        given_up=figures.given_up(conn),
        deletion_waits=figures.deletion_waits(conn),
    )


async def note_lines(core: Core) -> None:
    """Hear from the store when each platform was there: another process may be the one that speaks to it."""
    channels = tuple(core.lines.reached)

    def work(conn: Connection) -> list[int]:
        return [kept_number(conn, f"{REACHED}{channel}") for channel in channels]

    for channel, at in zip(channels, await core.store.read(work), strict=True):
        if at:
            core.lines.noted(channel, datetime.fromtimestamp(at, UTC))


def _lines(core: Core, now: datetime) -> None:
    """How long each platform has been out of reach."""
    for channel in core.lines.reached:
        core.metrics.away.labels(channel).set(core.lines.away(channel, now).total_seconds())
    core.metrics.gap.set(core.lines.standing(now)["gap"])
