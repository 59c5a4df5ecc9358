"""Files of the staff room: in as a stream, out to whoever may see the case they belong to."""

from __future__ import annotations

from aiohttp import web

from bot.web.bodies import Pace, clean_text
from bot.web.security import Buckets, Fault
from bot.web.served import hand_out
from bot.web.staff_house import CHANNEL, StaffHouse
from bot.web.staff_room import NO
from bot.web.staff_said import nowhere, number_of
from bot.web.staff_session import Declined, Visit, inside
from bot.web.staff_shown import MAY_FILE, largest_file, shown_file
from bot.web.uploads import NAME_LENGTH, Refused, bare
from cases.case import Role

UPLOADS_PER_MINUTE = 60
MAY_UPLOAD = MAY_FILE | {Role.SUPERVISOR}


def add_routes(app: web.Application, house: StaffHouse) -> None:
    """`/staff/upload` and `/staff/file/NO/ID`."""
    files = Files(house)
    app.router.add_post("/staff/upload", inside(house, files.take, writes=True))
    app.router.add_get(rf"/staff/file/{NO}/{{id:[\w-]{{1,64}}}}", inside(house, files.show))


class Files:
    """One file a request, as its raw body; `?name=` is how the clerk calls it."""

    def __init__(self, house: StaffHouse) -> None:
        self._house = house
        self._buckets = Buckets()

    async def take(self, request: web.Request, here: Visit) -> web.Response:
        """Store the body; the answer's `id` may then be sent with an act."""
        if not here.viewer.roles & MAY_UPLOAD:
            raise Declined(403, "role", "illegal.role")
        wait = self._buckets.take(str(here.viewer.id), UPLOADS_PER_MINUTE)
        if wait:
            raise Fault(429, "too_fast", wait=int(wait) + 1)
        cap = largest_file(self._house.county)
        if (request.content_length or 0) > cap:
            raise Declined(413, "too_large", "room.error.file_large", mb=str(cap // 2**20))
        name = clean_text(request.query.get("name", ""))[:NAME_LENGTH]
        stream = Pace().chunks(request.content.read, cap)
        try:
            stored = await self._house.receive_file(CHANNEL, str(here.viewer.id), stream, name, request.content_type)
        except Refused as refused:
            raise Fault(refused.status, "file", key=bare(refused.key), args=refused.gaps) from refused
        return web.json_response(shown_file(stored))

    async def show(self, request: web.Request, here: Visit) -> web.StreamResponse:
        """A file of a case in sight. Photos and voices open in the page, everything else is saved."""
        no = number_of(request.match_info["no"])
        found = await self._house.case_file(here.viewer, no, request.match_info["id"])
        if found is None:
            raise nowhere()
        file, stored = found
        return await hand_out(request, stored, file.name, file.mime)
