"""What nobody may do alone: an extension, and the name behind a tip."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.office import MA, QIAN, SUN, WANG, WU
from tests.browser.people import PHONE, Citizen
from tests.browser.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

TIP_NUMBER = re.compile(r"JB\d{8}-\d{4}")
TIP_CODE = re.compile(r"\d{4}-\d{4}-\d{4}-\d{4}")
ACCUSED = "河口镇民政办的老马"
STORY = "低保评议他收了两千块才给报上去，给不起的都没评上"


async def test_an_extension_is_asked_for_granted_and_told(town: Town) -> None:
    farmer, wang, wu = await town.citizen(), await town.clerk(WANG), await town.clerk(WU, PHONE)
    await farmer.comes()
    no, _ = await farmer.files("进村主管老化，一段一段地渗水，要整段换", "管网漏水")
    await wang.opens(no)
    await wang.presses("受理")
    await wang.confirms("已受理")
    await wang.presses("申请延期")
    await wang.dialog.get_by_label("延到哪一天").fill(await wang.page.evaluate(IN_A_MONTH))
    await wang.dialog.get_by_label("延期原因").fill("管材要从省里调，下周才到。")
    await wang.dialog.get_by_role("button", name="申请延期").click()
    await expect(wang.page.get_by_role("dialog")).to_have_count(0)
    await expect(farmer.talk).not_to_contain_text("延期")

    await wu.views("待批")
    await wu.opens(no)
    await wu.presses("批准延期")
    await wu.dialog.get_by_label("延期原因").fill("管材要从省里调，预计下周装好。")
    await wu.dialog.get_by_role("button", name="批准延期").click()
    await wu.confirms("管材要从省里调，预计下周装好。")
    await farmer.hears("管材要从省里调，预计下周装好。")

    await wang.presses("记一笔告知")
    await wang.dialog.get_by_role("radio", name="打电话").check()
    await wang.dialog.get_by_label("说了什么").fill("电话里说了换管的日子，没有意见。")
    await wang.dialog.get_by_role("button", name="记一笔告知").click()
    await expect(wang.story).to_contain_text("电话里说了换管的日子")


async def test_a_name_is_shown_to_a_custodian_when_another_agrees(town: Town) -> None:
    informant, sun, qian = await town.citizen(), await town.clerk(SUN), await town.clerk(QIAN, PHONE)
    accused, supervisor = await town.clerk(MA), await town.clerk(WU)
    no, code = await hands_in(informant)

    await sun.opens(no)
    identity = sun.case.get_by_role("group", name="身份")
    await expect(identity).not_to_contain_text("何秀英")
    await identity.get_by_role("button", name="申请查看").click()
    await sun.dialog.get_by_label("为什么").fill("要约她当面核实收钱的经过。")
    await sun.dialog.get_by_role("button", name="申请查看").click()
    await expect(identity).to_contain_text("要约她当面核实")
    await expect(identity.get_by_role("button", name="同意")).to_have_count(0)

    await qian.opens(no)
    asked = qian.case.get_by_role("group", name="身份")
    await asked.get_by_role("button", name="同意", exact=True).click()
    await expect(asked).not_to_contain_text("何秀英")

    await sun.opens(no)
    await identity.get_by_role("button", name="查看").click()
    await expect(identity).to_contain_text("何秀英")
    await expect(identity.get_by_role("link", name="13900000000")).to_be_visible()

    for other in (accused, supervisor):
        await other.comes()
        await expect(other.page.get_by_role("article").filter(has_text=no)).to_have_count(0)
        await expect(other.page.locator("body")).not_to_contain_text("JB")

    await sun.presses("受理")
    await sun.confirms()
    neighbour = await town.citizen()
    await neighbour.comes()
    await neighbour.says(f"{no} {code}")
    await neighbour.hears("已受理")
    await expect(neighbour.talk).not_to_contain_text("何秀英")


async def hands_in(informant: Citizen) -> tuple[str, str]:
    """A tip with a name: number and query code."""
    await informant.comes()
    await informant.says("检举控告")
    await informant.presses("同意", "说不清楚")
    await informant.says(ACCUSED)
    await informant.hears("请说说是什么事")
    await informant.says(STORY)
    await informant.presses("实名")
    await informant.says("何秀英 13900000000")
    await informant.presses("提交")
    letter = informant.talk.locator(".m.office").filter(has_text="查询码：").last
    await expect(letter).to_be_visible()
    text = await letter.inner_text()
    number, code = TIP_NUMBER.search(text), TIP_CODE.search(text)
    assert number and code, text
    await expect(informant.talk).not_to_contain_text(STORY)
    return number[0], code[0]


IN_A_MONTH = "new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)"
