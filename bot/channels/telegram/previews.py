"""What somebody wants done to a case: asked for what is missing, shown as the citizen will read it, confirmed, done.

Whoever wrote it confirms it; an anonymous admin's words are confirmed by somebody who has a name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.channels import previewing
from bot.channels.previewing import ASKS, WANTING, answered
from bot.channels.telegram.draw import Drawn, fitting, laid_out, neutral
from bot.channels.telegram.parse import Came
from bot.channels.telegram.ports import Office
from bot.channels.telegram.receipts import KEPT, Receipts
from bot.channels.telegram.voice import Voice
from bot.groups import Draft, Group, Judged
from cases.case import Act, Actor
from handlers.staff import group as words
from handlers.staff import orders
from handlers.staff.buttons import act_data
from handlers.staff.card import CaseFile
from handlers.staff.orders import VERBS, Around, Need, Understood

PREVIEW_MOST = 3500
DATA_MOST = 64  # bytes of callback data
CHOICES_MOST = 90


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, as they wrote or pressed it. `who` None: an anonymous admin."""

    group: Group
    came: Came
    case_id: int
    file: CaseFile
    who: Actor | None
    act: str
    words: str = ""
    given: Mapping[str, str] = field(default_factory=dict[str, str])
    files: tuple[str, ...] = ()
    source: str = ""
    first: str = ""  # the key of what stands above the preview


class Previews:
    """From a wish to an act."""

    def __init__(self, office: Office, voice: Voice, receipts: Receipts) -> None:
        self._office, self._voice, self._receipts = office, voice, receipts

    def understood(self, wish: Wish) -> Understood:
        """What the words of a wish say."""
        card = wish.file.card
        around = Around(self._office.county, self._office.now(), card.department, card.answer_by)
        return orders.understood(wish.act, wish.words, wish.given, around)

    async def wished(self, wish: Wish) -> None:
        """Do it, show it, or ask for what it lacks."""
        said = self.understood(wish)
        fields = {"rev": str(wish.file.card.rev), **said.fields}
        draft = Draft(
            0, wish.came.chat, wish.source or str(wish.came.message), "", wish.case_id,
            wish.who.id if wish.who else 0, wish.act, said.text, fields, wish.files, False,
        )  # fmt: skip
        if said.missing:
            await self._ask(wish, draft, said)
        elif VERBS[Act(wish.act)].at_once:
            await self._at_once(wish, draft)
        else:
            await self._begin(wish, draft)

    # --- what is missing ----------------------------------------------------------------------------------------

    async def _ask(self, wish: Wish, draft: Draft, said: Understood) -> None:
        """A question of ours: a press or a reply answers it."""
        assert said.missing
        judged = await self._office.judge(wish.who, wish.group, draft)
        if judged.error and judged.error not in WANTING:  # no use asking
            self._voice.say_no(wish.came, self._voice.text(f"illegal.{judged.error}", judged.gaps))
            return
        kept = await self._office.begin(replace(draft, fields={**draft.fields, ASKS: said.missing}))
        self._heard(wish.came)
        if kept is None:
            return
        gaps = {"no": wish.file.card.no, "act": self._voice.text(f"act.{wish.act}")}
        choices = [(label, f"c:{kept.id}:{value}") for value, label in said.offers]
        choices = [one for one in choices if len(one[1].encode()) <= DATA_MOST][:CHOICES_MOST]
        drawn = Drawn(self._voice.text(f"group.ask.{said.missing}", gaps), buttons=laid_out(choices))
        self._voice.put(wish.came.chat, lambda: self._put(wish.came, kept, drawn))

    async def _put(self, came: Came, draft: Draft, drawn: Drawn) -> None:
        message = await self._voice.below(came, drawn)
        await self._office.change(replace(draft, message=str(message)))
        await self._office.joined(came.chat, message, draft.case_id)

    async def question(self, chat: str, message: int) -> Draft | None:
        """The question of ours that a message of ours asks."""
        asked = await self._office.draft(chat=chat, message=message)
        if asked is None:
            await self._voice.sent(chat)
            asked = await self._office.draft(chat=chat, message=message)
        return asked if asked and ASKS in asked.fields else None

    def _heard(self, came: Came) -> None:
        """The little clock on a button stops: once, so not where a press is told why it does nothing."""
        if came.callback:
            self._voice.loosely(self._voice.api.answer(came.callback))

    def asks(self, asked: Draft) -> Need:
        """What a question of ours asks for."""
        return Need(asked.fields[ASKS])

    def answered(self, asked: Draft, value: str = "") -> dict[str, str]:
        """What is known once a question has its answer."""
        return answered(asked, value)

    async def chosen(self, group: Group, came: Came, who: Actor, draft: Draft, value: str) -> None:
        """A button under a question of ours."""
        held = await self._office.file(group, draft.case_id)
        if held is None or ASKS not in draft.fields or not value:
            self._voice.say_no(came, self._voice.text("dialogue.old_button"))
            return
        given, source = self.answered(draft, value), f"b{came.callback}"
        await self.wished(Wish(group, came, *held, who, draft.act, draft.text, given, draft.files, source))

    # --- the preview --------------------------------------------------------------------------------------------

    async def _at_once(self, wish: Wish, draft: Draft) -> None:
        """Taken as it is; a note is kept in mind, so that a change of it is a note, too."""
        if wish.who is None:
            if wish.act != Act.NOTE:
                self._voice.say_no(wish.came, self._voice.text("group.as_yourself"))
            return
        result = await self._office.do(wish.who, f"tg-{wish.came.key}", draft)
        if error := result.get("error"):
            self._voice.say_no(wish.came, self._voice.text(f"illegal.{error}", result))
            return
        if wish.act == Act.NOTE and (kept := await self._office.begin(draft)):
            await self._office.change(replace(kept, done=True))
        self._heard(wish.came)
        if not wish.came.callback:
            self._receipts.mark(wish.came.chat, wish.came.message, KEPT)

    async def _begin(self, wish: Wish, draft: Draft) -> None:
        judged = await self._office.judge(wish.who, wish.group, draft)
        if judged.error:
            self._voice.say_no(wish.came, self._voice.text(f"illegal.{judged.error}", judged.gaps))
            return
        kept = await self._office.begin(draft)
        self._heard(wish.came)
        if kept is not None:
            drawn = self._drawn(kept, judged, wish.file, wish.first)
            self._voice.put(wish.came.chat, lambda: self._put(wish.came, kept, drawn))

    def _drawn(self, draft: Draft, judged: Judged, file: CaseFile, first: str = "") -> Drawn:
        text = self._voice.text
        key = "group.preview" if draft.staff_id else "group.preview_anonymous"
        parts = [text(first) if first else "", text(key, {"no": file.card.no, "act": text(f"act.{draft.act}")})]
        if not first:  # a correction says so itself
            parts.append(words.answered_before(file, draft.act, self._office.county))
        parts += previewing.paragraphs(draft, judged, file, self._office.county, neutral, _cut)
        send = (text("word.send"), f"p:{draft.id}:send")
        drop = (text("word.cancel"), f"p:{draft.id}:drop")
        ask = [(text("act.ask"), f"p:{draft.id}:ask")] if draft.act == Act.ANSWER else []
        return Drawn("\n\n".join(part for part in parts if part), buttons=laid_out([send, *ask, drop]))

    async def redraw(self, group: Group, draft: Draft, who: Actor | None) -> None:
        """A preview whose words or case have changed."""
        judged = await self._office.judge(who, group, draft)
        held = await self._office.file(group, draft.case_id)
        if held and draft.message:
            drawn = self._drawn(draft, judged, held[1])
            if judged.error:
                drawn = Drawn(self._voice.text(f"illegal.{judged.error}", judged.gaps))
            self._rewrite(draft.chat, int(draft.message), drawn)

    def _rewrite(self, chat: str, message: int, drawn: Drawn) -> None:
        self._voice.put(chat, lambda: self._voice.api.rewrite(chat, message, drawn, patience=math.inf))

    # --- presses under it ---------------------------------------------------------------------------------------

    async def pressed(self, group: Group, came: Came, who: Actor, kind: str, rest: str) -> None:
        """A button under a preview or a question: only for whoever wrote it, once, where it is shown."""
        number, _, verb = rest.partition(":")
        draft = await self._office.draft(int(number)) if number.isdecimal() and len(number) < 19 else None
        if draft is None or draft.chat != came.chat or draft.message not in ("", str(came.message)):
            self._no(came, "dialogue.old_button")
        elif draft.done:
            self._no(came, "group.done_before")
        elif draft.staff_id not in (0, who.id):
            self._no(came, "group.not_yours")
        elif await self._office.file(group, draft.case_id) is None:
            self._no(came, "illegal.unknown")
        elif kind == "c":
            await self.chosen(group, came, who, draft, verb)
        elif ASKS in draft.fields:
            self._no(came, "dialogue.old_button")
        elif verb == "drop":
            await self._settled(came, replace(draft, done=True), self._voice.text("group.dropped"))
        elif verb == "send" or (verb == "ask" and draft.act == Act.ANSWER):
            await self._sent(group, came, who, replace(draft, act=Act.ASK if verb == "ask" else draft.act))
        else:
            self._no(came, "dialogue.old_button")

    def _no(self, came: Came, key: str) -> None:
        self._voice.say_no(came, self._voice.text(key))

    async def _sent(self, group: Group, came: Came, who: Actor, draft: Draft) -> None:
        # The revision is part of the key: a preview that was refused as stale and shown anew is another try.
        key = f"tg-p{draft.id}-{draft.act}-{draft.fields.get('rev', '0')}-{who.id}"
        result = await self._office.do(who, key, draft)
        error = result.get("error")
        if error == "stale" and (held := await self._office.file(group, draft.case_id)):
            anew = replace(draft, fields={**draft.fields, "rev": str(held[1].card.rev)})
            await self._office.change(anew)
            await self.redraw(group, anew, who)
        if error:
            self._voice.say_no(came, self._voice.text(f"illegal.{error}", result))
            return
        told = {"who": who.name, "act": self._voice.text(f"act.{draft.act}")}
        words_ = self._voice.text("group.sent", told) + (f"\n\n{neutral(draft.text)}" if draft.text else "")
        draft = replace(draft, done=True, staff_id=who.id, fields={**draft.fields, "seq": result.get("rev", "")})
        await self._settled(came, draft, words_[: fitting(words_, PREVIEW_MOST)])

    async def _settled(self, came: Came, draft: Draft, words_: str) -> None:
        await self._office.change(replace(draft, message=str(came.message)))
        self._heard(came)
        self._rewrite(came.chat, came.message, Drawn(words_))

    async def more(self, came: Came, case_id: int, file: CaseFile, who: Actor) -> None:
        """What else whoever pressed may do to the case."""
        acts = words.under_more(await self._office.acts(who, case_id), file.card)
        if not acts:
            self._no(came, "group.no_more")
            return
        self._heard(came)
        data = [(self._voice.text(f"act.{act}"), act_data(case_id, file.card.rev, act)) for act in acts]
        drawn = Drawn(self._voice.text("group.more", {"no": file.card.no}), buttons=laid_out(data))
        self._voice.put(came.chat, lambda: self._shown(came, case_id, drawn))

    async def _shown(self, came: Came, case_id: int, drawn: Drawn) -> None:
        await self._office.joined(came.chat, await self._voice.below(came, drawn), case_id)


def _cut(words_: str) -> str:
    return words_[: fitting(words_, PREVIEW_MOST)]
