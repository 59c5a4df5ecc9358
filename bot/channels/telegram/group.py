"""What staff say and press in a group. Chatter stays internal; what goes to a citizen is shown first and confirmed.

A reply to a message that shows a case, or a command, is meant for it. Who presses is looked up in the staff table
by the account that pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from bot.channels.offices import Known
from bot.channels.telegram.api import Api
from bot.channels.telegram.board import Boards
from bot.channels.telegram.citizens import LARGEST, fetched
from bot.channels.telegram.faults import Trouble
from bot.channels.telegram.parse import Came
from bot.channels.telegram.ports import Office
from bot.channels.telegram.previews import Previews, Wish
from bot.channels.telegram.questions import Questions
from bot.channels.telegram.sending import Sending
from bot.channels.telegram.voice import NOTED_SECONDS, Voice
from bot.groups import Draft, Group
from bot.web.uploads import Refused
from cases.case import Act, Actor
from handlers.staff import orders
from handlers.staff.buttons import from36
from handlers.staff.orders import MORE, QUESTIONS, VERBS, Need, Ordered
from handlers.words import case_number


class Groups:
    """Every staff group."""

    def __init__(self, api: Api, office: Office, boards: Boards, sending: Sending) -> None:
        self._api, self._office, self._boards = api, office, boards
        self._voice = Voice(api, office, sending)
        self._previews = Previews(office, self._voice, boards.receipts)
        self._questions = Questions(office, self._voice)

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
            self._voice.tell(came, came.chat)
        elif group is None:
            return
        elif came.basic:
            self._tell(came, "group.basic")
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
        order = orders.ordered(came.text, self._office.county)
        if order and order.to and order.to.casefold() != self._api.name.casefold():
            return  # another bot's
        if order is None and not came.reply_to_bot and not came.thread:
            return
        who = None if came.anonymous else await self._office.staff_of(came.user)
        if who is None and not came.anonymous:
            if order or came.reply_to_bot:
                self._tell(came, "group.unbound")
            return
        if order and order.name not in VERBS:
            await self._asked(group, came, order, who)
            return
        await self._wished(group, cames, order, who)

    async def _asked(self, group: Group, came: Came, order: Ordered, who: Actor | None) -> None:
        """A question, or a command nobody knows: in a group of several bots it may be another's."""
        addressed = bool(order.to or came.reply_to_bot or came.thread)
        if order.name not in QUESTIONS:
            self._tell(came, "group.no_command") if addressed else None
        elif who is None:
            self._tell(came, "group.as_yourself")
        else:
            await self._questions.asked(group, came, order, who, await self._meant(group, came, order))

    async def _wished(self, group: Group, cames: Sequence[Came], order: Ordered | None, who: Actor | None) -> None:
        came = cames[0]
        order = await self._with_target(came, order)
        held = await self._meant(group, came, order)
        if held is None:
            if order or came.reply_to_bot:
                self._tell(came, "group.which" if not (order and order.no) else "illegal.unknown")
            return
        text = order.words if order else "\n".join(one.text for one in cames if one.text)
        if not text and not order and not any(one.file for one in cames):
            return  # a sticker, a service message
        asked = await self._previews.question(came.chat, came.reply_to) if came.reply_to_bot and not order else None
        files = await self._files(cames, who)
        if asked and asked.staff_id not in (0, who.id if who else 0):
            self._tell(came, "group.not_yours")
        elif asked:
            await self._reply(Wish(group, came, *held, who, asked.act, text, files=(*asked.files, *files)), asked)
        else:
            act = order.name if order else Act.ANSWER if came.reply_to_bot else Act.NOTE
            if act == Act.NOTE and files:
                text = text or self._voice.text("group.only_files")
            await self._previews.wished(Wish(group, came, *held, who, act, text, files=files))

    async def _with_target(self, came: Came, order: Ordered | None) -> Ordered | None:
        """A number alone behind /merge, in the topic of a case, is the other case."""
        if order is None or order.name not in VERBS or Need.CASE not in VERBS[Act(order.name)].needs or not order.no:
            return order
        here = await self._office.case_of(came.chat, came.thread, came.reply_to)
        if not here or case_number(order.words, self._office.county.office.case_prefix):
            return order
        return replace(order, no="", words=f"{order.no} {order.words}")

    async def _reply(self, wish: Wish, asked: Draft) -> None:
        """Words that answer a question of ours: first of all what it asked for."""
        given = self._previews.answered(asked)
        wish = replace(wish, given=given)
        if asked.text:  # it had its words already, and is told the rest
            if self._previews.asks(asked) is Need.EVIDENCE:
                given = self._previews.answered(asked, wish.words[: orders.EVIDENCE_MOST])
                wish = replace(wish, words="")
            said = self._previews.understood(replace(wish, given=given))
            whole = "\n".join(part for part in (asked.text, said.text) if part)
            known = said.missing in (None, Need.WORDS)
            wish = replace(wish, words=whole if known else asked.text, given=said.fields)
        await self._previews.wished(wish)

    async def _meant(self, group: Group, came: Came, order: Ordered | None) -> Known | None:
        """The case a message is about, if the group may know of it."""
        if order and order.no:
            return await self._office.file(group, no=order.no)
        case_id = await self._office.case_of(came.chat, came.thread, came.reply_to)
        if not case_id and came.reply_to_bot:  # answered before it was noted which case our message shows
            await asyncio.sleep(NOTED_SECONDS)
            case_id = await self._office.case_of(came.chat, came.thread, came.reply_to)
        return await self._office.file(group, case_id) if case_id else None

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
                gaps = {name: str(gap) for name, gap in refused.gaps.items()}
                self._voice.tell(came, self._voice.text(refused.key, gaps))
            except Trouble:
                self._tell(came, "telegram.file_lost")
        return tuple(kept)

    async def _edited(self, group: Group, came: Came) -> None:
        """Words that were changed: the preview changes along; what is sent already becomes a correction to confirm."""
        before = await self._office.draft(chat=came.chat, source=str(came.message))
        if before is None or came.anonymous:
            return
        who = await self._office.staff_of(came.user)
        held = await self._office.file(group, before.case_id)
        if who is None or who.id != before.staff_id or held is None:
            return
        order = orders.ordered(came.text, self._office.county)
        order = await self._with_target(came, order)
        wish = Wish(group, came, *held, who, before.act, order.words if order else came.text, files=before.files)
        said = self._previews.understood(wish)
        if said.missing:
            said = self._previews.understood(replace(wish, given=self._kept(before)))
        if said.missing or (said.text, {**self._kept(before), **said.fields}) == (before.text, self._kept(before)):
            return
        await self._changed(replace(wish, words=said.text, given=said.fields), before)

    def _kept(self, draft: Draft) -> dict[str, str]:
        """What belongs to the act itself."""
        return {name: value for name, value in draft.fields.items() if name in list(Need)}

    async def _changed(self, wish: Wish, before: Draft) -> None:
        """Other words than before."""
        rev = {"rev": str(wish.file.card.rev)}
        if before.act == Act.NOTE:
            text = self._voice.text("edit.mark", {"text": wish.words})
            await self._previews.wished(replace(wish, words=text, source=self._edit_of(wish.came), files=()))
        elif not before.done:
            draft = replace(before, text=wish.words, fields={**self._previews.answered(before), **wish.given, **rev})
            await self._office.change(draft)
            await self._previews.redraw(wish.group, draft, wish.who)
        else:
            act = Act.ANSWER if before.act == Act.CLOSE else before.act
            given: Mapping[str, str] = {} if act == Act.ANSWER else wish.given
            source = self._edit_of(wish.came)
            await self._previews.wished(replace(wish, act=act, given=given, source=source, first="group.correction"))

    def _edit_of(self, came: Came) -> str:
        return f"{came.message}e{int(came.at.timestamp())}"

    # --- presses ------------------------------------------------------------------------------------------------

    async def _press(self, group: Group, came: Came) -> None:
        who = await self._office.staff_of(came.user)
        kind, _, rest = came.data.partition(":")
        if who is None:
            self._no(came, "group.unbound")
        elif kind in ("p", "c"):
            await self._previews.pressed(group, came, who, kind, rest)
        elif kind in ("k", "f"):
            await self._card_press(group, came, who, kind, rest.split(":"))
        else:
            self._no(came, "dialogue.old_button")

    async def _card_press(self, group: Group, came: Came, who: Actor, kind: str, parts: list[str]) -> None:
        """A button of a card, or of a stored answer."""
        case_id, rev = (from36(part) for part in (*parts, "", "")[:2])
        what = parts[2] if len(parts) == 3 else ""
        held = await self._office.file(group, case_id) if case_id else None
        text = self._questions.stored(what) if kind == "f" else ""
        if held is None or not what:
            self._no(came, "illegal.unknown" if held is None else "dialogue.old_button")
        elif (kind == "f" and not text) or (kind == "k" and what not in {*VERBS, MORE}):
            self._no(came, "dialogue.old_button")
        elif what == MORE:
            await self._previews.more(came, *held, who)
        else:
            act, source = (Act.ANSWER if kind == "f" else what), f"b{came.callback}"
            given = {"rev": str(rev)}
            await self._previews.wished(Wish(group, came, *held, who, act, text, given, source=source))

    # --- saying -------------------------------------------------------------------------------------------------

    def _tell(self, came: Came, key: str) -> None:
        self._voice.tell(came, self._voice.text(key))

    def _no(self, came: Came, key: str) -> None:
        self._voice.say_no(came, self._voice.text(key))


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data
