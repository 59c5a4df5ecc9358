"""The citizen's page: the talk as a page, as JSON, and as the plain form that needs no script."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.web.bodies import read_json
from bot.web.events import whole_number
from bot.web.form import Form, Rules, read_form
from bot.web.letters import live, messages
from bot.web.pages import PAGES, say
from bot.web.said import SCENE, Said, said_in_form, said_in_json
from bot.web.security import Buckets, Fault, origin_is_sure, source_of
from bot.web.session import CHANNEL, Session, keep_session, read_session
from bot.web.uploads import SOURCE_FACTOR, largest_file
from handlers.messages import Attachment, Inbound, Taken
from handlers.wording import render

if TYPE_CHECKING:
    from bot.web.server import House

PAGE = 50


def add_routes(app: web.Application, house: House) -> None:
    """`/`, `/talk`, `/talk/history`, `/s/CODE` and the manifest."""
    citizen = Citizen(house)
    app.router.add_get("/", citizen.page)
    app.router.add_post("/", citizen.form)
    app.router.add_post("/talk", citizen.talk)
    app.router.add_get("/talk/history", citizen.history)
    app.router.add_get("/s/{code}", citizen.scene)
    app.router.add_get("/manifest.webmanifest", citizen.manifest)


class Citizen:
    """One talk, three ways in: page, script, plain form. All of them are the same turn."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._buckets = Buckets()

    async def page(self, request: web.Request) -> web.Response:
        """The talk so far, as a page that works before and without its script."""
        session = self._session(request)
        house = self._house
        letters = await house.letters(CHANNEL, session.address, limit=PAGE)
        shown = messages(house, letters, session.lang)
        texts = house.county.texts.get(session.lang, {})
        scene = request.query.get("scene", "")
        response = request.app[PAGES].html(
            "citizen.html",
            texts,
            session=session,
            title=house.county.office.label(session.lang),
            phone=house.county.office.phone,
            messages=shown,
            live=live(shown),
            more=len(letters) == PAGE,
            key=secrets.token_hex(16),
            scene=scene if SCENE.fullmatch(scene) else "",
            starts=("report", "policy", "progress", *(("tip",) if house.county.office.tip_lane else ())),
            no_cookie=session.fresh and "cookie" in request.query,
            today=self._now().astimezone(ZoneInfo(house.county.office.time_zone)).date().isoformat(),
            data=self._page_data(session, texts),
        )
        keep_session(response, session, house.public_url)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def form(self, request: web.Request) -> web.Response:
        """One message from the plain form; then the page again, or a note about files that were not taken."""
        session = self._session(request)
        self._slow_down(request, session)  # before its files are stored
        form = await self._read_form(request, session)
        view = form.fields.get("view", "")
        if view:
            return self._back(replace(session, large=view == "large"))
        said = said_in_form(form, key=secrets.token_hex(16))
        unkept: list[str] = []
        if not said.empty:
            taken = await self._take(request, said, tuple(form.files), session)
            session = session.speaking(taken.lang)
            unkept = self._unkept(taken)
        if form.notes:
            return self._note(request, session, [*unkept, *self._excuses(form, session)], 422)
        return self._note(request, session, unkept, 200) if unkept else self._back(session)

    async def talk(self, request: web.Request) -> web.Response:
        """One message from the script, answered with what it gave."""
        session = self._session(request)
        said = said_in_json(await read_json(request), self._house.county.office.limits.photos)
        self._slow_down(request, session)
        files = [await self._own_file(session, file_id) for file_id in said.files]
        taken = await self._take(request, said, tuple(files), session)
        spoken = session.speaking(taken.lang)
        response = web.json_response(
            {
                "messages": messages(self._house, taken.letters, spoken.lang),
                "duplicate": taken.duplicate,
                "lang": spoken.lang,
                "fresh": session.fresh,
                "forgotten": taken.forgotten,
            }
        )
        if session.fresh or spoken.lang != session.lang:
            keep_session(response, spoken, self._house.public_url)
        return response

    async def history(self, request: web.Request) -> web.Response:
        """Fifty letters before `?before=`, or after `?after=` for browsers that cannot hold a stream."""
        session = self._session(request)
        before = whole_number(request.query.get("before"))
        after = whole_number(request.query.get("after"))
        letters = await self._house.letters(CHANNEL, session.address, before=before, after=after, limit=PAGE)
        response = web.json_response(
            {"messages": messages(self._house, letters, session.lang), "more": len(letters) == PAGE}
        )
        response.enable_compression()
        return response

    async def scene(self, request: web.Request) -> web.Response:
        """A printed code: the page, knowing where the citizen stands."""
        code = request.match_info["code"]
        return _see_other(f"/?scene={code}" if SCENE.fullmatch(code) else "/")

    async def manifest(self, request: web.Request) -> web.Response:
        """What the phone shows when the page is put on its home screen."""
        session = self._session(request)
        name = self._house.county.office.label(session.lang)
        assets = request.app[PAGES].assets
        icons: list[dict[str, str]] = [
            {"src": assets.url("citizen.icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": assets.url("citizen.logo.svg"), "sizes": "any", "type": "image/svg+xml"},
        ]
        facts: dict[str, Any] = {"name": name, "short_name": name, "start_url": "/", "display": "standalone"}
        facts |= {"icons": icons, "background_color": "#f6f2ea", "theme_color": "#0d4b4a", "lang": session.lang}
        return web.json_response(facts, content_type="application/manifest+json")

    async def _take(self, request: web.Request, said: Said, files: tuple[Attachment, ...], session: Session) -> Taken:
        return await self._house.take(
            Inbound(
                channel=CHANNEL,
                key=session.key(said.key),
                sender=session.address,
                at=self._now(),
                text=said.text,
                choice=said.choice,
                attachments=files,
                place=said.place,
                scene=said.scene,
                source=source_of(request, self._house.public_url),
                echo=session.echo(said.key),
            )
        )

    async def _own_file(self, session: Session, file_id: str) -> Attachment:
        found = await self._house.open_file(CHANNEL, session.address, file_id)
        if found is None:
            raise Fault(422, "attachment")
        return found[0]

    async def _read_form(self, request: web.Request, session: Session) -> Form:
        house = self._house
        sure = origin_is_sure(request, house.public_url)

        def check(fields: Mapping[str, str]) -> None:
            if not sure and fields.get("form") != session.form:
                raise Fault(403, "cookies" if session.fresh else "origin")

        receive = partial(house.receive_file, CHANNEL, session.address)
        return await read_form(request, Rules(receive, check, house.county.office.limits.photos, largest_file(house)))

    def _unkept(self, taken: Taken) -> list[str]:
        """What is said once and not kept: the talk shows it never, so the page must now."""
        texts = self._house.county.texts.get(taken.lang, {})
        replies = [letter.reply for letter in taken.letters if letter.reply and not letter.id]
        return [words for reply in replies for words in render(reply, texts, self._house.code_of).paragraphs]

    def _excuses(self, form: Form, session: Session) -> list[str]:
        """Why files were not taken, each reason once."""
        texts = self._house.county.texts.get(session.lang, {})
        return list(dict.fromkeys(say(texts)(key, **gaps) for key, gaps in form.notes))

    def _note(self, request: web.Request, session: Session, notes: list[str], status: int) -> web.Response:
        texts = self._house.county.texts.get(session.lang, {})
        office = self._house.county.office
        response = request.app[PAGES].html(
            "citizen_note.html",
            texts,
            status=status,
            session=session,
            title=office.label(session.lang),
            phone=office.phone,
            notes=notes,
        )
        keep_session(response, session, self._house.public_url)
        return response

    def _back(self, session: Session) -> web.Response:
        response = _see_other("/?cookie#now" if session.fresh else "/#now")
        keep_session(response, session, self._house.public_url)
        return response

    def _slow_down(self, request: web.Request, session: Session) -> None:
        rate = self._house.county.office.limits.messages_per_minute
        wait = self._buckets.take("talk " + session.address, rate) or self._buckets.take(
            "source " + source_of(request, self._house.public_url), rate * SOURCE_FACTOR
        )
        if wait:
            raise Fault(429, "too_fast", wait=int(wait) + 1)

    def _page_data(self, session: Session, texts: Mapping[str, str]) -> dict[str, Any]:
        """What the script needs: every text under `web.js`, the office's limits, proof that it is our page."""
        limits = self._house.county.office.limits
        return {
            "texts": {key.removeprefix("web.js."): text for key, text in texts.items() if key.startswith("web.js.")},
            "lang": session.lang,
            "form": session.form,
            "photos": limits.photos,
            "mb": largest_file(self._house) // 2**20,
        }

    def _session(self, request: web.Request) -> Session:
        return read_session(request, self._house.public_url)

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)


def _see_other(where: str) -> web.Response:
    return web.Response(status=303, headers={"Location": where})
