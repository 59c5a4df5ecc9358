"""The door of the staff room: login, the one-time code, logout, and what the cookies promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp import ClientResponse, FormData

from tests.web.fake_office import CODE, PASSWORD, Office, open_office
from tests.web.fake_office_cases import WANG
from tests.web.fake_office_client import Hand, at_desk, at_door

pytestmark = pytest.mark.asyncio


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


def form_token(page: str) -> str:
    """The hidden field of a form."""
    found = re.search(r'name="form" value="([0-9a-f]+)"', page)
    assert found
    return found.group(1)


async def send(hand: Hand, path: str, **fields: str) -> ClientResponse:
    """Fill in the form at `path` as it was served."""
    token = form_token(await hand.text(path))
    return await hand.post(path, data={"form": token, **fields}, allow_redirects=False)


async def test_login_opens_the_room(office: Office):
    async with at_door(office) as hand:
        async with await send(hand, "/staff/login", name="王芳", password=PASSWORD) as response:
            assert (response.status, response.headers["Location"]) == (303, "/staff")
        page = await hand.text("/staff")
    assert "王芳" in page
    assert "水务局" in page


async def test_wrong_password_and_unknown_name_read_the_same(office: Office):
    async with at_door(office) as hand:
        async with await send(hand, "/staff/login", name="王芳", password="错了错了错了") as wrong:
            first = await wrong.text()
        async with await send(hand, "/staff/login", name="没有这人", password="错了错了错了") as unknown:
            second = await unknown.text()
    assert wrong.status == unknown.status == 401
    assert "姓名或密码不对" in first
    assert first.replace("王芳", "") == second.replace("没有这人", "")
    assert "错了错了" not in first


async def test_too_many_tries_are_told_kindly(office: Office):
    async with at_door(office) as hand:
        for _ in range(5):
            (await send(hand, "/staff/login", name="王芳", password="不对")).close()
        async with await send(hand, "/staff/login", name="王芳", password=PASSWORD) as response:
            page = await response.text()
    assert response.status == 429
    assert response.headers["Retry-After"] == "240"
    assert "请过 4 分钟再试" in page
    assert 'value="王芳"' in page


async def test_code_sets_a_password_once(office: Office):
    async with at_door(office) as hand:
        new = "新的密码要长一点"
        async with await send(hand, "/staff/start", code=CODE, password="短", again="短") as response:
            assert "至少 10 位" in await response.text()
        async with await send(hand, "/staff/start", code=CODE, password=new, again=new + "错") as response:
            assert "两遍密码不一样" in await response.text()
        new += "才记得住"
        async with await send(hand, "/staff/start", code=CODE, password=new, again=new) as response:
            assert response.headers["Location"] == "/staff"
        async with await send(hand, "/staff/start", code=CODE, password=new, again=new) as response:
            assert (response.status, "用过了" in await response.text()) == (401, True)
    assert office.passwords["王芳"] == new


async def test_logout_ends_the_session(office: Office):
    async with at_desk(office, WANG) as (hand,):
        async with await hand.post("/staff/logout", data={"form": hand.proof}, allow_redirects=False) as response:
            assert response.headers["Location"] == "/staff/login"
            assert response.cookies["zt_staff"].value == ""
        assert office.sessions == {}


async def test_logout_by_a_foreign_form_does_nothing(office: Office):
    async with at_desk(office, WANG) as (hand,):
        async with await hand.post("/staff/logout", data={"form": "0" * 32}, allow_redirects=False) as response:
            assert response.status == 403
        assert len(office.sessions) == 1


@pytest.mark.parametrize(("url", "name", "secure"), [("", "zt_staff", ""), ("https://a.cn", "__Host-zt_staff", True)])
async def test_session_cookie(tmp_path: Path, url: str, name: str, secure: bool | str):
    office = open_office(tmp_path, url)
    async with at_door(office) as hand:
        page = await hand.get("/staff/login")
        pre = page.cookies[f"{name}_form"]
        data = {"form": form_token(await page.text()), "name": "王芳", "password": PASSWORD}
        headers = {"Cookie": f"{pre.key}={pre.value}"}
        async with await hand.post("/staff/login", data=data, headers=headers, allow_redirects=False) as response:
            cookie = response.cookies[name]
    for one in (cookie, pre):
        assert (one["httponly"], one["samesite"], one["path"], one["secure"]) == (True, "Strict", "/", secure)
        assert not one["max-age"]
        assert not one["domain"]


async def test_cookie_of_the_wrong_kind_is_no_session(tmp_path: Path):
    office = open_office(tmp_path, "https://a.cn")
    token = office.session_of(WANG)
    async with at_door(office) as hand:
        async with await hand.get("/staff/cards", headers={"Cookie": f"zt_staff={token}"}) as response:
            assert response.status == 401
        async with await hand.get("/staff/cards", headers={"Cookie": f"a=1; __Host-zt_staff={token}"}) as response:
            assert response.status == 200


async def test_form_without_its_cookie_is_not_taken(office: Office):
    async with at_door(office) as hand:
        token = form_token(await hand.text("/staff/login"))
        hand.session.cookie_jar.clear()
        data = {"form": token, "name": "王芳", "password": PASSWORD}
        async with await hand.post("/staff/login", data=data, allow_redirects=False) as response:
            assert response.status == 403
            assert "放得太久" in await response.text()
    assert office.sessions == {}


async def test_pages_are_kept_by_nobody(office: Office):
    async with at_desk(office, WANG) as (hand,):
        for path in ("/staff", "/staff/start", "/staff/cards"):
            async with await hand.get(path) as response:
                assert response.headers["Cache-Control"] == "no-store"
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_link_on_another_site_finds_the_session(office: Office):
    """A Strict cookie stays home on such a click: the page goes through its own door first."""
    async with at_door(office) as hand:
        async with await hand.get("/staff", headers={"Sec-Fetch-Site": "cross-site"}) as response:
            assert "staff.door" in await response.text()
        again = await hand.get("/staff?again", headers={"Sec-Fetch-Site": "cross-site"}, allow_redirects=False)
        assert again.headers["Location"] == "/staff/login"


async def test_english(office: Office):
    async with at_door(office) as hand:
        assert "Staff room" in await hand.text("/staff/login?lang=en")
        assert "Set your password" in await hand.text("/staff/start")
        assert "设置密码" in await hand.text("/staff/start?lang=zh")


@pytest.mark.parametrize("path", ["/staff/login", "/staff/start", "/staff/logout"])
async def test_odd_bodies(office: Office, path: str):
    async with at_door(office) as hand:
        for body, kind, status in (
            (b"{}", "application/json", 415),
            (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
            (b"\xff\xfe=1", "application/x-www-form-urlencoded", 400),
            (b"&".join(b"a=1" for _ in range(30)), "application/x-www-form-urlencoded", 400),
        ):
            async with await hand.post(path, data=body, headers={"Content-Type": kind}) as response:
                assert response.status == status
        form = FormData({"form": "x", "name": "\x00\u202e", "password": "y", "code": "\x00"})
        async with await hand.post(path, data=form, allow_redirects=False) as response:
            assert response.status in {303, 403}
