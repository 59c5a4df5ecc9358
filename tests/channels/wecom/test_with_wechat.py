"""The whole main job as a county has it: the citizen on WeChat, the staff on WeCom, and Telegram not even loaded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.channels.wecom.channel import WeCom
from bot.demo.fakes.wechat import FakeWeChat
from cases.case import State
from config.groups import WeComGroup
from tests.channels.wechat.town import Town as WeChatTown
from tests.channels.wechat.town import at_home
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway
from tests.channels.wecom.town import GROUP, OTHER, STORY, Town, in_groups, sample

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"
WANG, MA, LI = "woWangFang", "woMaQiang", "woLiShui"
GROUPS = (WeComGroup(chat=GROUP, departments=("zhujian",)), WeComGroup(chat=OTHER, departments=("shuiwu",)))


@asynccontextmanager
async def county(api: FakeGateway, folder: Path, *groups: WeComGroup) -> AsyncGenerator[tuple[WeChatTown, Town]]:
    """One house between WeChat and WeCom; without `groups` all departments sit in one."""
    tencent = await FakeWeChat().open()
    site = in_groups(*groups).warm() if groups else sample()
    bot: dict[str, Any] = {"wecom_bot_id": BOT, "wecom_bot_secret": SecretStr(SECRET), "wecom_url": api.url}
    try:
        async with at_home(tencent, folder, site, wecom_staff_group="" if groups else GROUP, **bot) as wechat:
            line = next(one for one in wechat.house.lines if isinstance(one, WeCom))
            wecom = Town(api, wechat.house, line)
            await wecom.connected()
            yield wechat, wecom
    finally:
        await tencent.close()


async def test_from_a_villagers_phone_to_the_staff_group_and_back(api: FakeGateway, tmp_path: Path) -> None:
    async with county(api, tmp_path) as (wechat, wecom):
        no = await wechat.file(ZHANG, STORY)
        card = await wecom.gets(GROUP, f"【{no}】", STORY, "答复能马上送到")
        (case,) = await wechat.cases()
        await wecom.bound(WANG, "王芳", "clerk", case.department)
        await wecom.press(WANG, "认领")
        await wecom.gets(GROUP, "已办：认领（王芳）")
        await wecom.say(WANG, "补充 是几号门？", GROUP, quote=card.text)
        await wecom.gets(GROUP, "群众会看到", "是几号门")
        await wecom.press(WANG, "发送")
        await wechat.gets(ZHANG, "是几号门？")
        await wechat.say(ZHANG, "补充情况")
        await wechat.say(ZHANG, "东门，电话13800138000")
        await wechat.say(ZHANG, "完成")
        told = await wecom.gets(GROUP, f"【{no}】", "东门")
        assert "13800138000" not in told.text
        await wecom.say(WANG, "东门已清，以后每天一清。", GROUP, quote=told.text)
        await wecom.gets(GROUP, "群众会看到", "东门已清")
        await wecom.say(WANG, "发送", GROUP)
        answer = await wechat.gets(ZHANG, "东门已清，以后每天一清。")
        assert "非常满意" in answer
        await wecom.gets(GROUP, "答复（王芳）：已送达")
        rated = await wechat.say(ZHANG, "非常满意")
        assert "谢谢您的评价" in rated.text
        await wecom.gets(GROUP, f"【{no}】", "评价")


async def test_moved_to_the_right_group_answered_after_day_three_and_closed(api: FakeGateway, tmp_path: Path) -> None:
    """The first group learns where it went; the answer of the second waits for the citizen, and the group hears it."""
    async with county(api, tmp_path, *GROUPS) as (wechat, wecom):
        no = await wechat.file(ZHANG, STORY)
        card = await wecom.gets(GROUP, f"【{no}】", STORY)
        await wecom.bound(MA, "马强", "dispatcher", "zhiban")
        await wecom.bound(LI, "李水", "clerk", "shuiwu")
        await sends(wecom, MA, GROUP, "转办 水务局 管网漏水泡的", card.text)
        assert STORY not in (await wecom.gets(GROUP, "这件已转到水务局")).text
        card = await wecom.gets(OTHER, f"【{no}】", STORY)
        wechat.ahead += timedelta(days=3, hours=1)
        await sends(wecom, LI, OTHER, "答复 管子换了，垃圾也清了。", card.text)
        await wecom.gets(OTHER, "答复（李水）：待送达")
        back = await wechat.say(ZHANG, "你好")
        assert back.text.startswith("您不在的时候") and "管子换了，垃圾也清了。" in back.text
        told = await wecom.gets(OTHER, "答复（李水）：已送达")
        await sends(wecom, LI, OTHER, "办结 已经修好\n现场照片三张", told.text)
        await wechat.gets(ZHANG, "办结")
        assert [case.state for case in await wechat.cases()] == [State.CLOSED]


async def test_refused_on_a_ground_that_was_chosen(api: FakeGateway, tmp_path: Path) -> None:
    async with county(api, tmp_path) as (wechat, wecom):
        no = await wechat.file(ZHANG, STORY)
        card = await wecom.gets(GROUP, f"【{no}】", STORY)
        await wecom.bound(WANG, "王芳", "clerk", (await wechat.cases())[0].department)
        await wecom.say(WANG, "不受理", GROUP, quote=card.text)
        ground = await wecom.gets(GROUP, "请选理由", "1.")
        await sends(wecom, WANG, GROUP, "1", "")
        chosen = ground.text.split("1. ", 1)[1].splitlines()[0]
        assert chosen in await wechat.gets(ZHANG, f"您反映的 {no} 不能在这里办理")
        assert [case.state for case in await wechat.cases()] == [State.REFUSED]


async def sends(wecom: Town, user: str, chat: str, text: str, quote: str) -> None:
    """Somebody writes, reads the preview, and sends it."""
    await wecom.say(user, text, chat, quote)
    await wecom.gets(chat, "群众会看到")
    await wecom.say(user, "发送", chat)
    await wecom.gets(chat, "已办：")


async def test_nothing_of_telegrams_library_is_loaded() -> None:
    asked = (
        "import sys, bot.app, bot.wecom, bot.wechat\nsys.exit(any(m.split('.')[0] == 'telegram' for m in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked)
    assert await process.wait() == 0
