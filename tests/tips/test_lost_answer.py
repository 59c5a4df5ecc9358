"""The number of a tip was on its way when the connection broke: who sent the message hears it again, nobody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.web.session import Session
from handlers.messages import Inbound
from tests.tips.stage import STORY, WHO, TipTown

pytestmark = pytest.mark.asyncio

TOLD = re.compile(r"JB\d{8}-\d{4}|\d{4}-\d{4}-\d{4}-\d{4}")


async def up_to_the_end(town: TipTown, session: Session) -> Inbound:
    """A tip but for 提交, and that last message."""
    for said in ({"choice": "tip"}, {"choice": "agree"}, {"choice": "rank:unsure"}, {"text": WHO}, {"text": STORY}):
        await town.say(session.address, **said)
    await town.say(session.address, choice="anonymous")
    key = "b7f0c3f2-last"
    return Inbound("web", session.key(key), session.address, town.now, choice="submit", echo=session.echo(key))


async def test_the_same_browser_hears_the_number_again(town: TipTown) -> None:
    session = Session("A" * 43)
    last = await up_to_the_end(town, session)
    first = await town.take(last)
    again = await town.take(last)
    assert again.duplicate and again.forgotten
    assert len(TOLD.findall(town.shown(first))) == 2
    assert TOLD.findall(town.shown(again)) == TOLD.findall(town.shown(first))
    assert len(await town.tips()) == 1


async def test_nobody_else_does(town: TipTown) -> None:
    """Not who reads the rows, not who has the key but not the browser, and after an hour nobody."""
    session = Session("A" * 43)
    last = await up_to_the_end(town, session)
    first = await town.take(last)
    number, code = TOLD.findall(town.shown(first))
    rows = await town.rows()
    assert code not in rows and rows.count(number) == 1, "but for the tip itself"
    for echo in (b"", Session("B" * 43).echo("b7f0c3f2-last")):
        again = await town.take(Inbound("web", last.key, last.sender, town.now, echo=echo))
        assert TOLD.findall(town.shown(again)) == []
        assert again.letters, "an answer all the same"
    late = Inbound("web", last.key, last.sender, town.now + timedelta(minutes=61), echo=last.echo)
    assert TOLD.findall(town.shown(await town.take(late))) == []
