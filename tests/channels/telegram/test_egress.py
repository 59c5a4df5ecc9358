"""What goes out: its pace, what Telegram's refusals mean, and the send that may or may not have arrived."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.telegram import network
from bot.channels.telegram.api import Api
from bot.channels.telegram.draw import Drawn
from bot.channels.telegram.faults import DESCRIPTIONS, Held, Trouble
from bot.channels.telegram.pacer import Pacer, Rates
from bot.demo.fakes.telegram import TOKEN, FakeApi, Fault, Json
from bot.outbox import Sent
from tests.channels.telegram.town import FAST, Town, at_home

pytestmark = pytest.mark.asyncio

LI, ZHAO = 1101, 1102
GROUP = "-1001234567890"
OVER = timedelta(minutes=2)


class Clock:
    """Time that passes only when somebody sleeps; sleepers wake in the order of their time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)


def pacer(clock: Clock, **rates: float) -> Pacer:
    return Pacer(Rates(**rates), clock, clock.sleep)  # pyright: ignore[reportArgumentType]


async def test_one_message_a_second_to_one_chat() -> None:
    clock, times = Clock(), list[float]()
    pace = pacer(clock)
    for _ in range(5):
        await pace.turn("7")
        times.append(round(clock.now, 2))
    assert times == [0.0, 1.0, 2.0, 3.0, 4.0]


async def test_twenty_five_a_second_to_all() -> None:
    clock = Clock()
    pace = pacer(clock)
    for chat in range(100):
        await pace.turn(str(chat))
    assert 3.9 <= clock.now <= 4.0


async def test_never_more_than_eighteen_in_any_minute_of_a_group() -> None:
    clock, times = Clock(), list[float]()
    pace = pacer(clock)
    for _ in range(90):
        await pace.turn(GROUP)
        times.append(clock.now)
    assert all(sum(start <= at < start + 60 for at in times) <= 18 for start in times)
    assert times[-1] < 5 * 60  # and not slower than it must be


async def test_cards_leave_some_of_a_groups_minute_to_whoever_waits() -> None:
    clock = Clock()
    pace = pacer(clock)
    for _ in range(14):
        await pace.turn(GROUP, urgent=False)
    assert pace.wait(GROUP, urgent=False) > 40
    assert pace.wait(GROUP) <= 1
    for _ in range(4):
        await pace.turn(GROUP, patience=2)
    assert pace.wait(GROUP) > 30


async def test_a_pause_of_one_chat_silences_no_other() -> None:
    clock = Clock()
    pace = pacer(clock)
    pace.pause(GROUP, 600)
    await pace.turn("7", patience=0.1)
    with pytest.raises(Held):
        await pace.turn(GROUP, patience=5)
    assert clock.now < 1


async def test_three_refused_chats_are_the_bot_being_too_fast() -> None:
    clock = Clock()
    pace = pacer(clock)
    for chat in ("1", "2", "3"):
        pace.pause(chat, 5)
    await pace.turn("4")
    assert clock.now >= 5


async def test_cards_step_back_behind_answers() -> None:
    """Everything is asked for at once; the answers have their slots before the first card."""
    order: list[str] = []
    pace = Pacer(Rates(chat=1000.0, overall=200.0, group=10_000))

    async def send(chat: str, urgent: bool) -> None:
        await pace.turn(chat, urgent=urgent)
        order.append(chat)

    cards = [send(f"-{n}", False) for n in range(1, 11)]
    answers = [send(str(n), True) for n in range(1, 21)]
    await asyncio.gather(*answers, *cards)
    assert all(not one.startswith("-") for one in order[:20])


# --- refusals ---------------------------------------------------------------------------------------------------


async def met(api: FakeApi, fault: Fault) -> Trouble:
    """What a send that meets this fault raises."""
    bot = Api(TOKEN, api.url, Pacer(FAST))
    await bot.open()
    api.private(LI)
    api.meets = lambda method, asked: fault
    try:
        with pytest.raises(Trouble) as raised:
            await bot.say(str(LI), Drawn("您好"), patience=2.0)
        return raised.value
    finally:
        await bot.close()


@pytest.mark.parametrize(("fragment", "kind"), DESCRIPTIONS)
async def test_every_refusal_of_the_table_through_ptb(api: FakeApi, fragment: str, kind: str) -> None:
    code = 403 if "bot was" in fragment else 400
    words = fragment.upper() if "_" in fragment else fragment
    assert (await met(api, Fault(code, f"{'Forbidden' if code == 403 else 'Bad Request'}: {words}"))).kind == kind


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(429, "Too Many Requests: retry after 7", retry_after=7), "wait"),
        (Fault(400, "Bad Request: group chat was upgraded", migrate_to=-1009), "moved"),
        (Fault(401, "Unauthorized"), "unauthorised"),
        (Fault(409, "Conflict: terminated by other getUpdates request"), "second"),
        (Fault(500, "Internal Server Error"), "passing"),
        (Fault(502, "Bad Gateway"), "passing"),
        (Fault(403, "Forbidden: something new"), "gone"),
        (Fault(400, "Bad Request: something new"), "refused"),
    ],
)
async def test_other_refusals(api: FakeApi, fault: Fault, kind: str) -> None:
    assert (await met(api, fault)).kind == kind


async def test_a_server_that_is_not_there_has_got_nothing(tmp_path: Path) -> None:
    bot = Api(TOKEN, "http://127.0.0.1:9", Pacer(FAST))
    with pytest.raises(Trouble) as raised:
        await bot.open()
    await bot.close()
    assert raised.value.kind == "passing"


async def test_the_token_is_in_no_error(api: FakeApi) -> None:
    trouble = await met(api, Fault(500, f"Internal Server Error /bot{TOKEN}/sendMessage"))
    assert TOKEN not in f"{trouble} {trouble!r}"


# --- maybe sent -------------------------------------------------------------------------------------------------


class Lossy:
    """Answers are lost: of each text, the first `lost` times; the message itself arrives."""

    def __init__(self, lost: int) -> None:
        self.lost, self.seen = lost, dict[str, int]()

    def __call__(self, method: str, asked: Json) -> Fault | None:
        if method != "sendMessage":
            return None
        text = str(asked["text"]).removeprefix("（可能重复）\n\n")
        self.seen[text] = self.seen.get(text, 0) + 1
        return Fault(hang=True, done=True) if self.seen[text] <= self.lost else None


async def soon(town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are short: a lost answer is given up quickly, a retry comes at once."""
    sending = town.line.api._sending  # pyright: ignore[reportPrivateUsage]
    assert isinstance(sending, network.Network)
    sending._seconds = 0.3  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr("bot.outbox.DELAYS", (0.1,))
    monkeypatch.setattr("bot.outbox.SWEEP_SECONDS", 0.2)


async def test_a_lost_answer_costs_one_marked_repeat(town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    await soon(town, api, monkeypatch)
    api.meets = Lossy(1)
    api.say(LI, "你好")
    await town.until(lambda: LI in api.chats and len(api.told(LI)) == 2)
    first, second = (one["text"] for one in api.told(LI))
    assert second == f"（可能重复）\n\n{first}"
    while await town.owed("reply"):
        await asyncio.sleep(0.05)
    assert len(api.told(LI)) == 2


async def test_a_repeat_that_is_lost_too_is_left_to_staff(
    town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most one repeat: then somebody has to look, and the staff room says so."""
    await soon(town, api, monkeypatch)
    api.meets = Lossy(9)
    api.say(LI, "你好")
    while [row["state"] for row in await town.owed("reply")] != ["parked"]:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert len(api.told(LI)) == 2
    assert (await town.house.door.queue())["parked"] == 1


async def test_what_was_written_during_an_outage_is_answered_once(town: Town, api: FakeApi) -> None:
    """Telegram's date is hours old by then: the answer's lease counts from when we took it."""
    api.say(LI, "你好", date=int(time.time()) - 7200)
    await town.hears(LI)
    assert await town.house.outbox.sweep() == 0
    assert len(api.told(LI)) == 1


async def test_a_connection_that_was_never_made_repeats_nothing(
    town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    await soon(town, api, monkeypatch)
    await town.say(LI, "你好")
    url = api.url
    town.line.api.bot._base_url = f"http://127.0.0.1:9/bot{TOKEN}"  # pyright: ignore[reportPrivateUsage]
    api.say(LI, "菜单")
    while not [row for row in await town.owed("reply") if row["error"]]:
        await asyncio.sleep(0.05)
    town.line.api.bot._base_url = f"{url}/bot{TOKEN}"  # pyright: ignore[reportPrivateUsage]
    await town.until(lambda: len(api.told(LI)) == 2)
    assert "可能重复" not in str(api.told(LI))


async def test_a_crash_between_commit_and_send_is_made_good(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was owed in the transaction of the turn: the next process sends it, marked."""
    from bot.channels.telegram.citizens import Citizens

    async def dies(self: Citizens, *args: object) -> Sent:
        raise RuntimeError("the process ends here")

    with monkeypatch.context() as crash:
        crash.setattr(Citizens, "_send", dies)
        async with at_home(api, tmp_path) as town:
            api.say(LI, "你好")
            await town.until(lambda: not api.updates)
            assert len(await town.owed("reply")) == 1
    monkeypatch.setattr("bot.outbox.SWEEP_SECONDS", 0.2)
    async with at_home(api, tmp_path) as town:
        later = town.house.core.clock
        town.house.outbox._clock = lambda: later() + OVER  # pyright: ignore[reportPrivateUsage]
        await town.until(lambda: api.told(LI))
        assert api.told(LI)[0]["text"].startswith("（可能重复）")
