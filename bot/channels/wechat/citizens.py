"""What a push means: a turn, a note of the ledger, or nothing. And what is said back, as one text."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from bot.channels.wechat.draw import TEXT_MOST, Asides, draw, fits, size, words_of
from bot.channels.wechat.parse import Came, Media
from bot.channels.wechat.ports import CHANNEL, Full, Grant, House, Told, Waiting, Waits
from bot.web.security import Buckets
from handlers.messages import Attachment, Inbound, Letter, Reply
from handlers.wording import fill, render

MESSAGE = Grant("message", 5, 48 * 3600)  # channels.md §2
PRESS = Grant("press", 3, 60)
ENDINGS = {"photo": ".jpg", "voice": ".amr", "video": ".mp4", "file": ""}
FIRST_ROOM = 600  # bytes that are kept for what has waited, where something has
TAKEN = frozenset({"message", "menu", "follow", "scan"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back at once: a text, or "" for `success`. `rows` of the outbox went out with it."""

    text: str = ""
    rows: tuple[int, ...] = ()
    waits: bool = False  # more has waited for this person


class Citizens:
    """Everybody who writes to the account."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._buckets = Buckets()
        self._langs: dict[str, str] = {}
        self.media_came = asyncio.Event()

    async def turn(self, came: Came, within: float) -> Told | Answer:
        """The turn of a push, after COMMIT, or what is said without one. Raises Busy: nothing was taken."""
        if came.kind not in TAKEN:
            await self._noted(came)
            return Answer()
        if wait := self._too_fast(came):
            return wait
        inbound = self._inbound(came)
        if inbound is None:
            return Answer(self.word(came.sender, "wechat.unreadable"))
        grant = PRESS if came.pressed else MESSAGE
        try:
            told = await self._house.take(inbound, grant, _waits(came, inbound), within)
        except Full:
            return Answer(self.word(came.sender, "report.photos.full"))
        if came.media:
            self.media_came.set()
        return told

    def _inbound(self, came: Came) -> Inbound | None:
        """The message for the turn; None when nothing of it is left."""
        files = (_file(came.media),) if came.media else ()
        choice = came.choice
        if came.kind in ("follow", "scan") and not came.scene:
            choice = "menu"
        if not (came.text or choice or files or came.place or came.scene):
            return None
        return Inbound(
            CHANNEL,
            came.key,
            came.sender,
            self._house.clock(),
            text="" if choice else came.text,
            choice=choice,
            attachments=files,
            place=came.place,
            scene=came.scene,
        )

    async def _noted(self, came: Came) -> None:
        match came.kind:
            case "unfollow":
                await self._house.left(came.key, came.sender)
            case "opted":
                accepted = sum(agreed for _, agreed in came.opted)
                await self._house.opted(came.key, came.sender, accepted, accepted < len(came.opted))
            case "sent" if came.failed:
                await self._house.unarrived(came.key, came.sender, came.job)
            case _:
                pass

    def _too_fast(self, came: Came) -> Answer | None:
        limit = self._house.county.office.limits.messages_per_minute
        return Answer(self.word(came.sender, "wechat.too_fast")) if self._buckets.take(came.sender, limit) else None

    # --- what is said -----------------------------------------------------------------------------------------

    def answer(self, came: Came, told: Told) -> Answer:
        """A turn's replies as one text; before them what has waited, as much as there is room for."""
        taken = told.taken
        self._speaks(came.sender, taken.lang)
        replies = [letter for letter in taken.letters if letter.reply]
        if not replies:
            return Answer(waits=bool(told.waiting))
        longest = max(replies, key=lambda letter: len(str(letter.reply))) if len(replies) > 1 else replies[0]
        asides = self._asides(longest.id, taken.lang)
        note = [self.word(came.sender, "wechat.no_files")] if came.unfetchable else []
        own = self._drawn(replies, taken.lang, asides, note, TEXT_MOST - (FIRST_ROOM if told.waiting else 0))
        rows, parts = list[int](), list[str]()
        heading = fill(self._texts(taken.lang), "wechat.waited", {"n": str(len(told.waiting))})
        room = TEXT_MOST - size(own) - size(heading) - 4
        for waiting in told.waiting:
            words = self._first_thing(waiting, taken.lang, room)
            if not words:
                break
            rows.append(waiting.row)
            parts.append(words)
            room -= size(words) + 2
        text = "\n\n".join([heading, *parts, own]) if parts else own
        return Answer(text, tuple(rows), len(rows) < len(told.waiting))

    def _first_thing(self, waiting: Waiting, lang: str, room: int) -> str:
        """A letter that waited: its words whole, or their beginning and where the rest is; "" when there is no room."""
        letter = waiting.letter
        assert letter.reply
        shown = render(letter.reply, self._texts(lang), self._house.code_of)
        if room < min(size(words_of(shown)) + 40, 500):
            return ""
        return draw(shown, self._asides(letter.id, lang), numbered=False, most=room)

    def _drawn(self, letters: list[Letter], lang: str, asides: Asides, notes: list[str], most: int) -> str:
        """Several replies as one: all their words, and the choices of the last."""
        replies = [letter.reply for letter in letters if letter.reply]
        joined = Reply(tuple(part for reply in replies for part in reply.parts), replies[-1].options, replies[-1].wants)
        before = "\n\n".join([*notes, ""]) if notes else ""
        shown = render(joined, self._texts(lang), self._house.code_of)
        return before + draw(shown, asides, most=most - size(before))

    def text_of(self, letter: Letter, lang: str, *, numbered: bool, maybe: bool = False) -> str:
        """A letter of ours as a message of its own."""
        assert letter.reply
        texts = self._texts(lang)
        before = fill(texts, "wechat.maybe", {}) + "\n" if maybe else ""
        shown = render(letter.reply, texts, self._house.code_of)
        asides = self._asides(letter.id, lang)
        most = TEXT_MOST - size(before) - size(asides.more) - 1
        words = before + draw(shown, asides, numbered=numbered, most=most)
        return f"{words}\n{asides.more}" if shown.attachments and fits(shown) else words

    def _asides(self, letter_id: int, lang: str) -> Asides:
        texts, root = self._texts(lang), self._house.public_url
        more = fill(texts, "wechat.cut", {"phone": self._house.county.office.phone})
        if root and letter_id:
            more = fill(texts, "wechat.whole", {"link": link_to(self._house, letter_id)})
        return Asides(fill(texts, "wechat.type_it", {}), more)

    def word(self, sender: str, key: str) -> str:
        """A note that is no part of the talk, in the language of the person."""
        return fill(self._texts(self._langs.get(sender, "zh")), key, {"phone": self._house.county.office.phone})

    def _speaks(self, sender: str, lang: str) -> None:
        if lang == "zh":
            self._langs.pop(sender, None)
        elif len(self._langs) < 10_000:
            self._langs[sender] = lang

    def _texts(self, lang: str) -> dict[str, str]:
        return self._house.county.texts.get(lang, {})


def link_to(house: House, letter_id: int) -> str:
    """Where the whole of a letter can be read, by whoever holds the link; "" without a public address."""
    return f"{house.public_url}/wechat/letter/{house.letter_token(letter_id)}" if house.public_url else ""


def _file(media: Media) -> Attachment:
    """The attachment a file will be, once it is fetched."""
    name = media.name or f"{media.kind}{ENDINGS[media.kind]}"
    return Attachment(secrets.token_hex(16), media.kind, name, media.mime, 0)


def _waits(came: Came, inbound: Inbound) -> tuple[Waits, ...]:
    media = came.media.id if came.media else ""
    return tuple(Waits(one.id, media, one.kind, one.mime, one.name) for one in inbound.attachments)
