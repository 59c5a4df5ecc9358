"""The room's stream: numbers of cases in sight, nothing else, and nothing after the session ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from bot.web import staff_live
from cases.case import Role, State
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import CHEN, WANG, ZHAO, ZHOU, add, filing
from tests.web.fake_office_client import Hand, at_desk, find

pytestmark = pytest.mark.asyncio


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


@asynccontextmanager
async def listening(hand: Hand) -> AsyncGenerator[ClientResponse]:
    """An open stream that has said hello."""
    async with await hand.get("/staff/events") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert (await heard(response))[0] == "hello"
        yield response


async def heard(response: ClientResponse, seconds: float = 3) -> tuple[str, dict[str, object]]:
    """The next event; ("", {}) at the end of the stream."""
    name, data = "", "{}"
    async with asyncio.timeout(seconds):
        async for line in response.content:
            text = line.decode().strip()
            if text.startswith("event: "):
                name = text[7:]
            elif text.startswith("data: "):
                data = text[6:]
            elif not text and name:
                break
    return name, json.loads(data)


async def test_a_case_that_moves_is_told_to_who_may_see_it(office: Office):
    async with at_desk(office, WANG, ZHAO) as (wang, zhao), listening(wang) as at_wang, listening(zhao) as at_zhao:
        no = add(office, filing("07.01", "停水了，请来看看。")).no
        other = add(office, filing("02.01", "低保取消了。", department="minzheng")).no
        assert await heard(at_wang) == ("case", {"no": no})
        assert await heard(at_zhao) == ("case", {"no": other})
        office.reload()
        assert await heard(at_wang) == ("reload", {})
    assert not office.rooms


async def test_an_act_over_http_is_told(office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with at_desk(office, WANG, CHEN) as (wang, chen), listening(chen) as stream:
        await wang.do(no, "note", "秘密的话")
        got = await heard(stream)
    assert got == ("case", {"no": no})


async def test_custodian_hears_nothing(office: Office):
    async with at_desk(office, ZHOU) as (hand,), listening(hand) as stream:
        add(office, filing("07.01", "停水了，请来看看。"))
        with pytest.raises(TimeoutError):
            await heard(stream, 0.3)


async def test_nothing_is_told_after_logout(office: Office):
    async with at_desk(office, WANG) as (hand,):
        async with listening(hand) as stream:
            office.sessions.clear()
            add(office, filing("07.01", "停水了，请来看看。"))
            assert await heard(stream) == ("gone", {"in": False})
            assert await heard(stream) == ("", {})
        async with await hand.get("/staff/events") as response:
            assert response.status == 401


async def test_changed_role_ends_the_stream(office: Office):
    async with at_desk(office, WANG) as (hand,), listening(hand) as stream:
        office.staff[WANG.id] = replace(WANG, roles=frozenset({Role.ADMIN}))
        add(office, filing("07.01", "停水了，请来看看。"))
        assert await heard(stream) == ("gone", {"in": True})


async def test_heartbeat_looks_at_the_session(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(staff_live, "HEARTBEAT_SECONDS", 0.05)
    async with at_desk(office, WANG) as (hand,), listening(hand) as stream:
        assert await stream.content.readline() == b": \n"
        office.sessions.clear()
        assert await heard(stream) == ("gone", {"in": False})


async def test_eight_windows_and_no_more(office: Office):
    async with at_desk(office, WANG) as (hand,):
        open_streams = [await hand.get("/staff/events") for _ in range(staff_live.PER_SESSION)]
        assert {response.status for response in open_streams} == {200}
        async with await hand.get("/staff/events") as response:
            assert response.status == 429
        for response in open_streams:
            response.close()
        async with asyncio.timeout(3):
            while office.rooms:
                add(office, filing("07.01", "停水了，请来看看。"))
                await asyncio.sleep(0.02)
        async with listening(hand):
            pass


async def test_house_can_close_with_rooms_open(office: Office):
    async with at_desk(office, WANG, CHEN) as (wang, chen):
        await wang.get("/staff/events")
        await chen.get("/staff/events")
        async with asyncio.timeout(5):
            await wang.server.close()
    assert not office.rooms
