"""What the channel asks of the house. It knows no store: `bot.wechat_door` gives it all this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.stored import Stored
from config.schema import County
from handlers.messages import Attachment, AttachmentKind, Inbound, Letter, Taken

CHANNEL = "wechat"


class Busy(Exception):
    """The house could not take it: nothing was written, and later it may go better."""


class Full(Busy):
    """Somebody has sent more files than are kept without a case: nothing was written."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What Tencent lets us send because of something the person did."""

    name: str  # "message" | "press"
    left: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Waits:
    """A file that waits at Tencent; `id` is ours from the beginning."""

    id: str
    media: str
    kind: AttachmentKind
    mime: str
    name: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that could not be sent so far, by its row."""

    row: int
    letter: Letter


@dataclass(frozen=True, slots=True)
class Told:
    """What a turn gave, and what has waited for this person to come back."""

    taken: Taken
    waiting: tuple[Waiting, ...]


class House(Protocol):
    """The office as an Official Account needs it. What reads or writes raises Busy."""

    @property
    def county(self) -> County:
        """The office's files as they are now."""
        ...

    @property
    def public_url(self) -> str:
        """ "" or "https://…"."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock of the house."""
        ...

    def code_of(self, case_id: int) -> str:
        """The query code of a case, computed now."""
        ...

    def letter_token(self, letter_id: int) -> str:
        """What opens one letter in a browser, for whoever holds it."""
        ...

    def skewed(self, seconds: float) -> None:
        """How far our clock is from Tencent's."""
        ...

    # --- taking ---------------------------------------------------------------------------------------------

    async def take(self, inbound: Inbound, grant: Grant | None, waits: tuple[Waits, ...], within: float) -> Told:
        """One turn that begins within so many seconds, with what it grants and the files it names. Raises Full."""
        ...

    async def owe(self, taken: Taken) -> None:
        """A turn's letters could not ride on the answer: they are owed by post."""
        ...

    async def delivered(self, rows: tuple[int, ...]) -> None:
        """These rows went out with an answer."""
        ...

    async def back(self, address: str) -> None:
        """Somebody can be written to again: what else waited for that is due."""
        ...

    async def left(self, key: str, address: str) -> None:
        """Somebody no longer follows."""
        ...

    async def opted(self, key: str, address: str, accepted: int, refused: bool) -> None:
        """Somebody agreed to so many notices, or to none any more."""
        ...

    async def unarrived(self, key: str, address: str, job: str) -> None:
        """A template message did not arrive after all."""
        ...

    # --- sending --------------------------------------------------------------------------------------------

    async def spend(self, address: str, keep: int) -> str:
        """Take one of what may be sent to this person, leaving `keep`; the grant's name, "" when there is none."""
        ...

    async def spend_notice(self, address: str) -> str:
        """Take one of the notices this person agreed to; "" when there is none."""
        ...

    async def give_back(self, address: str, grant: str) -> None:
        """What was taken was not used."""
        ...

    async def shut(self, address: str) -> None:
        """Tencent says that nothing may be sent, whatever we thought."""
        ...

    async def sent_job(self, job: str, case_id: int) -> None:
        """A template message about a case is under way."""
        ...

    # --- media ----------------------------------------------------------------------------------------------

    async def due(self, limit: int) -> tuple[Waits, ...]:
        """Files to be fetched now; ours for a minute."""
        ...

    async def keep(self, file: Waits, data: bytes) -> None:
        """A file that was fetched. Raises bot.web.uploads.Refused for one we do not take."""
        ...

    async def later(self, file: Waits) -> bool:
        """It did not come: another time. False once it will be gone from Tencent by then."""
        ...

    async def lose(self, file: Waits, why: str, gaps: dict[str, str]) -> None:
        """It will never come: its sender is told, by the key of a text."""
        ...

    # --- one letter in a browser ----------------------------------------------------------------------------

    async def letter(self, token: str) -> tuple[Letter, str] | None:
        """The letter a token opens and its reader's language; None for any other token."""
        ...

    async def file_of_letter(self, file: Attachment) -> Stored | None:
        """A file that goes out with a letter; None when it is gone."""
        ...
