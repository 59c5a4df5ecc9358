"""The answers learn: a clerk saves a case, an admin looks at it, on a desk and on a telephone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.office import ZHOU, Colleague
from tests.browser.people import DESK, PHONE
from tests.browser.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

GUO = Colleague("郭英", "admin", "zhiban")
ANSWER = "到村委会重新填表，乡镇三十天内答复。"
STORY = "我妈的低保遭取消了，咋个再申请低保？她一个人住"


async def test_a_clerk_saves_a_case_and_an_admin_reads_it(town: Town) -> None:
    if GUO not in town.office.sessions:
        await town.office.take_on(GUO)
    daughter, zhou = await town.citizen(), await town.clerk(ZHOU)
    await daughter.comes()
    no, _ = await daughter.files(STORY, "低保停发")
    await zhou.opens(no)
    await zhou.claims()
    await expect(zhou.case.get_by_role("group", name="别人也会这样问？")).to_have_count(0)
    await zhou.answers(no, ANSWER)
    ask_too = zhou.case.get_by_role("group", name="别人也会这样问？")
    await ask_too.get_by_role("button", name="存为新问答").click()
    await expect(zhou.page.get_by_role("status").filter(has_text="已经交给管理员")).to_be_visible()

    for device in (DESK, PHONE):
        guo = await town.clerk(GUO, device)
        await guo.rail()
        await guo.page.get_by_role("link", name="答案管理").click()
        await expect(guo.page.get_by_text("zhitong init")).to_be_visible()
        await guo.page.get_by_role("textbox", name="要试的问题").fill("吃低保要啥条件")
        await guo.page.get_by_role("button", name="试", exact=True).click()
        await expect(guo.page.get_by_role("status")).to_contain_text("直接回答")
        matter = guo.page.get_by_role("article", name="咋个再申请低保")
        await expect(matter.get_by_role("textbox", name="答案", exact=True)).to_have_value(ANSWER)
        await expect(matter.get_by_role("combobox", name="政策", exact=True)).to_have_value("农村低保")
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert await guo.page.evaluate(wide)

    guo.forgives("422")
    await matter.get_by_role("button", name="存为新问答").click()
    await expect(guo.page.get_by_role("alert")).to_contain_text("自带的样例")
    await guo.page.get_by_role("article", name="咋个再申请低保").get_by_role("button", name="不采纳").click()
    await expect(guo.page.get_by_role("status")).to_contain_text("不采纳")
    await expect(guo.page.get_by_role("article", name="咋个再申请低保")).to_have_count(0)
