"""A member of staff leaves, or goes to another department: what they had on their desk is on the pile again.

A case that somebody claimed who can no longer see it would be nobody's, and stand in nobody's list.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, select

from bot.core import Core
from bot.store import staff
from bot.store.tables import case
from bot.turn import STAFF
from cases.case import Act
from handlers.messages import Inbound


async def let_go(core: Core, name: str) -> int:
    """Give back what they claimed, then end their sessions, bindings and password. How many cases were given back.

    Raises NameUnknown.
    """
    return await _leave(core, name, lambda conn, now: staff.revoke(conn, name, now))


async def move(core: Core, name: str, unit: str, roles: tuple[str, ...] = ()) -> int:
    """The same for somebody who stays on the staff elsewhere, or as something else (`roles`, unless empty).

    Raises NameUnknown.
    """
    return await _leave(core, name, lambda conn, now: staff.move(conn, name, unit, roles))


async def _leave(core: Core, name: str, work: Callable[[Connection, datetime], object]) -> int:
    who = await core.store.read(lambda conn: staff.known(conn, name))
    claimed = await core.store.read(lambda conn: _claimed(conn, who.id))
    for no in claimed:
        release = Inbound(STAFF, f"leave:{uuid.uuid4().hex}", str(who.id), core.clock(), choice=Act.RELEASE, case=no)
        await core.take(release)
    await core.store.write(lambda conn: work(conn, core.clock()))
    left = await core.store.read(lambda conn: _claimed(conn, who.id))
    return len(claimed) - len(left)


def _claimed(conn: Connection, staff_id: int) -> list[str]:
    mine = select(case.c.no).where(case.c.open, case.c.claimed_by == staff_id).order_by(case.c.id)
    return list(conn.execute(mine).scalars())
