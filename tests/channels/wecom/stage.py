"""The stage of the transcripts as a county has it: citizens on WeChat, staff in their WeCom group, no Telegram.

What staff press in a transcript they say here: they quote the card, read the preview, and send it. What a group has
no word for (mute) is done in the staff room.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.channels.wecom.channel import WeCom
from bot.channels.wecom.line import Bot
from bot.channels.wecom.pacer import Pacer
from bot.office import StaffDoor
from bot.store import staff
from bot.wecom_door import WeComDoor
from cases.case import Act
from handlers.staff.orders import VERBS
from tests.channels.wechat.stage import WeChatStage
from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway, Shown
from tests.channels.wecom.town import FAST, GROUP, PACE
from tests.conversations.house import TalkHouse


class OfficeStage(WeChatStage):
    """A talk house whose citizens use WeChat and whose staff use WeCom."""

    def __init__(self, house: TalkHouse, folder: Path) -> None:
        super().__init__(house, folder)
        self.gateway = FakeGateway()
        self.gateway.per_minute = 1000
        self.bound: dict[tuple[str, str], str] = {}
        self.read_to = 0

    async def open(self) -> None:
        """Tencent, the gateway, and both channels."""
        await super().open()
        await self.gateway.open()
        office = WeComDoor(StaffDoor(self.core, ""), self.post, BOT)
        office.default = GROUP
        office.take_seats()
        self.house.has_group = self.core.has_group
        self.wecom = WeCom(Bot(self.gateway.url, BOT, SECRET), office, PACE, pacer=Pacer(FAST))
        self.office, ready = office, asyncio.Event()
        self.session = asyncio.create_task(self.wecom.line.session(ready.set))
        await ready.wait()

    async def close(self) -> None:
        """Stop them."""
        await self.wecom.close()
        await self.wecom.line.close()
        await self.session
        await self.gateway.close()
        await super().close()

    async def press(self, unit: str, name: str, act: str, text: str, fields: dict[str, str]) -> str:
        """What somebody says in the group about a case, and sends; the reason why not, or ""."""
        if act not in VERBS:
            return await super().press(unit, name, act, text, fields)
        user = self.bound.get((unit, name)) or await self._binds(unit, name)
        no = fields.pop("case", "") or self.house.cases()[-1].no
        assert not fields, f"the group is told in words, not by {list(fields)}"
        card = await self._card(no)
        said = f"{self.house.texts['zh'][f'act.{act}']} {text}".strip()
        told = await self._say(user, said, GROUP, card.text)
        if not VERBS[Act(act)].at_once:
            assert text in told.text and "群众会看到" in told.text, told.text
            told = await self._send(user, told)
        return "" if "已办：" in told.text and no in told.text else told.text

    async def _send(self, user: str, preview: Shown) -> Shown:
        assert preview.card
        await self.gateway.push(self.gateway.press(user, preview.card, preview.buttons["发送"], GROUP))
        return await self._answer(GROUP)

    async def _binds(self, unit: str, name: str) -> str:
        """A new member of staff sends the bot their one-time code."""
        house, user = self.house, f"wo{unit}{name}"
        code = house.write(lambda conn: staff.add(conn, name, *self._hat(unit), house.now))
        assert "绑定" in (await self._say(user, code)).text
        self.bound[unit, name] = user
        return user

    async def _card(self, no: str) -> Shown:
        """The last that the group was told of a case, once it was told all."""
        await self.shown()
        return next(one for one in reversed(self.gateway.told(GROUP)) if one.text.startswith(f"【{no}】"))

    async def shown(self) -> None:
        """The group's worker shows all that it owes by now."""
        for group in self.office.groups():
            while await self.wecom.boards.step(group):
                pass

    async def _say(self, user: str, text: str, chat: str = "", quote: str = "") -> Shown:
        before = len(self.gateway.told(chat or user))
        await self.gateway.push(self.gateway.message(user, text, chat, quote))
        return await self._answer(chat or user, before)

    async def _answer(self, chat: str, before: int | None = None) -> Shown:
        """The bot's next words in a chat."""
        before = len(self.gateway.told(chat)) if before is None else before
        async with asyncio.timeout(20):
            while not (new := [one for one in self.gateway.told(chat)[before:] if one.text]):
                await asyncio.sleep(0.002)
        await self.wecom.ingress.drain()
        await self.wecom.voice.drain()
        return new[0]

    async def wait(self, span: timedelta) -> None:
        """Time passes; the group reads what it brings."""
        await super().wait(span)
        await self.shown()
