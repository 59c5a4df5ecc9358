"""The whole main job as a county has it: the citizen on WeChat, the staff on WeCom, and Telegram not even loaded."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.channels.wecom.channel import WeCom
from bot.demo.fakes.wechat import FakeWeChat
from tests.channels.wechat.town import at_home
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway
from tests.channels.wecom.town import GROUP, STORY, Town

pytestmark = pytest.mark.asyncio

ZHANG = "oZhang0000000000000000000001"
WANG = "woWangFang"


async def test_from_a_villagers_phone_to_the_staff_group_and_back(api: FakeGateway, tmp_path: Path) -> None:
    tencent = await FakeWeChat().open()
    bot: dict[str, Any] = {"wecom_bot_id": BOT, "wecom_bot_secret": SecretStr(SECRET), "wecom_url": api.url}
    try:
        async with at_home(tencent, tmp_path, wecom_staff_group=GROUP, **bot) as wechat:
            line = next(one for one in wechat.house.lines if isinstance(one, WeCom))
            wecom = Town(api, wechat.house, line)
            await wecom.connected()
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
    finally:
        await tencent.close()


async def test_nothing_of_telegrams_library_is_loaded() -> None:
    asked = (
        "import sys, bot.app, bot.wecom, bot.wechat\nsys.exit(any(m.split('.')[0] == 'telegram' for m in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asked)
    assert await process.wait() == 0
