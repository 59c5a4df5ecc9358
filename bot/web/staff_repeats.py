"""The supervisor's page: drafts of 监察建议 with their document, and what cross-checks (村村协作) came to.

Plain forms and a page to print, no script needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from aiohttp import web

from bot.web.bodies import clean_text
from bot.web.pages import PAGES
from bot.web.repeats_desk import Draft, RepeatsHouse, Unwilling
from bot.web.security import Fault
from bot.web.staff_entry import read_form, see_other
from bot.web.staff_session import Visit, keep_language, proven, visit, words
from cases.case import Role
from config.schema import County
from handlers.staff.card import topic_path
from handlers.time_words import day_words, local_day
from handlers.wording import fill

FORM_BYTES = 32 * 1024
REASON_LENGTH = 500
STATUS = {"changed": 409, "role": 403, "old_form": 403}


@dataclass(frozen=True, slots=True)
class Said:
    """What stands on the page besides the board."""

    done: str = ""
    error: str = ""
    status: int = 200


def add_routes(app: web.Application, house: RepeatsHouse) -> None:
    """`/staff/repeats`, the document of a draft, and the form that deals with it."""
    room = Room(house)
    app.router.add_get("/staff/repeats", room.page)
    app.router.add_get("/staff/repeats/document", room.document)
    app.router.add_get("/staff/repeats/decide", room.back)
    app.router.add_post("/staff/repeats/decide", room.decide)


class Room:
    """The page, one request at a time."""

    def __init__(self, house: RepeatsHouse) -> None:
        self._house = house

    async def page(self, request: web.Request) -> web.Response:
        """The page; the login form for somebody who is not in."""
        here = await self._supervisor(request)
        if here is None:
            return see_other("/staff/login")
        done = request.query.get("done", "")
        return await self._drawn(request, here, Said(done=done if done in ("done", "dismissed") else ""))

    async def back(self, request: web.Request) -> web.Response:
        """Somebody looks again at the address of the form."""
        return see_other("/staff/repeats")

    async def document(self, request: web.Request) -> web.Response:
        """The document of one draft: to print, or as a text file."""
        here = await self._supervisor(request)
        if here is None:
            return see_other("/staff/login")
        draft = await self._asked(here, request.query)
        if draft is None:
            raise Fault(404, "not_found", key="advice.error.changed")
        text = document(draft, self._house.county, here.lang)
        if request.query.get("as") == "text":
            name = quote(f"{words(self._house, here.lang)('advice.name')}-{draft.topic}-{draft.where}.txt")
            headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
            return web.Response(text=text, headers=headers, content_type="text/plain")
        return request.app[PAGES].html(
            "staff_advice.html",
            self._house.county.texts.get(here.lang, {}),
            r=words(self._house, here.lang),
            session={"lang": here.lang, "large": False},
            text=text,
            link=_link(draft),
        )

    async def decide(self, request: web.Request) -> web.Response:
        """A draft went out, or will not."""
        here = await self._supervisor(request)
        if here is None:
            return see_other("/staff/login")
        form = {name: clean_text(value) for name, value in (await read_form(request, FORM_BYTES)).items()}
        if not proven(here.token, form.get("form", "")):
            return await self._drawn(request, here, Said(error="old_form", status=403))
        state, reason = form.get("state", ""), form.get("reason", "")[:REASON_LENGTH]
        try:
            draft = await self._asked(here, form)
            if draft is None:
                raise Unwilling("changed")
            await self._house.repeats.decide(here.viewer, draft, form.get("last", ""), state, reason)
        except Unwilling as no:
            return await self._drawn(request, here, Said(error=no.reason, status=STATUS.get(no.reason, 422)))
        return see_other(f"/staff/repeats?done={state}")

    async def _asked(self, here: Visit, given: Mapping[str, str]) -> Draft | None:
        key = (given.get("topic", ""), given.get("scope", ""), given.get("where", ""))
        return await self._house.repeats.draft(here.viewer, *key)

    async def _supervisor(self, request: web.Request) -> Visit | None:
        """The visit of a supervisor; None for somebody who is not logged in. Raises Fault 403 for everybody else."""
        here = await visit(request, self._house)
        if here and Role.SUPERVISOR not in here.viewer.roles:
            raise Fault(403, "role", key="advice.supervisors_only")
        return here

    async def _drawn(self, request: web.Request, here: Visit, said: Said) -> web.Response:
        house, lang = self._house, here.lang
        county = house.county

        def day(at: datetime) -> str:
            return day_words(county, at, lang)

        def topic(code: str) -> str:
            return topic_path(county, code, lang)

        def where(scope: str, name: str) -> str:
            return where_words(county, scope, name, lang)

        response = request.app[PAGES].html(
            "staff_repeats.html",
            county.texts.get(lang, {}),
            status=said.status,
            r=words(house, lang),
            session={"lang": lang, "large": False},
            lang=lang,
            office=county.office.label(lang),
            proof=here.proof,
            board=await house.repeats.board(here.viewer),
            said=said,
            day=day,
            topic=topic,
            where=where,
            link=_link,
            most=REASON_LENGTH,
        )
        keep_language(request, response, house.public_url)
        return response


def _link(draft: Draft) -> str:
    asked = {"topic": draft.topic, "scope": draft.scope, "where": draft.where}
    return f"/staff/repeats/document?{urlencode(asked)}"


def where_words(county: County, scope: str, where: str, lang: str) -> str:
    """A place or a department by its name."""
    if scope == "place":
        return county.place_path(where, lang) or where
    unit = county.department_by_id.get(where)
    return unit.label(lang) if unit else where


def document(draft: Draft, county: County, lang: str) -> str:
    """The text of a recommendation, from the template in the texts: figures and numbers, and nobody's name."""
    texts = county.texts.get(lang, {})
    topic = county.topic_by_code.get(draft.topic)
    unit = topic.department if topic and topic.department in county.department_by_id else ""
    unit = draft.where if draft.scope == "department" else unit
    gaps = {
        "office": county.office.label(lang),
        "unit": where_words(county, "department", unit, lang) if unit else fill(texts, "advice.unit_open", {}),
        "where": where_words(county, draft.scope, draft.where, lang),
        "topic": topic_path(county, draft.topic, lang),
        "n": str(len(draft.numbers)),
        "open": str(draft.open),
        "overdue": str(draft.overdue),
        "since": _day(county, draft.since, lang),
        "until": _day(county, draft.until, lang),
        "numbers": texts.get("room.comma", ", ").join(draft.numbers),
        "day": _day(county, datetime.now(UTC), lang),
    }
    return fill(texts, "advice.document", gaps)


def _day(county: County, at: datetime, lang: str) -> str:
    """A day with its year: a document is read years later."""
    day = local_day(county, at)
    return fill(county.texts.get(lang, {}), "advice.day", {"y": str(day.year), "m": str(day.month), "d": str(day.day)})
