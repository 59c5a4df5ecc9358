"""What we say in a group beside the cards: in order, and again until it is said or cannot be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping

from bot.channels.telegram.api import Api
from bot.channels.telegram.draw import Drawn
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.parse import Came
from bot.channels.telegram.ports import Office
from bot.channels.telegram.sending import Sending, Work
from handlers.wording import fill

PAUSES = (1.0, 5.0, 15.0, 60.0)  # before each further try of what failed on the way
NOTED_SECONDS = 1.0


class Voice:
    """Says things to staff. What waits for a slot waits as long as it must: a preview is nobody's row."""

    def __init__(self, api: Api, office: Office, sending: Sending) -> None:
        self.api, self._office, self._sending = api, office, sending

    def put(self, chat: str, send: Callable[[], Work]) -> None:
        """Send this after whatever else goes to the chat. `send` begins another try each time."""
        self._sending.queue(chat, self._insisting(send))

    async def sent(self, chat: str) -> None:
        """Return when what we said in a chat is noted, or soon: somebody may reply before it is."""
        await self._sending.sent(chat, NOTED_SECONDS)

    def loosely(self, work: Work) -> None:
        """Do this some time soon, once."""
        self._sending.loosely(work)

    async def _insisting(self, send: Callable[[], Work]) -> None:
        for pause in (*PAUSES, 0.0):
            try:
                await send()
                return
            except Trouble as trouble:
                if trouble.kind not in ("passing", "maybe") or not pause:
                    raise
            await asyncio.sleep(pause)

    def tell(self, came: Came, text: str) -> None:
        """As a reply to somebody's message, where they wrote it."""
        self.put(came.chat, lambda: self.below(came, Drawn(text)))

    async def below(self, came: Came, drawn: Drawn) -> int:
        """One message under somebody's; its id. Admins write in a topic that is closed, too: it is opened for that."""
        try:
            return await self._say(came, drawn)
        except Trouble as trouble:
            if trouble.kind != "topic_closed":
                raise
        await self.api.open_topic(came.chat, came.thread)
        await self._office.opened(came.chat, came.thread)
        return await self._say(came, drawn)

    async def _say(self, came: Came, drawn: Drawn) -> int:
        return await self.api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=math.inf)

    def say_no(self, came: Came, text: str) -> None:
        """To whoever pressed alone; to whoever wrote as a reply."""
        if came.callback:
            self.loosely(self.api.answer(came.callback, text, alert=True))
        else:
            self.tell(came, text)

    def text(self, key: str, gaps: Mapping[str, str] | None = None) -> str:
        """Words of ours."""
        return fill(self._office.county.texts["zh"], key, dict(gaps or {}))
