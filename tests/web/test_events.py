"""The stream of what is new: nothing twice, nothing missing, whenever the line breaks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestServer

from bot.web import events
from handlers.messages import Reply
from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor

pytestmark = pytest.mark.asyncio


class Reader:
    """An EventSource: reads blocks, remembers the last id."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    async def block(self) -> str:
        """The next block, heartbeats included."""
        async with asyncio.timeout(3):
            lines: list[str] = []
            while (line := (await self.response.content.readline()).decode()) != "\n":
                if not line:
                    raise EOFError
                lines.append(line)
        return "".join(lines)

    async def message(self) -> dict[str, Any]:
        """The next message; its event id is its letter's id."""
        while True:
            block = await self.block()
            if block.startswith("id:"):
                number, data = block.split("\n", 1)
                message = json.loads(data.removeprefix("data: "))
                assert int(number.removeprefix("id: ")) == message["id"]
                return message


async def listen(visitor: Visitor, after: int | None = None, last: int | None = None) -> Reader:
    """Open a stream as a page does."""
    params = {} if after is None else {"after": str(after)}
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    response = await visitor.get("/talk/events", params=params, headers=headers)
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    return Reader(response)


async def test_what_the_office_says_arrives_while_the_page_is_open(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    last = (await visitor.say("你好"))["messages"][-1]["id"]
    reader = await listen(visitor, after=last)
    await asyncio.sleep(0.05)
    house.write(address, Reply(("答复来了",)))
    assert (await reader.message())["paragraphs"] == [{"text": "答复来了"}]


async def test_a_broken_line_resumes_where_it_broke(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    letters = [house.write(address, Reply((f"第 {n} 封",))) for n in range(130)]
    reader = await listen(visitor, after=letters[0].id)
    got = [(await reader.message())["id"] for _ in range(40)]
    reader.response.close()
    letters.append(house.write(address, Reply(("断线时写的",))))
    again = await listen(visitor, after=letters[0].id, last=got[-1])
    got += [(await again.message())["id"] for _ in range(len(letters) - 41)]
    assert got == [letter.id for letter in letters[1:]]


async def test_a_newcomer_hears_the_first_answer(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    reader = await listen(visitor, after=0)
    await asyncio.sleep(0.05)
    await visitor.say("你好")
    said, heard = await reader.message(), await reader.message()
    assert (said["from"], heard["from"]) == ("me", "office")
    await asyncio.sleep(0.05)
    house.write(address, Reply(("又一封",)))
    assert (await reader.message())["paragraphs"] == [{"text": "又一封"}]


async def test_nobody_hears_what_is_said_to_another(
    visitor: Visitor, neighbour: Visitor, house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    address = await visitor.cookie()
    await neighbour.cookie()
    reader = await listen(neighbour, after=0)
    house.write(address, Reply(("只给一个人",)))
    assert "retry" in await reader.block()
    assert [await reader.block() for _ in range(2)] == [": \n", ": \n"]


async def test_a_lost_bell_costs_a_heartbeat(
    visitor: Visitor, house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    address = await visitor.cookie()
    reader = await listen(visitor, after=0)
    await asyncio.sleep(0.05)
    house.hear(address, "没有响铃")
    assert (await reader.message())["paragraphs"] == [{"text": "没有响铃"}]


async def test_five_streams_a_session_and_those_who_left_do_not_count(
    visitor: Visitor, neighbour: Visitor, house: FakeHouse
) -> None:
    await visitor.cookie()
    readers = [await listen(visitor, after=0) for _ in range(5)]
    async with await visitor.get("/talk/events") as response:
        assert response.status == 429
        assert response.headers["Retry-After"]
    await listen(neighbour, after=0)
    readers[0].response.close()
    await asyncio.sleep(0.05)
    await listen(visitor, after=0)


async def test_streams_end_when_the_house_closes(visitor: Visitor, server: TestServer, house: FakeHouse) -> None:
    reader = await listen(visitor, after=0)
    await reader.block()
    async with asyncio.timeout(2):
        await server.close()
    assert house.listeners() == 0


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "٣"])
async def test_an_id_that_is_none(visitor: Visitor, last: str) -> None:
    async with await visitor.get("/talk/events", headers={"Last-Event-ID": last}) as response:
        assert response.status == 400
