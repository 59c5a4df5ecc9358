"""What staff say and press in a group. Chatter stays internal; what goes to a citizen is shown first and confirmed.

A reply to a message that shows a case, or a command, is meant for it. Who presses is looked up in the staff table
by the account that pressed: an anonymous admin's words are confirmed by somebody who has a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from bot.channels.telegram.api import Api
from bot.channels.telegram.board import Boards, in36
from bot.channels.telegram.citizens import LARGEST, fetched
from bot.channels.telegram.draw import Drawn, fitting, laid_out, neutral
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.parse import Came
from bot.channels.telegram.ports import Office
from bot.channels.telegram.sending import Sending
from bot.groups import Draft, Group, Judged
from bot.markdown import marked
from bot.web.uploads import Refused
from cases.case import Actor
from handlers.staff import group as words
from handlers.staff.card import CardQuery, CaseFile
from handlers.wording import fill

FOUND_MOST = 10
PREVIEW_MOST = 3500
ACTED = frozenset(map(str, words.BUTTONS)) | {"note"}
WORDS_OF = {"r": "answer", **{act: act for act in ACTED}}


class Groups:
    """Every staff group."""

    def __init__(self, api: Api, office: Office, boards: Boards, sending: Sending) -> None:
        self._api, self._office, self._boards, self._sending = api, office, boards, sending

    async def take(self, cames: Sequence[Came]) -> None:
        """One message or press. Returns after COMMIT. Raises Busy."""
        came = cames[0]
        if came.moved_to:
            await self._office.moved_to(came.chat, came.moved_to)
            return
        group = self._office.group(came.chat)
        if came.kind == "member":
            await self._standing(group, came)
        elif came.kind == "message" and came.text.split("@")[0] == "/id":
            self._tell(came, came.chat)
        elif group is None:
            return
        elif came.basic:
            self._tell(came, self._text("group.basic"))
        elif came.kind == "press":
            await self._press(group, came)
        elif came.kind == "edit":
            await self._edited(group, came)
        else:
            await self._said(group, cames)

    async def _standing(self, group: Group | None, came: Came) -> None:
        if group and came.standing == "out":
            await self._boards.out(group)
        elif group:
            await self._boards.back(group)

    # --- words --------------------------------------------------------------------------------------------------

    async def _said(self, group: Group, cames: Sequence[Came]) -> None:
        came = cames[0]
        order = words.ordered(came.text, self._office.county.office.case_prefix)
        if order is None and not came.reply_to_bot and not came.thread:
            return
        who = None if came.anonymous else await self._office.staff_of(came.user)
        if who is None and not came.anonymous:
            if order or came.reply_to_bot:
                self._tell(came, self._text("group.unbound"))
            return
        if order and order.name not in WORDS_OF:
            await self._asked(group, came, order, who)
            return
        held = await self._meant(group, came, order)
        if held is None:
            if order or came.reply_to_bot:
                self._tell(came, self._text("illegal.unknown"))
            return
        text = order.words if order else "\n".join(one.text for one in cames if one.text)
        prompted = await self._prompted(came)
        act = WORDS_OF[order.name] if order else prompted or ("answer" if came.reply_to_bot else "note")
        files = await self._files(cames, who)
        await self._begun(group, came, held, Draft(
            0, came.chat, str(came.message), "", held[0], who.id if who else 0, act, text,
            {"rev": str(held[1].card.rev), **(words.evidence(text) if act == "close" else {})}, files, False,
        ), who)  # fmt: skip

    async def _meant(
        self, group: Group, came: Came, order: words.Ordered | None
    ) -> tuple[int, CaseFile] | None:
        """The case a message is about, if the group may know of it."""
        if order and order.no:
            return await self._office.file(group, no=order.no)
        case_id = await self._office.case_of(came.chat, came.thread, came.reply_to)
        return await self._office.file(group, case_id) if case_id else None

    async def _prompted(self, came: Came) -> str:
        """The act that a message of ours asked words for."""
        if not came.reply_to_bot:
            return ""
        asked = await self._office.draft(chat=came.chat, message=came.reply_to)
        return asked.act if asked and not asked.done and not asked.text else ""

    async def _files(self, cames: Sequence[Came], who: Actor | None) -> tuple[str, ...]:
        """Files of a member of staff, checked as everywhere. What is not taken is said."""
        limits = self._office.county.office.limits
        largest = min(LARGEST, max(limits.photo_mb, limits.file_mb) * 2**20)
        kept: list[str] = []
        for came in (one for one in cames if one.file and who):
            assert came.file is not None
            assert who is not None
            try:
                data = await fetched(self._api, came.file, largest)
                file = await self._office.receive_file(
                    "staff", str(who.id), _stream(data), came.file.name, came.file.mime
                )
                kept.append(file.id)
            except Refused as refused:
                self._tell(came, self._text(refused.key, {name: str(gap) for name, gap in refused.gaps.items()}))
            except Trouble:
                self._tell(came, self._text("telegram.file_lost"))
        return tuple(kept)

    async def _edited(self, group: Group, came: Came) -> None:
        """Words that were changed: the preview changes along; what is sent already becomes a correction to confirm."""
        before = await self._office.draft(chat=came.chat, source=str(came.message))
        if before is None or came.anonymous or before.act == "note":
            return
        who = await self._office.staff_of(came.user)
        order = words.ordered(came.text, self._office.county.office.case_prefix)
        text = order.words if order else came.text
        held = await self._office.file(group, before.case_id)
        if who is None or who.id != before.staff_id or text == before.text or held is None:
            return
        rev = {"rev": str(held[1].card.rev)}
        if not before.done:
            draft = replace(before, text=text, fields={**before.fields, **rev})
            await self._office.change(draft)
            await self._redrawn(group, draft, who)
            return
        act = "answer" if before.act == "close" else before.act
        source = f"{came.message}e{int(came.at.timestamp())}"
        correction = replace(before, id=0, source=source, message="", act=act, text=text, fields=rev, done=False)
        await self._begun(group, came, held, correction, who, first="group.correction")

    # --- previews -----------------------------------------------------------------------------------------------

    async def _begun(
        self, group: Group, came: Came, held: tuple[int, CaseFile], draft: Draft, who: Actor | None, first: str = ""
    ) -> None:
        """A note is taken as it is; anything else is shown before it is done."""
        if draft.act in ("note", "claim", "release"):
            if who is not None:
                await self._done(group, came, draft, who, f"tg-{came.key}")
            elif draft.act != "note":
                self._tell(came, self._text("group.as_yourself"))
            return
        judged = await self._office.judge(who, group, draft)
        if judged.error:
            self._tell(came, self._text(f"illegal.{judged.error}", judged.gaps))
            return
        kept = await self._office.begin(draft)
        if kept is None:
            return
        self._sending.queue(came.chat, self._show(came, kept, judged, held[1].card.no, first))

    async def _show(self, came: Came, draft: Draft, judged: Judged, no: str, first: str) -> None:
        drawn = self._preview(draft, judged, no, first)
        message = await self._api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=120.0)
        await self._office.change(replace(draft, message=str(message)))
        await self._office.joined(came.chat, message, draft.case_id)

    def _preview(self, draft: Draft, judged: Judged, no: str, first: str = "") -> Drawn:
        told = judged.words or self._text("group.silent")
        act = self._text(f"act.{draft.act}")
        key = "group.preview" if draft.staff_id else "group.preview_anonymous"
        head = self._text(key, {"no": no, "act": act})
        files = self._text("group.files", {"n": str(len(draft.files))}) if draft.files else ""
        parts = [self._text(first) if first else "", head, neutral(told[: fitting(told, PREVIEW_MOST)]), files]
        send = (self._text("word.send"), f"p:{draft.id}:send")
        drop = (self._text("word.cancel"), f"p:{draft.id}:drop")
        ask = [(self._text("act.ask"), f"p:{draft.id}:ask")] if draft.act == "answer" else []
        return Drawn("\n\n".join(part for part in parts if part), buttons=laid_out([send, *ask, drop]))

    async def _redrawn(self, group: Group, draft: Draft, who: Actor | None) -> None:
        judged = await self._office.judge(who, group, draft)
        held = await self._office.file(group, draft.case_id)
        if held and draft.message:
            drawn = self._preview(draft, judged, held[1].card.no)
            if judged.error:
                drawn = Drawn(self._text(f"illegal.{judged.error}", judged.gaps))
            self._sending.queue(draft.chat, self._api.rewrite(draft.chat, int(draft.message), drawn))

    async def _done(self, group: Group, came: Came, draft: Draft, who: Actor, key: str) -> bool:
        """Do it in the name of `who`; the reason why not is said. Whether it was done."""
        result = await self._office.do(who, key, draft)
        if error := result.get("error"):
            self._say_no(came, self._text(f"illegal.{error}", result))
            return False
        return True

    # --- presses ------------------------------------------------------------------------------------------------

    async def _press(self, group: Group, came: Came) -> None:
        who = await self._office.staff_of(came.user)
        kind, _, rest = came.data.partition(":")
        if who is None:
            self._say_no(came, self._text("group.unbound"))
        elif kind == "p":
            await self._confirm(group, came, who, rest)
        elif kind in ("k", "g", "d", "f"):
            await self._card_press(group, came, who, kind, rest.split(":"))
        else:
            self._say_no(came, self._text("dialogue.old_button"))

    async def _confirm(self, group: Group, came: Came, who: Actor, rest: str) -> None:
        """发送, 请群众补充 or 取消 under a preview: only by whoever wrote it, once, where it is shown."""
        number, _, verb = rest.partition(":")
        draft = await self._office.draft(int(number)) if number.isdecimal() and len(number) < 19 else None
        if draft is None or draft.chat != came.chat or draft.message not in ("", str(came.message)):
            self._say_no(came, self._text("dialogue.old_button"))
        elif draft.done:
            self._say_no(came, self._text("group.done_before"))
        elif draft.staff_id not in (0, who.id):
            self._say_no(came, self._text("group.not_yours"))
        elif await self._office.file(group, draft.case_id) is None:
            self._say_no(came, self._text("illegal.unknown"))
        elif verb == "drop":
            await self._settled(came, replace(draft, done=True), self._text("group.dropped"))
        elif verb == "send" or (verb == "ask" and draft.act == "answer"):
            await self._sent(group, came, who, replace(draft, act="ask" if verb == "ask" else draft.act))
        else:
            self._say_no(came, self._text("dialogue.old_button"))

    async def _sent(self, group: Group, came: Came, who: Actor, draft: Draft) -> None:
        # The revision is part of the key: a preview that was refused as stale and shown anew is another try.
        key = f"tg-p{draft.id}-{draft.act}-{draft.fields.get('rev', '0')}-{who.id}"
        result = await self._office.do(who, key, draft)
        error = result.get("error")
        if error == "stale" and (held := await self._office.file(group, draft.case_id)):
            anew = replace(draft, fields={**draft.fields, "rev": str(held[1].card.rev)})
            await self._office.change(anew)
            await self._redrawn(group, anew, who)
        if error:
            self._say_no(came, self._text(f"illegal.{error}", result))
            return
        told = {"who": who.name, "act": self._text(f"act.{draft.act}")}
        await self._settled(came, replace(draft, done=True, staff_id=who.id), self._text("group.sent", told))

    async def _settled(self, came: Came, draft: Draft, words_: str) -> None:
        await self._office.change(replace(draft, message=str(came.message)))
        self._sending.loosely(self._api.answer(came.callback))
        self._sending.queue(came.chat, self._api.rewrite(came.chat, came.message, Drawn(words_), patience=120.0))

    async def _card_press(self, group: Group, came: Came, who: Actor, kind: str, parts: list[str]) -> None:
        """A button of a card: done at once, asked words for, or shown as a preview."""
        case_id, rev = (from36(part) for part in (*parts, "", "")[:2])
        what = parts[2] if len(parts) == 3 else ""
        held = await self._office.file(group, case_id) if case_id else None
        if held is None or not what:
            self._say_no(came, self._text("illegal.unknown" if held is None else "dialogue.old_button"))
            return
        draft = Draft(0, came.chat, f"b{came.callback}", "", case_id, who.id, what, "", {"rev": str(rev)}, (), False)
        if kind == "g":
            draft = replace(draft, act="refuse", fields={**draft.fields, "ground": what})
        elif kind == "d":
            draft = replace(draft, act="transfer", fields={**draft.fields, "department": what})
        elif kind == "f":
            entry = next((one for one in self._office.entries() if entry_mark(one.id) == what), None)
            draft = replace(draft, act="answer", text=marked(entry.answer)[0] if entry else "")
        elif what in words.WORDED:
            self._sending.queue(came.chat, self._prompt(came, draft, held[1].card.no))
        elif what in ("refuse", "transfer"):
            self._sending.queue(came.chat, self._choices(came, held[1], case_id, rev, what))
        if kind == "k" and (what in words.WORDED or what in ("refuse", "transfer")):
            self._sending.loosely(self._api.answer(came.callback))
            return
        if kind == "k" and what not in ACTED:
            self._say_no(came, self._text("dialogue.old_button"))
            return
        self._sending.loosely(self._api.answer(came.callback))
        await self._begun(group, came, held, draft, who)

    async def _prompt(self, came: Came, draft: Draft, no: str) -> None:
        """Ask for the words of an act: a reply to this message brings them."""
        key = "group.write_closing" if draft.act == "close" else "group.write"
        drawn = Drawn(self._text(key, {"no": no, "act": self._text(f"act.{draft.act}")}))
        kept = await self._office.begin(draft)
        if kept is None:
            return
        message = await self._api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=120.0)
        await self._office.change(replace(kept, message=str(message)))
        await self._office.joined(came.chat, message, draft.case_id)

    async def _choices(self, came: Came, file: CaseFile, case_id: int, rev: int, act: str) -> None:
        """Grounds of refusal, or departments to transfer to."""
        county, at = self._office.county, f"{in36(case_id)}:{in36(rev)}"
        if act == "refuse":
            buttons = [(one.name, f"g:{at}:{one.id}") for one in county.office.grounds]
        else:
            units = (one for one in county.departments if one.id != file.card.department and not one.discipline)
            buttons = [(one.name, f"d:{at}:{one.id}") for one in units]
        fitting_ones = [(label, data) for label, data in buttons if len(data.encode()) <= 64][:90]
        drawn = Drawn(self._text(f"group.pick_{act}", {"no": file.card.no}), buttons=laid_out(fitting_ones))
        message = await self._api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=120.0)
        await self._office.joined(came.chat, message, case_id)

    # --- questions ----------------------------------------------------------------------------------------------

    async def _asked(self, group: Group, came: Came, order: words.Ordered, who: Actor | None) -> None:
        """/case, /find, /due, /stats, /faq and /help: what the group may know, and no more."""
        if who is None:
            self._tell(came, self._text("group.as_yourself"))
            return
        match order.name:
            case "case":
                held = await self._meant(group, came, order)
                county, now = self._office.county, self._office.now()
                shown = words.header(held[1], county, now, group.detail) if held else self._text("illegal.unknown")
                self._tell(came, neutral(shown))
            case "find":
                await self._list(group, came, who, CardQuery(text=order.words[:100], limit=50))
            case "due":
                await self._list(group, came, who, CardQuery(view="overdue"), CardQuery(view="soon"))
            case "stats":
                page = await self._office.cards(who, CardQuery(limit=1), group)
                lines = [f"{self._text(f'room.view.{view}')} {count}" for view, count in page.counts.items()]
                self._tell(came, "\n".join(lines))
            case "faq":
                await self._faq(group, came, order.words)
            case _:
                self._tell(came, self._text("group.help"))

    async def _list(self, group: Group, came: Came, who: Actor, *queries: CardQuery) -> None:
        found = [card for query in queries for card in (await self._office.cards(who, query, group)).cards]
        lines = words.listed(found[:FOUND_MOST], self._office.county)
        self._tell(came, lines or self._text("group.none"))

    async def _faq(self, group: Group, came: Came, text: str) -> None:
        """Stored answers to words; in a case's topic each can be taken as the answer, to be confirmed."""
        entries = await self._office.answers(text[:500])
        case_id = await self._office.case_of(came.chat, came.thread, came.reply_to)
        held = await self._office.file(group, case_id) if case_id else None
        if not entries:
            self._tell(came, self._text("group.none"))
            return
        shown = "\n\n".join(f"{at}. {one.question}\n{marked(one.answer)[0][:600]}" for at, one in enumerate(entries, 1))
        buttons: list[tuple[str, str]] = []
        if held:
            at = f"{in36(held[0])}:{in36(held[1].card.rev)}"
            buttons = [(f"{n}. {one.question}", f"f:{at}:{entry_mark(one.id)}") for n, one in enumerate(entries, 1)]
        drawn = Drawn(shown[:4000], buttons=laid_out(buttons))
        self._sending.queue(
            came.chat, self._api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=120.0)
        )

    # --- saying -------------------------------------------------------------------------------------------------

    def _tell(self, came: Came, text: str) -> None:
        drawn = Drawn(text)
        say = self._api.say(came.chat, drawn, thread=came.thread, reply_to=came.message, patience=120.0)
        self._sending.queue(came.chat, say)

    def _say_no(self, came: Came, text: str) -> None:
        """To whoever pressed alone; to whoever wrote as a reply."""
        if came.callback:
            self._sending.loosely(self._api.answer(came.callback, text, alert=True))
        else:
            self._tell(came, text)

    def _text(self, key: str, gaps: Mapping[str, str] | None = None) -> str:
        return fill(self._office.county.texts["zh"], key, dict(gaps or {}))


def from36(text: str) -> int:
    """The number in36 wrote; 0 for what is none."""
    return int(text, 36) if text.isascii() and text.isalnum() and len(text) <= 13 else 0


def entry_mark(entry_id: str) -> str:
    """A stored answer in a button."""
    return hashlib.sha256(entry_id.encode()).hexdigest()[:24]


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


