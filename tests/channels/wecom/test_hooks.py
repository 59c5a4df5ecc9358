"""Groups that can only be written to: cards and digests by webhook, within its limits, its address said to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from bot.app import build, open_core, running
from bot.channels.wecom.channel import WeComHooks
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import STORY, TIMES, Town, sample, settings

pytestmark = pytest.mark.asyncio

KEY = "a-secret-key-of-the-group"


class FakeHook:
    """One group's webhook: 20 messages a minute, markdown of 4096 bytes."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.codes: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        assert request.query["key"] == KEY
        body: dict[str, Any] = await request.json()
        assert body["msgtype"] == "markdown"
        assert 0 < len(body["markdown"]["content"].encode()) <= 4096
        code = self.codes.pop(0) if self.codes else 0
        if code < 0:
            return web.Response(status=502)
        if not code:
            self.said.append(body["markdown"]["content"])
        return web.json_response({"errcode": code, "errmsg": "ok"})


@pytest_asyncio.fixture
async def hook() -> AsyncGenerator[tuple[FakeHook, str]]:
    """The webhook, and its address."""
    fake, app = FakeHook(), web.Application()
    app.router.add_post("/send", fake.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield fake, f"http://127.0.0.1:{runner.addresses[0][1]}/send?key={KEY}"
    await runner.cleanup()


async def test_cards_news_and_a_case_that_leaves(
    hook: tuple[FakeHook, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, address = hook
    fake.codes = [45009]
    given = settings(FakeGateway(), tmp_path, wecom_bot_id=None, wecom_webhooks=SecretStr(f"zhujian={address}"))
    core = open_core(given, sample())
    house = build(core, given)
    (line,) = house.lines
    assert isinstance(line, WeComHooks)
    line.times = TIMES
    async with running(house):
        town = Town(FakeGateway(), house, line)  # pyright: ignore[reportArgumentType]
        case = await town.file()
        await asyncio.sleep(1.5)
        assert fake.said == []  # the group rests after a refusal
        line.hooks.pacer._paused.clear()  # pyright: ignore[reportPrivateUsage]
        await core.store.write(lambda conn: _due(conn, core.clock()))
        await town.until(lambda: fake.said)
        assert fake.said[0].startswith(f"【{case.no}】")
        assert STORY in fake.said[0] and "@我" not in fake.said[0]
        boss = await town.hire("李强", "dispatcher", "zhiban")
        await town.act(boss, "supervise", case.no, "快办")
        await town.act(boss, "transfer", case.no, "管网", department="shuiwu")
        await town.until(lambda: any("已转到水务局" in one for one in fake.said))
    assert KEY not in capsys.readouterr().out


def _due(conn: Any, now: Any) -> None:
    from sqlalchemy import update

    from bot.store.tables import outbox

    conn.execute(update(outbox).where(outbox.c.kind == "group").values(not_before=now))
