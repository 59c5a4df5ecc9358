"""The access token: fetched once, early, by one of all processes; and Tencent's refusals as data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.wechat.api import Account, Api, TooLarge
from bot.channels.wechat.faults import CODES, Trouble
from bot.channels.wechat.ports import Busy
from bot.channels.wechat.tokens import Held
from bot.demo.fakes.tencent import APP_ID
from bot.demo.fakes.wechat import SECRET, FakeWeChat, Fault
from bot.store import fetches
from tests.channels.wechat.town import Town, at_home

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"


class Shelf:
    """Where processes keep the token for each other; `broken` is a store that cannot be reached."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self.claimed = False
        self.broken = False

    def _look(self) -> None:
        if self.broken:
            raise Busy("locked")

    async def held_token(self) -> Held | None:
        self._look()
        await asyncio.sleep(0.001)
        return self.held

    async def claim_token(self, seconds: float) -> bool:
        self._look()
        await asyncio.sleep(0.001)
        mine, self.claimed = not self.claimed, True
        return mine

    async def keep_token(self, held: Held) -> None:
        self._look()
        self.held, self.claimed = held, False


class Bench:
    """Some processes over one shelf, in front of one Tencent, with one clock."""

    def __init__(self, fake: FakeWeChat) -> None:
        self.fake, self.shelf, self.now = fake, Shelf(), datetime(2026, 11, 23, 1, tzinfo=UTC)
        fake.clock = lambda: self.now.timestamp()
        fake.count_quota = False
        self.apis: list[Api] = []

    def api(self, secret: str = SECRET) -> Api:
        """A process."""
        self.apis.append(Api(Account(APP_ID, secret, self.fake.url), self.shelf, lambda: self.now))
        return self.apis[-1]

    def waits(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)


@pytest_asyncio.fixture
async def bench(api: FakeWeChat) -> AsyncGenerator[Bench]:
    bench = Bench(api)
    yield bench
    for one in bench.apis:
        await one.close()


async def say(api: Api, times: int) -> None:
    """So many messages at once."""
    await asyncio.gather(*(api.send_text(f"o{at}", "好") for at in range(times)))


async def test_fifty_cold_sends_fetch_one_token(bench: Bench) -> None:
    await say(bench.api(), 50)
    assert bench.fake.refreshes == [False]


async def test_expiry_under_fifty_sends_is_one_refresh(bench: Bench) -> None:
    api = bench.api()
    await say(api, 1)
    bench.fake.refreshes.clear()
    bench.waits(hours=3)
    await say(api, 50)
    assert bench.fake.refreshes == [False]


async def test_a_token_revoked_under_fifty_sends_is_one_refresh(bench: Bench) -> None:
    """Tencent says 40001 to all fifty: each tries again, once, with the one token that was fetched."""
    api = bench.api()
    await say(api, 1)
    bench.fake.refreshes.clear()
    bench.fake.revoke()
    await say(api, 50)
    assert bench.fake.refreshes == [False]
    assert len(bench.fake.fans) == 50 and all(len(fan.screen) for fan in bench.fake.fans.values())


async def test_four_processes_fetch_one_token(bench: Bench) -> None:
    await asyncio.gather(*(say(bench.api(), 20) for _ in range(4)))
    assert bench.fake.refreshes == [False]
    bench.waits(hours=3)
    await asyncio.gather(*(say(one, 20) for one in bench.apis))
    assert bench.fake.refreshes == [False, False]


@pytest.mark.parametrize(("early", "refreshes"), [(300.0, 2), (0.0, 1)])
async def test_it_is_fetched_before_it_expires(bench: Bench, early: float, refreshes: int) -> None:
    """Also from a Tencent that keeps giving the one that is nearly over, and is not asked for it every time."""
    api, bench.fake.early = bench.api(), early
    await say(api, 1)
    bench.waits(minutes=116)
    calls = len(bench.fake.calls)
    await say(api, 10)
    assert [path for path, _ in bench.fake.calls[calls:]].count("/cgi-bin/stable_token") == 1
    assert len(bench.fake.refreshes) == refreshes


async def test_a_token_that_stays_bad_is_forced_once_and_then_given_up(bench: Bench) -> None:
    """wechatpy's client recursed here until Python stopped it (channels.md §3, defect 5)."""
    api = bench.api()
    await say(api, 1)
    bench.fake.meets = lambda path, body: Fault(errcode=40001) if "custom" in path else None
    calls = len(bench.fake.calls)
    with pytest.raises(Trouble) as caught:
        await api.send_text("o1", "好")
    assert caught.value.kind == "token"
    assert [path for path, _ in bench.fake.calls[calls:]].count("/cgi-bin/message/custom/send") == 2
    assert bench.fake.refreshes == [False, True]


async def test_a_wrong_secret_is_said_once_and_not_asked_for_ever(bench: Bench) -> None:
    with pytest.raises(Trouble) as caught:
        await bench.api("wrong").send_text("o1", "好")
    assert (caught.value.kind, caught.value.code) == ("config", 40125)
    assert "wrong" not in repr(caught.value)


async def test_without_the_store_it_still_sends(bench: Bench) -> None:
    bench.shelf.broken = True
    await say(bench.api(), 5)
    assert bench.fake.refreshes == [False]


async def test_while_the_old_token_is_good_a_failing_fetch_stops_nobody(bench: Bench) -> None:
    api = bench.api()
    await say(api, 1)
    bench.waits(minutes=117)
    bench.fake.meets = lambda path, body: Fault(status=500) if "token" in path else None
    async with asyncio.timeout(3):  # nobody's answer waits for it either
        await say(api, 5)


async def test_the_kept_token_is_sealed_and_shared(api: FakeWeChat, tmp_path: Path) -> None:
    async with at_home(api, tmp_path) as town:
        await _told(town, api)
        vault = town.house.core.vault
        kept = await town.read(lambda conn: fetches.opens(conn, vault.ring, "wechat"))
        assert kept and kept[0] == "token-1"
    for path in tmp_path.glob("*.sqlite3*"):
        assert b"token-1" not in path.read_bytes()
    async with at_home(api, tmp_path) as town:
        await _told(town, api)
    assert api.refreshes == [False], "the process that began anew found it"


async def _told(town: Town, api: FakeWeChat) -> None:
    api.message(ZHANG, "text", Content="你好")
    await town.say(ZHANG, "你好")
    await town.line.api.send_text(ZHANG, "好")


@pytest.mark.parametrize(("code", "kind"), [*CODES.items(), (99999, "passing")])
async def test_every_errcode_means_something(bench: Bench, code: int, kind: str) -> None:
    bench.fake.meets = lambda path, body: Fault(errcode=code) if "custom" in path else None
    with pytest.raises(Trouble) as caught:
        await bench.api().send_text("o1", "好")
    assert (caught.value.kind, caught.value.code) == (kind, code)


async def test_silence_and_nonsense(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.wechat.api.CALL_SECONDS", 0.3)
    api = bench.api()
    cases = [(Fault(hang=1.0), "maybe"), (Fault(status=502), "maybe"), (Fault(status=404), "passing")]
    for fault, kind in cases:
        bench.fake.meets = lambda path, body, fault=fault: fault if "custom" in path else None
        with pytest.raises(Trouble) as caught:
            await api.send_text("o1", "好")
        assert caught.value.kind == kind, fault
    gone = Api(Account(APP_ID, SECRET, "http://127.0.0.1:9"), bench.shelf, lambda: bench.now)
    with pytest.raises(Trouble) as caught:
        await gone.send_text("o1", "好")
    assert caught.value.kind == "passing" and "access_token" not in repr(caught.value)
    await gone.close()


async def test_media_is_bytes_or_words_about_it(bench: Bench) -> None:
    api, fake = bench.api(), bench.fake
    photo, video = fake.keep(b"\xff\xd8\xff" + b"x" * 500), fake.keep(b"film" * 9, "video/mp4")
    assert len(await api.media(photo, 1000)) == 503
    assert await api.media(video, 1000) == b"film" * 9
    with pytest.raises(TooLarge):
        await api.media(photo, 500)
    bench.waits(days=4)
    with pytest.raises(Trouble) as caught:
        await api.media(photo, 1000)
    assert caught.value.kind == "permanent"


async def test_the_address_of_a_video_leads_nowhere_else(bench: Bench) -> None:
    api = bench.api()
    for address in (
        "http://169.254.169.254/latest",
        "http://evil.example/x.qq.com",
        "file:///etc/passwd",
        "http://[::1]/",
    ):
        with pytest.raises(Trouble):
            api._allowed(address)  # pyright: ignore[reportPrivateUsage]
    assert api._allowed("http://mp.video.qq.com/1")  # pyright: ignore[reportPrivateUsage]


async def test_menu_and_codes(bench: Bench) -> None:
    api = bench.api()
    await api.set_menu([{"type": "click", "name": "反映问题", "key": "report"}])
    assert bench.fake.menu["button"][0]["name"] == "反映问题"
    assert await api.scene("qingshan-gate") == "http://weixin.qq.com/q/qingshan-gate"
    path, body = bench.fake.calls[-1]
    assert body["action_name"] == "QR_LIMIT_STR_SCENE" and path.endswith("qrcode/create")
    await api.scene("qingshan-gate", days=90)
    assert bench.fake.calls[-1][1]["expire_seconds"] == 30 * 86400
