"""A member of staff's browser, as far as HTTP goes."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, Any

from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient

from cases.case import Actor, State
from tests.web.fake_office import Office
from tests.web.visitor import serve

Json = dict[str, Any]


class Hand(TestClient[web.Request, web.Application]):
    """Keeps cookies and the proof of its page, and knows how to ask and do."""

    proof = ""

    async def sit_down(self, office: Office, who: Actor) -> Hand:
        """Open the room with a session of `who`."""
        self.session.cookie_jar.update_cookies({"zt_staff": office.session_of(who)}, self.make_url("/"))
        self.proof = str((await self.page_data())["proof"])
        return self

    async def page_data(self) -> Json:
        """The data block of the room."""
        found = re.search(
            r'<script type="application/json" id="room-data">(.*?)</script>', await self.text("/staff"), re.S
        )
        assert found
        return json.loads(found.group(1))

    async def text(self, path: str) -> str:
        """A page as text."""
        async with await self.get(path) as response:
            assert response.status == 200, response.status
            return await response.text()

    async def ask(self, path: str, status: int = 200) -> Json:
        """JSON from `path`."""
        async with await self.get(path) as response:
            return await answer(response, status)

    async def cards(self, **query: str) -> Json:
        """A page of cards."""
        async with await self.get("/staff/cards", params=query) as response:
            return await answer(response, 200)

    async def numbers(self, **query: str) -> list[str]:
        """The numbers of the cards of a view."""
        return [card["no"] for card in (await self.cards(**query))["cards"]]

    async def post_json(self, path: str, data: Any, **headers: str) -> ClientResponse:
        """A post as the page makes it, with its proof."""
        return await self.post(path, json=data, headers={"X-Zhitong-Form": self.proof, **headers})

    async def do(self, no: str, act: str, text: str = "", *, status: int = 200, **more: Any) -> Json:
        """One act on a case."""
        order = {"key": uuid.uuid4().hex, "case": no, "act": act, "text": text, **more}
        async with await self.post_json("/staff/do", order) as response:
            return await answer(response, status)

    async def preview(self, no: str, act: str, text: str = "", *, status: int = 200, **more: Any) -> Json:
        """What the citizen would read."""
        async with await self.post_json("/staff/preview", {"case": no, "act": act, "text": text, **more}) as response:
            return await answer(response, status)

    async def upload(
        self, body: bytes | IO[bytes], name: str = "a.png", mime: str = "image/png", status: int = 200
    ) -> Json:
        """One file."""
        headers = {"X-Zhitong-Form": self.proof, "Content-Type": mime}
        async with await self.post("/staff/upload", params={"name": name}, data=body, headers=headers) as response:
            return await answer(response, status)


async def answer(response: ClientResponse, status: int) -> Json:
    """The JSON of a response of that status; a refusal always has words."""
    got: Json = await response.json()
    assert response.status == status, (response.status, got)
    if status >= 400:
        text = got["error"]["text"]
        assert text, got
        assert not re.match(r"[a-z]+\.[a-z_.]+$", text), got
        assert "{" not in text, got
    return got


@asynccontextmanager
async def at_desk(office: Office, *people: Actor) -> AsyncGenerator[list[Hand]]:
    """The room over `office`, with these people in it, each at a browser of their own."""
    async with serve(office) as server:
        hands = [Hand(server, cookie_jar=CookieJar(unsafe=True)) for _ in people]
        try:
            yield [await hand.sit_down(office, who) for hand, who in zip(hands, people, strict=True)]
        finally:
            for hand in hands:
                await hand.close()


@asynccontextmanager
async def at_door(office: Office) -> AsyncGenerator[Hand]:
    """Somebody in front of the room who is not in."""
    async with serve(office) as server, Hand(server, cookie_jar=CookieJar(unsafe=True)) as hand:
        yield hand


def find(office: Office, state: State, *, claimed_by: int | None = None, department: str = "shuiwu") -> str:
    """The number of a case in this state on that department's desk, the first that came in."""
    for no, held in office.held.items():
        case = held.case
        if case.state is state and case.department == department and claimed_by in (None, case.claimed_by):
            return no
    raise LookupError(state)
