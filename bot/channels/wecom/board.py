"""Cases in WeCom's groups: a card each, then what happens, coalesced.

WeCom lets us change nothing that was said, so what is new is said anew, and what everybody has just read is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.channels.boards import LOOK_SECONDS, GroupBoards
from bot.channels.wecom.api import Wire
from bot.channels.wecom.draw import Drawn, cut, neutral, titled
from bot.channels.wecom.faults import Held, Trouble
from bot.channels.wecom.ports import Office
from bot.channels.wecom.questions import drawn_case
from bot.groups import Draft, Group, Place, Showing
from bot.outbox import Sent
from handlers.staff import group as words
from handlers.staff.card import Card, CaseFile
from handlers.wording import fill

DIGEST_FROM = 14  # cases that wait: more than a group's cards of a minute
DIGEST_BYTES = 3600


class Boards(GroupBoards):
    """The workers of all groups. `buttons`: whether the way out can carry any."""

    name, digest_from = "wecom", DIGEST_FROM

    def __init__(self, wire: Wire, office: Office, buttons: bool = True) -> None:
        super().__init__(office)
        self._wire, self._office, self._buttons = wire, office, buttons

    async def pause(self, chat: str) -> bool:
        """By the pacer's clock."""
        wait = self._wire.pacer.wait(chat)
        if wait:
            await self._wire.pacer.rest(min(wait, LOOK_SECONDS))
        return wait > 0

    async def say_to(self, group: Group, text: str) -> Sent:
        """One message."""
        return await self._sent(group, Drawn(cut(text)))

    async def _sent(self, group: Group, drawn: Drawn) -> Sent:
        """What became of a message; one with no words is said."""
        if not drawn.text:
            return Sent("delivered")
        try:
            await self._wire.say(group.chat, drawn, urgent=False)
        except Held as held:
            return Sent("held", after=held.after)
        except Trouble as trouble:
            return await self._failed(group, trouble)
        return Sent("delivered")

    async def _failed(self, group: Group, trouble: Trouble) -> Sent:
        match trouble.kind:
            case "away":
                return Sent("held", after=1.0)
            case "wait":
                return Sent("held", after=trouble.after)
            case "maybe":
                return Sent("failed", str(trouble), maybe=True)
            case "gone":
                await self.out(group)
                return Sent("failed", "no access to the group", permanent=True)
            case _:
                return Sent("failed", str(trouble), permanent=trouble.kind == "refused")

    # --- one case -----------------------------------------------------------------------------------------------

    async def show(self, group: Group, showing: Showing) -> Sent:
        """A card the first time, then what is new."""
        here, file = showing.place, showing.file
        if file is None:
            return await self._left(group, here, showing.gone_to)
        drafts = await self._office.sent_from(here.chat, here.case_id)
        drawn = self._card(group, here, file) if not here.card else self._news(group, here, file, drafts)
        told = self._receipts(drafts, file)
        if drawn.text and showing.maybe:
            first, *rest = drawn.text.split("\n", 1)
            drawn = replace(drawn, text="\n".join([first + self._texts["wecom.maybe"], *rest]))
        sent = await self._sent(group, drawn)
        if sent.result == "delivered":
            at, no = len(file.steps), file.card.no
            await self._office.stands(replace(here, card=1, seq=at, title=no, looks=_looks(file), closed=False))
            for draft, delivery in told:
                await self._office.change(replace(draft, fields={**draft.fields, "shown": delivery}))
        return sent

    def _card(self, group: Group, here: Place, file: CaseFile) -> Drawn:
        drawn = drawn_case(self._office, group, here.case_id, file)
        text = f"{drawn.text}\n{self._texts['wecom.answer_how']}" if self._buttons and file.card.acts else drawn.text
        return replace(drawn, text=text, buttons=drawn.buttons if self._buttons else ())

    def _news(self, group: Group, here: Place, file: CaseFile, drafts: Sequence[Draft]) -> Drawn:
        """What is new, in one message; nothing when everybody has read it as the echo of what was done here."""
        texts, card = self._texts, file.card
        own = {one.fields.get("seq") for one in drafts if one.fields.get("told")}
        news = words.told(file, max(here.seq, 1), self._office.county, group.detail, own)
        heard = {file.steps[int(at) - 1].at for at in own if at and int(at) <= len(file.steps)}
        unheard = any(step.at not in heard for step in file.steps[here.seq :])
        parts = [neutral(news)]
        if here.closed or (unheard and _looks(file) != here.looks):
            state = [texts.get(f"state.{card.state}", card.state)]
            state += [fill(texts, "group.claimed", {"who": card.claimed_name})] if card.claimed_by else []
            state += [texts["group.urgent"]] if card.urgent else []
            parts.append(fill(texts, "wecom.now", {"state": " · ".join(state)}))
        for draft, delivery in self._receipts(drafts, file):
            if delivery != "queued":
                parts.append(self._receipt(draft, delivery, file))
        said = "\n\n".join(part for part in parts if part)
        return Drawn(cut(f"{titled(card.no, card.topic)}\n{said}") if said else "")

    def _receipts(self, drafts: Sequence[Draft], file: CaseFile) -> list[tuple[Draft, str]]:
        """What became of each thing sent from this group, where that has changed."""
        found: list[tuple[Draft, str]] = []
        for draft in drafts:
            seq = int(draft.fields.get("seq") or 0)
            delivery = file.steps[seq - 1].delivery if 0 < seq <= len(file.steps) else ""
            if delivery and delivery != draft.fields.get("shown"):
                found.append((draft, delivery))
        return found

    def _receipt(self, draft: Draft, delivery: str, file: CaseFile) -> str:
        step = file.steps[int(draft.fields["seq"]) - 1]
        act = self._texts.get(f"act.{draft.act}", draft.act)
        gaps = {"act": act, "who": step.who, "delivery": self._texts[f"group.delivery.{delivery}"]}
        return fill(self._texts, "wecom.receipt", gaps)

    async def _left(self, group: Group, here: Place, gone_to: str) -> Sent:
        """The case is somebody else's: a pointer, nothing of the case but the number it was shown under."""
        if not here.card or here.closed:
            return Sent("delivered")
        texts = self._texts
        words_ = fill(texts, "group.gone", {"unit": gone_to}) if gone_to else texts["group.gone_up"]
        sent = await self._sent(group, Drawn(titled(here.title, words_) if here.title else words_))
        if sent.result == "delivered":
            await self._office.stands(replace(here, closed=True, looks=""))
        return sent

    # --- all at once --------------------------------------------------------------------------------------------

    def harmless(self, text: str) -> str:
        """As markdown reads it."""
        return neutral(text)

    def lines(self, cards: Sequence[Card]) -> Sequence[str]:
        """By bytes."""
        listed, used = list[str](), 0
        for card in cards:
            line = neutral(words.listed([card], self._office.county))
            used += len(line.encode()) + 1
            if used > DIGEST_BYTES:
                break
            listed.append(line)
        return listed

    @property
    def _texts(self) -> dict[str, str]:
        return self._office.county.texts["zh"]


def _looks(file: CaseFile) -> str:
    """A fingerprint of what a line about the case's state would say."""
    card = file.card
    seen = (card.state, card.claimed_by, card.urgent, card.supervised, card.department)
    return hashlib.sha256(repr(seen).encode()).hexdigest()
