"""The other roads a case may take: refused, moved on, urged, withdrawn, looked up, entered for somebody else."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.office import CHEN, LI, MA, WANG, WU, ZHOU
from tests.browser.people import CODE, DESK, NUMBER, PHONE
from tests.browser.town import Town

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.browser,
    pytest.mark.skipif(
        os.environ.get("ZHITONG_DEEP") != "1", reason="NOT RUN: a minute of browsers; ZHITONG_DEEP=1 runs it"
    ),
]


async def test_refused_with_a_ground_and_the_right_door(town: Town) -> None:
    neighbour, wang = await town.citizen(), await town.clerk(WANG)
    await neighbour.comes()
    no, _ = await neighbour.files("水费的官司法院已经判了，我还是不服气", "水价乱收")
    await wang.opens(no)
    await wang.presses("不予受理")
    await wang.dialog.get_by_role("radio", name="已经进入诉讼").check()
    await expect(wang.dialog.get_by_role("status")).to_contain_text("县人民法院诉讼服务中心")
    await wang.dialog.get_by_label("给群众的说明").fill("判决书写明了上诉的期限，请留意。")
    await wang.dialog.get_by_role("button", name="不予受理").click()
    await wang.confirms(f"您反映的 {no} 不能在这里办理", "请找：县人民法院诉讼服务中心", "判决书写明了上诉的期限")
    await neighbour.hears("不能在这里办理", "县人民法院诉讼服务中心 12368", "判决书写明了上诉的期限")
    await neighbour.presses("看这件事")
    await neighbour.hears("状态：不予受理")


async def test_moved_to_another_department(town: Town) -> None:
    driver, zhou, chen = await town.citizen(), await town.clerk(ZHOU), await town.clerk(CHEN, PHONE)
    wang, li = await town.clerk(WANG), await town.clerk(LI)
    await driver.comes()
    no, _ = await driver.files("水务局挖管子把村道挖断了，一直没回填", "管网漏水")
    await li.opens(no)
    await wang.opens(no)
    await expect(chen.card(no)).to_have_count(0)
    await wang.presses("退回")
    await wang.dialog.get_by_label("退回原因").fill("管子早修好了，路面归交通局。")
    await wang.dialog.get_by_role("button", name="退回").click()
    li.forgives("404 (Not Found)")
    for one in (wang, li):  # the one who gave it away, and the one who only had it open
        await expect(one.card(no)).to_have_count(0)
        await expect(one.case.get_by_role("heading", name=no)).to_have_count(0)

    await zhou.opens(no)
    await zhou.presses("转办")
    await zhou.dialog.get_by_role("searchbox", name="搜单位").fill("管修路的")
    await zhou.dialog.get_by_role("radio", name="交通运输局").check()
    await zhou.dialog.get_by_label("给对方单位的话").fill("请三天内回填。")
    await zhou.dialog.get_by_role("button", name="转办").click()
    await zhou.confirms(f"您反映的 {no} 已转到交通运输局办理")
    await driver.hears(f"您反映的 {no} 已转到交通运输局办理")
    await chen.opens(no)
    await expect(chen.story).to_contain_text("请三天内回填。")

    wang.forgives("404 (Not Found)")
    await wang.page.goto(f"/staff#{no}")  # by the address, which anybody may keep
    await expect(wang.page.get_by_role("status").filter(has_text="没有这一件")).to_be_visible()
    await expect(wang.case.get_by_role("heading", name=no)).to_have_count(0)


async def test_progress_from_another_telephone(town: Town) -> None:
    daughter, wang, son = await town.citizen(), await town.clerk(WANG), await town.citizen(DESK)
    await daughter.comes()
    no, code = await daughter.files("老家的水压太小，二楼用不上水", "管网漏水")
    await wang.opens(no)
    await wang.presses("受理")
    await wang.confirms("已受理")

    await son.comes()
    await son.presses("查进度")
    await son.hears("请发编号")
    await son.says(no)
    await son.hears(f"请再发 {no} 的查询码")
    await son.says(wrong(code))
    await son.hears("编号和查询码对不上")
    await son.says(code)
    await son.hears("状态：办理中", "办理单位：水务局")
    letter = son.talk.locator(".m.office").last
    await expect(letter).not_to_contain_text("二楼")  # the story belongs to whoever told it

    stranger = await town.citizen()
    await stranger.comes()
    await stranger.says(f"MS20200101-0001 {code}")
    await stranger.hears("编号和查询码对不上")


async def test_urged_once_and_withdrawn(town: Town) -> None:
    granny, wang, wu = await town.citizen(), await town.clerk(WANG), await town.clerk(WU)
    await granny.comes()
    no, _ = await granny.files("院坝头的水管漏了一个星期了", "管网漏水")
    await wang.opens(no)
    await granny.presses("看这件事", "催一催")
    await granny.hears(f"要催一催 {no} 吗")
    await granny.presses("是")
    await granny.hears("已经催了")
    await expect(wang.story).to_contain_text("催办")
    await granny.presses("看这件事", "催一催")
    await granny.hears(f"{no} 刚催过")
    await expect(wang.story.get_by_text("催办")).to_have_count(1)

    await granny.says(no)  # the number alone opens one's own case
    await granny.presses("撤回")
    await granny.hears(f"真的要撤回 {no} 吗")
    await granny.presses("是")
    await granny.says("邻居帮忙修好了")
    await granny.hears("已经撤回")
    await expect(wang.card(no)).to_contain_text("已撤回")
    await expect(wang.story).to_contain_text("邻居帮忙修好了")
    await expect(wu.card(no)).to_contain_text("已撤回")


async def test_a_walk_in_goes_home_with_number_and_code(town: Town) -> None:
    wang, grandpa = await town.clerk(WANG), await town.citizen()
    await wang.page.get_by_role("button", name="代群众登记").click()
    form = wang.page.get_by_role("dialog", name="代群众登记")
    await form.get_by_role("radio", name="来访").check()
    await form.get_by_label("反映什么").fill("大爷说水池没人清，娃儿掉进去过一回")
    await form.get_by_role("searchbox", name="搜事项").fill("漏水")
    await form.get_by_role("radio", name="管网漏水").check()
    await form.get_by_label("在哪里").fill("河口镇青山村")
    await form.get_by_label("姓名").fill("杨老汉")
    await form.get_by_label("电话").fill("13912345678")
    await form.get_by_role("button", name="登记", exact=True).click()
    await expect(form.get_by_role("alert")).to_contain_text("取得同意")
    wang.forgives("422 (Unprocessable")
    await form.get_by_role("checkbox", name="本人同意登记").check()
    await form.get_by_role("button", name="登记", exact=True).click()
    slip = wang.page.get_by_role("dialog", name="登记好了")
    await expect(slip).to_contain_text("查询码")
    text = await slip.inner_text()
    number, code = NUMBER.search(text), CODE.search(text)
    assert number and code, text
    no = number[0]
    await slip.get_by_role("button", name="完成").click()
    await expect(wang.case.get_by_role("heading", name=no)).to_be_visible()
    await expect(wang.case).to_contain_text("代群众登记")
    await expect(wang.case).not_to_contain_text("13912345678")

    await grandpa.comes()
    await grandpa.says(f"{no} {code[0]}")
    await grandpa.hears("状态：已登记", "水务局")
    await grandpa.presses("补充情况")
    await grandpa.says("是村口那口水池")
    await grandpa.presses("完成")
    await expect(wang.story).to_contain_text("是村口那口水池")
    await wang.answers(no, "水池已经围起来了。")
    await grandpa.says(f"{no} {code[0]}")
    await grandpa.hears("状态：已答复", "水池已经围起来了。")


def wrong(code: str) -> str:
    """A code that differs in its last digit."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


@pytest.mark.parametrize("device", [PHONE, DESK])
async def test_kept_from_the_town_it_is_about(town: Town, device: dict[str, Any]) -> None:
    """The dispatcher reads whom it is about, says so, and the town's clerk has lost it."""
    farmer, zhou, ma = await town.citizen(), await town.clerk(ZHOU, device), await town.clerk(MA)
    await farmer.comes()
    no, _ = await farmer.files("进村主管老化，修了半截就停了，工程款不晓得去哪里了", "管网漏水")
    await zhou.opens(no)
    await zhou.presses("转办")
    await zhou.dialog.get_by_role("radio", name="河口镇政府").check()
    await zhou.dialog.get_by_role("button", name="转办").click()
    await zhou.confirms("已转到河口镇政府办理")
    await ma.opens(no)
    await zhou.presses("标明被反映单位")
    await zhou.dialog.get_by_role("checkbox", name="河口镇政府").check()
    await zhou.dialog.get_by_label("理由").fill("说的是镇上包工程的人")
    await zhou.dialog.get_by_role("button", name="标明被反映单位").click()
    await zhou.confirms("现由县政府办办理")
    ma.forgives("404 (Not Found)")
    await expect(ma.card(no)).to_have_count(0)
    await farmer.hears("现由县政府办办理")
