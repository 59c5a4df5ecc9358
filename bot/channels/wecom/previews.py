"""What somebody wants done to a case: asked for what is missing, shown as the citizen will read it, confirmed, done.

WeCom tells us no message's id, so a person's open previews are known by who wrote them, where, and about which case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.channels import previewing
from bot.channels.previewing import ASKS, WANTING, answered
from bot.channels.wecom.draw import Drawn, lines, neutral, titled
from bot.channels.wecom.frames import Came
from bot.channels.wecom.ports import Office
from bot.channels.wecom.voice import Voice
from bot.groups import Draft, Group, Judged
from cases.case import Act, Actor
from handlers.staff import group as words
from handlers.staff import orders
from handlers.staff.card import CaseFile
from handlers.staff.orders import VERBS, Around, Need, Understood
from handlers.words import number_of

PREVIEW_MOST = 3500
OFFERS = "offers"  # beside ASKS: the choices
SHOWN = "1"  # what stands for our message's id, which nobody tells us
OURS = frozenset({ASKS, OFFERS, "rev"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done, as they wrote or pressed it."""

    group: Group
    came: Came
    case_id: int
    file: CaseFile
    who: Actor
    act: str
    words: str = ""
    given: Mapping[str, str] = field(default_factory=dict[str, str])


class Previews:
    """From a wish to an act."""

    def __init__(self, office: Office, voice: Voice) -> None:
        self._office, self._voice = office, voice

    async def wished(self, wish: Wish) -> None:
        """Do it, show it, or ask for what it lacks."""
        wish = await self._as_clerk(wish)
        said = self._understood(wish)
        fields = {"rev": str(wish.file.card.rev), **said.fields}
        draft = Draft(
            0, wish.came.chat, wish.came.key, "", wish.case_id, wish.who.id, wish.act, said.text, fields, (), False
        )
        if said.missing:
            await self._ask(wish, draft, said)
        elif VERBS[Act(wish.act)].at_once:
            await self._at_once(wish, draft)
        else:
            await self._begin(wish, draft)

    async def _as_clerk(self, wish: Wish) -> Wish:
        """延期 by somebody who cannot grant it is a request for it."""
        acts = await self._office.acts(wish.who, wish.case_id) if wish.act == Act.EXTEND else ()
        return replace(wish, act=Act.REQUEST) if Act.REQUEST in acts and Act.EXTEND not in acts else wish

    def _understood(self, wish: Wish) -> Understood:
        card = wish.file.card
        around = Around(self._office.county, self._office.now(), card.department, card.answer_by)
        return orders.understood(wish.act, wish.words, wish.given, around)

    # --- what is missing ----------------------------------------------------------------------------------------

    async def _ask(self, wish: Wish, draft: Draft, said: Understood) -> None:
        """A question of ours: a press answers it, or the next words of the same person about the case."""
        assert said.missing
        judged = await self._office.judge(wish.who, wish.group, draft)
        if judged.error and judged.error not in WANTING:  # no use asking
            self._voice.say_no(wish.came, f"illegal.{judged.error}", judged.gaps)
            return
        fields = {**draft.fields, ASKS: said.missing, OFFERS: "|".join(value for value, _ in said.offers)}
        kept = await self._kept(replace(draft, fields=fields))
        if kept is None:
            return
        no = wish.file.card.no
        asked = self._voice.text(f"group.ask.{said.missing}", {"no": no, "act": self._voice.text(f"act.{wish.act}")})
        listed = "\n".join(f"{at}. {label}" for at, (_, label) in enumerate(said.offers, 1))
        buttons = tuple((label, f"c:{kept.id}:{value}") for value, label in said.offers)
        drawn = Drawn(lines([titled(no), asked, listed, self._voice.text("wecom.ask_how")]), buttons, titled(no))
        self._voice.tell(wish.came, drawn, lambda: self._seen(kept))

    async def _kept(self, draft: Draft) -> Draft | None:
        """Keep what somebody wrote, in place of what they began before about the same case; None for a repeat."""
        before = await self._office.open_drafts(draft.chat, Actor("staff", draft.staff_id))
        kept = await self._office.begin(draft)
        if kept is None:
            return await self._never_shown(draft)
        for old in before:
            if old.case_id == draft.case_id:
                await self._office.change(replace(old, done=True))
        return kept

    async def _never_shown(self, draft: Draft) -> Draft | None:
        known = await self._office.draft(chat=draft.chat, source=draft.source)
        return known if known and not known.done and not known.message else None

    async def _seen(self, draft: Draft) -> None:
        """It was shown to whoever wrote it."""
        now = await self._office.draft(draft.id)
        if now and not now.message:
            await self._office.change(replace(now, message=SHOWN))

    async def question(self, chat: str, who: Actor, case_id: int) -> Draft | None:
        """The question of ours that words without an order answer: about this case, or the only one that is open."""
        asked = [one for one in await self._office.open_drafts(chat, who) if ASKS in one.fields]
        if len(asked) == 1 and asked[0].fields[ASKS] == Need.CASE:  # a number alone is the other case
            return asked[0]
        mine = [one for one in asked if one.case_id == case_id] if case_id else asked
        return mine[-1] if mine and (case_id or len(mine) == 1) else None

    async def replied(self, wish: Wish, asked: Draft) -> None:
        """Words that answer a question of ours: first of all what it asked for."""
        need, given = Need(asked.fields[ASKS]), answered(asked, ours=OURS)
        offers, number = asked.fields.get(OFFERS, "").split("|"), number_of(wish.words)
        if number and 1 <= number <= len(offers) and offers[0]:
            given, wish = answered(asked, offers[number - 1], OURS), replace(wish, words=asked.text)
        elif asked.text and need is Need.EVIDENCE:
            given = answered(asked, wish.words[: orders.EVIDENCE_MOST], OURS)
            wish = replace(wish, words=asked.text)
        elif asked.text:  # it had its words already, and is told the rest
            said = self._understood(replace(wish, given=given))
            known = said.missing in (None, Need.WORDS)
            whole = "\n".join(part for part in (asked.text, said.text) if part)
            given, wish = dict(said.fields), replace(wish, words=whole if known else asked.text)
        await self.wished(replace(wish, act=asked.act, given=given))

    # --- the preview --------------------------------------------------------------------------------------------

    async def _at_once(self, wish: Wish, draft: Draft) -> None:
        """Taken as it is, and said."""
        result = await self._office.do(wish.who, f"wc-{wish.came.key}", draft)
        if error := result.get("error"):
            self._voice.say_no(wish.came, f"illegal.{error}", result)
            return
        if kept := await self._office.begin(draft):
            await self._done(wish.came, wish.who, kept, wish.file.card.no, result)

    async def _begin(self, wish: Wish, draft: Draft) -> None:
        judged = await self._office.judge(wish.who, wish.group, draft)
        if judged.error:
            self._voice.say_no(wish.came, f"illegal.{judged.error}", judged.gaps)
        elif kept := await self._kept(draft):
            self._voice.tell(wish.came, self._drawn(kept, judged, wish.file), lambda: self._seen(kept))

    def _drawn(self, draft: Draft, judged: Judged, file: CaseFile) -> Drawn:
        text, no = self._voice.text, file.card.no
        parts = [text("group.preview", {"no": titled(no), "act": text(f"act.{draft.act}")})]
        parts.append(words.answered_before(file, draft.act, self._office.county))
        parts += previewing.paragraphs(
            draft, judged, file, self._office.county, neutral, lambda told: told[:PREVIEW_MOST]
        )
        parts.append(text("wecom.send_how"))
        ask = [(text("act.ask"), f"p:{draft.id}:ask")] if draft.act == Act.ANSWER else []
        buttons = ((text("word.send"), f"p:{draft.id}:send"), *ask, (text("word.cancel"), f"p:{draft.id}:drop"))
        return Drawn(lines(parts), buttons, titled(no), text(f"act.{draft.act}"))

    async def show_again(self, draft: Draft, private: bool, group: Group) -> None:
        """A preview that was kept and never reached whoever wrote it."""
        who = await self._office.actor(draft.staff_id)
        held = await self._office.file(group, draft.case_id)
        if who is None or held is None:
            return
        judged = await self._office.judge(who, group, draft)
        if not judged.error and ASKS not in draft.fields:
            self._voice.say(draft.chat, private, self._drawn(draft, judged, held[1]), lambda: self._seen(draft))

    # --- 发送 and 取消 ------------------------------------------------------------------------------------------

    async def confirmed(self, group: Group, came: Came, who: Actor, verb: str, no: str) -> None:
        """发送 or 取消 in words: of the only preview that is open, or the one about this case."""
        open_ones = [one for one in await self._office.open_drafts(came.chat, who) if ASKS not in one.fields]
        held = await self._office.file(group, no=no) if no else None
        mine = [one for one in open_ones if held and one.case_id == held[0]] if no else open_ones
        if not mine:
            self._voice.say_no(came, "wecom.nothing_open")
        elif len({one.case_id for one in mine}) > 1:
            self._voice.say_no(came, "wecom.send_which", {"list": await self._numbers(group, mine)})
        else:
            await self._settle(group, came, who, mine[-1], verb)

    async def _numbers(self, group: Group, drafts: Sequence[Draft]) -> str:
        held = [await self._office.file(group, one.case_id) for one in drafts]
        return "、".join(dict.fromkeys(one[1].card.no for one in held if one))

    async def pressed(self, group: Group, came: Came, who: Actor, kind: str, rest: str) -> None:
        """A button under a preview or a question: only for whoever wrote it, once, where it is shown."""
        number, _, verb = rest.partition(":")
        draft = await self._office.draft(int(number)) if number.isdecimal() and len(number) < 19 else None
        if draft is None or draft.chat != came.chat:
            self._voice.say_no(came, "dialogue.old_button")
        elif draft.done:
            self._voice.say_no(came, "group.done_before")
        elif draft.staff_id != who.id:
            self._voice.say_no(came, "group.not_yours")
        elif kind == "c":
            await self._chosen(group, came, who, draft, verb)
        elif ASKS in draft.fields or verb not in ("send", "drop", "ask"):
            self._voice.say_no(came, "dialogue.old_button")
        else:
            await self._settle(group, came, who, draft, verb)

    async def _chosen(self, group: Group, came: Came, who: Actor, draft: Draft, value: str) -> None:
        held = await self._office.file(group, draft.case_id)
        if held is None or ASKS not in draft.fields or not value:
            self._voice.say_no(came, "dialogue.old_button")
            return
        await self.wished(Wish(group, came, *held, who, draft.act, draft.text, answered(draft, value, OURS)))

    async def _settle(self, group: Group, came: Came, who: Actor, draft: Draft, verb: str) -> None:
        held = await self._office.file(group, draft.case_id)
        if held is None or not await self._office.knows(who, draft.case_id):
            self._voice.say_no(came, "illegal.unknown")
        elif verb == "drop":
            await self._office.change(replace(draft, done=True))
            self._result(came, draft, held[1].card.no, self._voice.text("group.dropped"))
        else:
            act = Act.ASK if verb == "ask" and draft.act == Act.ANSWER else draft.act
            await self._sent(group, came, who, replace(draft, act=act), held[1])

    async def _sent(self, group: Group, came: Came, who: Actor, draft: Draft, file: CaseFile) -> None:
        # The revision is part of the key: a preview that was refused as stale and shown anew is another try.
        key = f"wc-p{draft.id}-{draft.act}-{draft.fields.get('rev', '0')}-{who.id}"
        result = await self._office.do(who, key, draft)
        error = result.get("error")
        if error:
            self._voice.say_no(came, f"illegal.{error}", result)
        if error == "stale":
            await self._anew(group, came, who, draft, file)
        if not error:
            await self._done(came, who, draft, file.card.no, result)

    async def _anew(self, group: Group, came: Came, who: Actor, draft: Draft, file: CaseFile) -> None:
        """The case has moved on: shown as it would be now, or why that cannot be any more."""
        draft = replace(draft, fields={**draft.fields, "rev": str(file.card.rev)}, message="")
        await self._office.change(draft)
        judged = await self._office.judge(who, group, draft)
        if judged.error:
            self._voice.say_no(came, f"illegal.{judged.error}", judged.gaps)
        else:
            self._voice.say(came.chat, came.private, self._drawn(draft, judged, file), lambda: self._seen(draft))

    async def _done(self, came: Came, who: Actor, draft: Draft, no: str, result: Mapping[str, str]) -> None:
        done = replace(draft, done=True, message=SHOWN, fields={**draft.fields, "seq": result.get("rev", "")})
        await self._office.change(done)
        told = self._voice.text("group.sent", {"who": who.name, "act": self._voice.text(f"act.{draft.act}")})
        self._result(came, done, no, told)

    def _result(self, came: Came, draft: Draft, no: str, told: str) -> None:
        """What came of it: on the card that was pressed, or in words."""

        async def noted() -> None:
            now = await self._office.draft(draft.id)
            if now:
                await self._office.change(replace(now, fields={**now.fields, "told": "1"}))

        if came.data.startswith("p:"):
            spent = ((self._voice.text("wecom.done"), f"p:{draft.id}:send"),)
            self._voice.redraw(came, Drawn("", spent, titled(no), told))
        self._voice.tell(came, titled(no, told), noted)
