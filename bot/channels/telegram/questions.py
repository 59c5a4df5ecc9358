"""What staff ask in a group: /case, /find, /due, /stats, /faq, /help. The group hears what it may know, and no more."""

from __future__ import annotations

from bot.channels.offices import Known
from bot.channels.telegram.draw import Drawn, laid_out, neutral
from bot.channels.telegram.parse import Came
from bot.channels.telegram.ports import Office
from bot.channels.telegram.voice import Voice
from bot.groups import Group
from bot.markdown import marked
from cases.case import Actor
from handlers.staff import group as words
from handlers.staff.buttons import entry_mark, in36
from handlers.staff.card import CardQuery
from handlers.staff.orders import Ordered

FOUND_MOST = 10
ANSWERS_MOST = 4000  # characters of stored answers in one message
ANSWER_MOST = 600


class Questions:
    """Answers what bound staff ask."""

    def __init__(self, office: Office, voice: Voice) -> None:
        self._office, self._voice = office, voice

    async def asked(self, group: Group, came: Came, order: Ordered, who: Actor, held: Known | None) -> None:
        """One question; `held` is the case it is asked about, or stands in."""
        match order.name:
            case "case":
                county, now = self._office.county, self._office.now()
                text = words.header(held[1], county, now, group.detail) if held else self._text("illegal.unknown")
                self._voice.tell(came, neutral(text))
            case "find":
                await self._list(group, came, who, CardQuery(text=order.words[:100] or order.no, limit=FOUND_MOST))
            case "mine" | "overdue":
                await self._list(group, came, who, CardQuery(view=order.name, limit=FOUND_MOST))
            case "due":
                queries = (CardQuery(view=view, limit=FOUND_MOST) for view in ("overdue", "soon"))
                await self._list(group, came, who, *queries)
            case "stats":
                page = await self._office.cards(who, CardQuery(limit=1), group)
                lines = [f"{self._text(f'room.view.{view}')} {n}" for view, n in page.counts.items() if view != "mine"]
                self._voice.tell(came, "\n".join(lines))
            case "faq":
                await self._faq(came, order.words, held)
            case _:
                self._voice.tell(came, self._text("group.help"))

    async def _list(self, group: Group, came: Came, who: Actor, *queries: CardQuery) -> None:
        found = [card for query in queries for card in (await self._office.cards(who, query, group)).cards]
        lines = words.listed(found[:FOUND_MOST], self._office.county)
        self._voice.tell(came, lines or self._text("group.none"))

    async def _faq(self, came: Came, text: str, held: Known | None) -> None:
        """Stored answers to words; in a case's topic each can be taken as the answer, to be confirmed."""
        if not text:
            self._voice.tell(came, self._text("group.faq_empty"))
            return
        entries = await self._office.answers(text[:500])
        if not entries:
            self._voice.tell(came, self._text("group.none"))
            return
        shown = "\n\n".join(
            f"{at}. {one.question}\n{marked(one.answer)[0][:ANSWER_MOST]}" for at, one in enumerate(entries, 1)
        )
        buttons: list[tuple[str, str]] = []
        if held:
            at = f"{in36(held[0])}:{in36(held[1].card.rev)}"
            buttons = [(f"{n}. {one.question}", f"f:{at}:{entry_mark(one.id)}") for n, one in enumerate(entries, 1)]
        drawn = Drawn(shown[:ANSWERS_MOST], buttons=laid_out(buttons))
        self._voice.put(came.chat, lambda: self._voice.below(came, drawn))

    def stored(self, mark: str) -> str:
        """The stored answer behind a button, as plain text; "" when it is gone."""
        entry = next((one for one in self._office.entries() if entry_mark(one.id) == mark), None)
        return marked(entry.answer)[0] if entry else ""

    def _text(self, key: str) -> str:
        return self._voice.text(key)
