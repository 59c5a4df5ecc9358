"""What the gateway's error codes do: to a card that is owed, to words that are said, to the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.channels.wecom.faults import of_code
from tests.channels.wecom.fake_gateway import FakeGateway, Json
from tests.channels.wecom.town import GROUP, STORY, Town

pytestmark = pytest.mark.asyncio

WANG = "woWangFang"
NEVER_HEARD_OF = 999_777

KINDS = {
    "wait": (-1, 45009, 45033, 846607),
    "gone": (40050, 86001, 93000, 93004, 93006),
    "refused": (40008, 40058, 40201, 44004, 45002, 846604, 846605, 846608, 853000),
    "away": (846609,),
    "passing": (NEVER_HEARD_OF, 0, 1, 6000, 50001),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_code_means(kind: str) -> None:
    assert {of_code(code).kind for code in KINDS[kind]} == {kind}


def first(times: int, cmd: str, code: int) -> Callable[[Json], int]:
    """The first so many frames of a kind meet a code."""
    left = [code] * times

    def meets(frame: Json) -> int:
        return left.pop() if frame["cmd"] == cmd and left else 0

    return meets


async def test_a_code_nobody_knows_passes(town: Town, api: FakeGateway) -> None:
    api.meets = first(1, "aibot_send_msg", NEVER_HEARD_OF)
    case = await town.file()
    card = await town.gets(GROUP, f"【{case.no}】", STORY)
    assert "可能重复" not in card.text, "nothing had arrived"
    await town.bound(WANG, "王芳", "clerk", case.department)
    api.meets = first(1, "aibot_respond_msg", NEVER_HEARD_OF)
    await town.say(WANG, "答复 已经清运。", GROUP, quote=card.text)
    assert not (await town.gets(GROUP, "群众会看到")).answer, "said as a message of our own"


async def test_an_answer_that_came_too_late_is_said_anyway(town: Town, api: FakeGateway) -> None:
    case = await town.file()
    card = await town.gets(GROUP, f"【{case.no}】", STORY)
    await town.bound(WANG, "王芳", "clerk", case.department)
    for code in (846604, 846605, 846608):
        api.meets = first(1, "aibot_respond_msg", code)
        await town.say(WANG, f"查 {case.no}", GROUP, quote=card.text)
        assert not (await town.gets(GROUP, case.no, STORY)).answer


async def test_words_the_platform_will_not_carry_wait_in_sight_of_staff(town: Town, api: FakeGateway) -> None:
    api.meets = first(1, "aibot_send_msg", 40201)  # its anti-spam check
    await town.file()
    async with asyncio.timeout(20):
        while not (parked := [row for row in await town.owed() if row["state"] == "parked"]):
            await asyncio.sleep(0.05)
    assert {row["error"] for row in parked} == {"refused 40201"}
    assert api.told(GROUP) == []


async def test_a_gateway_that_forgot_us_is_subscribed_to_anew(town: Town, api: FakeGateway) -> None:
    before = sum(one["cmd"] == "aibot_subscribe" for one in api.frames)
    api.live = None  # the socket is open, and the gateway knows nothing of it
    case = await town.file()
    card = await town.gets(GROUP, f"【{case.no}】", STORY)
    assert "可能重复" not in card.text
    assert sum(one["cmd"] == "aibot_subscribe" for one in api.frames) == before + 1
    assert sum(f"【{case.no}】" in one.text for one in api.told(GROUP)) == 1
