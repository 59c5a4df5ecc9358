"""A private deployment has an address and a root of its own: the right root is let in, nobody else gets the secret."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.app import build, open_core, running
from bot.channels.wecom.channel import WeCom, WeComHooks
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import GROUP, PACE, STORY, TIMES, Town, at_home, sample, settings

pytestmark = pytest.mark.asyncio


def shows(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    """What a server shows that is called so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


def written(ca: trustme.CA, folder: Path) -> Path:
    """A root as the file that the setting names."""
    path = folder / "roots.pem"
    ca.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def root() -> trustme.CA:
    """Of the deployment."""
    return trustme.CA()


async def test_the_right_root_is_let_in(root: trustme.CA, tmp_path: Path) -> None:
    api = await FakeGateway().open(shows(root, "127.0.0.1"))
    async with at_home(api, tmp_path, wecom_ca_file=written(root, tmp_path)) as town:
        assert api.url.startswith("wss://")
        case = await town.file()
        await town.gets(GROUP, case.no, STORY)
    await api.close()


@pytest.mark.parametrize("why", ["a root of somebody else's", "the system's roots", "another name"])
async def test_a_gateway_nobody_vouches_for_gets_nothing(why: str, root: trustme.CA, tmp_path: Path) -> None:
    name = "wecom.example.test" if why == "another name" else "127.0.0.1"
    known = trustme.CA() if why == "a root of somebody else's" else root
    roots = None if why == "the system's roots" else written(known, tmp_path)
    api = await FakeGateway().open(shows(root, name))
    given = settings(api, tmp_path, wecom_ca_file=roots)
    core = open_core(given, sample())
    house = build(core, given)
    (line,) = house.lines
    assert isinstance(line, WeCom)
    line.times, line.line.pace = TIMES, PACE
    with capture_logs() as logs:
        async with running(house):
            town = Town(api, house, line)
            await town.until(lambda: sum(one["event"] == "wecom.untrusted" for one in logs) >= 2)
            await town.file()
            assert await town.owed()
    problem = next(one["problem"] for one in logs if one["event"] == "wecom.untrusted")
    assert "ZHITONG_WECOM_CA_FILE" in problem
    assert api.frames == [], "the secret was told to a stranger"
    await api.close()


@asynccontextmanager
async def hook(tls: ssl.SSLContext) -> AsyncGenerator[tuple[str, list[str]]]:
    """A group's webhook behind TLS; its address, and what was posted."""
    posted: list[str] = []

    async def take(request: web.Request) -> web.Response:
        posted.append((await request.json())["markdown"]["content"])
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    app = web.Application()
    app.router.add_post("/cgi-bin/webhook/send", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/cgi-bin/webhook/send?key=k", posted
    await runner.cleanup()


@pytest.mark.parametrize("right", [True, False])
async def test_webhooks_believe_the_same_roots(right: bool, root: trustme.CA, api: FakeGateway, tmp_path: Path) -> None:
    roots = written(root if right else trustme.CA(), tmp_path)
    async with hook(shows(root, "127.0.0.1")) as (address, posted):
        hooks = {"wecom_bot_id": None, "wecom_webhooks": SecretStr(address), "wecom_staff_group": None}
        given = settings(api, tmp_path, wecom_ca_file=roots, **hooks)
        core = open_core(given, sample())
        house = build(core, given)
        (line,) = house.lines
        assert isinstance(line, WeComHooks)
        line.times = TIMES
        async with running(house):
            town = Town(api, house, line)  # pyright: ignore[reportArgumentType]
            case = await town.file()
            if right:
                await town.until(lambda: any(case.no in text for text in posted))
            else:
                await town.until(lambda: core.metrics.page().count(b'wecom_group",result="held"'))
                assert posted == []
                assert await town.owed()
