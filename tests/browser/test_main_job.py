"""The main job: a complaint from a telephone, an answer from the staff room, a rating."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.office import LI, WANG, WU, Colleague
from tests.browser.people import DESK, PHONE, sees
from tests.browser.photos import photo
from tests.browser.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

STORY = "我们组停水三天了，家里老人小孩要喝水，请快点派人来看"
ANSWER = "抢修班今天下午换好了主管，四点已经恢复供水。"


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
async def test_from_a_story_to_a_rating(town: Town, device: dict[str, Any]) -> None:
    name = f"刘洋{device['viewport']['width']}"
    clerk = await town.clerk(device=device)
    await clerk.starts(await town.office.one_time_code(Colleague(name, "clerk", "shuiwu")))
    await clerk.logs_out()
    await clerk.logs_in(name)

    mother = await town.citizen(device)
    await mother.comes()
    await mother.hears("您好", "直接说遇到的事")
    await mother.says(STORY)
    await mother.hears("反映之前请您知道", "可以匿名")
    await mother.presses("同意")
    await mother.hears("是下面哪一类")
    await mother.presses("停水（供水）")
    await mother.hears("有人受伤或者有危险")
    await mother.presses("否")
    await mother.hears("在哪个地方")
    await mother.says("河口镇青山村三组")
    await mother.hears("要留联系方式吗", "只有承办人员办事时能看")
    await mother.presses("实名")
    await mother.says("罗大勇 13812345678")
    await mother.hears("请看一看，对不对")
    await mother.sends_photo(photo("干水管.jpg"))
    await mother.hears("已经附上（共 1 个）")
    await mother.presses("提交")
    no, code = await mother.number_and_code()
    await expect(mother.choice(f"复制 {code}")).to_be_visible()
    await mother.page.evaluate("window.mark = 'never reloaded'")

    await expect(clerk.card(no)).to_contain_text("待认领")  # by itself: nobody reloaded the room
    await expect(clerk.card(no)).to_contain_text("河口镇青山村三组")
    await clerk.opens(no)
    await expect(clerk.story.get_by_role("img", name="干水管")).to_be_visible()
    await expect(clerk.case).not_to_contain_text("13812345678")
    await clerk.claims()
    await clerk.presses("受理")
    await clerk.confirms(f"您反映的 {no} 已受理")
    await mother.hears(f"您反映的 {no} 已受理")
    await clerk.story.get_by_role("button", name="查看联系方式").click()
    await expect(clerk.dialog).to_contain_text("您的姓名和查看时间会记入")
    await clerk.dialog.get_by_role("button", name="查看联系方式").click()
    await expect(clerk.story.get_by_role("link", name="13812345678")).to_be_visible()
    await clerk.answers(no, ANSWER, photo("新水管.jpg", "#9fb8c8"))

    await mother.hears(f"您反映的 {no} 有答复了", ANSWER)
    await sees(mother, "照片 新水管.jpg")
    await expect(clerk.story.locator(".step.office").last).to_contain_text("已送达")
    await mother.presses("非常满意")
    await mother.hears(f"谢谢您的评价（{no}）")
    await expect(clerk.story.locator(".step.citizen").last).to_contain_text("非常满意")
    if clerk.narrow:
        await clerk.page.go_back()
    await expect(clerk.card(no)).to_contain_text("非常满意")
    await expect(clerk.card(no)).to_contain_text("已办结")

    assert await mother.page.evaluate("window.mark") == "never reloaded"
    said = await mother.said()
    await mother.page.reload()
    await mother.hears(f"谢谢您的评价（{no}）")
    assert await mother.said() == said, "what was said and what was pressed is all still there"


async def test_rated_badly_twice_it_goes_to_the_supervisor(town: Town) -> None:
    father, wang, wu = await town.citizen(), await town.clerk(WANG), await town.clerk(WU)
    await father.comes()
    no, _ = await father.files("村里的自来水又黄又臭，娃儿喝了拉肚子", "水质差")
    await wang.opens(no)
    await wang.answers(no, "请放一放再喝。")
    await father.hears("请放一放再喝。")
    await expect(father.choice("不满意")).to_have_text("4不满意")
    await father.says("4")  # the number as it is shown
    await father.hears("哪里没办好")
    await father.says("放了一天还是黄的")
    await father.hears("退回重新办理")
    await expect(wang.card(no)).to_contain_text("办理中")
    await expect(wang.story.locator(".step.citizen").last).to_contain_text("放了一天还是黄的")
    await expect(wu.card(no)).not_to_contain_text("督办")

    await wang.answers(no, "已经取样化验，三天内换滤芯。")
    await father.hears("已经取样化验")
    await father.presses("非常不满意")
    await father.presses("跳过")
    await father.hears("已列入督办")
    await wu.views("督办")
    await expect(wu.card(no)).to_contain_text("督办")
    await expect(wu.card(no)).to_contain_text("非常不满意")
    await expect(wang.card(no)).to_contain_text("督办")


async def test_asked_for_more_and_given_it_with_a_photo(town: Town) -> None:
    uncle, wang = await town.citizen(), await town.clerk(WANG)
    await uncle.comes()
    no, _ = await uncle.files("门口的水表坏了，走得飞快，水费多收了好多", "水价乱收")
    await wang.opens(no)
    await wang.claims()
    await wang.writes("请群众补充", "请拍一张水表的照片，要看得清表号。")
    await wang.case.get_by_role("button", name="预览后发出").click()
    await wang.confirms("请您补充", "看得清表号")
    await uncle.hears("请您补充", "看得清表号")
    await expect(wang.card(no)).to_contain_text("待补充")

    await uncle.presses("补充情况")
    await uncle.hears("请发要补充的内容或照片")
    await uncle.chooses_photo(photo("水表.jpg", "#c8b48a"))
    await uncle.says("表号 4471，在大门左边")
    await uncle.hears("还有就接着发")
    await uncle.presses("完成")
    await uncle.hears(f"已经转给承办人员（{no}）")
    step = wang.story.locator(".step.citizen").last
    await expect(step).to_contain_text("表号 4471，在大门左边")
    await expect(step.get_by_role("img", name="水表")).to_be_visible()
    await expect(wang.card(no)).to_contain_text("办理中")
    await wang.answers(no, "表已更换，多收的下月退。")
    await uncle.hears("表已更换，多收的下月退。")


async def test_two_clerks_claim_at_once_and_one_is_told(town: Town) -> None:
    aunt, wang, li = await town.citizen(), await town.clerk(WANG), await town.clerk(LI, PHONE)
    await aunt.comes()
    no, _ = await aunt.files("水管爆了，水流了一院子，没得人管", "管网漏水")
    go = asyncio.Event()
    for one in (wang, li):
        await one.opens(no)
        one.forgives("409 (Conflict)")
        await one.page.route("**/staff/do", partial(held_until, go))
        await one.presses("认领")
    go.set()  # both have pressed before the house heard of either
    await expect(wang.case.locator("header")).not_to_contain_text("待认领")
    won = "我认领" in await wang.case.locator("header").inner_text()
    winner, loser, name = (wang, li, "王芳") if won else (li, wang, "李强")
    await expect(winner.case).to_contain_text("我认领")
    await expect(loser.page.get_by_role("status").filter(has_text=f"{name}已经认领了这件")).to_be_visible()
    await expect(loser.case.locator("#held")).to_contain_text(f"这件由 {name} 认领")
    assert await winner.story.locator(".step.line").filter(has_text="认领").count() == 1


async def held_until(go: asyncio.Event, route: Route) -> None:
    await go.wait()
    await route.continue_()
