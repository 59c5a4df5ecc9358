"""Cases in Telegram's groups: a topic or a reply chain each, a card on top, and what happens below it."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.channels.boards import LOOK_SECONDS, GroupBoards
from bot.channels.telegram.api import Api
from bot.channels.telegram.draw import TEXT_MOST, Drawn, fitting, laid_out, neutral
from bot.channels.telegram.faults import Held, Trouble
from bot.channels.telegram.ports import Busy, Office
from bot.channels.telegram.receipts import Receipts
from bot.channels.telegram.sending import Sending
from bot.groups import Group, Place, Showing
from bot.outbox import Sent
from cases.case import OPEN, State
from handlers.staff import group as words
from handlers.staff.buttons import act_data
from handlers.staff.card import Card, CaseFile
from handlers.staff.orders import MORE
from handlers.wording import fill

log = structlog.get_logger(__name__)

SOON_SECONDS = 1.0
DIGEST_FROM = 20  # cases that wait: more than the group's budget shows in a minute
DIGEST_LINES = 15
REPAIRS = 4  # things in a group that may turn out to be gone, one after another
DONE = frozenset({"closed", "refused", "withdrawn", "merged"})


class Boards(GroupBoards):
    """The workers of all groups."""

    name, digest_from = "telegram", DIGEST_FROM
    quiet = (Busy, Held)

    def __init__(self, api: Api, office: Office, sending: Sending) -> None:
        super().__init__(office)
        self._api, self._office = api, office
        self.receipts = Receipts(api, office, sending)
        self._flat: set[str] = set()  # groups without topics
        self._made: dict[tuple[str, int], Place] = {}  # what was made of a place before its showing failed

    async def run(self) -> None:
        """Show what is owed, for ever."""
        await self._office.refresh()
        await super().run()

    async def pause(self, chat: str) -> bool:
        """A wait of no more than a moment is the pacer's own."""
        wait = self._api.pacer.wait(chat, urgent=False)
        if wait > SOON_SECONDS:
            await asyncio.sleep(min(wait, LOOK_SECONDS))
        return wait > SOON_SECONDS

    async def say_to(self, group: Group, text: str) -> Sent:
        """One message, in the group's general topic."""
        try:
            await self._api.say(group.chat, Drawn(_cut(text)), patience=math.inf, urgent=False)
        except Trouble as trouble:
            repaired = await self._repaired(group, Place(group.chat, 0), trouble)
            return repaired if isinstance(repaired, Sent) else Sent("held", after=1.0)
        return Sent("delivered")

    # --- one case -----------------------------------------------------------------------------------------------

    async def show(self, group: Group, showing: Showing) -> Sent:
        """Show a case; what turns out to be gone in the group is made again."""
        place, maybe = showing.place, showing.maybe
        for _ in range(REPAIRS):
            try:
                if showing.file is None:
                    await self._leave(place, showing.gone_to)
                else:
                    await self._show(group, place, showing.file, maybe)
                return Sent("delivered")
            except Held as held:
                return Sent("held", after=held.after)
            except Trouble as trouble:
                repaired = await self._repaired(group, place, trouble)
                if isinstance(repaired, Sent):
                    return repaired
                group, place = repaired
        return Sent("failed", "the group changes under our hands")

    async def _repaired(self, group: Group, place: Place, trouble: Trouble) -> Sent | tuple[Group, Place]:
        """The group and place to try again with, or what became of it."""
        place = await self._standing(group, place)
        match trouble.kind:
            case "topic_gone":
                return group, replace(place, thread=0, card=0, title="", looks="", closed=False)
            case "message_gone":
                return group, replace(place, card=0, looks="")
            case "topic_closed":
                await self._api.open_topic(group.chat, place.thread)
                return group, replace(place, closed=False)
            case "no_topics" | "no_rights":
                if group.chat in self._flat:
                    return Sent("failed", str(trouble), permanent=True)
                log.error("telegram.no_topics", chat=group.chat, kind=trouble.kind)
                self._flat.add(group.chat)
                return group, place
            case "moved":
                await self._office.moved_to(group.chat, trouble.chat)
                return replace(group, chat=trouble.chat), Place(trouble.chat, place.case_id, seq=place.seq)
            case "gone":
                await self.out(group)
                return Sent("failed", "no access to the group", permanent=True)
            case "wait":
                return Sent("held", after=trouble.after + 1)
            case "maybe" | "passing":
                return Sent("failed", str(trouble), maybe=trouble.kind == "maybe")
            case _:
                return Sent("failed", str(trouble), permanent=True)

    async def _standing(self, group: Group, place: Place) -> Place:
        """The place as it was stored last: what was made before the trouble stays made."""
        return self._made.pop((group.chat, place.case_id), place)

    async def _show(self, group: Group, here: Place, file: CaseFile, maybe: bool) -> None:
        title = words.title(file.card, self._texts, group.detail)
        here = await self._in_topic(group, here, title)
        here = await self._carded(group, here, file, maybe)
        own = {draft.fields.get("seq") for draft in await self._office.sent_from(here.chat, here.case_id)}
        news = words.told(file, max(here.seq, 1), self._office.county, group.detail, own)
        if news:
            drawn = Drawn(_cut(self._first(maybe) + neutral(news)))
            message = await self._say(here, drawn)
            await self._office.joined(here.chat, message, here.case_id)
        here = await self._keep(replace(here, seq=len(file.steps)))
        await self.receipts.show(here, file)
        if here.thread and (file.card.state in DONE) != here.closed:
            await self._turn_key(here, file.card.state in DONE)
            await self._keep(replace(here, closed=file.card.state in DONE))
        self._made.pop((here.chat, here.case_id), None)

    async def _in_topic(self, group: Group, here: Place, title: str) -> Place:
        if group.chat in self._flat:
            return here
        if not here.thread:
            thread = await self._api.make_topic(here.chat, title)
            return await self._keep(replace(here, thread=thread, card=0, title=title, looks=""))
        if here.closed and title != here.title:
            await self._turn_key(here, False)
            here = await self._keep(replace(here, closed=False))
        if title != here.title:
            await self._api.name_topic(here.chat, here.thread, title)
            here = await self._keep(replace(here, title=title))
        return here

    async def _carded(self, group: Group, here: Place, file: CaseFile, maybe: bool) -> Place:
        drawn = self._card(group, here.case_id, file)
        looks = hashlib.sha256(repr(drawn).encode()).hexdigest()
        if looks == here.looks:
            return here
        if here.card:
            await self._api.rewrite(here.chat, here.card, drawn, patience=math.inf, urgent=False)
            return await self._keep(replace(here, looks=looks))
        drawn = replace(drawn, text=_cut(self._first(maybe) + drawn.text))
        card = await self._api.say(here.chat, drawn, thread=here.thread, patience=math.inf, urgent=False)
        return await self._keep(replace(here, card=card, looks=looks), card)

    def _card(self, group: Group, case_id: int, file: CaseFile) -> Drawn:
        office, texts = self._office, self._texts
        text = neutral(words.header(file, office.county, office.now(), group.detail))
        acts = [(texts[f"act.{act}"], act_data(case_id, file.card.rev, act)) for act in words.pressable(file.card)]
        if file.card.state in (*OPEN, State.CLOSED):
            acts.append((texts["word.more"], act_data(case_id, file.card.rev, MORE)))
        if office.public_url.startswith("https://"):
            acts.append((texts["group.room"], f"{office.public_url}/staff#{file.card.no}"))
        return Drawn(_cut(text), buttons=laid_out(acts))

    async def _keep(self, here: Place, message: int = 0) -> Place:
        await self._office.stands(here, message)
        self._made[here.chat, here.case_id] = here
        return here

    async def _say(self, here: Place, drawn: Drawn) -> int:
        """Below the card: in its topic, or as a reply to it."""
        reply_to = 0 if here.thread else here.card
        return await self._api.say(
            here.chat, drawn, thread=here.thread, reply_to=reply_to, patience=math.inf, urgent=False
        )

    async def _turn_key(self, here: Place, close: bool) -> None:
        await (self._api.close_topic if close else self._api.open_topic)(here.chat, here.thread)

    async def _leave(self, here: Place, gone_to: str) -> None:
        """The case is somebody else's: a pointer, nothing of the case, and the topic is closed."""
        if not here.card or here.closed:
            return
        pointer = Drawn(fill(self._texts, "group.gone", {"unit": gone_to}) if gone_to else self._texts["group.gone_up"])
        await self._api.rewrite(here.chat, here.card, pointer, patience=math.inf, urgent=False)
        await self._say(here, pointer)
        if here.thread:
            await self._turn_key(here, True)
        await self._keep(replace(here, closed=True, looks="", card=here.card))

    # --- all at once --------------------------------------------------------------------------------------------

    def harmless(self, text: str) -> str:
        """As Telegram's own parser leaves it alone."""
        return neutral(text)

    def lines(self, cards: Sequence[Card]) -> Sequence[str]:
        """By number."""
        return [neutral(words.listed([card], self._office.county)) for card in cards[:DIGEST_LINES]]

    def _first(self, maybe: bool) -> str:
        return self._texts["telegram.maybe"] + "\n" if maybe else ""

    @property
    def _texts(self) -> dict[str, str]:
        return self._office.county.texts["zh"]


def _cut(text: str) -> str:
    most = fitting(text, TEXT_MOST)
    return text if most == len(text) else text[: fitting(text, TEXT_MOST - 1)] + "…"
