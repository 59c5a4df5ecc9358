"""The chain of looks: a changed row, a row left out and a tail cut off are all noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, select, update

from bot import anchor
from bot.store.tables import audit
from tests.tips.stage import TipTown

pytestmark = pytest.mark.asyncio


async def looked_at(town: TipTown) -> None:
    """A tip with five rows in the audit: two views, a request, a grant, a look."""
    held, _, _ = await town.hand_in("an")
    await town.door.case(town.zhou, held.no)
    await town.door.case(town.wu, held.no)
    await town.door.tips.ask(town.zhou, held.no, "需要当面核实")
    (asking,) = await town.door.tips.askings(town.wu, held.no)
    await town.door.tips.decide(town.wu, held.no, asking.id, True)
    await town.door.tips.look(town.zhou, held.no)


async def test_every_look_is_kept_with_who_and_what(town: TipTown) -> None:
    await looked_at(town)
    rows = await town.read(lambda conn: conn.execute(select(audit.c.staff_id, audit.c.act).order_by(audit.c.id)).all())
    zhou, wu = town.zhou.id, town.wu.id
    kept = [(zhou, "view"), (wu, "view"), (zhou, "reveal.ask"), (wu, "reveal.grant"), (zhou, "reveal.look")]
    assert [tuple(row) for row in rows] == kept
    assert await town.read(lambda conn: anchor.problem(conn, town.core.data_dir)) == ""
    assert len(anchor.anchors(town.core.data_dir)) == 5


FORGERIES: dict[str, Callable[[Connection], object]] = {
    "another person": lambda conn: conn.execute(update(audit).where(audit.c.id == 5).values(staff_id=99)),
    "another act": lambda conn: conn.execute(update(audit).where(audit.c.id == 3).values(act="view")),
    "one left out": lambda conn: conn.execute(delete(audit).where(audit.c.id == 2)),
    "the tail cut off": lambda conn: conn.execute(delete(audit).where(audit.c.id >= 4)),
    "all of it": lambda conn: conn.execute(delete(audit)),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_is_noticed(town: TipTown, forgery: str) -> None:
    await looked_at(town)
    await town.core.store.write(lambda conn: FORGERIES[forgery](conn))
    assert await town.read(lambda conn: anchor.problem(conn, town.core.data_dir))


async def test_a_torn_line_of_the_anchor_is_no_alarm(town: TipTown) -> None:
    await looked_at(town)
    path = town.core.data_dir / anchor.NAME
    path.write_bytes(path.read_bytes() + b"6 9f86d0")
    assert await town.read(lambda conn: anchor.problem(conn, town.core.data_dir)) == ""
    assert anchor.newest(town.core.data_dir).startswith("5 ")
