"""Every order from the group, as the talk it is: 王芳 works on it, 马强 gives it out, 李丽 presses.

`名：words` is said to the bot with @, `名“words` quotes the card, `名↩words` quotes the bot's last message, `名[label]`
presses the newest button of that name. `机器人：a | b` is the bot's next message there, `群众：` a citizen's letter.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from itertools import count

import pytest
import pytest_asyncio

from cases.case import Case
from tests.channels.wecom.fake_gateway import FakeGateway
from tests.channels.wecom.town import GROUP, Town, at_home

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = {
    "王芳": ("woWangFang", "clerk", "zhujian"),
    "马强": ("maqiang", "dispatcher", "zhiban"),
    "李丽": ("lili", "supervisor", "zhiban"),
}
_citizens = count(1)

TALKS = {
    "受理、申请延期、同意": """
        王芳“受理
        机器人：受理 | 群众会看到
        王芳[发送]
        机器人：已办：受理（王芳）
        王芳“延期 5个工作日 等配件到货
        机器人：申请延期 | 新期限： | 等配件到货
        李丽[发送]
        机器人：请写的人自己点
        王芳[发送]
        机器人：已办：申请延期（王芳）
        李丽“延期 同意，抓紧办
        机器人：延期 | 群众会看到 | 抓紧办
        李丽：发送
        机器人：已办：延期（李丽）
        群众：需要延长时间
        李丽“延期 再等等
        机器人：已经延期过一次
    """,
    "申请延期，一样一样问": """
        王芳“受理
        机器人：群众会看到
        王芳：发送
        机器人：已办：受理
        王芳“申请延期
        机器人：申请延期到哪一天
        王芳↩等配件到货
        机器人：申请延期到哪一天
        王芳：后年
        机器人：申请延期到哪一天
        王芳：5天
        机器人：新期限： | 等配件到货
        王芳：发送
        机器人：已办：申请延期（王芳）
    """,
    "请人协办": """
        马强“协办水务局、交通局 一起去看
        机器人：单位：水务局、交通运输局 | 群众不会收到 | 一起去看
        马强：发送
        机器人：已办：协办（马强）
    """,
    "协办没写谁": """
        马强“协办
        机器人：请哪个单位协办
        马强：1
        机器人：单位：
        马强[取消]
        机器人：取消了
    """,
    "催办和提级": """
        王芳“催办
        机器人：您不能这样办
        李丽“催办
        机器人：督办 | 群众会看到
        李丽[发送]
        机器人：已办：督办（李丽）
        李丽“提级 本单位办不动
        机器人：提级 | 办不动
        李丽[发送]
        机器人：已办：提级（李丽）
    """,
    "转办": """
        马强“转给水务局 归他们管
        机器人：转办 | 单位：水务局 | 群众会看到
        马强[发送]
        机器人：已办：转办（马强）
        群众：水务局
    """,
    "并案": """
        马强“并案
        机器人：并到哪一件
        马强：另一件编号
        机器人：并到：另一件编号
        马强：取消
        机器人：取消了
        马强“并案 另一件编号
        机器人：并到：另一件编号
        马强：发送
        机器人：已办：并案（马强）
    """,
    "答复、办结、重办": """
        王芳“答复
        机器人：写上「答复」的内容
        王芳：已经清运。
        机器人：群众会看到 | 已经清运
        王芳：发送
        机器人：已办：答复（王芳）
        群众：已经清运
        王芳“办结 已经办完
        机器人：第二行起写依据
        王芳↩现场照片三张
        机器人：办结 | 依据：现场照片三张 | 已经办完
        王芳：发送 本件编号
        机器人：已办：办结（王芳）
        马强“重办 又堆起来了
        机器人：重新办理 | 又堆起来了
        马强：发送
        机器人：已办：重新办理（马强）
    """,
    "不予受理、退回、电话告知": """
        王芳“电话告知 打了电话，本人说知道了
        机器人：电话告知 | 群众不会收到 | 本人说知道了
        王芳：发送
        机器人：已办：电话告知（王芳）
        王芳“不受理
        机器人：请选理由 | 1.
        王芳：1
        机器人：不予受理 | 群众会看到
        王芳：取消
        机器人：取消了
        王芳“退回 归城管
        机器人：退回
        王芳：发送
        机器人：已办：退回（王芳）
    """,
    "认领、备注、补充": """
        王芳[认领]
        机器人：已办：认领（王芳）
        王芳“备注 钥匙在门卫
        机器人：已办：内部备注（王芳）
        王芳“补充 是几号门？
        机器人：请群众补充 | 是几号门
        王芳[发送]
        机器人：已办：请群众补充（王芳）
        群众：是几号门
    """,
    "问": """
        王芳：帮助
        机器人：引用诉求卡
        王芳：查 本件编号
        机器人：【本件编号】 | 垃圾
        王芳：本件编号
        机器人：【本件编号】 | 垃圾
        王芳：查 MS20200101-0001
        机器人：没有这一件
        王芳：找 垃圾
        机器人：本件编号
        王芳：找 没有人说过的词
        机器人：没有找到
        王芳“认领
        机器人：已办：认领（王芳）
        王芳：我的
        机器人：本件编号 · 已登记
        王芳：今日到期
        机器人：没有找到
        王芳：超期
        机器人：没有找到
        王芳：统计
        机器人：待认领
        王芳：政策
        机器人：要找的词
        王芳“政策 高龄津贴多少钱
        机器人：1.
        生人：查 本件编号
        机器人：还没有绑定
        王芳：您好
        机器人：没看出是哪一件
        王芳：群号
        机器人：wrGroup
    """,
}


class Talk:
    """A case in the group, and everybody who has a part in it."""

    def __init__(self, town: Town, case: Case, other: Case, citizen: str, card: str) -> None:
        self.town, self.case, self.citizen, self.card, self.last = town, case, citizen, card, card
        self.names = {"本件编号": case.no, "另一件编号": other.no}

    async def play(self, line: str) -> None:
        """One line of a transcript."""
        for name, no in self.names.items():
            line = line.replace(name, no)
        if match := re.fullmatch(r"(\S+?)\[(.*)\]", line):
            await self.town.press(PEOPLE[match.group(1)][0], match.group(2), about=self.case.no)
            return
        who, sign, words = re.split(r"([：“↩])", line, maxsplit=1)
        if who == "机器人":
            self.last = (await self.town.gets(GROUP, *(word.strip() for word in words.split("|")))).text
        elif who == "群众":
            told = await self.town.letters(self.citizen)
            assert any(words in one for one in told), told
        else:
            user = PEOPLE[who][0] if who in PEOPLE else "woStranger"
            quote = {"“": self.card, "↩": self.last, "：": ""}[sign]
            await self.town.say(user, words, GROUP, quote)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Town]:
    """One office for all talks, with one group and three people."""
    api = await FakeGateway().open()
    api.per_minute = 100_000
    async with at_home(api, tmp_path_factory.mktemp("office")) as town:
        for name, (user, role, unit) in PEOPLE.items():
            await town.bound(user, name, role, unit)
        await town.file("citizen-0")
        yield town
    await api.close()


@pytest.mark.parametrize("talk", TALKS.values(), ids=list(TALKS))
async def test_talk(office: Town, talk: str) -> None:
    citizen = f"citizen-{next(_citizens)}"
    case = await office.file(citizen)
    card = await office.gets(GROUP, f"【{case.no}】", "垃圾")
    script = Talk(office, case, (await office.cases())[0], citizen, card.text)
    await office.buttons(GROUP, "认领", case.no)
    for line in filter(None, map(str.strip, talk.splitlines())):
        try:
            await script.play(line)
        except AssertionError as error:
            raise AssertionError(f"{line}: {error}") from error
