"""The page of the answers: try a question, see what is missing, accept what clerks and clicks suggest.

Plain forms, no script needed. Everybody in the room may suggest; the page itself is for admins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from bot.web.answers_desk import Acceptance, AnswersHouse, Kind, Tried, Unwilling
from bot.web.bodies import clean_text, read_json
from bot.web.pages import PAGES
from bot.web.security import Fault
from bot.web.staff_entry import read_form, see_other
from bot.web.staff_said import number_of
from bot.web.staff_session import Declined, Visit, inside, keep_language, proven, visit, words
from cases.case import Role
from handlers.time_words import day_words

FORM_BYTES = 128 * 1024
QUESTION_LENGTH = 2000
WORDS_LENGTH = 200
ANSWER_LENGTH = 8000
STATUS = {"not_found": 404, "role": 403, "taken": 409, "changed": 409, "known": 409, "disk": 507}
FIELDS = ("kind", "suggestion", "said", "text", "entry", "policy", "aspect", "answer")
DONE = frozenset({"alias", "entry", "rejected"})
KINDS: dict[str, Kind] = {"alias": "alias", "entry": "entry"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on the page besides the board: a message, a question that was tried, a form that was not taken."""

    done: str = ""
    error: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict[str, str])
    tried: Tried | None = None
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    status: int = 200


def add_routes(app: web.Application, house: AnswersHouse) -> None:
    """`/staff/answers`, and `/staff/suggest` for the buttons under a case."""
    room = Answers(house)
    app.router.add_get("/staff/answers", room.page)
    app.router.add_get("/staff/answers/{form:try|accept|reject}", room.back)
    app.router.add_post("/staff/answers/try", room.form(room.ask))
    app.router.add_post("/staff/answers/accept", room.form(room.accept))
    app.router.add_post("/staff/answers/reject", room.form(room.reject))
    app.router.add_post("/staff/suggest", inside(house, room.suggest, writes=True))


Form = Mapping[str, str]
Handler = Callable[[web.Request, Visit, Form], Awaitable[web.Response]]


class Answers:
    """The page and its forms, one request at a time."""

    def __init__(self, house: AnswersHouse) -> None:
        self._house = house

    async def page(self, request: web.Request) -> web.Response:
        """The page; the login form for somebody who is not in."""
        here = await self._admin(request)
        if here is None:
            return see_other("/staff/login")
        done = request.query.get("done", "")
        return await self._drawn(request, here, Shown(done=done if done in DONE else ""))

    async def back(self, request: web.Request) -> web.Response:
        """Somebody looks again at the address of a form."""
        return see_other("/staff/answers")

    def form(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A handler for a posted form of the page: it must know the proof of the session."""

        async def answer(request: web.Request) -> web.Response:
            here = await self._admin(request)
            if here is None:
                return see_other("/staff/login")
            form = {name: clean_text(value) for name, value in (await read_form(request, FORM_BYTES)).items()}
            sent = {name: form.get(name, "") for name in FIELDS}
            if not proven(here.token, form.get("form", "")):
                return await self._drawn(request, here, Shown(error="old_form", kept=sent, status=403))
            try:
                return await handler(request, here, form)
            except Unwilling as no:
                gaps, status = {"detail": no.detail}, STATUS.get(no.reason, 422)
                return await self._drawn(request, here, Shown(error=no.reason, gaps=gaps, kept=sent, status=status))

        return answer

    async def ask(self, request: web.Request, here: Visit, form: Form) -> web.Response:
        """Try a question; nothing is kept of it."""
        text = form.get("text", "")[:QUESTION_LENGTH]
        tried = await self._house.answers.ask(text) if text else None
        return await self._drawn(request, here, Shown(tried=tried))

    async def accept(self, request: web.Request, here: Visit, form: Form) -> web.Response:
        """Write words or a new entry into the files."""
        what = _acceptance(form, form.get("entry", ""))
        await self._house.answers.accept(here.viewer, what)
        return see_other(f"/staff/answers?done={what.kind}")

    async def reject(self, request: web.Request, here: Visit, form: Form) -> web.Response:
        """Say no to a suggestion."""
        await self._house.answers.reject(here.viewer, _acceptance(form, form.get("proposed", "")))
        return see_other("/staff/answers?done=rejected")

    async def suggest(self, request: web.Request, here: Visit) -> web.Response:
        """A clerk's press under a case."""
        data = await read_json(request)
        kind = KINDS.get(str(data.get("kind")))
        if kind is None:
            raise Declined(422, "kind", "room.error.odd")
        try:
            new = await self._house.answers.suggest(here.viewer, number_of(data.get("case")), kind)
        except Unwilling as no:
            raise Declined(STATUS.get(no.reason, 422), no.reason, f"answers.error.{no.reason}") from no
        text = words(self._house, here.lang)("room.learn.sent" if new else "room.learn.known")
        return web.json_response({"new": new, "text": text})

    async def _admin(self, request: web.Request) -> Visit | None:
        """The visit of an admin; None for somebody who is not logged in. Raises Fault 403 for everybody else."""
        here = await visit(request, self._house)
        if here and Role.ADMIN not in here.viewer.roles:
            raise Fault(403, "role", key="answers.admins_only")
        return here

    async def _drawn(self, request: web.Request, here: Visit, shown: Shown) -> web.Response:
        house, lang = self._house, here.lang

        def day(at: datetime) -> str:
            return day_words(house.county, at, lang)

        response = request.app[PAGES].html(
            "staff_answers.html",
            house.county.texts.get(lang, {}),
            status=shown.status,
            r=words(house, lang),
            session={"lang": lang, "large": False},
            lang=lang,
            office=house.county.office.label(lang),
            proof=here.proof,
            board=await house.answers.board(),
            shown=shown,
            day=day,
            limits={"words": WORDS_LENGTH, "answer": ANSWER_LENGTH, "question": QUESTION_LENGTH},
        )
        keep_language(request, response, house.public_url)
        return response


def _acceptance(form: Form, entry_id: str) -> Acceptance:
    """A form as what it asks for. Raises Unwilling for what no page of ours sends."""
    kind, number = KINDS.get(form.get("kind", "")), form.get("suggestion", "0")
    if kind is None or not (number.isascii() and number.isdecimal() and len(number) < 18):
        raise Unwilling("odd")
    text, answer = form.get("text", ""), form.get("answer", "")
    if len(text) > WORDS_LENGTH or len(answer) > ANSWER_LENGTH:
        raise Unwilling("words")
    said = form.get("said", "")[:WORDS_LENGTH] or text
    return Acceptance(kind, int(number), said, text, entry_id, form.get("policy", ""), form.get("aspect", ""), answer)
