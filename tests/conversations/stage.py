"""The stage that transcripts are played on here: a TalkHouse, with citizens and staff hired as they are named."""

from __future__ import annotations

from datetime import timedelta

from tests.conversations.house import StaffMember, TalkHouse, TurnPlayer

ROLES = {"分办": "dispatcher", "督办": "supervisor"}


class TalkStage:
    """A house, whoever talks to it, and whoever works in it."""

    def __init__(self, house: TalkHouse) -> None:
        self.house = house
        self.citizens: dict[str, TurnPlayer] = {}
        self.staff: dict[tuple[str, str], StaffMember] = {}

    def citizen(self, name: str) -> TurnPlayer:
        """The citizen of that name; an address of their own."""
        return self.citizens.setdefault(name, TurnPlayer(self.house, name))

    async def press(self, unit: str, name: str, act: str, text: str, fields: dict[str, str]) -> str:
        """An act on the newest case, or on the one that is named."""
        member = self.staff.get((unit, name))
        if member is None:
            member = self.staff[unit, name] = StaffMember(self.house, name, *self._hat(unit))
        no = fields.pop("case", "") or self.house.cases()[-1].no
        return (await member.do(act, no, text, **fields)).get("error", "")

    def _hat(self, unit: str) -> tuple[tuple[str, ...], str]:
        departments = self.house.site.county.departments
        if unit in ROLES:
            return (ROLES[unit],), self.house.site.county.office.duty_department
        return ("clerk",), next(one.id for one in departments if unit in (one.name, *one.aliases))

    async def wait(self, span: timedelta) -> None:
        """Time passes."""
        await self.house.wait(span)

    def stored(self, name: str) -> dict[str, int]:
        """What is stored of a citizen, and the cases of all."""
        player = self.citizen(name)
        return {"信": len(player.letters()), "草稿": len(player.talk.drafts), "案件": len(self.house.cases())}
