"""Files of a talk: in as a stream, out to their owner only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from bot.web.bodies import Pace, clean_text
from bot.web.letters import shown_file
from bot.web.security import Buckets, Fault, origin_is_sure, source_of
from bot.web.served import hand_out
from bot.web.session import CHANNEL, Session, keep_session, read_session

if TYPE_CHECKING:
    from bot.web.server import House

NAME_LENGTH = 255
SOURCE_FACTOR = 10


class Refused(Exception):
    """A file that is not taken. `key` is the whole key of the text that says why, `gaps` fill it."""

    def __init__(self, key: str, args: Mapping[str, object] | None = None, status: int = 422) -> None:
        super().__init__(key)
        self.key = key
        self.gaps = dict(args or {})
        self.status = status


def add_routes(app: web.Application, house: House) -> None:
    """`/talk/upload` and `/talk/file/ID`."""
    uploads = Uploads(house)
    app.router.add_post("/talk/upload", uploads.take)
    app.router.add_get(r"/talk/file/{id:[\w-]{1,64}}", uploads.show)


class Uploads:
    """One file a request, as its raw body; `?name=` is how the citizen's phone calls it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._buckets = Buckets()

    async def take(self, request: web.Request) -> web.Response:
        """Store the body and answer what became of it."""
        house = self._house
        session = read_session(request, house.public_url)
        if not origin_is_sure(request, house.public_url) and request.headers.get("X-Zhitong-Form") != session.form:
            raise Fault(403, "origin")
        self._slow_down(request, session)
        cap = largest_file(house)
        if (request.content_length or 0) > cap:
            raise Fault(413, "upload_large", args={"mb": cap // 2**20})
        stream = Pace().chunks(request.content.read, cap)
        name = clean_text(request.query.get("name", ""))[:NAME_LENGTH]
        try:
            stored = await house.receive_file(CHANNEL, session.address, stream, name, request.content_type)
        except Refused as refused:
            raise Fault(refused.status, "file", key=bare(refused.key), args=refused.gaps) from refused
        response = web.json_response(shown_file(stored))
        if session.fresh:
            keep_session(response, session, house.public_url)
        return response

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The file, for the session that sent or received it; for others it does not exist."""
        session = read_session(request, self._house.public_url)
        found = await self._house.open_file(CHANNEL, session.address, request.match_info["id"])
        if found is None:
            raise Fault(404, "not_found")
        file, stored = found
        return await hand_out(request, stored, file.name, file.mime, cache="private, no-cache")

    def _slow_down(self, request: web.Request, session: Session) -> None:
        rate = self._house.county.office.limits.messages_per_minute
        wait = self._buckets.take("file " + session.address, rate) or self._buckets.take(
            "source " + source_of(request, self._house.public_url), rate * SOURCE_FACTOR
        )
        if wait:
            raise Fault(429, "too_fast", wait=int(wait) + 1)


def largest_file(house: House) -> int:
    """Bytes of the largest file the office takes."""
    limits = house.county.office.limits
    return max(limits.photo_mb, limits.file_mb) * 2**20


def bare(key: str) -> str:
    """A text key without the `web.` that texts of ours begin with; a key of another room stays whole."""
    return key.removeprefix("web.")
