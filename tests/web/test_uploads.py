"""Files: in as a stream, out to their owner only."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest

from bot.web import bodies
from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor

pytestmark = pytest.mark.asyncio


async def test_a_file_goes_in_and_comes_back(visitor: Visitor) -> None:
    async with await visitor.upload(b"x" * 300_000, "路 口.jpg") as response:
        file = await response.json()
    assert (file["kind"], file["name"], file["size"]) == ("photo", "路 口.jpg", 300_000)
    async with await visitor.get(file["url"]) as response:
        assert await response.read() == b"x" * 300_000
        assert response.headers["Content-Disposition"] == "inline; filename*=UTF-8''%E8%B7%AF%20%E5%8F%A3.jpg"
        assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in response.headers["Cache-Control"]


async def test_a_foreign_file_does_not_exist(visitor: Visitor, neighbour: Visitor, house: FakeHouse) -> None:
    async with await visitor.upload() as response:
        file = await response.json()
    assert (await neighbour.get(file["url"])).status == 404
    assert (await neighbour.get("/talk/file/0000000000000000")).status == 404
    assert await neighbour.declined({"key": "abcdefgh", "attachments": [file["id"]]}) == (422, "attachment")
    assert house.turns == []


@pytest.mark.parametrize(
    ("mime", "name", "disposition"),
    [
        ("application/pdf", "a.pdf", "attachment; filename*=UTF-8''a.pdf"),
        ("text/plain", "../../etc/passwd", "attachment; filename*=UTF-8''.._.._etc_passwd"),
        ("application/pdf", "\u202efdp.exe\x00\r\nX: 1", "attachment; filename*=UTF-8''fdp.exe%0AX%3A%201"),
        ("audio/webm", "录音.webm", "inline; filename*=UTF-8''%E5%BD%95%E9%9F%B3.webm"),
        ("application/xhtml+xml", '"; x="', "attachment; filename*=UTF-8''%22%3B%20x%3D%22"),
    ],
)
async def test_how_a_file_is_handed_out(visitor: Visitor, mime: str, name: str, disposition: str) -> None:
    async with await visitor.upload(name=name, mime=mime) as response:
        file = await response.json()
    async with await visitor.get(file["url"]) as response:
        assert response.headers["Content-Disposition"] == disposition
        shown = disposition.startswith("inline")
        assert response.content_type == (mime if shown else "application/octet-stream")


@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html", "application/x-msdownload"])
async def test_a_refused_file_is_refused_with_words(visitor: Visitor, mime: str) -> None:
    async with await visitor.upload(mime=mime) as response:
        assert response.status == 422
        assert (await response.json())["error"]["text"] == "这个文件没有收下。"


async def test_too_large_is_said_before_and_while_reading(visitor: Visitor, house: FakeHouse) -> None:
    limit = house.county.office.limits.file_mb * 2**20

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 2**20
            await asyncio.sleep(0)

    headers = {"X-Zhitong-Form": await visitor.form_token(), "Content-Type": "image/jpeg"}
    for body in (io.BytesIO(b"x" * (limit + 1)), endless()):
        async with await visitor.post("/talk/upload", data=body, headers=headers) as response:
            assert response.status == 413
            assert "20 MB" in (await response.json())["error"]["text"]


async def test_five_hundred_uploads_are_slowed(visitor: Visitor, house: FakeHouse) -> None:
    token = await visitor.form_token()
    statuses: list[int] = []
    for _ in range(500):
        headers = {"X-Zhitong-Form": token, "Content-Type": "image/jpeg"}
        async with await visitor.post("/talk/upload", data=b"x", headers=headers) as response:
            statuses.append(response.status)
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= house.county.office.limits.messages_per_minute + 5


async def test_a_steady_trickle_is_read_and_a_stalled_one_is_not(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "WINDOW_SECONDS", 1.5)
    monkeypatch.setattr(bodies, "WINDOW_BYTES", 1000)
    headers = {"X-Zhitong-Form": await visitor.form_token(), "Content-Type": "image/jpeg"}

    async def trickle(size: int) -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * size
            await asyncio.sleep(0.1)

    assert (await visitor.post("/talk/upload", data=trickle(1200), headers=headers)).status == 200
    assert (await visitor.post("/talk/upload", data=trickle(10), headers=headers)).status == 408


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Zhitong-Form": "0" * 32}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_only_our_page_uploads(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    async with await visitor.post(
        "/talk/upload", data=b"x", headers={"Content-Type": "image/jpeg", **headers}
    ) as response:
        assert response.status == status
