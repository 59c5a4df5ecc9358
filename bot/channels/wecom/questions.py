"""What staff ask: 查, 我的, 今日到期, 超期, 统计, 政策, 帮助. A group hears what it may know, and no more."""

from __future__ import annotations

from bot.channels.wecom.draw import Drawn, lines, neutral, titled
from bot.channels.wecom.frames import Came
from bot.channels.wecom.ports import Known, Office
from bot.channels.wecom.voice import Voice
from bot.groups import Group
from bot.markdown import marked
from cases.case import Actor
from handlers.staff import group as words
from handlers.staff.buttons import act_data, entry_mark, in36
from handlers.staff.card import CardQuery, CaseFile
from handlers.staff.spoken import Spoken

FOUND_MOST = 10
ANSWERS_MOST, ANSWER_MOST = 4000, 600


class Questions:
    """Answers what bound staff ask."""

    def __init__(self, office: Office, voice: Voice) -> None:
        self._office, self._voice = office, voice

    async def asked(self, group: Group, came: Came, said: Spoken, who: Actor, held: Known | None) -> None:
        """One question; `held` is the case it is asked about."""
        match said.name:
            case "case" | "find" if held:
                self._voice.tell(came, drawn_case(self._office, group, *held))
            case "case" | "find" if said.no or said.name == "case":
                self._voice.say_no(came, "illegal.unknown" if said.no else "wecom.which")
            case "find":
                query = CardQuery(text=said.words[:100] or said.no, limit=FOUND_MOST)
                await self._list(group, came, who, query)
            case "mine" | "overdue":
                await self._list(group, came, who, CardQuery(view=said.name, limit=FOUND_MOST))
            case "due":
                queries = (CardQuery(view=view, limit=FOUND_MOST) for view in ("overdue", "soon"))
                await self._list(group, came, who, *queries)
            case "stats":
                page = await self._office.cards(who, CardQuery(limit=1), group)
                text = [f"{self._text(f'room.view.{view}')} {n}" for view, n in page.counts.items() if view != "mine"]
                self._voice.tell(came, "\n".join(text))
            case "faq":
                await self._faq(came, said.words, held)
            case _:
                self._voice.tell(came, self._text("wecom.help"))

    async def _list(self, group: Group, came: Came, who: Actor, *queries: CardQuery) -> None:
        found = [card for query in queries for card in (await self._office.cards(who, query, group)).cards]
        text = words.listed(found[:FOUND_MOST], self._office.county)
        self._voice.tell(came, neutral(text) or self._text("group.none"))

    async def _faq(self, came: Came, text: str, held: Known | None) -> None:
        """Stored answers to words; about a case each can be taken as the answer, to be confirmed."""
        if not text:
            self._voice.say_no(came, "wecom.faq_empty")
            return
        entries = await self._office.answers(text[:500])
        if not entries:
            self._voice.say_no(came, "group.none")
            return
        answers = [
            f"{at}. {neutral(one.question)}\n{neutral(marked(one.answer)[0][:ANSWER_MOST])}"
            for at, one in enumerate(entries, 1)
        ]
        shown = lines([titled(held[1].card.no) if held else "", *answers])[:ANSWERS_MOST]
        buttons: list[tuple[str, str]] = []
        if held:
            at = f"{in36(held[0])}:{in36(held[1].card.rev)}"
            buttons = [(f"{n}. {one.question}", f"f:{at}:{entry_mark(one.id)}") for n, one in enumerate(entries, 1)]
        self._voice.tell(came, Drawn(shown, tuple(buttons), titled(held[1].card.no) if held else ""))

    def stored(self, mark: str) -> str:
        """The stored answer behind a button, as plain text; "" when it is gone."""
        entry = next((one for one in self._office.entries() if entry_mark(one.id) == mark), None)
        return marked(entry.answer)[0] if entry else ""

    def _text(self, key: str) -> str:
        return self._voice.text(key)


def drawn_case(office: Office, group: Group, case_id: int, file: CaseFile) -> Drawn:
    """A case as it stands, with what may be pressed."""
    texts, no = office.county.texts["zh"], file.card.no
    header = words.header(file, office.county, office.now(), group.detail).removeprefix(no).removeprefix(" · ")
    text = titled(no, neutral(header))
    if office.public_url:
        text += f"\n{texts['group.room']} {office.public_url}/staff#{no}"
    acts = [(texts[f"act.{act}"], act_data(case_id, file.card.rev, act)) for act in words.pressable(file.card)]
    return Drawn(text, tuple(acts), titled(no), texts["wecom.buttons"])
