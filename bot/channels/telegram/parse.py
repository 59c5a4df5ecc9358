"""What Telegram sends, as the little of it that we use. PTB reads the JSON; an update it cannot read raises Odd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update, User

from bot.web.bodies import clean_text
from handlers.messages import GeoPoint

ANONYMOUS = 1087968824  # GroupAnonymousBot: every admin who hides behind the group
TEXT_MOST = 20_000
START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*")


class Odd(Exception):
    """No update as Telegram sends them; the text names a type and nobody's words."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that waits at Telegram."""

    id: str
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class Came:
    """One update. `kind` is "message" | "edit" | "press" | "member" | "other"; `key` is unique and names nobody."""

    key: str
    kind: str
    chat: str = ""
    private: bool = False
    forum: bool = False
    basic: bool = False  # a group that is no supergroup
    user: str = ""
    lang: str = ""
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    message: int = 0
    thread: int = 0
    text: str = ""
    start: str | None = None  # what follows /start
    file: FileRef | None = None
    album: str = ""
    place: GeoPoint | None = None
    phone: str = ""
    others_contact: bool = False
    reply_to: int = 0
    reply_to_bot: bool = False
    anonymous: bool = False
    callback: str = ""
    data: str = ""
    standing: str = ""  # of the bot in this chat: "in" | "out"
    moved_to: str = ""

    @property
    def lane(self) -> str:
        """What is taken in order: one chat, and in a group one person's presses and words."""
        return self.chat


def parse(raw: Any, bot: Bot) -> Came:
    """An update as it came. Raises Odd."""
    try:
        update = Update.de_json(raw, bot)
        return _came(update)
    except Exception as error:  # PTB raises nearly everything on JSON that is no update
        raise Odd(type(error).__name__) from None


def id_of(raw: Any) -> int:
    """The number of an update. Raises Odd for what has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise Odd("update_id")
    return number


def _came(update: Update) -> Came:
    number = update.update_id
    if update.message:
        return _message(number, "message", update.message)
    if update.edited_message:
        return _message(number, "edit", update.edited_message)
    if update.callback_query:
        return _press(number, update.callback_query)
    if update.my_chat_member:
        return _member(number, update.my_chat_member)
    return Came(f"{number}", "other")


def _message(number: int, kind: str, message: Message) -> Came:
    chat, user = message.chat, message.from_user
    edited = message.edit_date
    if chat.type == Chat.CHANNEL or (user is None and message.sender_chat is None):
        return Came(f"{number}", "other")
    text = message.text or message.caption or ""
    start = START.fullmatch(text) if chat.type == Chat.PRIVATE else None
    replied = message.reply_to_message
    topic_root = replied is not None and replied.forum_topic_created is not None
    own = replied is not None and replied.from_user is not None and replied.from_user.id == message.get_bot().id
    return Came(
        **_where(chat, user),
        key=f"{number}-{message.message_id}",
        kind=kind if not (kind == "edit" and message.location) else "other",  # a live location moves on
        at=edited or message.date,
        message=message.message_id,
        thread=(message.message_thread_id or 0) if message.is_topic_message else 0,
        text="" if start else clean_text(text[:TEXT_MOST]),
        start=(start.group(1) or "") if start else None,
        file=_file(message),
        album=message.media_group_id or "",
        place=_place(message),
        phone=_phone(message, user),
        others_contact=bool(message.contact and not _phone(message, user)),
        reply_to=replied.message_id if replied and not topic_root else 0,
        reply_to_bot=own and not topic_root,
        anonymous=message.sender_chat is not None or (user is not None and user.id == ANONYMOUS),
        moved_to=str(message.migrate_to_chat_id or ""),
    )


def _where(chat: Chat, user: User | None) -> dict[str, Any]:
    return {
        "chat": str(chat.id),
        "private": chat.type == Chat.PRIVATE,
        "forum": bool(chat.is_forum),
        "basic": chat.type == Chat.GROUP,
        "user": str(user.id) if user else "",
        "lang": (user.language_code or "") if user else "",
    }


def _file(message: Message) -> FileRef | None:
    if message.photo:
        largest = message.photo[-1]
        return FileRef(largest.file_id, "photo.jpg", "image/jpeg", largest.file_size or 0)
    if voice := message.voice:
        return FileRef(voice.file_id, "voice.ogg", voice.mime_type or "audio/ogg", voice.file_size or 0)
    if note := message.video_note:
        return FileRef(note.file_id, "video.mp4", "video/mp4", note.file_size or 0)
    found = message.document or message.video or message.audio
    if found is None:
        return None
    return FileRef(found.file_id, clean_text(found.file_name or ""), found.mime_type or "", found.file_size or 0)


def _place(message: Message) -> GeoPoint | None:
    spot = message.location or (message.venue.location if message.venue else None)
    if spot is None or not (abs(spot.latitude) <= 90 and abs(spot.longitude) <= 180):
        return None
    return GeoPoint(spot.latitude, spot.longitude)


def _phone(message: Message, user: User | None) -> str:
    """The sender's own number; a contact may be anybody's."""
    contact = message.contact
    if contact is None or user is None or contact.user_id != user.id:
        return ""
    digits = re.sub(r"[^0-9]", "", contact.phone_number)[:15]
    return digits.removeprefix("86") if len(digits) == 13 and digits.startswith("861") else f"+{digits}"


def _press(number: int, query: CallbackQuery) -> Came:
    message = query.message
    if message is None:
        return Came(f"{number}-{query.id}", "other", callback=query.id)
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else 0
    return Came(
        **_where(message.chat, query.from_user),
        key=f"{number}-{query.id}",
        kind="press",
        at=datetime.now(UTC),
        message=message.message_id,
        thread=thread or 0,
        callback=query.id,
        data=(query.data or "")[:64],
    )


def _member(number: int, change: ChatMemberUpdated) -> Came:
    gone = change.new_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED)
    where = _where(change.chat, change.from_user)
    return Came(**where, key=f"{number}", kind="member", at=change.date, standing="out" if gone else "in")
