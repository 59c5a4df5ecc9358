"""Exactly once, in the order of each chat, however updates come; and what nobody can take harms nobody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from telegram import Bot

from bot import app
from bot.channels import ChannelStopped
from bot.channels.telegram import ingress as module
from bot.channels.telegram.citizens import Citizens
from bot.channels.telegram.ingress import Ingress
from bot.channels.telegram.parse import Came, parse
from bot.demo.fakes.telegram import TOKEN, FakeApi
from bot.store import stuck
from handlers.messages import Inbound, Taken
from tests.channels.telegram.town import Town, at_home

pytestmark = pytest.mark.asyncio

CHATS, EACH = 40, 15


def shuffled(updates: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Each three times: the first of every one in the order of its chat, the others anywhere after it."""
    draw = random.Random(seed)
    by_chat: dict[int, list[dict[str, Any]]] = {}
    for update in updates:
        by_chat.setdefault(update["message"]["chat"]["id"], []).append(update)
    first, order = {chat: list(mine) for chat, mine in by_chat.items()}, list[dict[str, Any]]()
    while first:
        chat = draw.choice(list(first))
        order.append(first[chat].pop(0))
        if not first[chat]:
            del first[chat]
    placed = [(float(at), update) for at, update in enumerate(order)]
    placed += [(draw.uniform(at, len(order)), update) for at, update in enumerate(order) for _ in range(2)]
    return [update for _, update in sorted(placed, key=lambda one: one[0])]


async def test_shuffled_and_thrice_over_two_connections(
    town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, str]] = []
    real: Callable[..., Awaitable[Taken]] = town.house.core.take

    async def noted(inbound: Inbound, **more: Any) -> Taken:
        result = await real(inbound, **more)
        if not result.duplicate:
            taken.append((inbound.sender, inbound.text))
        return result

    monkeypatch.setattr(town.house.core, "take", noted)
    monkeypatch.setattr(Citizens, "_too_fast", lambda self, came: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    updates = [
        {"update_id": 5000 + n, "message": api.message(700 + n % CHATS, f"谢谢{n // CHATS}")}
        for n in range(CHATS * EACH)
    ]
    queues: tuple[list[Any], list[Any]] = ([], [])
    for update in shuffled(updates, 7):
        (queues[0] if update["message"]["chat"]["id"] % 2 else queues[1]).append(update)

    async def connection(queue: list[Any]) -> None:
        pending = set[asyncio.Task[None]]()
        for update in queue:
            pending.add(asyncio.create_task(town.line.take(update)))
            if len(pending) >= 20:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*pending)

    await asyncio.gather(*map(connection, queues))
    for chat in range(700, 700 + CHATS):
        assert [text for sender, text in taken if sender == str(chat)] == [f"谢谢{n}" for n in range(EACH)]


async def test_a_crash_after_the_commit_repeats_nothing(api: FakeApi, tmp_path: Path) -> None:
    """The offset had not moved: Telegram sends it again, the inbox knows it."""
    said = api.say(701, "你好")
    async with at_home(api, tmp_path) as town:
        await town.hears(701)
    api.updates = [said]
    async with at_home(api, tmp_path) as town:
        await town.until(lambda: not api.updates)
        await town.line.citizens.drain()
        assert len(api.told(701)) == 1
        assert [row for row in await town.owed() if row["kind"] == "reply"] == []


async def test_the_offset_waits_for_the_commit(town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """One chat hangs: its update stays with Telegram, the others go on and are answered."""
    gate, real = asyncio.Event(), town.house.core.take

    async def slow(inbound: Inbound, **more: Any) -> Taken:
        if inbound.sender == "702":
            await gate.wait()
        return await real(inbound, **more)

    monkeypatch.setattr(town.house.core, "take", slow)
    api.say(702, "你好")
    for text in ("你好", "菜单"):
        await town.say(703, text)
    assert api.updates[0]["message"]["chat"]["id"] == 702
    gate.set()
    await town.hears(702)
    await town.until(lambda: not api.updates)


async def test_a_poison_update_is_given_up_and_stays_in_sight(
    town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    tries, real = 0, Citizens.take

    async def poisoned(self: Citizens, cames: Sequence[Came]) -> None:
        nonlocal tries
        if cames[0].text == "毒":
            tries += 1
            raise LookupError("nobody thought of this")
        await real(self, cames)

    monkeypatch.setattr(Citizens, "take", poisoned)
    api.say(704, "毒")
    assert "反映问题" in str(await town.say(704, "你好"))  # its own chat goes on after it
    assert "反映问题" in str(await town.say(705, "你好"))
    assert tries == 5
    assert await town.house.core.store.read(stuck.given_up) == 1
    assert (await town.house.door.queue())["parked"] == 1


async def test_what_ptb_cannot_read_is_set_aside(town: Town, api: FakeApi) -> None:
    api.push("message", {"message_id": "x"})
    assert "反映问题" in str(await town.say(706, "你好"))
    assert await town.house.core.store.read(stuck.given_up) == 1


async def test_an_album_is_one_message(town: Town, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts are joined, later words wait for it, and a repeat of any part does nothing."""
    monkeypatch.setattr(module, "ALBUM_SECONDS", 0.1)
    seen: list[tuple[str, ...]] = []

    async def dispatch(cames: Sequence[Came]) -> None:
        seen.append(tuple(came.text or f"#{came.message}" for came in cames))

    house = town.line.citizens._house  # pyright: ignore[reportPrivateUsage]
    door = Ingress(lambda raw: parse(raw, Bot(TOKEN)), dispatch, house)
    photo = api.photo(b"x" * 500)
    parts = [{"update_id": 9000 + n, "message": api.message(707, photo=photo, media_group_id="a1")} for n in range(3)]
    words = {"update_id": 9003, "message": api.message(707, "就是这里")}
    await asyncio.gather(*(door.take(one) for one in [*parts, words, parts[1]]))
    await door.take(parts[2])
    assert [len(one) for one in seen] == [3, 1]
    assert seen[1] == ("就是这里",)


@pytest.fixture
def no_end(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A process that is told to end does not: which signals it got."""
    got: list[int] = []
    monkeypatch.setattr(app.signal, "raise_signal", got.append)
    return got


async def test_a_second_poller_gives_way_and_says_so(api: FakeApi, tmp_path: Path, no_end: list[int]) -> None:
    async with at_home(api, tmp_path / "one") as first:
        await first.say(708, "你好")
        first.poller_since(-100)
        with pytest.raises(ChannelStopped, match="another process polls"):
            async with at_home(api, tmp_path / "two"):
                await first.until(lambda: no_end, 20)
        assert "反映问题" in str(await first.say(708, "你好"))


async def test_a_wrong_token_says_so(api: FakeApi, tmp_path: Path, no_end: list[int]) -> None:
    with pytest.raises(ChannelStopped, match="does not know this token"):
        async with at_home(api, tmp_path, telegram_token=SecretStr("1:wrong")) as town:
            await town.until(lambda: no_end)
