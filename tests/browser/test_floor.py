"""What must hold for everybody: a browser without script, a screen reader, a photo that tells too much."""

from __future__ import annotations

import io
import re
from typing import Literal

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.browser.office import WANG
from tests.browser.people import DESK, PHONE
from tests.browser.photos import CANARY, photo, photo_with_place
from tests.browser.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.browser]

Role = Literal["button", "group", "heading", "img", "log", "region", "textbox"]
CITIZEN_ROLES: list[tuple[Role, str]] = [
    ("heading", "示例县民声直通"),
    ("button", "大字"),
    ("button", "English"),
    ("button", "菜单"),
    ("log", "对话"),
    ("button", "看全部类别"),
    ("img", "照片 井盖.jpg"),
    ("button", "去掉 井盖.jpg"),
    ("button", "照片、录音、位置、文件"),
    ("textbox", "您要说的话"),
    ("button", "发送"),
]
CLERK_ROLES: list[tuple[Role, str]] = [
    ("region", "打开的诉求"),
    ("region", "来龙去脉"),
    ("group", "写给谁看"),
    ("textbox", "要写的内容"),
    ("button", "加附件"),
    ("button", "预览答复"),
]
# What somebody may touch, or what groups things, without a name that could be read out.
NAMELESS = re.compile(r'- (button|link|textbox|searchbox|radio|checkbox|img|article|dialog|log|feed|toolbar)(?! ["/])')


async def test_without_a_script_the_whole_job(town: Town) -> None:
    teacher, wang = await town.citizen(java_script_enabled=False), await town.clerk(WANG)
    await teacher.comes(script=False)
    await teacher.presses("反映问题")
    await teacher.hears("反映之前请您知道")
    await teacher.presses("同意")
    await teacher.says("学校门口的水沟堵了，一下雨水就倒灌进教室")
    await teacher.says("管网漏水")
    await teacher.says("河口镇青山村")
    await teacher.presses("匿名")
    await teacher.hears("请看一看，对不对")
    await teacher.page.get_by_label("照片或文件").set_input_files(photo("水沟.jpg", "#6f7f6a"))
    await teacher.page.get_by_role("button", name="发送", exact=True).click()
    await teacher.hears("已经附上（共 1 个）")
    await teacher.presses("提交")
    no, _ = await teacher.number_and_code()

    await wang.opens(no)
    await expect(wang.story.get_by_role("img", name="水沟")).to_be_visible()
    await wang.answers(no, "今天已经疏通，周末再清一遍。", photo("疏通.jpg", "#8fa7b8"))
    await teacher.page.reload()
    await teacher.hears("今天已经疏通")
    await expect(teacher.talk.get_by_role("img", name="照片 疏通.jpg")).to_be_visible()
    await teacher.presses("满意")
    await teacher.hears(f"谢谢您的评价（{no}）")
    await expect(wang.card(no)).to_contain_text("满意")


async def test_a_photo_does_not_tell_where_it_was_taken(town: Town) -> None:
    witness, wang = await town.citizen(), await town.clerk(WANG)
    taken = photo_with_place("河边.jpg")
    assert CANARY in taken["buffer"]
    await witness.comes()
    await witness.presses("反映问题", "同意")
    await witness.says("有人往河边的水源地倒垃圾")
    await witness.sends_photo(taken)
    await witness.hears("已经附上（共 1 个）")
    await witness.says("水质差")
    await witness.says("河口镇青山村")
    await witness.presses("匿名", "提交")
    no, _ = await witness.number_and_code()

    await wang.opens(no)
    link = wang.story.get_by_role("link", name="河边.jpg")
    answer = await wang.context.request.get(str(await link.get_attribute("href")))
    image = await answer.body()
    assert answer.ok and answer.headers["content-type"] == "image/jpeg"
    assert CANARY not in image
    opened = Image.open(io.BytesIO(image))
    assert opened.size == (320, 240) and not dict(opened.getexif()) and "exif" not in opened.info

    stranger = await town.citizen()
    refused = await stranger.context.request.get(str(await link.get_attribute("href")))
    assert refused.status == 401
    refused = await stranger.context.request.get(f"/talk/file/{str(await link.get_attribute('href')).split('/')[-1]}")
    assert refused.status == 404


async def test_another_language_in_the_middle_of_a_question(town: Town) -> None:
    guest = await town.citizen()
    await guest.comes()
    await guest.presses("反映问题")
    await guest.hears("反映之前请您知道")
    await guest.page.get_by_role("button", name="English").click()
    await expect(guest.page.locator("html")).to_have_attribute("lang", "en")
    notice = guest.page.get_by_role("log").locator(".m.office").last
    await expect(notice).to_contain_text("Shili County Direct Line")
    assert not re.search(r"[\u4e00-\u9fff]", await notice.inner_text()), await notice.inner_text()
    await expect(guest.page.get_by_role("button", name="Agree")).to_be_visible()


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
async def test_what_a_screen_reader_finds(town: Town, device: dict[str, object]) -> None:
    blind, wang = await town.citizen(device), await town.clerk(WANG, device)
    await blind.comes()
    await expect(blind.page.locator("html")).to_have_attribute("lang", "zh-CN")
    await blind.presses("反映问题", "同意")
    await blind.says("盲道上的井盖没有了，水管露在外头")
    await blind.chooses_photo(photo("井盖.jpg"))
    await everything_has_a_name(blind.page)
    await finds(blind.page, CITIZEN_ROLES)
    await blind.says("管网漏水")
    await blind.says("河口镇青山村")
    await blind.presses("匿名", "提交")
    no, code = await blind.number_and_code()
    await expect(blind.choice(f"复制 {code}")).to_be_visible()

    await everything_has_a_name(wang.page)
    await expect(wang.page.get_by_role("feed", name="诉求卡").get_by_role("article", name=no)).to_be_visible()
    await wang.opens(no)
    await wang.takes_pen("答复群众")
    await everything_has_a_name(wang.page)
    await finds(wang.page, CLERK_ROLES)
    await expect(wang.page.get_by_role("button", name="答复群众", pressed=True)).to_be_visible()


async def finds(page: Page, roles: list[tuple[Role, str]]) -> None:
    """Each of these, by what it is and what it is called."""
    for role, name in roles:
        await expect(page.get_by_role(role, name=name).first).to_be_visible()


async def everything_has_a_name(page: Page) -> None:
    """Nothing that can be touched is silent."""
    snapshot = await page.locator("body").aria_snapshot()
    assert [line.strip() for line in snapshot.splitlines() if NAMELESS.search(line)] == []
