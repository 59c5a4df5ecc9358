"""A tip that has been kept long enough is gone, and its informant with it: here, and in every backup."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from bot import anchor
from bot import keeping as days
from bot.store.keys import KeyGone
from bot.store.tables import blind, case, erased, identity, reveal
from bot.store.tips import identity_owner
from bot.store.vault import case_owner
from tests.tips.stage import NAME, PHONE, STORY, WHO, TipTown

pytestmark = pytest.mark.asyncio

TEN_YEARS = timedelta(days=3660)  # retention.yaml: 3650
WHY = "需要当面核实收钱的经过"


async def ended(town: TipTown) -> tuple[int, str]:
    """A tip with a name that two custodians opened, answered and closed: its id and number."""
    held, _, _ = await town.hand_in("an")
    await town.door.tips.ask(town.zhou, held.no, WHY)
    (asking,) = await town.door.tips.askings(town.wu, held.no)
    await town.door.tips.decide(town.wu, held.no, asking.id, True)
    for who, act, text in (
        (town.zhou, "accept", ""),
        (town.zhou, "conclude", "属实"),
        (town.zhou, "answer", "已处分"),
        (town.zhou, "close", "已归档"),
    ):
        taken = await town.press(who, act, held.no, text, {"evidence": "卷宗"} if act == "close" else None)
        assert "error" not in taken.data, (act, taken.data)
    return held.id, held.no


def sealed_of(conn: Connection, tip: int) -> list[tuple[str, str, bytes]]:
    """(Owner of the key, place, sealed words) of a tip, as every backup holds them."""
    story = conn.execute(select(case.c.sealed).where(case.c.id == tip)).scalar_one()
    (asking,) = conn.execute(select(reveal.c.id, reveal.c.sealed).where(reveal.c.case_id == tip)).all()
    who = conn.execute(select(identity.c.field, identity.c.sealed).where(identity.c.case_id == tip)).all()
    about = [(case_owner(tip), f"case:{tip}", story), (case_owner(tip), f"reveal:{asking.id}", asking.sealed)]
    return [*about, *((identity_owner(tip), f"identity:{tip}:{row.field}", row.sealed) for row in who)]


def on_disk(town: TipTown) -> bytes:
    """Keys, anchor, files: all but the rows, which this town keeps in memory."""
    return b"".join(path.read_bytes() for path in sorted(town.core.data_dir.rglob("*")) if path.is_file())


async def test_after_ten_years_nobody_can_say_who_it_was(town: TipTown) -> None:
    tip, no = await ended(town)
    old = await town.read(lambda conn: sealed_of(conn, tip))
    readable = " ".join(str(town.core.vault.get(*one)) for one in old)
    assert all(word in readable for word in (NAME, PHONE, STORY, WHY))
    assert all(owner.encode() in on_disk(town) for owner, _, _ in old)

    town.now += TEN_YEARS
    await days.run(town.core, approved=1)
    for one in old:
        with pytest.raises(KeyGone):
            town.core.vault.get(*one)
    for table in (identity, blind, reveal):
        assert await town.read(lambda conn, table=table: conn.scalar(select(func.count()).select_from(table))) == 0
    assert await town.read(lambda conn: conn.scalar(select(erased.c.no))) == no

    assert not any(owner.encode() in on_disk(town) for owner, _, _ in old)
    left = await town.rows() + on_disk(town).decode("utf-8", "replace")
    assert not [word for word in (NAME, PHONE, STORY, WHO, WHY) if word in left]
    assert await town.read(lambda conn: anchor.problem(conn, town.core.data_dir)) == ""
