"""The page itself, in a real browser on a small phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Route, expect

from bot.store.engine import StoreBusy
from handlers.messages import Reply
from tests.web.browser import bubble, button, choose_files, open_page, picture, write
from tests.web.fake_house import FakeHouse
from tests.web.fake_talk import ANSWERED, NOTICE

pytestmark = [pytest.mark.asyncio, pytest.mark.browser]


@pytest_asyncio.fixture
async def page(server: TestServer) -> AsyncGenerator[Page]:
    """The page on a phone of 360 pixels."""
    async with open_page(server) as opened:
        yield opened


async def test_the_whole_job_with_one_sentence_typed(page: Page, house: FakeHouse) -> None:
    await button(page, "反映问题").click()
    await button(page, "农村道路").click()
    await write(page, "村口的路塌了一半，三轮车过不去")
    await button(page, "河口镇青山村").click()
    assert await page.evaluate("document.activeElement.tagName") != "TEXTAREA", "a choice must not open the keyboard"
    await button(page, "跳过").click()
    await button(page, "匿名").click()
    await button(page, "提交").click()
    log = page.get_by_role("log", name="对话")
    await expect(log).to_contain_text("MS20261122-0007")
    await button(page, "复制 207-5550-1234").click()
    assert await page.evaluate("navigator.clipboard.readText()") == "207-5550-1234"
    await expect(page.get_by_role("link", name="0000-5550100")).to_have_attribute("href", "tel:00005550100")
    assert [turn.choice or turn.text for turn in house.turns] == [
        "反映问题", "topic:03", "村口的路塌了一半，三轮车过不去", "place:qingshan", "skip", "anonymous", "submit",
    ]  # fmt: skip


async def test_options_are_numbered_and_the_old_ones_are_gone(page: Page) -> None:
    await button(page, "反映问题").click()
    await expect(page.locator(".options .no").nth(15)).to_have_text("16")
    await expect(page.locator(".options")).to_have_count(1)
    await page.locator(".option", has_text="取消").scroll_into_view_if_needed()
    below = await page.locator(".option", has_text="取消").bounding_box()
    composer = await page.locator("#composer").bounding_box()
    assert below and composer and below["y"] + below["height"] <= composer["y"] + 1


async def test_sending_is_seen_and_the_same_key_is_used_again(page: Page, house: FakeHouse) -> None:
    lost: list[str] = []

    async def lose_the_first_answer(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        lost.append(str(route.request.post_data))
        await route.fetch()
        await route.abort()

    await page.route("**/talk", lose_the_first_answer)
    await write(page, "桥断了，请来看看")
    await expect(bubble(page, "桥断了")).to_contain_text("已收到")
    await expect(bubble(page, "桥断了")).to_have_count(1)
    await expect(page.locator(".m.office:not(.welcome)")).to_have_count(1)
    assert len(house.turns) == 1


async def test_what_was_not_sent_survives_a_reload_and_goes_out_once(page: Page, house: FakeHouse) -> None:
    house.trouble = StoreBusy
    await write(page, "头一句，没发出去")
    await write(page, "第二句，也没发出去")
    await expect(button(page, "没发出，点这里重发")).to_have_count(2)
    await page.reload()
    await expect(bubble(page, "第二句")).to_have_count(1)
    house.trouble = None
    await button(page, "没发出，点这里重发").first.click()
    await expect(bubble(page, "第二句")).to_contain_text("已收到")
    assert [turn.text for turn in house.turns] == ["头一句，没发出去", "第二句，也没发出去"]
    await page.reload()
    await expect(bubble(page, "头一句")).to_have_count(1)
    await expect(button(page, "没发出，点这里重发")).to_have_count(0)


async def test_without_network_it_waits_and_goes_by_itself(page: Page, house: FakeHouse) -> None:
    await page.context.set_offline(True)
    await expect(page.locator("#banner")).to_contain_text("没有网络")
    await write(page, "没有网也要说")
    await expect(bubble(page, "没有网")).to_contain_text("没发出")
    await page.context.set_offline(False)
    await expect(bubble(page, "没有网")).to_contain_text("已收到")
    await expect(page.locator("#banner")).to_be_hidden()
    assert len(house.turns) == 1


async def test_words_that_are_refused_can_be_changed(page: Page, house: FakeHouse) -> None:
    await page.evaluate("document.getElementById('text').maxLength = 99999")
    await write(page, "字" * 20001)
    await expect(page.get_by_role("alert")).to_contain_text("一次最多 20000 个字")
    await button(page, "改一改再发").click()
    await expect(page.locator("#text")).to_have_value("字" * 20001)
    assert house.turns == []


async def test_photos_go_in_order_and_one_can_be_taken_out(page: Page, house: FakeHouse) -> None:
    await choose_files(page, "照片/拍照", *(picture(f"{n}.png") for n in "甲乙丙"))
    await expect(page.locator("#tray li")).to_have_count(3)
    await button(page, "去掉 乙.png").click()
    await expect(page.locator("#tray", has_text="已传好")).to_be_visible()
    await write(page, "照片在这里")
    await expect(bubble(page, "照片在这里").get_by_role("img")).to_have_count(2)
    await expect(page.locator("#tray")).to_be_hidden()
    assert [file.name for file in house.turns[0].attachments] == ["甲.png", "丙.png"]


async def test_sending_waits_for_a_slow_upload(page: Page, house: FakeHouse) -> None:
    async def slow(route: Route) -> None:
        await asyncio.sleep(0.7)
        await route.continue_()

    await page.route("**/talk/upload*", slow)
    await choose_files(page, "照片/拍照", picture("慢.png"))
    await write(page, "等一等照片")
    await expect(button(page, "等上传完就发…")).to_be_disabled()
    await expect(bubble(page, "等一等照片").get_by_role("img", name="照片 慢.png")).to_be_visible()
    assert len(house.turns[0].attachments) == 1


async def test_too_many_files_are_said(page: Page, house: FakeHouse) -> None:
    limit = house.county.office.limits.photos
    await choose_files(page, "文件", *(picture(f"{n}.png") for n in range(limit + 3)))
    await expect(page.locator("#banner")).to_contain_text(f"一次最多 {limit} 个")
    await expect(page.locator("#tray li")).to_have_count(limit)


async def test_a_voice_is_recorded_and_heard_again(page: Page, house: FakeHouse) -> None:
    await button(page, "照片、录音、位置、文件").click()
    await page.locator("#panel").get_by_role("button", name="录音").click()
    await expect(page.get_by_role("timer")).to_contain_text("正在录音 0:01")
    await button(page, "录好了").click()
    await expect(page.locator("#tray audio")).to_be_visible()
    await button(page, "发送").click()
    await expect(page.locator(".m.me audio")).to_be_visible()
    (file,) = house.turns[0].attachments
    assert (file.kind, file.mime) == ("voice", "audio/webm") and file.size > 500


async def test_the_place_is_sent(page: Page, house: FakeHouse) -> None:
    await button(page, "照片、录音、位置、文件").click()
    await page.locator("#panel").get_by_role("button", name="位置").click()
    await expect(bubble(page, "我的位置")).to_contain_text("已收到")
    assert house.turns[0].place and house.turns[0].place.lat == 30.1


async def test_back_closes_what_lies_on_top_first(page: Page) -> None:
    await choose_files(page, "照片/拍照", picture("路.png"))
    await button(page, "发送").click()
    await button(page, "照片、录音、位置、文件").click()
    await page.go_back()
    await expect(page.locator("#panel")).to_be_hidden()
    await page.get_by_role("link", name="照片 路.png").click()
    await expect(page.get_by_role("dialog", name="照片 路.png")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await page.evaluate("document.activeElement.className") == "photo"
    await page.get_by_role("link", name="照片 路.png").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(bubble(page, "")).to_have_count(1)


async def test_an_answer_arrives_by_itself_and_once(page: Page, house: FakeHouse) -> None:
    await write(page, "村里停水三天了")
    await expect(bubble(page, "停水")).to_contain_text("已收到")
    (address,) = house.addresses()
    house.write(address, ANSWERED)
    await expect(page.get_by_role("log")).to_contain_text("24 号开始抢修")
    await expect(page.locator(".m.office", has_text="24 号开始抢修")).to_have_count(1)
    await button(page, "很满意").click()
    await expect(bubble(page, "很满意")).to_contain_text("已收到")


async def test_a_notice_leaves_an_open_question_open(page: Page, house: FakeHouse) -> None:
    await button(page, "反映问题").click()
    await expect(button(page, "农村道路")).to_be_visible()
    (address,) = house.addresses()
    house.write(address, NOTICE)
    for _ in ("as it comes", "as the server draws it"):
        await expect(button(page, "看办理情况")).to_be_visible()
        await expect(button(page, "农村道路")).to_be_visible()
        await expect(page.locator(".options .no")).to_have_text(["1"])
        await page.reload()
    await button(page, "农村道路").click()
    await expect(bubble(page, "农村道路")).to_contain_text("已收到")
    await expect(page.locator(".options")).to_have_count(1)
    assert house.turns[-1].choice == "topic:03"


async def test_where_no_stream_can_be_held_it_asks_now_and_then(server: TestServer, house: FakeHouse) -> None:
    async with open_page(server) as page:
        await page.route("**/talk/events*", lambda route: route.fulfill(status=503))
        await page.reload()
        await write(page, "你好")
        await expect(bubble(page, "你好")).to_contain_text("已收到")
        (address,) = house.addresses()
        house.write(address, Reply(("轮询也能收到",)))
        await expect(page.get_by_role("log")).to_contain_text("轮询也能收到", timeout=10_000)


async def test_a_reader_of_old_letters_is_told_and_not_moved(page: Page, house: FakeHouse) -> None:
    address = await with_history(page, house, 40)
    await page.evaluate("scrollBy(0, -1500)")
    before = await page.evaluate("pageYOffset")
    house.write(address, Reply(("新来的",)))
    await button(page, "有新消息").click()
    await expect(page.locator(".m.office", has_text="新来的")).to_be_in_viewport()
    assert before < await page.evaluate("pageYOffset")


async def test_history_loads_upwards_and_the_place_is_kept(page: Page, house: FakeHouse) -> None:
    await with_history(page, house, 130)
    await expect(page.locator(".m.me")).to_have_count(50)
    for n in (80, 30):
        await page.evaluate("scrollTo(0, 0)")
        await expect(page.locator(".m", has_text=re.compile(f"第 {n} 句"))).to_have_count(1)
    await page.evaluate("document.querySelector('[data-id=\"35\"]').scrollIntoView()")
    top = await page.evaluate("document.querySelector('[data-id=\"35\"]').getBoundingClientRect().top")
    await page.reload()
    await expect(page.locator("[data-id='35']")).to_be_in_viewport()
    again = await page.evaluate("document.querySelector('[data-id=\"35\"]').getBoundingClientRect().top")
    assert abs(top - again) < 90
    numbers = await page.evaluate("Array.from(document.querySelectorAll('.m[data-id]'), (m) => Number(m.dataset.id))")
    assert numbers == sorted(set(numbers))
    days = await page.locator(".day").all_inner_texts()
    assert len(days) == len(set(days))


async def with_history(page: Page, house: FakeHouse, count: int) -> str:
    """A talk of some days; the page as it is for somebody who comes back to it."""
    cookies = await page.context.cookies()
    address = next(cookie.get("value", "") for cookie in cookies if cookie.get("name") == "zt").split(".")[0]
    start = datetime.now(UTC) - timedelta(hours=count)
    for n in range(1, count + 1):
        house.hear(address, f"第 {n} 句", start + timedelta(hours=n - 1))
    await page.reload()
    await expect(page.locator(".m", has_text=f"第 {count} 句")).to_be_in_viewport()
    return address


async def test_large_text_and_language_are_remembered(page: Page, house: FakeHouse) -> None:
    size = "parseFloat(getComputedStyle(document.body).fontSize)"
    small = await page.evaluate(size)
    async with page.expect_response(lambda response: response.request.method == "POST"):
        await button(page, "大字").click()
    await page.reload()
    assert await page.evaluate(size) > small * 1.2
    await button(page, "English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(button(page, "Menu")).to_be_visible()
    assert house.turns[0].choice == "lang:en"


async def test_a_scanned_code_speaks_first_and_once(server: TestServer, house: FakeHouse) -> None:
    async with open_page(server, "/s/qs-bridge") as page:
        await expect(page.get_by_role("log")).to_contain_text("qs-bridge")
        await page.reload()
        await expect(page.get_by_role("log")).to_contain_text("qs-bridge")
        assert not page.url.endswith("bridge")
    assert [turn.scene for turn in house.turns] == ["qs-bridge"]


async def test_words_are_never_markup(page: Page, house: FakeHouse) -> None:
    await write(page, "<img src=x onerror=alert(1)> &amp; <b>粗</b>")
    await expect(bubble(page, "<b>粗</b>")).to_contain_text("已收到")
    house.write(house.addresses()[0], Reply(("<script>alert(1)</script>",)))
    await expect(page.get_by_role("log")).to_contain_text("<script>alert(1)</script>")
    await page.reload()
    assert await page.locator("#log img, #log b, #log script").count() == 0
