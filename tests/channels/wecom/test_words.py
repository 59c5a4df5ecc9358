"""The words of the group: verbs as people say them, no commands; and a warning before anybody answers twice."""

from __future__ import annotations

import pytest

from tests.channels.wecom.fake_gateway import COMMAND
from tests.channels.wecom.town import GROUP, STORY, Town, sample

WANG, MA = "woWangFang", "woMaQiang"
OURS = ("wecom.", "group.delivery.", "group.reach.", "group.carries.", "group.ask.", "group.who.", "act.", "illegal.")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_word_of_ours_is_a_command(lang: str) -> None:
    texts = sample().county.texts[lang]
    said = {key: words for key, words in texts.items() if key.startswith(OURS)}
    assert len(said) > 100
    assert {key: words for key, words in said.items() if COMMAND.search(words)} == {}


@pytest.mark.asyncio
async def test_whoever_answers_what_is_answered_is_told_by_whom_and_may_still(town: Town) -> None:
    case = await town.file()
    card = await town.gets(GROUP, f"【{case.no}】", STORY)
    await town.bound(WANG, "王芳", "clerk", case.department)
    await town.bound(MA, "马强", "dispatcher", "zhiban")
    await town.say(WANG, "答复 已经清运。", GROUP, quote=card.text)
    assert "已经答复过" not in (await town.gets(GROUP, "群众会看到")).text
    await town.say(MA, "答复 我来看看。", GROUP, quote=card.text)
    await town.gets(GROUP, "群众会看到")
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "已办：答复（王芳）")
    await town.say(MA, "发送", GROUP)  # his preview is of before: shown anew, with the warning
    await town.gets(GROUP, "刚刚有变化")
    await town.gets(GROUP, "群众会看到", "王芳在", "已经答复过", "我来看看")
    await town.say(MA, "取消", GROUP)
    await town.gets(GROUP, "取消了")
    await town.say(WANG, "答复 明天起一天一清。", GROUP, quote=card.text)
    await town.gets(GROUP, "群众会看到", "王芳在", "已经答复过")
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "已办：答复（王芳）")
    assert await town.steps(case, "answer") == ["已经清运。", "明天起一天一清。"]


@pytest.mark.asyncio
async def test_nothing_but_the_act_s_own_name_tells_how_to_note_a_call(town: Town) -> None:
    """The citizen's page is closed, so the answer waits: the group is told what to do in words it can say."""
    case = await town.file()
    card = await town.gets(GROUP, f"【{case.no}】", STORY)
    await town.bound(WANG, "王芳", "clerk", case.department)
    await town.say(WANG, "答复 已经清运。", GROUP, quote=card.text)
    await town.gets(GROUP, "群众会看到")
    await town.say(WANG, "发送", GROUP)
    told = await town.gets(GROUP, "待送达", "记一笔「电话告知」")
    await town.say(WANG, "电话告知 打了电话，本人知道了", GROUP, quote=told.text)
    await town.gets(GROUP, "电话告知", "本人知道了")
    await town.say(WANG, "发送", GROUP)
    await town.gets(GROUP, "已办：电话告知（王芳）")
