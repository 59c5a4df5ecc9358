"""The supervisor's page over the real house: who gets in, what a draft says, what may be said to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from sqlalchemy import Connection

from bot.store import staff
from bot.web.staff_session import COOKIE, proof_of
from cases.case import Actor, Role
from tests.review.town import Town
from tests.web.visitor import serve

pytestmark = pytest.mark.asyncio

PAGE, DOCUMENT, DECIDE = "/staff/repeats", "/staff/repeats/document", "/staff/repeats/decide"
DRAFT = {"topic": "07.02", "scope": "place", "where": "qingshan"}


class Seat:
    """Somebody on the staff at a browser; nobody where there is no token."""

    def __init__(self, server: TestServer, session: ClientSession, token: str) -> None:
        self.server, self.session, self.token = server, session, token

    async def get(self, path: str, **query: str) -> tuple[int, str, str]:
        """Status, text and where it points."""
        url, cookies = self.server.make_url(path), {COOKIE: self.token}
        async with self.session.get(url, params=query, cookies=cookies, allow_redirects=False) as got:
            return got.status, await got.text(), got.headers.get("Location", got.headers.get("Content-Disposition", ""))

    async def post(self, path: str, proof: str = "", **form: str) -> tuple[int, str, str]:
        """The same for a form, with the proof of this session unless another is given."""
        url, cookies = self.server.make_url(path), {COOKIE: self.token}
        sent = {"form": proof or proof_of(self.token), **form}
        async with self.session.post(url, data=sent, cookies=cookies, allow_redirects=False) as got:
            return got.status, await got.text(), got.headers.get("Location", "")


@pytest_asyncio.fixture
async def session(town: Town) -> AsyncGenerator[tuple[TestServer, ClientSession]]:
    """The pages of the town's office, and a browser that keeps no cookies of its own."""
    async with serve(town.door) as running, ClientSession(cookie_jar=CookieJar(unsafe=True)) as opened:
        yield running, opened


async def seat(town: Town, session: tuple[TestServer, ClientSession], who: Actor) -> Seat:
    """`who`, logged in."""

    def work(conn: Connection) -> str:
        code = staff.renew_code(conn, who.name, town.now)
        found = staff.redeem(conn, code, "a password nobody asks for", town.now)
        return staff.open_session(conn, staff.credential(conn, found.name), town.now)

    return Seat(*session, await town.core.store.write(work))


async def test_the_page_is_the_supervisors(town: Town, session: tuple[TestServer, ClientSession]) -> None:
    li = await seat(town, session, await town.hire("李敏", Role.DISPATCHER, "zhiban"))
    assert (await Seat(*session, "").get(PAGE))[::2] == (303, "/staff/login")
    for path in (PAGE, DOCUMENT):
        assert (await li.get(path))[0] == 403
    assert (await li.post(DECIDE, **DRAFT, state="done", last="MS20261123-0005"))[0] == 403


async def test_a_draft_is_read_printed_and_dealt_with(town: Town, session: tuple[TestServer, ClientSession]) -> None:
    numbers = [(await town.file(f"p{n}", story=f"自来水黄得很，罗大勇{n}家没人来修")).no for n in range(5)]
    liu = await seat(town, session, await town.hire("刘洋", Role.SUPERVISOR, "xian-zhengfu"))
    status, page, _ = await liu.get(PAGE)
    assert (status, [no in page for no in numbers]) == (200, [True] * 5)
    status, text, _ = await liu.get(DOCUMENT, **DRAFT)
    assert (status, "监察建议书" in text, "罗大勇" in text) == (200, True, False)
    status, text, name = await liu.get(DOCUMENT, **DRAFT, **{"as": "text"})
    assert (status, text.startswith("监察建议书"), name.startswith("attachment")) == (200, True, True)
    assert "水务局：" in text and "5 件" in text and "、".join(numbers) in text and "2026年11月23日" in text

    decided = {**DRAFT, "last": numbers[-1]}
    assert (await liu.post(DECIDE, "0" * 32, **decided, state="done"))[0] == 403
    assert (await liu.post(DECIDE, **decided, state="dismissed", reason=""))[0] == 422
    assert (await liu.post(DECIDE, **{**decided, "where": "longwan"}, state="done"))[0] == 409
    said = await liu.post(DECIDE, **decided, state="dismissed", reason="已经在修")
    assert said[::2] == (303, f"{PAGE}?done=dismissed")
    status, page, _ = await liu.get(PAGE, done="dismissed")
    assert (status, "已经在修" in page, numbers[0] in page) == (200, True, False)
    assert (await liu.get(DOCUMENT, **DRAFT))[0] == 404
    assert (await liu.get(DECIDE))[::2] == (303, PAGE)


@pytest.mark.parametrize("odd", [{}, {"topic": "\x00'\"<b>"}, {"topic": "9" * 3000}, {"scope": "person", "where": "1"}])
async def test_odd_drafts_are_not_there(
    town: Town, session: tuple[TestServer, ClientSession], odd: dict[str, str]
) -> None:
    liu = await seat(town, session, await town.hire("刘洋", Role.SUPERVISOR, "xian-zhengfu"))
    assert (await liu.get(DOCUMENT, **odd))[0] == 404
    assert (await liu.post(DECIDE, **{**odd, "state": "done"}))[0] == 409
