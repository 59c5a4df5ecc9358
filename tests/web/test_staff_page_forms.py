"""The staff room in a real browser: its forms, the keyboard, and the phone."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import CHEN, SUN, WANG, add, filing
from tests.web.fake_office_seat import ANSWER, PHONE, button, card, seat, writing
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


async def test_refusal_shows_the_door(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, fresh) as page:
        await button(page, "不予受理").click()
        dialog = page.get_by_role("dialog")
        await button(dialog, "不予受理").click()
        await expect(dialog.get_by_role("alert")).to_have_text("这一项还没有填。")
        await dialog.get_by_label("属于民事纠纷").check()
        await expect(dialog.get_by_role("status")).to_contain_text("12348")
        await dialog.get_by_label("给群众的说明").fill("请先找村里调解。")
        await button(dialog, "不予受理").click()
        await expect(page.locator(".letter")).to_contain_text("12348")
        await button(page, "确认发出").click()
        await expect(card(page, fresh)).to_contain_text("不予受理")


async def test_department_picker_knows_what_people_call_it(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, CHEN, fresh) as page:
        await button(page, "转办").click()
        await page.get_by_role("searchbox", name="搜单位").fill("低保局")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("民政局")).to_be_checked()
        await button(page.get_by_role("dialog"), "转办").click()
        await button(page, "确认发出").click()
        await expect(page.locator("#case-head")).to_contain_text("民政局")


async def test_contact_is_shown_after_a_warning(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, fresh) as page:
        await expect(page.locator("#case")).not_to_contain_text("13812345678")
        await button(page, "查看联系方式").click()
        await expect(page.get_by_role("dialog")).to_contain_text("会记入这件的经过")
        await button(page.get_by_role("dialog"), "查看联系方式").click()
        await expect(page.get_by_role("link", name="13812345678")).to_be_visible()


async def test_walk_in_ends_with_number_and_code(server: TestServer, office: Office):
    async with seat(server, office, WANG) as page:
        await button(page, "代群众登记").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("反映什么").fill("老人腿脚不便，说水管坏了三天。")
        await button(dialog, "登记").click()
        await expect(dialog.get_by_role("alert")).to_have_text("请选择事项。")
        await dialog.get_by_role("searchbox", name="搜事项").fill("水管漏")
        await dialog.get_by_label("管网漏水").check()
        await dialog.get_by_label("在哪里").fill("河口镇青山村")
        await dialog.get_by_label("已向本人说明").check()
        await button(dialog, "登记").click()
        await expect(page.get_by_role("dialog", name="登记好了")).to_be_visible()
        no = list(office.held)[-1]
        await expect(page.locator(".slip")).to_contain_text(no)
        await expect(page.locator(".slip")).to_contain_text(office.code_of(office.held[no].case.id))
        await page.emulate_media(media="print")
        await expect(page.locator("#room")).to_be_hidden()
        await expect(page.locator(".slip")).to_be_visible()
        await page.emulate_media(media="screen")
        await button(page, "完成，打开这件").click()
        await expect(page.get_by_role("heading", name=no)).to_be_visible()


async def test_keyboard(server: TestServer, office: Office):
    async with seat(server, office, WANG) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        first = page.get_by_role("article").first
        await expect(first.get_by_role("link")).to_be_focused()
        await page.keyboard.press("Enter")
        no = await first.get_attribute("data-no")
        await expect(page.get_by_role("heading", name=str(no))).to_be_visible()
        await page.keyboard.press("n")
        await expect(writing(page)).to_be_focused()
        await page.keyboard.type("jk/?")
        await expect(writing(page)).to_have_value("jk/?")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("heading", name="还没有打开诉求")).to_be_visible()
        await page.keyboard.press("/")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("漂白粉")
        await expect(page.get_by_role("article")).to_have_count(1)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_dialog_holds_the_keyboard(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, fresh) as page:
        opener = button(page, "退回")
        await opener.click()
        for _ in range(12):
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
        await page.keyboard.press("Escape")
        await expect(opener).to_be_focused()


async def test_read_only_case(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, SUN, fresh) as page:
        await expect(page.locator("#held")).to_have_text("这件由下级单位办理，您只能看。")
        await expect(page.locator("#composer")).to_be_hidden()
        await expect(page.locator("#bar")).to_be_hidden()


async def test_phone_list_case_and_back(server: TestServer, office: Office, fresh: str):
    async with seat(server, office, WANG, device=PHONE) as page:
        await card(page, fresh).get_by_role("link").click()
        await expect(page.get_by_role("heading", name=fresh)).to_be_visible()
        await expect(page.get_by_role("feed")).to_be_hidden()
        await button(page, "答复群众").click()
        await writing(page).fill(ANSWER)
        await button(page, "预览答复").click()
        await button(page, "确认发出").click()
        await expect(page.locator(".step.office").last).to_contain_text(ANSWER)
        await page.go_back()
        await expect(page.get_by_role("feed")).to_be_visible()
        await page.get_by_role("button", name="打开导航").click()
        await button(page, "我的").or_(page.get_by_role("button", name=re.compile("^我的"))).first.click()
        await expect(card(page, fresh)).to_be_visible()
        await expect(page.locator("#rail")).to_be_hidden()


@pytest.mark.parametrize("no", [False, True], ids=["list", "case"])
async def test_phone_targets_and_width(server: TestServer, office: Office, fresh: str, no: bool):
    async with seat(server, office, WANG, fresh if no else "", PHONE) as page:
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = await page.evaluate(SMALL_TARGETS)
    assert small == []


SMALL_TARGETS = """() => Array.from(document.querySelectorAll("button, input, a[href], select, textarea"))
  .filter((node) => getComputedStyle(node).visibility === "visible" && node.getClientRects().length)
  .filter((node) => !node.closest(".sr, .skip, .step, dl"))
  .map((node) => [node.textContent || node.id, node.matches("a.no") ? node.closest("article") : node])
  .map(([name, node]) => [name, node.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 && box.right > 0)
  .map(([name, box]) => name + " " + box.height)"""
