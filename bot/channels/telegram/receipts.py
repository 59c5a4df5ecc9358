"""Receipts under what staff wrote: a sign that it was taken, another when the citizen has it, words when they have not.

A sign is a reaction, so that a talk does not fill with echoes. Telegram lets a bot set only some: ✅ and ⏳ are not
among them. A group may forbid them all; then the card and the words say it.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import structlog

from bot.channels.telegram.api import Api
from bot.channels.telegram.draw import Drawn
from bot.channels.telegram.faults import Held, Trouble
from bot.channels.telegram.ports import Office
from bot.channels.telegram.sending import Sending
from bot.groups import Draft, Place
from handlers.staff.card import CaseFile
from handlers.wording import fill

log = structlog.get_logger(__name__)

KEPT, OWED, DELIVERED = "✍", "👀", "👌"
PENDING = frozenset({"waiting", "parked"})
SPARE_SECONDS = 1.0  # a sign that must wait longer than this for its slot is left out
FORBIDDEN_SECONDS = 3600.0  # for which a group that takes no signs is left alone


class Receipts:
    """Of every group."""

    def __init__(self, api: Api, office: Office, sending: Sending) -> None:
        self._api, self._office, self._sending = api, office, sending
        self._forbidden: dict[str, float] = {}

    def mark(self, chat: str, message: int, sign: str) -> None:
        """Put a sign under somebody's message, if that costs nothing that matters more."""
        self._sending.loosely(self._marked(chat, message, sign))

    async def _marked(self, chat: str, message: int, sign: str) -> bool:
        """Whether there is nothing left to try."""
        if time.monotonic() < self._forbidden.get(chat, 0.0):
            return True
        try:
            await self._api.react(chat, message, sign, SPARE_SECONDS)
        except Held:
            return False
        except Trouble as trouble:
            if trouble.kind in ("wait", "passing", "maybe"):
                return False
            log.info("telegram.no_reactions", chat=chat, kind=trouble.kind)
            self._forbidden[chat] = time.monotonic() + FORBIDDEN_SECONDS
        return True

    async def show(self, here: Place, file: CaseFile) -> None:
        """Tell what became of each thing sent from this group. Raises Trouble and Held for words that did not go."""
        for draft in await self._office.sent_from(here.chat, here.case_id):
            seq = int(draft.fields.get("seq") or 0)
            delivery = file.steps[seq - 1].delivery if 0 < seq <= len(file.steps) else ""
            if delivery and delivery != draft.fields.get("shown"):
                await self._told(here, draft, delivery)

    async def _told(self, here: Place, draft: Draft, delivery: str) -> None:
        fields, note = dict(draft.fields), int(draft.fields.get("note") or 0)
        words = fill(self._office.county.texts["zh"], f"group.delivery.{delivery}", {})
        if note:
            await self._api.rewrite(here.chat, note, Drawn(words), patience=math.inf, urgent=False)
        elif delivery in PENDING:
            note = await self._api.say(
                here.chat, Drawn(words), thread=here.thread, reply_to=int(draft.message or 0), patience=math.inf,
                urgent=False,
            )  # fmt: skip
            fields["note"] = str(note)
            await self._office.joined(here.chat, note, here.case_id)
        marked = True
        if draft.source.isdecimal():
            marked = await self._marked(here.chat, int(draft.source), DELIVERED if delivery == "delivered" else OWED)
        fields |= {"shown": delivery} if marked else {}
        await self._office.change(replace(draft, fields=fields))
