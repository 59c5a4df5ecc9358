"""The question log is swept like everything else that is only kept for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot import housekeeping
from bot.store.tables import question
from handlers.messages import Inbound
from tests.review.town import Town

pytestmark = pytest.mark.asyncio


async def asked(town: Town) -> int:
    """How many questions the log holds."""
    return await town.read(lambda conn: conn.execute(select(func.count()).select_from(question)).scalar_one())


async def test_a_question_is_kept_for_its_days_and_no_longer(town: Town) -> None:
    await town.core.take(Inbound("web", "k1", "wu", town.now, "低保要什么条件"))
    assert await asked(town) == 1
    town.now += timedelta(days=town.core.site.county.office.limits.question_days)
    await housekeeping.sweep(town.core)
    assert await asked(town) == 1
    town.now += timedelta(minutes=1)
    await housekeeping.sweep(town.core)
    assert await asked(town) == 0
