"""A citizen's browser, as far as HTTP goes."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.server import House, make_app

Json = dict[str, Any]


@asynccontextmanager
async def serve(house: House) -> AsyncGenerator[TestServer]:
    """The pages over `house`, on a port of their own."""
    server = TestServer(make_app(house))
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


class Visitor(TestClient[web.Request, web.Application]):
    """Keeps cookies, and knows how to talk."""

    async def say(self, text: str = "", **more: Any) -> Json:
        """One message that is taken; the answer."""
        async with await self.post_talk({"key": uuid.uuid4().hex, "text": text, **more}) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post_talk(self, data: Any, **headers: str) -> ClientResponse:
        """One message, whatever comes of it."""
        return await self.post("/talk", json=data, headers=headers)

    async def declined(self, data: Any) -> tuple[int, str]:
        """Status and code of a message that is not taken; its text is never empty."""
        async with await self.post_talk(data) as response:
            error = (await response.json())["error"]
            assert error["text"] and not error["text"].startswith("web.")
            return response.status, error["code"]

    async def upload(self, body: bytes = b"picture", name: str = "a.jpg", mime: str = "image/jpeg") -> ClientResponse:
        """One file."""
        headers = {"Content-Type": mime, "X-Zhitong-Form": await self.form_token()}
        return await self.post("/talk/upload", params={"name": name}, data=body, headers=headers)

    async def form_token(self) -> str:
        """The proof a page of ours carries."""
        return str((await self.page_data())["form"])

    async def page_data(self) -> Json:
        """The data block of the page."""
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', await self.page(), re.S)
        assert found
        return json.loads(found.group(1))

    async def page(self, path: str = "/") -> str:
        """The page as text."""
        async with await self.get(path) as response:
            assert response.status == 200
            return await response.text()

    async def cookie(self) -> str:
        """The session's token, making one first where there is none."""
        await self.page()
        (cookie,) = [cookie for cookie in self.session.cookie_jar if cookie.key.endswith("zt")]
        return cookie.value.split(".")[0]

    async def raw(self, *pieces: bytes, pause: float = 0.0) -> bytes:
        """Write bytes to the server as they are, and read until it closes."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            return await asyncio.wait_for(reader.read(4096), 5)
        finally:
            writer.close()
