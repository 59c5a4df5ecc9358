"""A town with a discipline office: how a tip is handed in there, and who would like to know."""

from __future__ import annotations

import re

from sqlalchemy import select

from bot.store import cases
from bot.store.tables import case as case_table
from bot.store.tables import metadata
from cases.case import Actor, Case, Role
from config.schema import Lane
from handlers.messages import Taken
from handlers.wording import render
from tests.review.town import Town

STORY = "低保评议他收了两千块才给报上去，给不起的都没评上"
WHO = "河口镇民政办的老马"
NAME, PHONE = "何秀英", "13900000000"


def word(key: str, **gaps: object) -> str:
    """A text of the room, by its key."""
    return key


class TipTown(Town):
    """The office, its two custodians, and the people around the accused."""

    async def open(self) -> None:
        """Take everybody on."""
        self.zhou = await self.hire("周正", Role.CUSTODIAN, "jijian")
        self.wu = await self.hire("吴静", Role.CUSTODIAN, "jijian")
        self.clerk = await self.hire("河口文书", Role.CLERK, "hekou")
        self.dispatcher = await self.hire("李敏", Role.DISPATCHER, "zhiban")
        self.supervisor = await self.hire("赵刚", Role.SUPERVISOR, "xian-zhengfu")
        self.admin = await self.hire("孙丽", Role.ADMIN, "zhiban")

    @property
    def others(self) -> tuple[Actor, ...]:
        """Everybody who must not know of a tip."""
        return (self.clerk, self.dispatcher, self.supervisor, self.admin)

    async def hand_in(
        self, sender: str, who: str = WHO, story: str = STORY, contact: str = f"{NAME} {PHONE}", rank: str = "unsure"
    ) -> tuple[Case, str, str]:
        """A tip from 检举控告 to its number: (the tip, what was shown last, its query code)."""
        taken = await self.say(sender, choice="tip")
        if "consent" in str((await self.talk(sender)).pending):
            await self.say(sender, choice="agree")
        await self.say(sender, choice=f"rank:{rank}")
        await self.say(sender, who)
        await self.say(sender, story)
        if contact == "anonymous":
            await self.say(sender, choice="anonymous")
        else:
            await self.say(sender, choice="named")
            await self.say(sender, contact)
        taken = await self.say(sender, choice="submit")
        shown = self.shown(taken)
        numbers = re.findall(r"JB\d{8}-\d{4}", shown)
        assert numbers, shown
        code = re.findall(r"\d{4}-\d{4}-\d{4}-\d{4}", shown)[-1]
        return await self.tip(numbers[0]), shown, code

    async def tip(self, no: str) -> Case:
        """A tip by its number, as the store has it."""
        held = await self.read(lambda conn: cases.by_no(conn, self.core.vault, no))
        assert held
        return held

    async def tips(self) -> list[Case]:
        """Every tip there is."""
        query = select(case_table).where(case_table.c.lane == Lane.TIP)
        return await self.read(lambda conn: cases.many(conn, self.core.vault, query))

    def shown(self, taken: Taken) -> str:
        """What the page shows of a turn."""
        texts = self.core.site.county.texts["zh"]
        replies = [letter.reply for letter in taken.letters if letter.reply]
        return "\n".join(render(reply, texts, self.core.code_of).text for reply in replies)

    async def rows(self) -> str:
        """Every row of every table, as a thief of the file reads it."""
        found: list[str] = []
        for table in metadata.sorted_tables:
            query = select(table)
            found += [repr(row) for row in await self.read(lambda conn, query=query: conn.execute(query).all())]
        return "\n".join(found)
