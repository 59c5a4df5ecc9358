"""Deleting from the command line: shown first, stopped when it is much, done when a human gave the number."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from bot.app import open_core
from bot.store.tables import case
from config.settings import Settings
from tests.bot import past
from tests.bot.command import zhitong


def aged(folder: Path) -> Path:
    """An office with two cases, one of them withdrawn long ago."""
    past.play(
        folder,
        past.plan_of(past.sample("old", "自来水黄得很，没人来修"), past.sample("new", "水管漏了一个多星期没人来修")),
    )

    async def age() -> None:
        core = open_core(Settings(data_dir=folder), past.site())
        then = core.clock() - timedelta(days=366)
        old = update(case).where(case.c.no.endswith("0001")).values(open=False, state="withdrawn", moved_at=then)
        await core.store.write(lambda conn: conn.execute(old))
        await core.close()

    asyncio.run(age())
    return folder


def test_plan_stop_approve(tmp_path: Path) -> None:
    folder = aged(tmp_path)
    plan = zhitong("retention", "plan", "--data", folder)
    assert plan.stdout.startswith("service\twithdrawn\t1\t365 days\tat rest since ")
    assert "--approve 1" in plan.stderr
    stopped = zhitong("retention", "run", "--data", folder)
    assert (stopped.returncode, stopped.stdout) == (2, "")
    assert "1 of 2 cases" in stopped.stderr
    assert "zhitong retention plan" in zhitong("check", "--data", folder).stdout
    gone = zhitong("retention", "run", "--approve", 1, "--data", folder)
    assert (gone.returncode, gone.stderr) == (0, "1 cases and 0 people deleted; their keys are gone.\n")
    assert len(zhitong("cases", "list", "--data", folder).stdout.splitlines()) == 1
