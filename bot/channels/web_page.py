"""The citizen's page as a channel for letters: stored at once, delivered when their page has fetched them.

There is no pushing to a browser that is closed. Such a letter waits, and staff see 待送达.
"""

from __future__ import annotations

from bot.outbox import Sent
from handlers.messages import Letter


class WebPage:
    """The row waits until `letters.seen` finishes it; the post office has rung for the page that is open."""

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """Leave it where the page looks."""
        return Sent("waiting")
