"""A tip reaches no group: not by cards, quotes, 查, 找, 统计, lists, errors or digests, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core import utc_now
from handlers.messages import Inbound
from handlers.staff.buttons import in36
from tests.channels.wecom.town import GROUP, Town

pytestmark = pytest.mark.asyncio

CANARY = "低保评议他收了两千块才给报上去，给不起的都没评上"
WHO = "河口镇民政办的老马"
HANDED_IN = (
    ("", "tip"), ("", "agree"), ("", "rank:unsure"), (WHO, ""), (CANARY, ""), ("", "anonymous"), ("", "submit")
)  # fmt: skip


async def test_zero_bytes_of_a_tip(town: Town) -> None:
    core, town.api.per_minute = town.house.core, 1000
    for at, (text, choice) in enumerate(HANDED_IN):
        await core.take(Inbound("web", f"t{at}", "informant", core.clock(), text, choice))
    await town.file()
    service = next(case for case in await town.cases() if case.lane == "service")
    await town.gets(GROUP, service.no)
    tips = [case for case in await town.cases() if case.lane == "tip"]
    (tip,) = tips
    people = (("u1", "王芳", "clerk", service.department), ("u2", "镇办", "clerk", "hekou"),
              ("u3", "李丽", "supervisor", "zhiban"), ("u4", "保管", "custodian", "jijian"))  # fmt: skip
    for user, name, role, unit in people:
        await town.bound(user, name, role, unit)
        before = len(town.api.told(GROUP))
        asked = (
            f"查 {tip.no}",
            f"{tip.no} 答复 好",
            f"找 {CANARY}",
            f"找 {tip.no}",
            "统计",
            "我的",
            "今日到期",
            "超期",
        )
        for text in asked:
            await town.say(user, text, GROUP)
            await town.gets(GROUP)
        await town.say(user, "答复 好", GROUP, quote=f"【{tip.no}】 已登记\n{CANARY}")
        await town.gets(GROUP, "没有这一件")
        await town.say(user, f"查 {tip.no}")
        await town.gets(user, "没有这一件")
        made = await town.buttons(GROUP, "认领")
        for data in (f"k:{in36(tip.id)}:{in36(tip.rev)}:claim", f"k:{in36(tip.id)}:1:answer", f"f:{in36(tip.id)}:1:x"):
            await town.api.push(town.api.press(user, made, data, GROUP))
            await town.gets(GROUP, "没有这一件")
        unknown = [one.text for one in town.api.told(GROUP)[before:] if "没有这一件" in one.text]
        assert len(set(unknown)) == 1, "a tip's number is answered like one that does not exist"
    core.clock = lambda: utc_now() + timedelta(days=12)
    await core.take(Inbound("timer", "digest:2026-12-04", "clock", core.clock(), fields={"digest": "2026-12-04"}))
    await town.gets(GROUP, "今日要办")
    said = "".join(one.text + str(one.card) for chat in town.api.chats.values() for one in chat)
    assert CANARY not in said
    assert WHO not in said
    assert tip.no not in said
    assert [row for row in await town.owed() if row["case_id"] == tip.id] == []
