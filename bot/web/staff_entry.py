"""Coming in and going out: login, the one-time code that sets a password, logout. Plain forms, no script needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.web.bodies import clean_text, read_body
from bot.web.pages import PAGES
from bot.web.security import Fault, source_of
from bot.web.staff_house import StaffHouse, TooMany, Weak
from bot.web.staff_session import (
    COOKIE,
    FORM_COOKIE,
    cookie,
    forget,
    fresh_token,
    keep,
    keep_language,
    language,
    proof_of,
    proven,
    visit,
    words,
)

FORM_BYTES = 16 * 1024
NAME_LENGTH = 40
PASSWORD_LENGTH = 200
CODE_LENGTH = 64
WEAK = frozenset({"short", "common", "name", "long"})


def add_routes(app: web.Application, house: StaffHouse) -> None:
    """`/staff/login`, `/staff/start` and `/staff/logout`."""
    entry = Entry(house)
    app.router.add_get("/staff/login", entry.login)
    app.router.add_post("/staff/login", entry.log_in)
    app.router.add_get("/staff/start", entry.start)
    app.router.add_post("/staff/start", entry.redeem)
    app.router.add_post("/staff/logout", entry.log_out)


class Entry:
    """The two forms in front of the room, and the way out."""

    def __init__(self, house: StaffHouse) -> None:
        self._house = house

    async def login(self, request: web.Request) -> web.Response:
        """The login form; somebody who is in already goes to the room."""
        if await visit(request, self._house):
            return see_other("/staff")
        return self._page(request, "login")

    async def log_in(self, request: web.Request) -> web.Response:
        """Name and password. A wrong one does not say which it was."""
        form = await self._form(request)
        if form is None:
            return self._page(request, "login", status=403, error="room.entry.old_form")
        name = clean_text(form.get("name", ""))[:NAME_LENGTH]
        password = form.get("password", "")[:PASSWORD_LENGTH]
        try:
            source = source_of(request, self._house.public_url)
            token = await self._house.log_in(name, password, source) if name and password else None
        except TooMany as many:
            return self._wait(request, "login", many, name=name)
        if token is None:
            return self._page(request, "login", status=401, error="room.entry.wrong", name=name)
        return self._welcome(request, token)

    async def start(self, request: web.Request) -> web.Response:
        """The form for a one-time code; the script takes the code out of the address, where no log sees it."""
        return self._page(request, "start")

    async def redeem(self, request: web.Request) -> web.Response:
        """A code and the password it sets."""
        form = await self._form(request)
        if form is None:
            return self._page(request, "start", status=403, error="room.entry.old_form")
        code = clean_text(form.get("code", ""))[:CODE_LENGTH]
        password, again = form.get("password", ""), form.get("again", "")
        wrong = _mistake(code, password, again)
        if wrong:
            return self._page(request, "start", status=422, error=wrong, code=code)
        try:
            token = await self._house.redeem(code, password)
        except Weak as weak:
            reason = f"room.weak.{weak.reason if weak.reason in WEAK else 'other'}"
            return self._page(request, "start", status=422, error=reason, code=code)
        except TooMany as many:
            return self._wait(request, "start", many)
        if token is None:
            return self._page(request, "start", status=401, error="room.entry.bad_code")
        return self._welcome(request, token)

    async def log_out(self, request: web.Request) -> web.Response:
        """End the session of this browser; harmless without one."""
        token = cookie(request, COOKIE, self._house.public_url)
        form = await read_form(request)
        if token and not proven(token, form.get("form", "")):
            return self._page(request, "login", status=403, error="room.entry.old_form")
        if token:
            await self._house.log_out(token)
        response = see_other("/staff/login")
        forget(response, COOKIE, self._house.public_url)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def _form(self, request: web.Request) -> dict[str, str] | None:
        """The form, if it was ours: it must know the token that this browser was given with it."""
        form = await read_form(request)
        token = cookie(request, FORM_COOKIE, self._house.public_url)
        return form if proven(token, form.get("form", "")) else None

    def _welcome(self, request: web.Request, token: str) -> web.Response:
        response = see_other("/staff")
        keep(response, COOKIE, token, self._house.public_url)
        forget(response, FORM_COOKIE, self._house.public_url)
        return response

    def _wait(self, request: web.Request, kind: str, many: TooMany, **shown: str) -> web.Response:
        minutes = -(-many.seconds // 60)
        key = "room.entry.wait_minutes" if many.seconds > 90 else "room.entry.wait_seconds"
        gaps = {"minutes": minutes, "seconds": max(1, many.seconds)}
        response = self._page(request, kind, status=429, error=key, gaps=gaps, **shown)
        response.headers["Retry-After"] = str(max(1, many.seconds))
        return response

    def _page(
        self,
        request: web.Request,
        kind: str,
        *,
        status: int = 200,
        error: str = "",
        gaps: Mapping[str, int] | None = None,
        **shown: str,
    ) -> web.Response:
        house, lang = self._house, language(request)
        token = cookie(request, FORM_COOKIE, house.public_url) or fresh_token()
        word = words(house, lang)
        context: dict[str, Any] = {"name": "", "code": "", **shown}
        response = request.app[PAGES].html(
            "staff_entry.html",
            house.county.texts.get(lang, {}),
            status=status,
            r=word,
            kind=kind,
            session={"lang": lang, "large": False},
            lang=lang,
            office=house.county.office.label(lang),
            sample=house.county.office.sample,
            form=proof_of(token),
            error=word(error, **dict(gaps or {})) if error else "",
            **context,
        )
        keep(response, FORM_COOKIE, token, house.public_url)
        keep_language(request, response, house.public_url)
        return response


def see_other(where: str) -> web.Response:
    """Go and look there."""
    return web.Response(status=303, headers={"Location": where})


def _mistake(code: str, password: str, again: str) -> str:
    """The key of what is wrong before the house is even asked; "" for nothing."""
    if not code:
        return "room.entry.no_code"
    if len(password) > PASSWORD_LENGTH:
        return "room.weak.long"
    return "room.entry.differ" if password != again else ""


async def read_form(request: web.Request, cap: int = FORM_BYTES) -> dict[str, str]:
    """The fields of a form. Raises Fault 415 for another type, 400 for what is no form, 413 above `cap` bytes."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Fault(415, "bad_request")
    body = await read_body(request, cap)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as broken:
        raise Fault(400, "bad_request") from broken
    return dict(pairs)
