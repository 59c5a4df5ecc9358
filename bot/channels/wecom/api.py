"""Sends messages: as the answer to somebody's words, or as one of our own in the budget of the chat."""

from __future__ import annotations

from typing import Protocol

from bot.channels.wecom import frames
from bot.channels.wecom.draw import Drawn, card, cut
from bot.channels.wecom.faults import Trouble
from bot.channels.wecom.line import Line
from bot.channels.wecom.pacer import Pacer


class Wire(Protocol):
    """A way to write to groups."""

    pacer: Pacer

    async def say(self, chat: str, drawn: Drawn, *, private: bool = False, urgent: bool = True) -> None:
        """One message, and buttons below it. Raises Held and Trouble."""
        ...


class Api:
    """Over the long connection."""

    def __init__(self, line: Line, pacer: Pacer | None = None) -> None:
        self._line, self.pacer = line, pacer or Pacer()

    async def say(self, chat: str, drawn: Drawn, *, private: bool = False, urgent: bool = True) -> None:
        """One message of our own; its buttons are a second one, and left out when a card has no room for them."""
        await self._own(chat, frames.markdown(chat, private, cut(drawn.text)), urgent)
        if drawn.buttons and (urgent or self.pacer.wait(chat) == 0):
            await self._own(chat, frames.card_message(chat, private, card(drawn)), urgent)

    async def answer(self, req: str, chat: str, drawn: Drawn) -> None:
        """The answer to a message, under its request. Raises Trouble."""
        below = card(drawn) if drawn.buttons else None
        await self._line.ask(frames.RESPOND, frames.stream(cut(drawn.text), below), req)
        self.pacer.count(chat)

    async def redraw(self, req: str, task: str, drawn: Drawn) -> None:
        """Another card in place of the one that was pressed, for everybody. Raises Trouble."""
        await self._line.ask(frames.UPDATE, frames.update(card(drawn, task)), req)

    async def _own(self, chat: str, body: frames.Json, urgent: bool) -> None:
        await self.pacer.turn(chat, urgent)
        try:
            await self._line.ask(frames.SEND, body)
        except Trouble as trouble:
            if trouble.kind == "wait":
                self.pacer.pause(chat, trouble.after)
            raise
