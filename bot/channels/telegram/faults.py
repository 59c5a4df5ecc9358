"""What Telegram says no with, sorted as data: which refusals pass, which last, and which leave it open.

PTB's BadRequest is a NetworkError, and a read timeout looks like a connect timeout: neither type alone tells.
Descriptions come in several spellings and are compared in lower case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from aiohttp import ClientError
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.telegram.network import UNSENT

Kind = Literal[
    "wait", "gone", "moved", "unauthorised", "second", "passing", "maybe", "refused",
    "topic_gone", "topic_closed", "no_topics", "no_rights", "unchanged", "message_gone",
]  # fmt: skip

# What stands in the description of a refusal that will be the same tomorrow, and what it means.
DESCRIPTIONS: tuple[tuple[str, Kind], ...] = (
    ("message thread not found", "topic_gone"),
    ("topic_deleted", "topic_gone"),
    ("topic_id_invalid", "topic_gone"),
    ("topic_closed", "topic_closed"),
    ("topic_not_modified", "unchanged"),
    ("not modified", "unchanged"),
    ("query is too old", "unchanged"),
    ("message to edit not found", "message_gone"),
    ("message can't be edited", "message_gone"),
    ("message to be replied not found", "message_gone"),
    ("the chat is not a forum", "no_topics"),
    ("not enough rights", "no_rights"),
    ("chat_admin_required", "no_rights"),
    ("have no rights", "no_rights"),
    ("chat not found", "gone"),
    ("user is deactivated", "gone"),
    ("peer_id_invalid", "gone"),
    ("bot was kicked", "gone"),
    ("bot was blocked", "gone"),
)


@dataclass
class Trouble(Exception):
    """A call that failed. `after` is in seconds; `chat` is a group's new id; `about` holds nobody's words."""

    kind: Kind
    after: float = 0.0
    chat: str = ""
    about: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.about}".strip()


class Held(Exception):
    """Our own pacer says: not before `after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"held for {after:.1f} s")
        self.after = after


def sorted_out(error: TelegramError) -> Trouble:
    """What an exception of PTB's means for us."""
    match error:
        case RetryAfter():
            after = error.retry_after
            return Trouble("wait", after.total_seconds() if isinstance(after, timedelta) else float(after))
        case ChatMigrated():
            return Trouble("moved", chat=str(error.new_chat_id))
        case Conflict():
            return Trouble("second")
        case InvalidToken():
            return Trouble("unauthorised")
        case Forbidden() | BadRequest():
            return _described(error)
        case _:
            unsent = isinstance(error.__cause__, UNSENT)
            lost = isinstance(error, TimedOut) or isinstance(error.__cause__, (ClientError, OSError))
            about = type(error.__cause__ or error).__name__
            return Trouble("maybe" if lost and not unsent else "passing", about=about)


def _described(error: TelegramError) -> Trouble:
    said = error.message.lower()
    for fragment, kind in DESCRIPTIONS:
        if fragment in said:
            return Trouble(kind, about=fragment)
    return Trouble("gone" if isinstance(error, Forbidden) else "refused", about=type(error).__name__)
