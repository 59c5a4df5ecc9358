"""What no citizen sends: every route answers with a status and a reason, never with a trace or a 500."""

from __future__ import annotations

import asyncio
import io
import json
import math
import uuid
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.web import bodies
from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor

pytestmark = pytest.mark.asyncio

KEY = "0123456789abcdef"
JSON = {"Content-Type": "application/json"}
DEEP = "[" * 100_000

MESSAGES: list[tuple[Any, int, str]] = [
    ({}, 422, "key"),
    ({"text": "无编号"}, 422, "key"),
    ({"key": "short", "text": "路"}, 422, "key"),
    ({"key": "x" * 65, "text": "路"}, 422, "key"),
    ({"key": "0123456789\nabc", "text": "路"}, 422, "key"),
    ({"key": 12345678, "text": "路"}, 422, "key"),
    ({"key": KEY}, 422, "empty"),
    ({"key": KEY, "text": ""}, 422, "empty"),
    ({"key": KEY, "text": " \n\t\u200b\u202e\x00"}, 422, "empty"),
    ({"key": KEY, "text": 5}, 422, "bad_request"),
    ({"key": KEY, "text": ["路"]}, 422, "bad_request"),
    ({"key": KEY, "text": "字" * 20_001}, 413, "too_long"),
    ({"key": KEY, "text": "字" * 100_000}, 413, "too_long"),
    ({"key": KEY, "choice": "x" * 65}, 422, "choice"),
    ({"key": KEY, "choice": "a\nb"}, 422, "choice"),
    ({"key": KEY, "choice": {}}, 422, "choice"),
    ({"key": KEY, "attachments": "abc"}, 422, "attachment"),
    ({"key": KEY, "attachments": [1]}, 422, "attachment"),
    ({"key": KEY, "attachments": [{}]}, 422, "attachment"),
    ({"key": KEY, "attachments": ["../../etc/passwd"]}, 422, "attachment"),
    ({"key": KEY, "attachments": ["unknown"]}, 422, "attachment"),
    ({"key": KEY, "attachments": [f"photo{n}" for n in range(500)]}, 422, "too_many_files"),
    ({"key": KEY, "place": "村口"}, 422, "place"),
    ({"key": KEY, "place": {"lat": 1}}, 422, "place"),
    ({"key": KEY, "place": {"lat": True, "lon": 1}}, 422, "place"),
    ({"key": KEY, "place": {"lat": "30", "lon": "104"}}, 422, "place"),
    ({"key": KEY, "place": {"lat": 91, "lon": 0}}, 422, "place"),
    ({"key": KEY, "place": {"lat": 10**400, "lon": 0}}, 422, "place"),
    ({"key": KEY, "place": {"lat": math.nan, "lon": 0}}, 422, "place"),
    ({"key": KEY, "place": {"lat": math.inf, "lon": 0}}, 422, "place"),
    ({"key": KEY, "scene": "../x"}, 422, "empty"),
    ([], 400, "bad_request"),
    ("路", 400, "bad_request"),
]


@pytest.mark.parametrize(("message", "status", "code"), MESSAGES)
async def test_a_message_that_is_none(visitor: Visitor, house: FakeHouse, message: Any, status: int, code: str) -> None:
    assert await visitor.declined(message) == (status, code)
    assert house.turns == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"{", 400),
        (b'{"key": "0123456789", "text": "\xff\xfe"}', 400),
        (b"\x00\x01\x02", 400),
        (DEEP.encode(), 400),
        (b'{"key": ' + b"1" * 5000 + b"}", 400),
        (b'{"text":"' + b"x" * 1_100_000 + b'"}', 413),
    ],
)
async def test_a_body_that_is_no_message(visitor: Visitor, body: bytes, status: int) -> None:
    async with await visitor.post("/talk", data=io.BytesIO(body), headers=JSON) as response:
        assert response.status == status
        assert (await response.json())["error"]["text"]


async def test_the_last_of_two_equal_names_wins(visitor: Visitor, house: FakeHouse) -> None:
    body = b'{"key": "0123456789", "text": "\xe7\x94\xb2", "text": "\xe4\xb9\x99"}'
    async with await visitor.post("/talk", data=body, headers=JSON) as response:
        assert response.status == 200
    assert house.turns[0].text == "乙"


UNUSUAL = ["👨‍👩‍👧‍👦" * 500, "Z̸̡̛͔̳a̷̧͇͎l̵̨͙g̶o" * 100, "‮txt.exe", "مرحبا", "\U0010ffff", "=cmd|'/c calc'!A1", "\ud83d"]


@pytest.mark.parametrize("text", UNUSUAL)
async def test_unusual_words_are_taken(visitor: Visitor, house: FakeHouse, text: str) -> None:
    await visitor.say(text)
    assert len(house.turns) == 1
    house.turns[0].text.encode()


@pytest.mark.parametrize("mime", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_a_message(visitor: Visitor, mime: str) -> None:
    body = json.dumps({"key": KEY, "text": "路"})
    async with await visitor.post("/talk", data=body, headers={"Content-Type": mime}) as response:
        assert response.status == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/", 405),
        ("DELETE", "/talk", 405),
        ("POST", "/talk/events", 405),
        ("GET", "/talk", 405),
        ("GET", "/talk/upload", 405),
        ("TRACE", "/", 405),
        ("GET", "/wp-login.php", 404),
        ("GET", "/static/../server.py", 404),
        ("GET", "/static/0/..%2fserver.py", 404),
        ("GET", "/static/0/nothing.js", 404),
        ("GET", "/talk/file/..%2f..%2fkeys", 404),
        ("GET", "/" + "a" * 3000, 404),
    ],
)
async def test_ways_that_lead_nowhere(visitor: Visitor, method: str, path: str, status: int) -> None:
    for accept in ("text/html", "*/*"):
        async with await visitor.request(method, path, headers={"Accept": accept}) as response:
            text = await response.text()
            assert response.status == status
            assert "Traceback" not in text
            assert response.content_type == ("text/html" if accept == "text/html" else "application/json")


GET = b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET + b"\r\n", b"400"),
        (GET + b"Host: a\r\nHost: b\r\n\r\n", b"400"),
        (GET + b"Host: a b\r\n\r\n", b"400"),
        (GET + b"Host: <script>\r\n\r\n", b"400"),
        (GET + b"Host: a\r\nCookie: " + b"x=1; " * 1700 + b"\r\n\r\n", b"400"),
        (GET + b"Host: a\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 200) for n in range(60)) + b"\r\n", b"431"),
        (GET + b"Host: a\r\nCookie: zt=\x01\x02; zt=; zt=" + b"A" * 43 + b".zz; ;;=;\r\n\r\n", b"400"),
        (GET + b'Host: a\r\nCookie: zt="; zt==; zt=' + b"A" * 43 + b".zz; ;;=;\r\n\r\n", b"200"),
        (b"POST /talk HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST /talk HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST /talk HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", b"415"),
        (b"POST /talk HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
         b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
)  # fmt: skip
async def test_headers_that_attack(visitor: Visitor, request_bytes: bytes, status: bytes) -> None:
    answer = await visitor.raw(request_bytes)
    assert answer.split(b" ", 2)[1] == status
    assert b"Traceback" not in answer


async def test_a_body_that_does_not_come_is_not_waited_for(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(bodies, "WINDOW_SECONDS", 0.2)
    head = (
        b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 900\r\n\r\n"
    )
    for path, mime in (
        (b"/talk", b"application/json"),
        (b"/talk/upload", b"image/jpeg"),
        (b"/", b"application/x-www-form-urlencoded"),
        (b"/", b"multipart/form-data; boundary=xx"),
    ):
        answer = await asyncio.wait_for(visitor.raw(head % (path, mime), b"{", b"-", pause=0.15), 3)
        assert answer.startswith(b"HTTP/1.1 408"), (path, mime)


async def test_a_reader_who_leaves_in_the_middle_harms_nobody(visitor: Visitor, house: FakeHouse) -> None:
    head = b"POST /talk HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
    for _ in range(5):
        _, writer = await asyncio.open_connection(visitor.host, visitor.port)
        writer.write(head)
        await writer.drain()
        writer.close()
    await visitor.say("还在吗")
    assert len(house.turns) == 1


async def test_a_slow_turn_holds_nobody_else(server: TestServer, visitor: Visitor, house: FakeHouse) -> None:
    house.pause = 1.0
    slow = asyncio.create_task(visitor.say("慢"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.5):
        assert (await visitor.get("/healthz")).status == 200
    await slow


async def test_a_troll_is_slowed_and_loses_nothing_that_was_taken(visitor: Visitor, house: FakeHouse) -> None:
    statuses: list[int] = []
    for n in range(200):
        async with await visitor.post_talk({"key": uuid.uuid4().hex, "text": f"骂 {n}"}) as response:
            statuses.append(response.status)
            if response.status == 429:
                assert int(response.headers["Retry-After"]) >= 1
    limit = house.county.office.limits.messages_per_minute
    assert limit <= statuses.count(200) <= limit + 5
    assert statuses.count(200) == len(house.turns)
    assert set(statuses) == {200, 429}


async def test_one_troll_does_not_silence_a_neighbour(visitor: Visitor, neighbour: Visitor) -> None:
    for n in range(60):
        await visitor.post_talk({"key": uuid.uuid4().hex, "text": f"骂 {n}"})
    await neighbour.say("我还能说话吗")
