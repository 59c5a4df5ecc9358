"""The staff room in a real browser: writing, two clerks at once, what arrives, sessions that end."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from cases.case import Act, Actor, Command, State
from tests.web.browser import DESK, open_page
from tests.web.fake_office import PASSWORD, Office, open_office
from tests.web.fake_office_cases import LI, WANG, act, add, filing
from tests.web.fake_office_client import find
from tests.web.fake_office_seat import ANSWER, button, card, seat, writing
from tests.web.visitor import serve

pytestmark = [pytest.mark.asyncio, pytest.mark.browser]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


@pytest.fixture
def fresh(office: Office) -> str:
    """A case that has just come in."""
    return add(office, filing("07.01", "三组停水两天了，请派人看看。", name="罗大勇", phone="13812345678")).no


@pytest_asyncio.fixture
async def server(office: Office) -> AsyncGenerator[TestServer]:
    """The pages over the office."""
    async with serve(office) as running:
        yield running


async def test_from_login_to_answer(server: TestServer, office: Office, fresh: str):
    async with open_page(server, "/staff/login", DESK) as page:
        await page.get_by_label("姓名").fill("王芳")
        await page.get_by_role("textbox", name="密码").fill(PASSWORD)
        await button(page, "进入").click()
        await button(card(page, fresh), "认领").click()
        await expect(card(page, fresh)).to_contain_text("我认领")
        await card(page, fresh).get_by_role("link").click()
        await button(page, "受理").click()
        await expect(page.get_by_role("dialog")).to_contain_text(f"您反映的 {fresh} 已受理")
        await button(page, "确认发出").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await writing(page).fill("已派抢修班。")
        await button(page, "记下备注").click()
        await expect(page.locator(".step.internal")).to_contain_text("已派抢修班。")
        await expect(page.locator(".step.internal .by")).to_contain_text("内部")
        await button(page, "答复群众").click()
        await writing(page).fill(ANSWER)
        await button(page, "预览答复").click()
        await expect(page.get_by_role("dialog").locator(".letter")).to_contain_text(ANSWER)
        await button(page, "确认发出").dblclick()
        await expect(page.locator(".step.office").last).to_contain_text("已送达")
        await expect(button(page, "内部备注")).to_have_attribute("aria-pressed", "true")
        await expect(writing(page)).to_have_value("")
    assert [order.choice for order in office.orders] == ["claim", "accept", "note", "answer"]
    assert office.held[fresh].case.state is State.ANSWERED


async def test_a_note_never_reaches_the_citizen_by_mistake(server: TestServer, office: Office):
    """Opening a case, moving to another, reloading: the composer is always back at the internal note."""
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    other = find(office, State.WAITING)
    async with seat(server, office, WANG, no) as page:
        await button(page, "答复群众").click()
        await page.goto(f"/staff#{other}")
        await expect(button(page, "内部备注")).to_have_attribute("aria-pressed", "true")
        await writing(page).fill("只给同事看")
        await writing(page).press("Control+Enter")
        await expect(page.locator(".step.internal").last).to_contain_text("只给同事看")
    assert [order.choice for order in office.orders] == ["note"]


async def test_draft_survives_a_reload(server: TestServer, office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with seat(server, office, WANG, no) as page:
        await button(page, "答复群众").click()
        await writing(page).fill(ANSWER)
        await page.reload()
        await expect(card(page, no)).to_contain_text("有草稿")
        await button(page, "答复群众").click()
        await expect(writing(page)).to_have_value(ANSWER)


async def test_two_clerks_one_wins_and_nothing_typed_is_lost(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, LI, fresh) as page:
        await button(page, "答复群众").click()
        await writing(page).fill(ANSWER)
        await button(page, "预览答复").click()
        await expect(page.get_by_role("dialog").locator(".letter")).to_be_visible()
        office.do(fresh, Command(Act.CLAIM, WANG, office.held[fresh].case.id))
        await button(page, "确认发出").click()
        await expect(page.get_by_role("alert").filter(has_text="王芳")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(card(page, fresh)).to_contain_text("王芳 认领")
        await expect(page.locator(".kept")).to_contain_text(ANSWER)
        await button(page, "改成内部备注").click()
        await expect(writing(page)).to_have_value(ANSWER)
    assert office.held[fresh].case.state is State.FILED


async def test_what_arrives_moves_nothing(server: TestServer, office: Office):
    async with seat(server, office, WANG) as page:
        await page.locator("#scroll").evaluate("node => node.scrollTop = 160")
        held = page.get_by_role("article").nth(2)
        name, place = await held.get_attribute("data-no"), await held.bounding_box()
        search = page.get_by_role("searchbox")
        await search.focus()
        office.now = datetime.now(UTC)
        no = add(office, filing("07.01", "刚刚又停水了，我们组一滴水都没得。")).no
        await expect(card(page, no)).to_have_count(1)
        await expect(search).to_be_focused()
        after = await page.locator(f'article[data-no="{name}"]').bounding_box()
        assert after
        assert place
        assert abs(after["y"] - place["y"]) < 2
        await expect(page).to_have_title(re.compile(r"^\(1\) "))
        await expect(button(page, "↑ 有新的诉求")).to_be_visible()
        await expect(card(page, no).get_by_role("img", name="有新动静")).to_have_count(1)
        await card(page, no).get_by_role("link").click()
        await expect(page).to_have_title(re.compile(r"^办件大厅"))


async def test_open_case_follows_what_happens(server: TestServer, office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with seat(server, office, WANG, no) as page:
        await writing(page).fill("还没写完")
        act(office, no, Actor("citizen", 906), Act.SUPPLEMENT, "水又大了。")
        await expect(page.locator(".step.citizen").last).to_contain_text("水又大了。")
        await expect(writing(page)).to_have_value("还没写完")
        await expect(writing(page)).to_be_focused()


async def test_stream_comes_back_after_the_server_was_gone(server: TestServer, office: Office):
    async with seat(server, office, WANG) as page:
        await page.context.set_offline(True)
        await expect(page.locator("#offline")).to_be_visible()
        add(office, filing("07.01", "断网的时候来的一件。"))
        await page.context.set_offline(False)
        await expect(page.get_by_text("断网的时候来的一件。")).to_be_visible(timeout=20_000)
        await expect(page.locator("#offline")).to_be_hidden()


async def test_ended_session_keeps_what_was_written(server: TestServer, office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with seat(server, office, WANG, no) as page:
        await writing(page).fill("写了一半")
        office.sessions.clear()
        await button(page, "记下备注").click()
        await expect(page.get_by_role("dialog", name="需要重新登录")).to_be_visible()
        url = str(server.make_url("/"))
        await page.context.add_cookies([{"name": "zt_staff", "value": office.session_of(WANG), "url": url}])
        await button(page, "我已登录，继续").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(writing(page)).to_have_value("写了一半")
        await button(page, "记下备注").click()
        await expect(page.locator(".step.internal").last).to_contain_text("写了一半")


async def test_english_room(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, fresh) as page:
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("searchbox", name="Number, place, topic, words")).to_be_visible()
        await expect(card(page, fresh)).to_contain_text("Water supply")


async def test_logging_out_with_drafts_asks_first(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, fresh) as page:
        await writing(page).fill("没写完的话")
        await button(page, "退出登录").click()
        await expect(page.get_by_role("dialog")).to_contain_text("1 份草稿")
        await button(page.get_by_role("dialog"), "退出登录").click()
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
        assert await page.evaluate("JSON.stringify(localStorage).includes('没写完的话')") is False
    assert office.sessions == {}


async def test_one_time_code_leaves_the_address(server: TestServer, office: Office):
    async with open_page(server, "/staff/start#K7QM-2XRD-9TPA", DESK) as page:
        await expect(page.get_by_label("一次性代码")).to_have_value("K7QM-2XRD-9TPA")
        assert page.url.endswith("/staff/start")
