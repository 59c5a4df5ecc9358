"""/metrics and the log: what they show, to whom, and that nobody's words or names ever get there."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot import watch
from bot.app import add_metrics
from bot.demo.fakes.telegram import FakeApi, Fault, buttons
from bot.serving import set_up_logs
from bot.site import load_site, reload_site
from bot.web.server import make_app
from tests.channels.telegram.town import OWN, Town, at_home

pytestmark = pytest.mark.asyncio

ZHANG = 77123450001
NAME, PHONE = "欧阳秋", "13855590810"  # nobody has this name or this phone
STORY = "小区门口的垃圾堆了半个月没人清，金丝雀一号"
ANSWER = "金丝雀二号：垃圾已经清运"
NOTE = "金丝雀三号：内部情况"
SAID = "金丝雀四号：还是有点臭"
CANARY = re.compile(r"金丝雀|欧阳|55590810|77123450001")


@pytest.fixture
def logs() -> Generator[None]:
    """The log as it is in service, and afterwards as it was."""
    set_up_logs()
    yield
    structlog.reset_defaults()


@asynccontextmanager
async def telegram() -> AsyncGenerator[FakeApi]:
    """A Telegram of our own."""
    api = await FakeApi().open()
    try:
        yield api
    finally:
        await api.close()


@asynccontextmanager
async def pages(town: Town) -> AsyncGenerator[TestClient[Any, Any]]:
    """The pages of a town, with /metrics."""
    app = make_app(town.house.door)
    add_metrics(app, town.house)
    async with TestClient(TestServer(app)) as client:
        yield client


def figures(page: str) -> dict[str, float]:
    """What a page of figures holds, by name and labels."""
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def life_of_a_case(town: Town, api: FakeApi) -> str:
    """Filed by name, refused by Telegram once, answered, noted, rated badly, answered again."""
    consent = await town.say(ZHANG, STORY)
    await town.press(ZHANG, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村"):
        last = await town.say(ZHANG, words)
    if OWN in dict(buttons(last)):
        await town.press(ZHANG, last, OWN)
    await town.say(ZHANG, f"{NAME} {PHONE}")
    await town.say(ZHANG, "提交")
    (case,) = await town.cases()
    clerk = await town.hire("王芳", "clerk", case.department)
    failed = iter([Fault(code=500, description=f"Internal {STORY}")])
    api.meets = lambda method, asked: next(failed, None) if method == "sendMessage" else None
    await town.act(clerk, "note", case.no, NOTE)
    await town.act(clerk, "answer", case.no, ANSWER)
    answer = await town.gets(ZHANG, ANSWER)
    await town.press(ZHANG, answer, "不满意")
    await town.say(ZHANG, SAID)
    await town.house.post.settled()
    return case.no


async def test_a_whole_life_leaves_no_word_and_no_name_in_log_or_figures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], logs: None
) -> None:
    async with telegram() as api, at_home(api, tmp_path) as town, pages(town) as client:
        no = await life_of_a_case(town, api)
        page = await (await client.get("/metrics")).text()
        (case,) = await town.cases()
    assert case.name == NAME and STORY in case.story, "the canaries have been in the house"
    written = capfd.readouterr().err
    assert CANARY.findall(written) == [], "the log"
    assert CANARY.findall(page) == [], "the figures"
    assert no not in page, "a figure names no case"
    acts = [line["act"] for line in map(json.loads, written.splitlines()) if line["event"] == "case"]
    assert acts[:4] == ["file", "note", "accept", "answer"], "the log tells what happened to which case"
    assert no in written
    found = figures(page)
    assert found['zhitong_turns_total{channel="staff",result="taken"}'] == 2
    assert found['zhitong_turn_seconds_count{channel="telegram"}'] >= 9
    assert found['zhitong_deliveries_total{channel="telegram",result="failed"}'] == 1
    assert found['zhitong_deliveries_total{channel="telegram",result="delivered"}'] >= 9
    assert found["zhitong_cases_open"] == 1
    assert found['zhitong_outbox_depth{state="parked"}'] == 0


@pytest.mark.parametrize(
    ("token", "public", "headers", "status"),
    [
        pytest.param("", "", {}, 200, id="alone on this machine"),
        pytest.param("", "", {"X-Forwarded-For": "203.0.113.9"}, 404, id="somebody behind a proxy"),
        pytest.param("", "", {"Via": "1.1 gate"}, 404, id="a proxy that says so otherwise"),
        pytest.param("", "https://zt.example.test", {}, 404, id="a proxy stands in front"),
        pytest.param("", "", {"Authorization": "Bearer anything"}, 200, id="a token nobody asked for"),
        pytest.param("s3cret", "", {}, 404, id="the token is missing"),
        pytest.param("s3cret", "", {"Authorization": "Bearer s3cre"}, 404, id="half of it"),
        pytest.param("s3cret", "", {"Authorization": "Basic s3cret"}, 404, id="another scheme"),
        pytest.param("s3cret", "https://zt.example.test", {"Authorization": "Bearer s3cret"}, 200, id="the token"),
    ],
)
async def test_who_may_read_it(tmp_path: Path, token: str, public: str, headers: dict[str, str], status: int) -> None:
    more: Any = {"metrics_token": SecretStr(token)} if token else {}
    more |= {"public_url": public} if public else {}
    async with telegram() as api, at_home(api, tmp_path, **more) as town, pages(town) as client:
        answer = await client.get("/metrics", headers=headers)
        assert answer.status == status
        assert ("zhitong_" in await answer.text()) == (status == 200)


async def test_a_broken_file_is_counted_once_and_gone_when_it_is_mended(tmp_path: Path) -> None:
    from config.load import copy_out

    copy_out(tmp_path)
    site = load_site(tmp_path)
    heard: list[tuple[bool, bool]] = []
    office = tmp_path / "config" / "office.yaml"
    good = office.read_text()

    def look() -> None:
        reload_site(tmp_path, site, lambda broken, refused: heard.append((broken, refused)))

    look()
    office.write_text(good + "\nno_such_setting: 1\n")
    look()
    look()
    office.write_text(good + "\nno_such_setting_either: 1\n")
    look()
    office.write_text(good)
    look()
    assert heard == [(False, False), (True, True), (True, False), (True, True), (False, False)]


async def test_a_store_that_cannot_be_read_is_a_figure_too(tmp_path: Path) -> None:
    async with telegram() as api, at_home(api, tmp_path) as town:
        core = town.house.core
        before = figures((await watch.page(core)).decode())
        await core.store.close()
        after = figures((await watch.page(core)).decode())
    assert (before["zhitong_store_read"], after["zhitong_store_read"]) == (1, 0)
    assert before["zhitong_cases_open"] == 0
    assert after["zhitong_cases_open"] != after["zhitong_cases_open"], "not a number: an old figure would be believed"
