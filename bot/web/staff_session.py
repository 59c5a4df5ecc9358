"""Who is in the staff room: one cookie that opens the session, and a proof every post must bring.

The cookie is `SameSite=Strict`, so no foreign page can even ask with it; the proof is a hash of its token,
which only a page of ours can have read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.web.session import secure
from bot.web.staff_house import StaffHouse
from cases.case import Actor
from handlers.wording import fill

COOKIE = "zt_staff"
FORM_COOKIE = "zt_staff_form"
LANG_COOKIE = "zt_staff_lang"
PROOF = "X-Zhitong-Form"
YEAR = 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")


class Declined(Exception):
    """Something the room says no to. `key` names the text, `more` is added to the JSON."""

    def __init__(self, status: int, code: str, key: str, more: Mapping[str, Any] | None = None, **gaps: str) -> None:
        super().__init__(code)
        self.status, self.code, self.key = status, code, key
        self.more = dict(more or {})
        self.gaps = gaps


@dataclass(frozen=True, slots=True)
class Visit:
    """A member of staff at a browser."""

    token: str
    viewer: Actor
    lang: str

    @property
    def proof(self) -> str:
        """What every post of this session must carry."""
        return proof_of(self.token)


Handler = Callable[[web.Request, Visit], Awaitable[web.StreamResponse]]
Word = Callable[..., str]


def proof_of(token: str) -> str:
    """The value that proves a page of ours was read with `token`."""
    return hashlib.sha256(b"zhitong staff form " + token.encode()).hexdigest()[:32]


def proven(token: str, given: str) -> bool:
    """Whether `given` is the proof of `token`, compared in constant time."""
    return bool(token) and hmac.compare_digest(proof_of(token).encode(), given.encode())


def cookie(request: web.Request, name: str, public_url: str) -> str:
    """The token in the cookie called `name`; "" when there is none that could be ours."""
    name = _bound(name, public_url)
    for line in request.headers.getall("Cookie", []):
        for pair in line.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name and _TOKEN.fullmatch(value):
                return value
    return ""


def keep(response: web.StreamResponse, name: str, token: str, public_url: str) -> None:
    """Give the browser a token until it is closed; the house decides how long it is good."""
    response.set_cookie(
        _bound(name, public_url), token, path="/", secure=secure(public_url), httponly=True, samesite="Strict"
    )


def forget(response: web.StreamResponse, name: str, public_url: str) -> None:
    """Take a token back from the browser."""
    response.del_cookie(_bound(name, public_url), path="/", secure=secure(public_url), httponly=True, samesite="Strict")


def language(request: web.Request) -> str:
    """The language of the room: as just asked for, else as kept, else Chinese."""
    asked = request.query.get("lang") or request.cookies.get(LANG_COOKIE, "")
    return "en" if asked == "en" else "zh"


def keep_language(request: web.Request, response: web.StreamResponse, public_url: str) -> None:
    """Remember a language that was asked for by `?lang=`."""
    if request.query.get("lang") in {"zh", "en"}:
        response.set_cookie(
            LANG_COOKIE,
            language(request),
            max_age=YEAR,
            path="/staff",
            secure=secure(public_url),
            httponly=True,
            samesite="Strict",
        )


async def visit(request: web.Request, house: StaffHouse) -> Visit | None:
    """Who is asking; None for somebody who is not logged in."""
    token = cookie(request, COOKIE, house.public_url)
    viewer = await house.staff_by_session(token) if token else None
    return Visit(token, viewer, language(request)) if viewer is not None else None


def inside(house: StaffHouse, handler: Handler, *, writes: bool = False) -> Callable[..., Awaitable[Any]]:
    """A handler for people who are logged in; answers refusals as JSON. `writes` demands the proof first."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            here = await visit(request, house)
            if here is None:
                raise Declined(401, "login", "room.error.login")
            if writes and not proven(here.token, request.headers.get(PROOF, "")):
                raise Declined(403, "proof", "room.error.proof")
            return await handler(request, here)
        except Declined as no:
            response = declined(no, house, language(request))
            if request.can_read_body and not request.content.is_eof():
                response.force_close()
            return response

    return answer


def declined(no: Declined, house: StaffHouse, lang: str) -> web.Response:
    """A refusal as `{error: {code, text}, …}`."""
    text = words(house, lang)(no.key, **no.gaps)
    return web.json_response({"error": {"code": no.code, "text": text}, **no.more}, status=no.status)


def words(house: StaffHouse, lang: str) -> Word:
    """A function giving the text under a key, with its gaps filled."""
    texts = house.county.texts.get(lang, {})

    def word(key: str, **gaps: object) -> str:
        return fill(texts, key, {name: str(value) for name, value in gaps.items()})

    return word


def fresh_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def _bound(name: str, public_url: str) -> str:
    return f"__Host-{name}" if secure(public_url) else name
