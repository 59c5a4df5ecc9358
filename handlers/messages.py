"""The vocabulary every channel speaks: what comes in, what goes back.

A Reply says *which* words in *which* order, not the words: it is stored as JSON and rendered when it is
sent, in the reader's language, by `handlers.wording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

AttachmentKind = Literal["photo", "voice", "video", "file"]
Wants = Literal["anything", "choice", "text", "place", "photos", "phone", "nothing"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file. `id` is random and names it on disk; `name` is only shown."""

    id: str
    kind: AttachmentKind
    name: str
    mime: str
    size: int


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A shared location, degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Inbound:
    """One normalised incoming message. `key` is the platform's own id of it; one key, one effect."""

    channel: str
    key: str
    sender: str
    at: datetime
    text: str = ""
    choice: str = ""
    attachments: tuple[Attachment, ...] = ()
    place: GeoPoint | None = None
    scene: str = ""
    case: str = ""
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    source: str = ""  # the network it came from, where a channel knows it: for limits only, never stored
    posted: bool = False  # the channel's own answer carries no replies: they are owed by post
    also: tuple[str, ...] = ()  # keys of further messages that were joined into this one
    ref: str = ""  # the platform's name of the message within its talk
    echo: bytes = b""  # 32 bytes that only the sender can say again: what is forgotten is answered under them
    edits: bool = False  # what `ref` said before, it now says like this


@dataclass(frozen=True, slots=True)
class CaseNo:
    """Stands for the number of a case that is being filed in this very turn."""

    case_id: int


@dataclass(frozen=True, slots=True)
class QueryCode:
    """Stands for the query code of a case: computed when shown, never stored (design §8)."""

    case_id: int


@dataclass(frozen=True, slots=True)
class Say:
    """A text by its key in config/texts, with what fills its gaps."""

    key: str
    args: Mapping[str, Gap] = field(default_factory=dict[str, Any])


Words = str | Say
Gap = str | int | Say | CaseNo | QueryCode


@dataclass(frozen=True, slots=True)
class Markdown:
    """A paragraph written by a clerk in a policy file: the one place where markup is obeyed."""

    text: str


Parts = tuple[Words | Markdown, ...]  # of a message, one paragraph each


@dataclass(frozen=True, slots=True)
class Option:
    """A button. `token` is stable and is what comes back; `style` hints at weight, not at meaning."""

    token: str
    label: Words
    style: Literal["plain", "primary", "quiet"] = "plain"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: paragraphs, then buttons.

    `wants` tells a channel which input to offer; "nothing" leaves what was asked before as open as it was.
    """

    parts: Parts
    options: tuple[Option, ...] = ()
    wants: Wants = "anything"
    attachments: tuple[Attachment, ...] = ()
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a talk as stored: what the citizen said (`said`) or what we did (`reply`)."""

    id: int
    direction: Literal["in", "out"]
    at: datetime
    reply: Reply | None = None
    said: str = ""
    attachments: tuple[Attachment, ...] = ()
    case_id: int | None = None
    ref: str = ""  # what the platform calls a message of the citizen's


@dataclass(frozen=True, slots=True)
class Taken:
    """What one turn gave: its letters in order. `duplicate` means nothing happened this time; `forgotten`, that the
    talk before it is kept nowhere any more, and should not stay on a screen either."""

    letters: tuple[Letter, ...]
    person: int = 0
    duplicate: bool = False
    lang: str = "zh"
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    forgotten: bool = False
