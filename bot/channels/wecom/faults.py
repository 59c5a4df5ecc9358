"""What can go wrong with a message, sorted by what to do about it."""

from __future__ import annotations

from typing import Literal

# away: nothing has left us. maybe: it may have arrived. wait: too fast. gone: we may not write there. refused: never.
# passing: nobody knows why not, so it is tried again, less and less often.
Kind = Literal["away", "maybe", "wait", "gone", "refused", "passing"]

# How we know of each: docs/channels/wecom.md, "Error codes".
UNSUBSCRIBED = 846609
WAIT = frozenset({-1, 45009, 45033, 846607})
GONE = frozenset({40050, 86001, 93000, 93004, 93006})
TOO_LATE = frozenset({846604, 846605, 846608})  # to answer under this request: it is said as a message of our own
REFUSED = frozenset({40008, 40058, 40201, 44004, 45002, 853000})
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
    """What an errcode means for us. One that we do not know may pass."""
    if code in WAIT:
        return Trouble("wait", str(code), WAIT_SECONDS)
    if code in GONE:
        return Trouble("gone", str(code))
    if code in TOO_LATE | REFUSED:
        return Trouble("refused", str(code))
    return Trouble("away" if code == UNSUBSCRIBED else "passing", str(code))
