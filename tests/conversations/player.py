"""A person at some channel, as a test plays them: say, press, send, share, scan, and read what comes back.

A transcript needs nothing else, so a channel that implements Player can be put through every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FileKind = str  # "photo" | "voice" | "video" | "file"


@dataclass(frozen=True)
class Heard:
    """One message as the person sees it: paragraphs, and buttons as (token, label)."""

    paragraphs: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...] = ()
    wants: str = "anything"

    @property
    def text(self) -> str:
        """The words, an empty line between paragraphs."""
        return "\n\n".join(self.paragraphs)

    @property
    def labels(self) -> tuple[str, ...]:
        """The buttons as they are read."""
        return tuple(label for _, label in self.buttons)

    def token(self, label: str) -> str:
        """The token behind a label; AssertionError when there is no such button."""
        found = [token for token, known in self.buttons if known == label]
        assert found, f"no button {label!r} among {self.labels}"
        return found[0]


class Player(Protocol):
    """What a person can do. Each message is answered by what is heard at once."""

    async def say(self, text: str) -> list[Heard]:
        """Type words."""
        ...

    async def press(self, token: str) -> list[Heard]:
        """Press a button, of the last message or of an old one."""
        ...

    async def send(self, *kinds: FileKind, text: str = "") -> list[Heard]:
        """Send files, perhaps with words."""
        ...

    async def share(self, lat: float, lon: float) -> list[Heard]:
        """Share a location."""
        ...

    async def scan(self, code: str) -> list[Heard]:
        """Open the talk through a printed code."""
        ...

    async def again(self) -> list[Heard]:
        """Send the last message once more under the same key, as a bad network does."""
        ...

    async def mail(self) -> list[Heard]:
        """What came unasked since the last look."""
        ...
