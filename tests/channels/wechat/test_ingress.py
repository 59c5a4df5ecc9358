"""Five seconds, once, honestly: whatever else is down, slow or forged."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, func, select

from bot import turn
from bot.app import DATABASE
from bot.channels.wechat import ingress
from bot.core import Core
from bot.demo.fakes.wechat import FakeWeChat, Fault
from bot.site import Site
from bot.store.tables import inbox, letter, metadata, quota
from handlers.desk import Prepared
from handlers.messages import Inbound
from tests.channels.wechat.town import Town

pytestmark = pytest.mark.asyncio

ZHANG, LI = "oZhang0000000000000000000001", "oLi00000000000000000000000002"
BUSY = "系统忙，这条没有收到，请过一分钟再发。"


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> float:
    """The clock of design §4, eight times as fast."""
    monkeypatch.setattr(ingress, "START_SECONDS", 0.5)
    monkeypatch.setattr(ingress, "ANSWER_SECONDS", 0.6)
    return 0.5


async def counts(town: Town) -> dict[str, int]:
    """How many rows each table has."""

    def work(conn: Connection) -> dict[str, int]:
        tables = [one for one in metadata.sorted_tables if one.name != "counter"]  # housekeeping counts its days there
        return {one.name: conn.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}

    return await town.read(work)


def slowly(core: Core, seconds: float, which: Callable[[Inbound], bool]) -> None:
    """The preparation of some messages takes long."""
    real = core._prepare  # pyright: ignore[reportPrivateUsage]

    async def prepare(inbound: Inbound, site: Site) -> Prepared:
        if which(inbound):
            await asyncio.sleep(seconds)
        return await real(inbound, site)

    core._prepare = prepare  # pyright: ignore[reportPrivateUsage]


# --- once ------------------------------------------------------------------------------------------------------


async def test_one_message_from_twenty_connections_is_one_case(town: Town, api: FakeWeChat) -> None:
    consent = await town.say(ZHANG, "小区门口的垃圾堆了半个月没人清")
    await town.tap(ZHANG, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村", "匿名"):
        await town.say(ZHANG, words)
    push = api.sealed(api.message(ZHANG, "text", Content="提交"))
    answers = await asyncio.gather(*(api.post(*push) for _ in range(20)))
    opened = {api.cipher.open_reply(body).split("CreateTime")[2] for _, body in answers}
    assert {status for status, _ in answers} == {200}
    assert len(opened) == 1 and "已经登记" in opened.pop()
    assert len(await town.cases()) == 1


async def test_a_retry_after_a_restart_gets_the_stored_reply(town: Town, api: FakeWeChat) -> None:
    fields = api.message(ZHANG, "text", Content="你好")
    first = await api.push(fields)
    before = await counts(town)
    town.line.ingress._recent.clear()  # pyright: ignore[reportPrivateUsage]
    assert await api.push(fields) == first
    assert await counts(town) == before


async def test_a_thousand_replays_change_nothing(town: Town, api: FakeWeChat) -> None:
    """Old envelopes as they were, the same messages under fresh stamps; remembered in memory or only in the store."""
    said = [api.message(ZHANG, "text", Content=words) for words in ("你好", "查政策", "低保怎么申请", "菜单")]
    said += [api.event(ZHANG, "subscribe", EventKey=""), api.event(LI, "CLICK", EventKey="report")]
    said += [api.event(LI, "unsubscribe")]
    old = [api.sealed(fields) for fields in said]
    for push in old:
        await api.post(*push)
    before, cases = await counts(town), len(await town.cases())
    grants = await town.read(lambda conn: [tuple(row) for row in conn.execute(select(quota))])
    screens = {who: len(fan.screen) for who, fan in api.fans.items()}
    for at in range(1000):
        if at % 2:
            town.line.ingress._recent.clear()  # pyright: ignore[reportPrivateUsage]
        stamp = 1_600_000_000 + at if at % 3 else None
        push = old[at % len(old)] if at % 5 == 0 else api.sealed(said[at % len(said)], stamp)
        status, _ = await api.post(*push)
        assert status == 200
    assert await counts(town) == before and len(await town.cases()) == cases
    assert await town.read(lambda conn: [tuple(row) for row in conn.execute(select(quota))]) == grants
    assert {who: len(fan.screen) for who, fan in api.fans.items()} == screens


async def test_the_order_of_one_person_is_kept(town: Town, api: FakeWeChat) -> None:
    await town.say(ZHANG, "你好")
    slowly(town.house.core, 0.3, lambda inbound: inbound.text == "第一句")
    first = asyncio.create_task(api.push(api.message(ZHANG, "text", Content="第一句")))
    await asyncio.sleep(0.1)
    await api.push(api.message(ZHANG, "text", Content="第二句"))
    await first
    keys = await town.read(lambda conn: list(conn.execute(select(letter.c.direction).order_by(letter.c.id)).scalars()))
    assert keys.count("in") == 3


# --- five seconds -------------------------------------------------------------------------------------------------


async def test_what_has_not_begun_in_time_is_withdrawn_and_said_so(town: Town, api: FakeWeChat, hurry: float) -> None:
    await town.say(LI, "你好")
    slowly(town.house.core, 1.0, lambda inbound: inbound.text == "水管漏了好几天")
    before = await counts(town)
    told = await api.push(api.message(ZHANG, "text", Content="水管漏了好几天"))
    assert told == BUSY and len(api.tries) == 1 and hurry <= api.tries[0][1] < hurry + 0.4
    await asyncio.sleep(1.0)
    assert await counts(town) == before, "withdrawn means: nothing of it is kept"
    slowly(town.house.core, 0.0, lambda inbound: False)
    assert "反映问题" in (await town.say(LI, "菜单")).labels


async def test_others_do_not_wait_for_a_slow_one(town: Town, api: FakeWeChat, hurry: float) -> None:
    await town.say(LI, "你好")
    slowly(town.house.core, 1.0, lambda inbound: inbound.sender == ZHANG)
    slow = asyncio.create_task(api.push(api.message(ZHANG, "text", Content="水管漏了好几天")))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    assert "反映问题" in (await town.say(LI, "菜单")).labels
    assert time.monotonic() - began < 0.3
    assert await slow == BUSY


async def test_a_turn_inside_its_transaction_answers_success_and_follows(
    town: Town, api: FakeWeChat, hurry: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = turn.take

    def slow(conn: Connection, inbound: Inbound, prepared: Prepared, room: turn.Room) -> turn.Turned:
        if inbound.channel == "wechat":
            time.sleep(1.0)
        return real(conn, inbound, prepared, room)

    monkeypatch.setattr(turn, "take", slow)
    fields = api.message(ZHANG, "text", Content="你好")
    assert await api.push(fields) == ""
    assert api.tries[0][0] == 200 and api.tries[0][1] < hurry + 0.4
    follows = await town.gets(ZHANG, "反映问题")
    assert follows == api.fan(ZHANG).screen[-1] and len(api.fan(ZHANG).screen) == 1
    await town.settled()


async def test_a_late_turn_that_fails_is_not_called_received(
    town: Town, api: FakeWeChat, hurry: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.say(ZHANG, "你好")
    await town.say(ZHANG, "菜单")

    def broken(conn: Connection, inbound: Inbound, prepared: Prepared, room: turn.Room) -> turn.Turned:
        time.sleep(1.0)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(turn, "take", broken)
    assert await api.push(api.message(ZHANG, "text", Content="水管漏了")) == ""
    assert await town.gets(ZHANG, "没有收到") == BUSY


async def test_with_the_database_locked_the_answer_is_honest(town: Town, api: FakeWeChat, tmp_path: Path) -> None:
    await town.say(ZHANG, "你好")
    before = await counts(town)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        told = await asyncio.gather(*(api.push(api.message(f"o{at}", "text", Content="水管漏了")) for at in range(10)))
        assert set(told) == {BUSY}
        assert time.monotonic() - began < 4.5
        other.execute("ROLLBACK")
    assert await counts(town) == before
    assert "反映问题" in (await town.say(ZHANG, "菜单")).labels


async def test_tencent_hanging_holds_nobody_up(town: Town, api: FakeWeChat) -> None:
    no = await town.file(ZHANG)
    api.meets = lambda path, body: Fault(hang=30.0)
    await town.answer(no)
    began = time.monotonic()
    assert "反映问题" in (await town.say(LI, "菜单")).labels
    assert time.monotonic() - began < 1.0


async def test_a_staff_channel_that_hangs_holds_nobody_up(town: Town, api: FakeWeChat) -> None:
    async def hang(row: Any) -> Any:
        await asyncio.sleep(60)

    town.house.outbox._senders = {**town.house.outbox._senders, "card": hang}  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    await town.file(ZHANG)
    began = time.monotonic()
    assert "反映问题" in (await town.say(LI, "菜单")).labels
    assert time.monotonic() - began < 1.0


# --- who may knock --------------------------------------------------------------------------------------------------


async def test_the_question_of_tencent(town: Town, api: FakeWeChat) -> None:
    assert api._session  # pyright: ignore[reportPrivateUsage]
    query = {"timestamp": "1", "nonce": "2", "echostr": "4375120948345356249"}
    good = {**query, "signature": api.cipher.sign("1", "2")}
    for asked, status, body in ((good, 200, query["echostr"]), ({**good, "nonce": "3"}, 403, ""), (query, 403, "")):
        async with api._session.get(f"{town.url}/wechat", params=asked) as answer:  # pyright: ignore[reportPrivateUsage]
            assert (answer.status, await answer.text()) == (status, body)
            assert answer.content_type == "text/plain"


async def test_whatever_is_forged_is_refused_alike(town: Town, api: FakeWeChat) -> None:
    fields = api.message(ZHANG, "text", Content="好")
    query, body = api.sealed(fields)
    other = api.sealed(api.message(LI, "text", Content="坏"))[1]
    wrong_app = api.cipher.encrypt("<xml/>", app_id="wx0")
    wrong_pad = api.cipher.raw(bytes(48))

    def under(encrypt: str) -> tuple[dict[str, str], str]:
        signed = {**query, "msg_signature": api.cipher.sign(query["timestamp"], query["nonce"], encrypt)}
        return signed, f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"

    plain = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId><Content>x</Content></xml>"
    forged = [
        (query, other),
        (query, plain),
        (query, ""),
        (query, "\x00\xff" * 100),
        ({**query, "msg_signature": query["signature"]}, body),
        ({name: value for name, value in query.items() if name != "msg_signature"}, body),
        ({**query, "nonce": "0"}, body),
        under(wrong_app),
        under(wrong_pad),
        under("A" * 43 + "="),
    ]
    before = await counts(town)
    answers = {await api.post(*one) for one in forged}
    assert answers == {(403, "")}
    assert (await api.post(query, body + " " * 70_000))[0] == 413
    assert await counts(town) == before


async def test_what_is_signed_and_odd_is_400(town: Town, api: FakeWeChat) -> None:
    for fields in ({"MsgType": "text"}, {"FromUserName": ZHANG, "MsgType": "text", "MsgId": "x"}, {}):
        assert await api.post(*api.sealed(fields)) == (400, "")


async def test_a_wrong_clock_is_an_alarm_and_no_refusal(town: Town, api: FakeWeChat) -> None:
    with structlog.testing.capture_logs() as logs:
        push = api.sealed(api.message(ZHANG, "text", Content="你好"), stamp=1_600_000_000)
        status, body = await api.post(*push)
    assert status == 200 and "反映问题" in api.cipher.open_reply(body)
    assert [one["event"] for one in logs] == ["wechat.clock"]


async def test_no_log_holds_words_names_or_tokens(town: Town, api: FakeWeChat) -> None:
    canary = "金丝雀在水管里唱歌"
    with structlog.testing.capture_logs() as logs:
        no = await town.file(ZHANG, canary)
        api.meets = lambda path, body: Fault(errcode=45009)
        await town.answer(no, canary)
        await api.post(*api.sealed({"MsgType": canary, "FromUserName": ZHANG, "MsgId": canary}))
        await asyncio.sleep(0.2)
    written = repr(logs)
    assert logs and not any(secret in written for secret in (canary, ZHANG, "token-", "fake-secret"))


async def test_the_store_holds_no_openid_in_the_clear(town: Town, api: FakeWeChat, tmp_path: Path) -> None:
    await town.file(ZHANG)
    await api.push(api.event(ZHANG, "subscribe", EventKey=""))
    assert await town.read(lambda conn: conn.execute(select(func.count()).select_from(inbox)).scalar_one()) > 5
    for path in tmp_path.glob("*.sqlite3*"):
        assert ZHANG.encode() not in path.read_bytes(), path
