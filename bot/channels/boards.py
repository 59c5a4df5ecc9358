"""Staff groups on any platform: a worker each, what it does in which order, and a digest of what is too much.

However slow a group is, answers to citizens do not wait for it. How a case is drawn there is the platform's channel's.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress

import structlog

from bot.channels import Busy
from bot.channels.offices import GroupOffice
from bot.groups import Group, Showing
from bot.outbox import Sent
from bot.web.security import where
from handlers.staff.card import Card
from handlers.wording import fill

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
GONE_SECONDS = 600.0  # how often a group that threw us out is tried again


class GroupBoards(ABC):
    """The workers of all groups. `name` is the platform's in the log, `digest_from` how many cases make a digest."""

    name: str
    digest_from: int
    quiet: tuple[type[Exception], ...] = (Busy,)  # what may happen to a worker every day

    def __init__(self, office: GroupOffice) -> None:
        self._groups = office
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._gone: dict[str, float] = {}  # groups that threw us out, and since when

    @abstractmethod
    async def pause(self, chat: str) -> bool:
        """Rest while the group may not be written to: a case is drawn when it can be shown. Whether it had to."""

    @abstractmethod
    async def say_to(self, group: Group, text: str) -> Sent:
        """Say something that is about no case, or many; nobody's words in it are live."""

    @abstractmethod
    async def show(self, group: Group, showing: Showing) -> Sent:
        """Show one case."""

    @abstractmethod
    def harmless(self, text: str) -> str:
        """Somebody's words, of which the platform makes no mention, link or markup."""

    @abstractmethod
    def lines(self, cards: Sequence[Card]) -> Sequence[str]:
        """As many of the cards as a digest has room for, a line each."""

    async def run(self) -> None:
        """Show what is owed, for ever. Groups may come and go with the office's files."""
        for group in self._groups.groups():
            await self._groups.resume(group)
        try:
            while True:
                here = {group.chat for group in self._groups.groups()}
                for chat in here - set(self._workers):
                    self._workers[chat] = asyncio.create_task(self._work(chat))
                for chat in set(self._workers) - here:
                    self._workers.pop(chat).cancel()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._workers.values():
                task.cancel()
            await asyncio.gather(*self._workers.values(), return_exceptions=True)
            self._workers.clear()

    async def _work(self, chat: str) -> None:
        async with self._groups.owing() as bell:
            while True:
                group = self._groups.group(chat)
                try:
                    if await self.pause(chat):
                        continue
                    if group and not self._rests(chat) and await self.step(group):
                        continue
                except self.quiet as error:
                    log.info(f"{self.name}.board", error=type(error).__name__)
                except Exception as error:
                    log.warning(f"{self.name}.board", error=type(error).__name__, at=where(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await bell.get()

    async def step(self, group: Group) -> bool:
        """Show one case, or a digest of all; False when nothing is owed."""
        if group.chat in self._gone:
            await self.back(group)
        rows, text = await self._groups.morning(group)
        if rows:
            await self._groups.settle_rows(rows, await self._said(group, self.harmless(text)))
            return True
        if await self._groups.backlog(group) > self.digest_from:
            rows, files = await self._groups.everything(group)
            text = self.digest([file.card for file in files]) if files else ""
            await self._groups.settle_rows(rows, await self._said(group, text))
            return True
        showing = await self._groups.next(group)
        if showing is None:
            return False
        await self._groups.settle_rows(showing.rows, await self.show(group, showing))
        return True

    async def _said(self, group: Group, text: str) -> Sent:
        """Nothing to say is said."""
        return await self.say_to(group, text) if text else Sent("delivered")

    # --- groups that threw us out -------------------------------------------------------------------------------

    def _rests(self, chat: str) -> bool:
        since = self._gone.get(chat)
        return since is not None and time.monotonic() - since < GONE_SECONDS

    async def back(self, group: Group) -> None:
        """We are in the group again, as far as we know: what was held goes on."""
        self._gone.pop(group.chat, None)
        await self._groups.resume(group)

    async def out(self, group: Group) -> None:
        """We are out of the group: its cards wait where the staff room sees them."""
        self._gone[group.chat] = time.monotonic()
        log.error(f"{self.name}.group_gone", chat=group.chat)
        await self._groups.hold(group)

    # --- all at once --------------------------------------------------------------------------------------------

    def digest(self, cards: Sequence[Card]) -> str:
        """What there is, the urgent first; the rest is a number and a link."""
        texts, url = self._groups.county.texts["zh"], self._groups.public_url
        cards = sorted(cards, key=lambda card: (not card.urgent, card.light != "overdue", card.no))
        listed = self.lines(cards)
        text = [fill(texts, "group.digest", {"n": str(len(cards))}), *listed]
        if len(cards) > len(listed):
            text.append(fill(texts, "group.digest_more", {"n": str(len(cards) - len(listed))}))
        text.append(f"{url}/staff" if url else texts["group.digest_room"])
        return "\n".join(text)
