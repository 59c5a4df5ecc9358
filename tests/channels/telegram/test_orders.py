"""Every order from a case's topic, as the talk it is: 王芳 works on it, 马强 gives it out, 李丽 presses.

`名：words` is said in the topic, `名↩words` replies to the bot's last message, `名[label]` presses a button under it,
`卡名[label]` one of the card, `名[]` the first. `机器人：a | b` is the bot's next message there, `改成：` the same one
changed, `群众：` what the citizen gets, `提示：` what only whoever pressed reads, `标记：` the sign under the words.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.demo.fakes.telegram import FakeApi, Json, buttons
from cases.case import Case
from tests.channels.telegram.town import Town, at_home

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUP = -1001234567890
PEOPLE = {
    "王芳": (9901, "clerk", "zhujian"),
    "马强": (9902, "dispatcher", "zhiban"),
    "李丽": (9903, "supervisor", "zhiban"),
}
STRANGER = 9909
_users = count(70_001)

TALKS = {
    "受理、申请延期、同意": """
        王芳：/accept
        机器人：受理 | 群众会看到 | 答复能马上送到
        王芳[发送]
        改成：已办：受理（王芳）
        王芳：/申请延期 5个工作日 等配件到货
        机器人：申请延期 | 新期限： | 等配件到货
        李丽[发送]
        提示：请写的人自己点
        王芳[发送]
        改成：已办：申请延期（王芳）
        李丽：/延期 同意，抓紧办
        机器人：延期 | 群众会看到 | 抓紧办
        李丽[发送]
        改成：已办：延期（李丽）
        群众：需要延长时间
        标记：👌
        李丽：/extend 再等等
        机器人：已经延期过一次
    """,
    "申请延期，一样一样问": """
        王芳：/受理
        王芳[发送]
        王芳：/申请延期
        机器人：申请延期到哪一天
        王芳↩等配件到货
        机器人：申请延期到哪一天
        王芳↩后年
        机器人：申请延期到哪一天
        王芳↩5天
        机器人：新期限： | 等配件到货
        王芳[发送]
        改成：已办：申请延期（王芳）
    """,
    "申请延期，点日子": """
        王芳：/受理
        王芳[发送]
        改成：已办：受理（王芳）
        卡王芳[更多]
        机器人：还可以
        王芳[申请延期]
        机器人：申请延期到哪一天
        李丽[]
        提示：请写的人自己点
        王芳[]
        机器人：写上「申请延期」的内容
        王芳↩天气不好，施工慢
        机器人：新期限： | 天气不好
        王芳[发送]
        改成：已办：申请延期（王芳）
    """,
    "请人协办": """
        马强：/assist 水务局、交通局 一起去看
        机器人：单位：水务局、交通运输局 | 群众不会收到 | 一起去看
        马强[发送]
        改成：已办：协办（马强）
    """,
    "协办没写谁": """
        马强：/协办
        机器人：请哪个单位协办
        马强[水务局]
        机器人：单位：水务局
        马强[取消]
        改成：取消了
    """,
    "督办": """
        王芳：/supervise
        机器人：您不能这样办
        李丽：/督办
        机器人：督办 | 群众会看到
        李丽[发送]
        群众：督办
        李丽：/supervise 快点
        机器人：已经在督办了
    """,
    "提级": """
        李丽：/escalate 本单位办不动
        机器人：提级 | 办不动
        李丽[发送]
        改成：已办：提级（李丽）
        群众：上一级
    """,
    "转办": """
        马强：/转给水务局 归他们管
        机器人：转办 | 单位：水务局 | 群众会看到
        马强[发送]
        群众：水务局
    """,
    "并案": """
        马强：/merge
        机器人：并到哪一件
        马强↩另一件编号
        机器人：并到：另一件编号
        马强[发送]
        群众：合在一起办理
    """,
    "并案，写了自己": """
        马强：/并案 本件编号
        机器人：请写一个您能看到
        王芳：/merge 另一件编号
        机器人：您不能这样办
    """,
    "答复、办结、重办": """
        王芳：/r
        机器人：写上「答复」的内容
        王芳↩已经清运。
        机器人：群众会看到 | 已经清运
        王芳[发送]
        群众：已经清运
        标记：👌
        王芳：/办结 已经办完
        机器人：第二行起写依据
        王芳↩现场照片三张
        机器人：办结 | 依据：现场照片三张 | 已经办完
        王芳[发送]
        群众：已经办完
        马强：/reopen 又堆起来了
        机器人：重新办理 | 又堆起来了
        马强[发送]
        群众：重新办理
    """,
    "退回、电话告知": """
        王芳：/told 打了电话，本人说知道了
        机器人：电话告知 | 群众不会收到 | 本人说知道了
        王芳[发送]
        改成：已办：电话告知（王芳）
        王芳：/退回 归城管
        机器人：退回
        王芳[发送]
        改成：已办：退回（王芳）
    """,
    "不予受理": """
        王芳：/refuse
        机器人：请选理由
        王芳[]
        机器人：不予受理 | 群众会看到
        王芳[取消]
        改成：取消了
    """,
    "备注": """
        王芳：我下午去看看
        标记：✍
        王芳：/note 钥匙在门卫
        标记：✍
        王芳：/requst 3天
        机器人：这件现在的状态不能这样办
        王芳：/xyz
        机器人：没有这个命令
        王芳：/help
        机器人：话题里别的话是内部备注
        王芳：/help@another_bot
        生人：/close 算了 依据：没有
        机器人：还没有绑定
    """,
    "问": """
        王芳：/case
        机器人：本件编号 | 垃圾
        王芳：/查件 本件编号
        机器人：本件编号 | 垃圾
        王芳：/case MS20200101-0001
        机器人：没有这一件
        王芳：/find 垃圾
        机器人：本件编号
        王芳：/搜 没有人说过的词
        机器人：没有找到
        王芳：/due
        机器人：没有找到
        王芳：/stats
        机器人：待认领
        王芳：/faq
        机器人：写要找的词
        王芳：/faq 高龄津贴多少钱
        机器人：1.
        王芳[]
        机器人：群众会看到 | 有答复了
        王芳[取消]
        改成：取消了
    """,
}


class Topic:
    """A case's topic, and everybody who has a part in it."""

    def __init__(self, town: Town, case: Case, other: Case, user: int) -> None:
        self.town, self.api, self.user = town, town.api, user
        self.names = {"本件编号": case.no, "另一件编号": other.no}
        self.no, self.said, self.seen, self.here = case.no, 0, 0, dict[str, Any]()

    async def open(self) -> None:
        """Wait for the card."""
        self.card = await self.town.until(self._card)
        self.thread = {name: self.card[name] for name in ("message_thread_id", "is_topic_message")}
        self.here, self.seen = self.card, self.card["message_id"]

    def _card(self) -> Json | None:
        return next((one for one in self.api.told(GROUP) if one["text"].startswith(self.no)), None)

    def _told(self) -> list[Json]:
        """Everything of ours in the topic, the newest first."""
        mine = self.card["message_thread_id"]
        return [one for one in reversed(self.api.told(GROUP)) if one.get("message_thread_id") == mine]

    async def play(self, line: str) -> None:
        """One line of a transcript."""
        for name, no in self.names.items():
            line = line.replace(name, no)
        if match := re.fullmatch(r"(卡?)(\S+?)\[(.*)\]", line):
            await self._press(match.group(2), match.group(3), bool(match.group(1)))
            return
        who, sign, words = re.split(r"([：↩])", line, maxsplit=1)
        match who:
            case "机器人":
                self.here = await self.town.until(lambda: self._new(words))
                self.seen = self.here["message_id"]
            case "改成":
                await self.town.until(lambda: words in self.here["text"])
            case "群众":
                await self.town.gets(self.user, words)
            case "标记":
                await self.town.until(lambda: self.api.chats[GROUP].signs.get(self.said) == words)
            case "提示":
                await self.town.until(lambda: any(words in one.get("text", "") for one in self.api.answered))
                self.api.answered.clear()
            case _:
                user = PEOPLE[who][0] if who in PEOPLE else STRANGER
                reply = {"reply_to_message": self.here["message_id"]} if sign == "↩" else {}
                said = self.api.say(user, words, GROUP, **self.thread, **reply)
                self.said = said["message"]["message_id"]

    def _new(self, words: str) -> Json | None:
        new = (one for one in self._told() if one["message_id"] > max(self.seen, self.said))
        return next((one for one in new if all(word.strip() in one["text"] for word in words.split("|"))), None)

    async def _press(self, who: str, label: str, card: bool) -> None:
        if label == "发送" and "群众" not in str(self.here.get("text")):
            self.here = await self.town.until(lambda: self._new("群众"))
            self.seen = self.here["message_id"]
        under = self.card if card else self.here
        data = dict(buttons(under))[label] if label else buttons(under)[0][1]
        self.api.press(PEOPLE[who][0], under, data)
        await self.town.until(lambda: not self.api.updates)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Town]:
    """One office for all talks, with one forum and three people."""
    api = await FakeApi().open()
    api.group(GROUP)
    async with at_home(api, tmp_path_factory.mktemp("office"), telegram_staff_group=str(GROUP)) as town:
        for name, (user, role, unit) in PEOPLE.items():
            await town.hire(name, role, unit)
            await town.say(user, town.codes[name])
        await town.file(next(_users))
        yield town
    await api.close()


@pytest.mark.parametrize("talk", TALKS.values(), ids=list(TALKS))
async def test_talk(office: Town, talk: str, tmp_path: Path) -> None:
    user = next(_users)
    await office.file(user, "小区门口的垃圾堆了半个月没人清")
    held = await office.cases()
    topic = Topic(office, held[-1], held[0], user)
    await topic.open()
    for line in filter(None, map(str.strip, talk.splitlines())):
        try:
            await topic.play(line)
        except (AssertionError, KeyError) as error:
            told = "\n---\n".join(one["text"] for one in reversed(topic._told()))  # pyright: ignore[reportPrivateUsage]
            raise AssertionError(f"{line}: {error!r}\n{told}\n{office.api.answered}") from error
    await asyncio.sleep(0)
