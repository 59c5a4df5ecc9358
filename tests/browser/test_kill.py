"""The server is killed under people's hands: their pages recover by themselves, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser.office import WANG
from tests.browser.people import CODE, NUMBER
from tests.browser.photos import photo
from tests.browser.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

PATIENCE_MS = 40_000  # the page asks again after 2, 5, 10 and 20 seconds; a slow machine starts the server in 10


async def test_killed_in_the_middle_of_a_draft(town: Town) -> None:
    miner, wang = await town.citizen(), await town.clerk(WANG)
    for one in (miner, wang):
        one.forgives("net::ERR_")
    await miner.comes()
    await miner.presses("反映问题", "同意")
    await miner.says("河边的抽水机淹了，稻田要干死了")
    await miner.says("管网漏水")
    await miner.hears("在哪个地方")

    town.office.kill()
    await miner.says("河口镇青山村二组")
    await expect(miner.bubble("青山村二组")).to_contain_text("没发出")
    await asyncio.to_thread(town.office.start)

    await expect(miner.bubble("青山村二组")).to_contain_text("已收到", timeout=PATIENCE_MS)
    await miner.stands_alone()
    await miner.hears("要留联系方式吗")
    await expect(miner.bubble("青山村二组")).to_have_count(1)
    await miner.sends_photo(photo("稻田.jpg", "#b89b5e"))
    await miner.hears("已经附上（共 1 个）")
    await miner.presses("匿名", "提交")
    no, _ = await miner.number_and_code()
    await expect(wang.card(no)).to_be_visible(timeout=PATIENCE_MS)  # her stream has come back as well
    await wang.opens(no)
    await expect(wang.story).to_contain_text("稻田要干死了")
    await expect(wang.case).to_contain_text("河口镇青山村二组")
    await expect(wang.story.get_by_role("img", name="稻田")).to_be_visible()


async def test_killed_right_after_the_submission(town: Town) -> None:
    """The case is stored, the answer with its number is lost: the page asks again and hears the same number."""
    widow, wang = await town.citizen(), await town.clerk(WANG)
    for one in (widow, wang):
        one.forgives("net::ERR_")
    await widow.comes()
    await widow.presses("反映问题", "同意")
    await widow.says("井边的石板断了，挑水要绕一大圈")
    await widow.says("管网漏水")
    await widow.names_the_place("河口镇青山村")
    await widow.presses("匿名")
    lost: list[str] = []

    async def lose_the_answer(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        lost.append(str(await (await route.fetch()).json()))
        town.office.kill()
        await route.abort()

    await widow.page.route("**/talk", lose_the_answer)
    await widow.presses("提交")
    await expect(widow.bubble("提交")).to_contain_text("没发出")
    promised, code = NUMBER.search(lost[0]), CODE.search(lost[0])
    assert promised and code, lost[0]
    await asyncio.to_thread(town.office.start)

    await expect(widow.bubble("提交")).to_contain_text("已收到", timeout=PATIENCE_MS)
    assert await widow.number_and_code() == (promised[0], code[0])
    await widow.presses("菜单", "查进度")
    await widow.hears("状态：已登记")  # her only case, shown at once: two of them would be a list to choose from
    await expect(widow.choice("补充情况")).to_be_visible()

    await wang.page.reload()
    await wang.page.get_by_role("searchbox").fill("井边的石板")
    await expect(wang.card(promised[0])).to_be_visible()
    await expect(wang.page.get_by_role("article")).to_have_count(1)
