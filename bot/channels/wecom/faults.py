"""What can go wrong with a message, sorted by what to do about it."""

from __future__ import annotations

from typing import Literal

# away: nothing has left us. maybe: it may have arrived. wait: too fast. gone: we may not write there. refused: never.
Kind = Literal["away", "maybe", "wait", "gone", "refused"]

WAIT = frozenset({-1, 45009, 45033, 846607})
GONE = frozenset({40050, 86001, 93000, 93004, 93006})
WAIT_SECONDS = 60.0


class Trouble(Exception):
    """A message did not go, or nobody knows. The text names a code and nobody's words."""

    def __init__(self, kind: Kind, about: str = "", after: float = 0.0) -> None:
        super().__init__(f"{kind} {about}".strip())
        self.kind: Kind = kind
        self.after = after


class Held(Exception):
    """The chat has had its messages for this minute."""

    def __init__(self, after: float) -> None:
        super().__init__(f"{after:.1f} s")
        self.after = after


def of_code(code: int) -> Trouble:
    """What an errcode means for us; one we do not know is final for this message."""
    if code in WAIT:
        return Trouble("wait", str(code), WAIT_SECONDS)
    return Trouble("gone" if code in GONE else "refused", str(code))
