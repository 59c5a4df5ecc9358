"""How the page looks and is reached: widths, sizes, contrast, keyboard, and the page without its script."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from handlers.messages import Reply
from tests.web.browser import DESK, PHONE, bubble, button, open_page, picture, write
from tests.web.fake_house import FakeHouse
from tests.web.fake_talk import ANSWERED, TOPIC

pytestmark = [pytest.mark.asyncio, pytest.mark.browser]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_nothing_is_too_wide_or_too_small(server: TestServer, house: FakeHouse, width: int, large: bool) -> None:
    device = {**(DESK if width > 800 else PHONE), "viewport": {"width": width, "height": 640}}
    async with open_page(server, device=device) as page:
        if large:
            await button(page, "大字").click()
        await button(page, "反映问题").click()
        await expect(button(page, "邻里纠纷")).to_be_visible()
        await button(page, "菜单").first.click()
        await expect(button(page, "我的资料")).to_be_visible()
        await write(page, "长" + "w" * 200 + " MS20261122-0007")
        (address,) = house.addresses()
        house.write(address, Reply(("编号：MS20261122-0007\n查询码：207-5550-1234",), TOPIC.options))
        await expect(button(page, "复制 MS20261122-0007")).to_be_visible()
        await button(page, "照片、录音、位置、文件").click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(SMALL_TARGETS) == []


SMALL_TARGETS = """() => Array.from(document.querySelectorAll("button, a.button, textarea"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && (box.height < 44 || box.width < 44))
  .map(([one, box]) => `${one.textContent} ${box.width}x${box.height}`)"""

LOW_CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const colour = parse(getComputedStyle(node).backgroundColor);
    return (colour[3] ?? 1) === 1 ? colour : over(colour, behind(node.parentElement));
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.offsetWidth || node.tagName === "SCRIPT") continue;
    const under = behind(node);
    const [a, b] = [light(over(parse(getComputedStyle(node).color), under)), light(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${walker.currentNode.data.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_can_be_read(server: TestServer, house: FakeHouse, scheme: str) -> None:
    async with open_page(server, color_scheme=scheme) as page:
        assert await page.evaluate(LOW_CONTRAST) == []
        await button(page, "反映问题").click()
        await button(page, "农村道路").click()
        await write(page, "村口的路塌了一半，三轮车过不去")
        await expect(button(page, "河口镇青山村")).to_be_visible()
        house.write(house.addresses()[0], ANSWERED)
        await expect(page.get_by_role("log")).to_contain_text("满意吗")
        await button(page, "照片、录音、位置、文件").click()
        assert await page.evaluate(LOW_CONTRAST) == []


async def test_a_keyboard_finds_its_way(server: TestServer) -> None:
    async with open_page(server, device=DESK) as page:
        names: list[str] = []
        for _ in range(15):
            await page.keyboard.press("Tab")
            names.append(
                await page.evaluate("(document.activeElement.ariaLabel || document.activeElement.textContent).trim()")
            )
        assert names == [
            "跳到输入框", "大字", "English", "菜单", "110", "119", "120", "122", "反映问题", "查政策", "查进度",
            "检举控告", "照片、录音、位置、文件", "", "发送",
        ]  # fmt: skip
        ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid"
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.type("键盘也能说")
        await page.keyboard.press("Enter")
        await expect(bubble(page, "键盘也能说")).to_contain_text("已收到")


async def test_without_a_script_the_job_is_done_too(server: TestServer, house: FakeHouse) -> None:
    async with open_page(server, java_script_enabled=False) as page:
        await button(page, "反映问题").click()
        await button(page, "农村道路").click()
        await write(page, "村口的路塌了一半，三轮车过不去")
        await button(page, "河口镇青山村").click()
        await page.set_input_files("input[type=file]", [picture("路.png"), picture("桥.png")])
        await button(page, "发送").click()
        await button(page, "匿名").click()
        await button(page, "提交").click()
        await expect(page.locator("#log")).to_contain_text("207-5550-1234")
        await expect(page.locator("#log")).to_be_in_viewport()
    assert [len(turn.attachments) for turn in house.turns] == [0, 0, 0, 0, 2, 0, 0]
