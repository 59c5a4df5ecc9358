"""Who is talking: one cookie of thirty days, and nothing else is kept in the browser by the server.

The cookie is `TOKEN[.LANG[.large]]`. The token is 32 random bytes and is the person's address on this channel;
what follows is only how the page should look, and a lie about it harms nobody.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from typing import Literal

from aiohttp import web

CHANNEL = "web"
DAYS_30 = 30 * 24 * 3600
Lang = Literal["zh", "en"]
_VALUE = re.compile(r"([A-Za-z0-9_-]{43})(?:\.(zh|en)(\.large)?)?")


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's place with us. `fresh` means it brought no cookie; `address` never enters a log."""

    address: str
    lang: Lang = "zh"
    large: bool = False
    fresh: bool = False

    @property
    def form(self) -> str:
        """A value only a page of ours can know: proof for posts whose origin a browser will not tell."""
        return hashlib.sha256(b"zhitong form " + self.address.encode()).hexdigest()[:32]

    def key(self, given: str) -> str:
        """The inbox key of a message: two sessions that choose the same uuid stay two messages."""
        return hashlib.sha256(f"zhitong key {self.address} {given}".encode()).hexdigest()

    def echo(self, given: str) -> bytes:
        """A secret of this message, which is stored nowhere: the same message sent again has the same."""
        return hashlib.sha256(f"zhitong echo {self.address} {given}".encode()).digest()

    def speaking(self, lang: str) -> Session:
        """The same session in `lang`; unchanged for a language the page does not speak."""
        return replace(self, lang="en" if lang == "en" else "zh") if lang in {"zh", "en"} else self


def secure(public_url: str) -> bool:
    """Whether the site is reached by https, so that cookies can be bound to it."""
    return public_url.startswith("https://")


def read_session(request: web.Request, public_url: str) -> Session:
    """The session of the request's cookie, or a fresh one. Never fails, whatever the header holds."""
    name = _name(public_url)
    for line in request.headers.getall("Cookie", []):
        for pair in line.split(";"):
            key, _, value = pair.strip().partition("=")
            found = _VALUE.fullmatch(value) if key == name else None
            if found is not None:
                token, lang, large = found.groups()
                return Session(token, "en" if lang == "en" else "zh", bool(large))
    return Session(secrets.token_urlsafe(32), fresh=True)


def keep_session(response: web.StreamResponse, session: Session, public_url: str) -> None:
    """Set the cookie for another thirty days."""
    response.set_cookie(
        _name(public_url),
        f"{session.address}.{session.lang}{'.large' if session.large else ''}",
        max_age=DAYS_30,
        path="/",
        secure=secure(public_url),
        httponly=True,
        samesite="Lax",
    )


def _name(public_url: str) -> str:
    return "__Host-zt" if secure(public_url) else "zt"
