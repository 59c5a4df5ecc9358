"""Private chats: what a citizen sends becomes a turn, and what the house answers becomes messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.channels.telegram.api import Api
from bot.channels.telegram.draw import Asks, Drawn, draw, token_of
from bot.channels.telegram.faults import Held, Trouble
from bot.channels.telegram.parse import Came, FileRef
from bot.channels.telegram.ports import CHANNEL, House
from bot.channels.telegram.sending import Sending
from bot.outbox import Sent
from bot.web.security import Buckets
from bot.web.uploads import Refused
from handlers.messages import Attachment, Inbound, Letter, Taken
from handlers.wording import fill, render

log = structlog.get_logger(__name__)

FETCH_TRIES = 3
ANSWER_PATIENCE = 20.0  # seconds an answer may wait for its slot; then it is the outbox's
POST_PATIENCE = 2.0
LARGEST = 20 * 2**20  # what Telegram lets a bot fetch
CODE = re.compile(r"(?:/bind(?:@\w+)?\s*|bind[_ ])?([0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4})\s*")
BIND = re.compile(r"/bind(?:@\w+)?\b.*", re.DOTALL)
WORDS = frozenset({"report", "policy", "progress", "privacy", "menu", "help", "human"})


@dataclass(frozen=True, slots=True)
class Note:
    """Something said once, outside the talk: by its key in the texts."""

    key: str
    gaps: tuple[tuple[str, str], ...] = ()


class Citizens:
    """Every citizen's private chat."""

    def __init__(self, api: Api, house: House, sending: Sending | None = None) -> None:
        self._api, self._house = api, house
        self._buckets = Buckets()
        self._sending = sending or Sending()
        self.langs: dict[str, str] = {}
        self._behind: dict[str, set[int]] = {}  # by chat, answers left to the outbox: later ones go after them

    async def take(self, cames: Sequence[Came]) -> None:
        """One message, or several that belong together. Returns after COMMIT. Raises Busy: nothing was taken."""
        came = cames[0]
        if came.kind == "press":
            self._sending.loosely(self._api.answer(came.callback))
        if came.kind == "member":
            await (self._house.back if came.standing == "in" else self._house.left)(CHANNEL, came.user)
            return
        if came.kind not in ("message", "edit", "press") or not _has_content(cames):
            return
        if code := _staff_code(came):
            await self._bind(came, code)
        elif not self._too_fast(came):
            await self._turn(cames)

    async def _turn(self, cames: Sequence[Came]) -> None:
        came = cames[0]
        files, notes = await self._files(cames)
        if any(one.others_contact for one in cames):
            notes.append(Note("telegram.others_contact"))
        inbound = await self._inbound(cames, tuple(files))
        taken = await self._house.take(inbound) if inbound else None
        self._tell(came.chat, notes)
        if taken and taken.duplicate:  # what is stored is the outbox's by now
            taken = replace(taken, letters=tuple(letter for letter in taken.letters if not letter.id))
        if taken:
            self._sending.queue(came.chat, self._answer(came.chat, taken))

    async def _inbound(self, cames: Sequence[Came], files: tuple[Attachment, ...]) -> Inbound | None:
        """The message for the turn; None when nothing of it is left."""
        came = cames[0]
        text = "\n".join(one.text for one in cames if one.text) or came.phone
        choice = await self._choice(came)
        if came.text.startswith("/") and came.text[1:].split("@")[0] in WORDS:
            text, choice = "", came.text[1:].split("@")[0]
        inbound = Inbound(
            CHANNEL,
            came.key,
            came.user,
            self._house.now(),  # not Telegram's: after an outage its leases would be over before they began
            text=text,
            choice=choice,
            attachments=files,
            place=came.place,
            scene=came.start or "",
            posted=True,
            also=tuple(one.key for one in cames[1:]),
            ref=str(came.message) if came.kind != "press" else "",
            edits=came.kind == "edit",
        )
        if came.start == "":
            return replace(inbound, choice="menu")
        return inbound if text or choice or files or came.place or came.start else None

    async def _choice(self, came: Came) -> str:
        if came.kind != "press":
            return ""
        if token := token_of(came.data, ()):
            return token
        letters = await self._house.letters(CHANNEL, came.user, limit=50)
        shown = [option.token for letter in letters if letter.reply for option in letter.reply.options]
        return token_of(came.data, shown) or "gone"

    def _too_fast(self, came: Came) -> bool:
        """What no person can type is not taken, and they are told; a press is as much as a message."""
        wait = self._buckets.take(came.user, self._house.county.office.limits.messages_per_minute)
        if wait and not self._buckets.take(f"told {came.user}", 1):
            self._tell(came.chat, [Note("telegram.too_fast")])
        return bool(wait)

    # --- files ----------------------------------------------------------------------------------------------

    async def _files(self, cames: Sequence[Came]) -> tuple[list[Attachment], list[Note]]:
        found, notes = list[Attachment](), list[Note]()
        for came in cames:
            if came.file is None:
                continue
            try:
                found.append(await self._file(came.user, came.file))
            except Refused as refused:
                notes.append(Note(refused.key, tuple((name, str(gap)) for name, gap in refused.gaps.items())))
            except Trouble as trouble:
                notes.append(Note("telegram.file_lost"))
                log.warning("telegram.file", kind=trouble.kind)
        return found, list(dict.fromkeys(notes))

    async def _file(self, user: str, ref: FileRef) -> Attachment:
        data = await fetched(self._api, ref, self._largest())
        return await self._house.receive_file(CHANNEL, user, _stream(data), ref.name, ref.mime)

    def _largest(self) -> int:
        limits = self._house.county.office.limits
        return min(LARGEST, max(limits.photo_mb, limits.file_mb) * 2**20)

    # --- staff codes ------------------------------------------------------------------------------------------

    async def _bind(self, came: Came, code: str) -> None:
        """A one-time code never becomes part of a talk."""
        wait = self._buckets.take(f"bind {came.user}", 5)
        name = "" if wait else await self._house.bind(CHANNEL, came.user, code)
        self._tell(came.chat, [Note("telegram.bound", (("name", name),)) if name else Note("telegram.not_bound")])

    # --- what goes out ----------------------------------------------------------------------------------------

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """A letter the outbox owes."""
        sent = await self._send(address, letter, lang, maybe, POST_PATIENCE)
        if sent.result == "waiting":
            await self._house.left(CHANNEL, address)
        if sent.result != "held" and (behind := self._behind.get(address)):
            behind.discard(letter.id)
            if not behind:
                del self._behind[address]
        return sent

    async def _answer(self, chat: str, taken: Taken) -> None:
        self.langs[chat] = taken.lang
        for letter in taken.letters:
            if letter.reply is None:
                continue
            behind = self._behind.get(chat)
            sent = Sent("held") if behind else await self._send(chat, letter, taken.lang, False, ANSWER_PATIENCE)
            if letter.id:
                if sent.result == "held" or (sent.result == "failed" and not sent.permanent):
                    self._behind.setdefault(chat, set()).add(letter.id)
                self._house.settle(letter.id, sent)

    async def _send(self, chat: str, letter: Letter, lang: str, maybe: bool, patience: float) -> Sent:
        """All messages of one letter. Once one of them is out, a failure of another leaves the letter in doubt."""
        out = False
        try:
            for drawn in self._drawn(letter, lang, maybe):
                await self._api.say(chat, drawn, patience=patience if not out else ANSWER_PATIENCE)
                out = True
            for file in letter.reply.attachments if letter.reply else ():
                if stored := await self._house.file_of_letter(file):
                    await self._api.send_file(chat, stored, file.name, file.kind == "photo")
        except Held as held:
            return Sent("held", after=held.after, maybe=out)
        except Trouble as trouble:
            return became(trouble, out)
        return Sent("delivered")

    def _drawn(self, letter: Letter, lang: str, maybe: bool) -> list[Drawn]:
        texts = self._house.county.texts.get(lang, {})
        if letter.reply is None:
            return []
        shown = render(letter.reply, texts, self._house.code_of)
        drawn = draw(shown, fill(texts, "telegram.maybe", {}) if maybe else "")
        asks = {"place": Asks.PLACE, "phone": Asks.PHONE}.get(shown.wants, Asks.NOTHING)
        if asks and not maybe:
            label, words = (fill(texts, f"telegram.{name}_{asks.value}", {}) for name in ("give", "may_give"))
            drawn.append(Drawn(words, asks=asks, ask_label=label))
        return drawn

    def _tell(self, chat: str, notes: Sequence[Note]) -> None:
        """Words that are no part of the talk; losing them to a crash loses nothing but them."""
        texts = self._house.county.texts.get(self.langs.get(chat, "zh"), {})
        words = "\n\n".join(fill(texts, note.key, dict(note.gaps)) for note in notes)
        if words:
            self._sending.queue(chat, self._api.say(chat, Drawn(words)))

    async def drain(self) -> None:
        """Return when everything that was being sent is sent."""
        await self._sending.drain()


async def fetched(api: Api, ref: FileRef, largest: int) -> bytes:
    """A file from Telegram, tried a few times. Raises Refused for one that is too large, Trouble when it will not."""
    if ref.size > largest:
        raise Refused("attachment.too_large", {"mb": largest // 2**20})
    for left in range(FETCH_TRIES - 1, -1, -1):
        try:
            return await api.fetch(ref.id, largest)
        except Trouble as trouble:
            if trouble.about == "size":
                raise Refused("attachment.too_large", {"mb": largest // 2**20}) from trouble
            if not left or trouble.kind not in ("passing", "maybe"):
                raise
            await asyncio.sleep(0.5)
    raise AssertionError("not reached")


def became(trouble: Trouble, out: bool = False) -> Sent:
    """What a trouble means for the row that met it."""
    match trouble.kind:
        case "wait":
            return Sent("held", after=trouble.after + 1, maybe=out)
        case "gone":
            return Sent("waiting", trouble.about)
        case "unauthorised" | "second":
            return Sent("held", after=60.0, maybe=out)
        case "passing":
            return Sent("failed", str(trouble), maybe=out)
        case "maybe":
            return Sent("failed", str(trouble), maybe=True)
        case _:
            return Sent("failed", str(trouble), permanent=True)


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _has_content(cames: Sequence[Came]) -> bool:
    return any(
        one.text or one.start is not None or one.file or one.place or one.phone or one.others_contact or one.data
        for one in cames
    )


def _staff_code(came: Came) -> str:
    """The one-time code of a member of staff in a message; "-" for a /bind without one."""
    if came.kind != "message":
        return ""
    if came.start and (found := CODE.fullmatch(came.start)):
        return found.group(1)
    if found := CODE.fullmatch(came.text):
        return found.group(1)
    return "-" if BIND.fullmatch(came.text) else ""
