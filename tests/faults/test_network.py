"""Bad lines to Telegram, to and from WeChat, and to the page (reliability.md §3: T1, T2, W1, W2, K2 seen from the
network). Each test prints what was lost, what came twice, and the sign by which somebody can tell.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from bot.demo.crowd import NUMBER, WebPhone
from bot.demo.fakes.telegram import FakeApi
from bot.demo.fakes.wechat import FakeWeChat
from bot.outbox import BELL
from tests.channels.telegram import town as telegram
from tests.channels.wechat import town as wechat
from tests.faults.proxy import Bad, Kind, bad_line

pytestmark = pytest.mark.asyncio

ANSWER = "垃圾已经清运。"
MARK = "可能重复"
ZHANG = 501
FAN = "oZhang0000000000000000000001"
HARMLESS: tuple[Kind, ...] = ("latency", "drip", "reset")
DOUBTFUL: tuple[Kind, ...] = ("cut", "swallow")


def tell(line: str, kind: str, copies: list[str]) -> tuple[int, int, int]:
    """(lost, twice, of these marked), printed."""
    lost, twice, marked = int(not copies), max(0, len(copies) - 1), sum(MARK in one for one in copies)
    print(f"{line} · {kind}: lost {lost}, duplicated {twice}, visible sign {marked} x {MARK}")
    return lost, twice, marked


async def on_telegram(kind: Kind, folder: Path) -> list[str]:
    """A staff answer goes to Telegram over a bad line; the copies on the citizen's screen."""
    api = await FakeApi().open()
    straight = api.url
    try:
        async with bad_line(straight) as line:
            api.url = line.url
            async with telegram.at_home(api, folder) as town:
                no = await town.file(ZHANG)
                (case,) = await town.cases()
                clerk = await town.hire("王芳", "clerk", case.department)
                line.meet(Bad(kind, quote(ANSWER).encode()))
                await town.act(clerk, "answer", no, ANSWER)
                await settle(lambda: town.owed("letter"), town.house.core.bells)
                assert line.met, "the fault took place"
                return [one["text"] for one in api.told(ZHANG) if ANSWER in one.get("text", "")]
    finally:
        await api.close()


async def settle(owed: Any, bells: Any) -> None:
    """Wait until nothing is owed any more."""
    end = asyncio.get_running_loop().time() + 20
    while await owed():
        assert asyncio.get_running_loop().time() < end, "it is still owed"
        bells.ring(BELL)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("kind", HARMLESS)
async def test_t1_a_bad_line_to_telegram_costs_time_only(kind: Kind, tmp_path: Path) -> None:
    found = tell("to Telegram", kind, await on_telegram(kind, tmp_path))
    assert found == (0, 0, int(kind == "reset")), "whoever cannot know marks the repeat"


@pytest.mark.parametrize("kind", DOUBTFUL)
async def test_t2_delivered_to_telegram_and_never_confirmed(kind: Kind, tmp_path: Path) -> None:
    assert tell("to Telegram", kind, await on_telegram(kind, tmp_path)) == (0, 1, 1)


async def to_wechat(kind: Kind, folder: Path) -> list[str]:
    """A staff answer goes out as a customer-service message over a bad line."""
    api = await FakeWeChat().open()
    try:
        async with bad_line(api.url) as line:
            api.url = line.url
            async with wechat.at_home(api, folder) as town:
                no = await town.file(FAN)
                line.meet(Bad(kind, ANSWER.encode()))
                await town.answer(no, ANSWER)
                await settle(lambda: town.owed(), town.house.core.bells)
                assert line.met, "the fault took place"
                assert await town.owed() == []
                return [one for one in api.fan(FAN).screen if ANSWER in one]
    finally:
        await api.close()


@pytest.mark.parametrize("kind", [*HARMLESS, *DOUBTFUL])
async def test_t2_delivered_to_wechat_and_perhaps_never_confirmed(kind: Kind, tmp_path: Path) -> None:
    lost, twice, marked = tell("to WeChat", kind, await to_wechat(kind, tmp_path))
    assert (lost, twice) == (0, kind in DOUBTFUL)
    assert marked >= twice, "a copy that is one too many says so"


@pytest.mark.parametrize("kind", [*HARMLESS, *DOUBTFUL])
async def test_w1_a_push_from_wechat_whose_answer_is_lost_is_pushed_again(kind: Kind, tmp_path: Path) -> None:
    """Tencent pushes the same MsgId again: one case, and the citizen reads its number."""
    api = await FakeWeChat().open()
    try:
        async with wechat.at_home(api, tmp_path) as town, bad_line(town.url) as line:
            api.house = line.url
            asked = await town.say(FAN, "小区门口的垃圾堆了半个月没人清")
            await town.tap(FAN, asked, "同意")
            for words in ("1", "城关街道", "就在城关街道，不分村", "匿名"):
                await town.say(FAN, words)
            line.meet(Bad(kind, b"POST /wechat", times=2))
            filed = await town.say(FAN, "提交")
            assert line.met, "the fault took place"
            heard = re.findall(NUMBER, filed.text)
            cases = [case.no for case in await town.cases()]
            print(f"from WeChat · {kind}: lost {1 - len(heard)}, duplicated {len(cases) - 1}, sign: the same number")
            assert heard == cases and len(cases) == 1
    finally:
        await api.close()


@pytest.mark.parametrize("kind", [*HARMLESS, *DOUBTFUL, "black hole"])
async def test_k2_a_page_whose_answer_is_lost_sends_the_same_key_again(kind: Kind, tmp_path: Path) -> None:
    """The page repeats under its key until it is answered: one case, and its number is heard."""
    api = await FakeWeChat().open()
    patience = aiohttp.ClientTimeout(total=3)
    try:
        async with (
            wechat.at_home(api, tmp_path, public_url=None) as town,
            bad_line(town.url) as line,
            aiohttp.ClientSession(timeout=patience, cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            phone = WebPhone(http, line.url)
            for words in ("小区门口的垃圾堆了半个月没人清", "同意", "1", "河口镇青山村", "匿名"):
                await phone.say(words)
            line.meet(Bad(kind, b"POST /talk", times=2))
            filed = await phone.say("提交")
            assert line.met, "the fault took place"
            heard = NUMBER.findall(filed)
            cases = [case.no for case in await town.cases()]
            print(f"page · {kind}: lost {1 - len(heard)}, duplicated {len(cases) - 1}, sign: the same number")
            assert heard == cases and len(cases) == 1
    finally:
        await api.close()
