"""The main job: a case comes to the group, staff quote it, see what the citizen will read, and send it."""

from __future__ import annotations

import pytest

from tests.channels.wecom.town import GROUP, STORY, Town

pytestmark = pytest.mark.asyncio

WANG, MA, STRANGER = "woWangFang", "woMaQiang", "woStranger"


async def test_card_quote_preview_send_and_the_citizen_hears_it(town: Town) -> None:
    case = await town.file()
    card = await town.gets(GROUP, case.no)
    assert card.text.splitlines()[0].startswith(f"【{case.no}】")
    assert STORY in card.text and "住建局" in card.text
    await town.bound(WANG, "王芳", "clerk", case.department)
    await town.say(WANG, "答复 垃圾已经清运，以后每天一清。", GROUP, quote=card.text)
    preview = await town.gets(GROUP, "群众会看到", "垃圾已经清运")
    assert preview.text.startswith(f"【{case.no}】") and preview.answer
    assert await town.steps(case, "answer") == []  # nothing has left yet
    await town.press(WANG, "发送")
    await town.gets(GROUP, case.no, "已办：答复（王芳）")
    assert await town.steps(case, "answer") == ["垃圾已经清运，以后每天一清。"]
    told = await town.gets(GROUP, "答复（王芳）：待送达")  # the citizen's page is closed
    assert "现在：" not in told.text  # everybody has just read it


async def test_number_and_words_alone_and_send_in_words(town: Town) -> None:
    case = await town.file()
    await town.gets(GROUP, case.no)
    await town.bound(WANG, "王芳", "clerk", case.department)
    await town.say(WANG, f"{case.no} 已经清运。", GROUP)
    await town.gets(GROUP, "群众会看到", "已经清运")
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "已办：答复（王芳）")
    assert await town.steps(case, "answer") == ["已经清运。"]


async def test_only_the_writer_sends_and_only_once(town: Town) -> None:
    case = await town.file()
    card = await town.gets(GROUP, case.no)
    await town.bound(WANG, "王芳", "clerk", case.department)
    await town.bound(MA, "马强", "clerk", case.department)
    await town.say(WANG, "答复 已经清运。", GROUP, quote=card.text)
    await town.gets(GROUP, "群众会看到")
    await town.press(MA, "发送")
    await town.gets(GROUP, "请写的人自己点")
    await town.press(STRANGER, "发送")
    await town.gets(GROUP, "还没有绑定")
    await town.say(MA, "发送", GROUP)
    await town.gets(GROUP, "没有等您发送的话")
    await town.press(WANG, "发送")
    await town.gets(GROUP, "已办：答复（王芳）")
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "没有等您发送的话")
    assert await town.steps(case, "answer") == ["已经清运。"]
