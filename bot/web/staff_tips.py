"""The name behind a tip, in the staff room and nowhere else: asked for, decided by somebody else, looked at."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import TypeVar

from aiohttp import web

from bot.web.bodies import clean_text, read_json
from bot.web.staff_room import NO
from bot.web.staff_said import nowhere, number_of
from bot.web.staff_session import Declined, Visit, inside
from bot.web.tips_desk import AskingShown, TipRefused, TipsHouse

REASON = 200
T = TypeVar("T")


def add_routes(app: web.Application, house: TipsHouse) -> None:
    """`/staff/tip/NO/…`."""
    room = Names(house)
    app.router.add_get(f"/staff/tip/{NO}/asked", inside(house, room.asked))
    app.router.add_post(f"/staff/tip/{NO}/ask", inside(house, room.ask, writes=True))
    app.router.add_post(f"/staff/tip/{NO}/decide", inside(house, room.decide, writes=True))
    app.router.add_post(f"/staff/tip/{NO}/look", inside(house, room.look, writes=True))


class Names:
    """One request at a time; everything is decided again behind the door."""

    def __init__(self, house: TipsHouse) -> None:
        self._house = house

    async def asked(self, request: web.Request, here: Visit) -> web.Response:
        """The requests about a tip."""
        return await self._listed(here, number_of(request.match_info["no"]))

    async def ask(self, request: web.Request, here: Visit) -> web.Response:
        """Ask, with a reason."""
        no, data = number_of(request.match_info["no"]), await read_json(request)
        reason = data.get("reason")
        text = clean_text(reason)[:REASON] if isinstance(reason, str) else ""
        await _done(self._house.tips.ask(here.viewer, no, text))
        return await self._listed(here, no)

    async def decide(self, request: web.Request, here: Visit) -> web.Response:
        """Yes or no to somebody else's request."""
        no, data = number_of(request.match_info["no"]), await read_json(request)
        asking, granted = data.get("id"), data.get("granted")
        if not isinstance(asking, str) or not asking.isdecimal() or len(asking) > 18 or not isinstance(granted, bool):
            raise Declined(422, "odd", "room.error.odd")
        await _done(self._house.tips.decide(here.viewer, no, int(asking), granted))
        return await self._listed(here, no)

    async def look(self, request: web.Request, here: Visit) -> web.Response:
        """The name. A post, because it leaves a trace."""
        no = number_of(request.match_info["no"])
        found = await _done(self._house.tips.look(here.viewer, no))
        shown = {"name": found.name, "phone": found.phone, "until": found.until.astimezone(UTC).isoformat()}
        return web.json_response(shown)

    async def _listed(self, here: Visit, no: str) -> web.Response:
        found = await _done(self._house.tips.askings(here.viewer, no))
        return web.json_response({"asked": [_shown(one) for one in found]})


async def _done(work: Awaitable[T]) -> T:
    try:
        return await work
    except TipRefused as refused:
        if refused.reason == "unknown":
            raise nowhere() from None
        raise Declined(409, refused.reason, f"illegal.{refused.reason}") from None


def _shown(one: AskingShown) -> dict[str, object]:
    return {
        "id": str(one.id),
        "who": one.who,
        "reason": one.reason,
        "at": _iso(one.at),
        "state": one.state,
        "mine": one.mine,
        "by": one.decided_by,
        "until": _iso(one.until) if one.until else "",
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
