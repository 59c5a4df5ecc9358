"""The room: the page, the cards, the open case, and what is done to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.web.bodies import read_json
from bot.web.pages import PAGES
from bot.web.security import Fault
from bot.web.staff_entry import see_other
from bot.web.staff_house import CHANNEL, StaffHouse
from bot.web.staff_said import Order, draft_of, filing_of, nowhere, number_of, order_of, query_of
from bot.web.staff_session import Declined, Visit, inside, keep_language, language, visit, words
from bot.web.staff_shown import (
    MAY_FILE,
    Sheet,
    page_data,
    pressable,
    shown_card,
    shown_case,
    shown_page,
    shown_today,
)
from cases.case import Act
from cases.clocks import unpublished
from handlers.messages import Attachment, Inbound, Taken
from handlers.staff.card import CaseFile
from handlers.staff.document import supervision

NO = r"{no:[A-Za-z0-9-]{1,40}}"


def add_routes(app: web.Application, house: StaffHouse) -> None:
    """`/staff` and the JSON behind it."""
    room = Room(house)
    app.router.add_get("/staff", room.page)
    app.router.add_get("/staff/cards", inside(house, room.cards))
    app.router.add_get("/staff/today", inside(house, room.today))
    app.router.add_get(f"/staff/case/{NO}", inside(house, room.case))
    app.router.add_get(f"/staff/case/{NO}/letter/{{number:[0-9]{{1,6}}}}", room.letter)
    app.router.add_post("/staff/preview", inside(house, room.preview, writes=True))
    app.router.add_post("/staff/do", inside(house, room.do, writes=True))


class Room:
    """Everything a member of staff sees and does, one request at a time."""

    def __init__(self, house: StaffHouse) -> None:
        self._house = house

    async def page(self, request: web.Request) -> web.Response:
        """The room itself; the login form for somebody who is not in."""
        house = self._house
        here = await visit(request, house)
        if here is None:
            return self._outside(request)
        response = request.app[PAGES].html(
            "staff.html",
            house.county.texts.get(here.lang, {}),
            r=words(house, here.lang),
            session={"lang": here.lang, "large": False},
            lang=here.lang,
            office=house.county.office.label(here.lang),
            sample=house.county.office.sample,
            data=page_data(here, house.county, house.public_url),
            unpublished=unpublished(datetime.now(UTC), house.county),
        )
        keep_language(request, response, house.public_url)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    def _outside(self, request: web.Request) -> web.Response:
        """To the login form, unless the cookie may only have stayed home because the link was on another site."""
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and "again" not in request.query:
            lang = language(request)
            texts = self._house.county.texts.get(lang, {})
            session = {"lang": lang, "large": False}
            return request.app[PAGES].html("staff_door.html", texts, r=words(self._house, lang), session=session)
        return see_other("/staff/login")

    async def cards(self, request: web.Request, here: Visit) -> web.Response:
        """A page of cards. It also carries a fresh proof, for a page that outlived its session."""
        page = await self._house.cards(here.viewer, query_of(request.query, here.lang))
        queue = await self._house.queue()
        shown = shown_page(page, queue, self._sheet(here))
        return web.json_response({**shown, "proof": here.proof, "me": here.viewer.id})

    async def today(self, request: web.Request, here: Visit) -> web.Response:
        """What is wanted of the viewer today."""
        found = await self._house.today(here.viewer, here.lang)
        return web.json_response(shown_today(found, self._sheet(here)))

    async def letter(self, request: web.Request) -> web.Response:
        """A 督办 letter, to be read and printed; the login form for somebody who is not in."""
        here = await visit(request, self._house)
        if here is None:
            return self._outside(request)
        no = request.match_info["no"].upper()
        file = await self._house.case(here.viewer, no, here.lang)
        written = supervision(file, int(request.match_info["number"]), self._house.county, here.lang) if file else None
        if file is None or written is None:
            raise Fault(404, "not_found", key="room.error.not_found")
        return request.app[PAGES].html(
            "staff_letter.html",
            self._house.county.texts.get(here.lang, {}),
            r=words(self._house, here.lang),
            session={"lang": here.lang, "large": False},
            lang=here.lang,
            office=self._house.county.office.label(here.lang),
            no=file.card.no,
            title=written[0],
            paragraphs=written[1].split("\n"),
        )

    async def case(self, request: web.Request, here: Visit) -> web.Response:
        """One case."""
        file = await self._file(here, number_of(request.match_info["no"]))
        return web.json_response(shown_case(file, self._sheet(here)))

    async def preview(self, request: web.Request, here: Visit) -> web.Response:
        """What the citizen would read; nothing is done."""
        order = draft_of(await read_json(request), self._house.county)
        file = await self._file(here, order.case)
        if order.fields.get("rev", "0") not in {"0", str(file.card.rev)}:
            raise await self._refused(order, {"error": "stale"}, here)
        if order.act not in pressable(file.card, here.viewer):
            reason = "claimed" if file.card.claimed_by and order.act in file.card.acts else "state"
            raise await self._refused(order, {"error": reason, "who": file.card.claimed_name}, here)
        text = await self._house.preview(here.viewer, order.case, order.act, order.text, order.fields)
        return web.json_response({"text": text})

    async def do(self, request: web.Request, here: Visit) -> web.Response:
        """One act, done or refused with a reason; the case as it is now comes back either way."""
        data = await read_json(request)
        if data.get("act") == Act.FILE:
            return await self._register(filing_of(data, self._house.county), here)
        order = order_of(data, self._house.county)
        await self._file(here, order.case)
        taken = await self._take(order, here)
        if taken.data.get("error") == "unknown":  # in sight, but only to be read
            raise Declined(403, "role", "illegal.role")
        if "error" in taken.data:
            raise await self._refused(order, taken.data, here)
        file = await self._house.case(here.viewer, order.case, here.lang)
        shown = shown_case(file, self._sheet(here)) if file else None
        return web.json_response({"case": order.case, "duplicate": taken.duplicate, "file": shown})

    async def _register(self, order: Order, here: Visit) -> web.Response:
        if not here.viewer.roles & MAY_FILE:
            raise Declined(403, "role", "illegal.role")
        taken = await self._take(order, here)
        if "error" in taken.data:
            raise Declined(409, taken.data["error"], f"illegal.{taken.data['error']}")
        no = taken.data.get("case", "")
        file = await self._house.case(here.viewer, no, here.lang) if no else None
        card = shown_card(file.card, self._sheet(here)) if file else None
        return web.json_response({"case": no, "code": taken.data.get("code", ""), "card": card})

    async def _take(self, order: Order, here: Visit) -> Taken:
        """The turn. The key is bound to the person: two who send the same one are still two messages."""
        return await self._house.take(
            Inbound(
                channel=CHANNEL,
                key=f"{here.viewer.id}:{order.key}",
                sender=str(here.viewer.id),
                at=datetime.now(UTC),
                text=order.text,
                choice=order.act,
                case=order.case,
                attachments=tuple([await self._upload(one, here) for one in order.files]),
                fields=order.fields,
            )
        )

    async def _upload(self, file_id: str, here: Visit) -> Attachment:
        found = await self._house.open_file(CHANNEL, str(here.viewer.id), file_id)
        if found is None:
            raise Declined(422, "attachment", "room.error.attachment")
        return found[0]

    async def _refused(self, order: Order, data: Mapping[str, str], here: Visit) -> Declined:
        """Why not, naming who was faster, with the case as it is now so that the card can be drawn again."""
        reason = data["error"]
        file = await self._house.case(here.viewer, order.case, here.lang)
        if file is None:
            return nowhere()
        more: dict[str, Any] = {"file": shown_case(file, self._sheet(here))}
        status = 403 if reason == "role" else 409
        gaps, key = {"who": data.get("who", "")}, f"illegal.{reason}"
        last = file.steps[-1] if file.steps else None
        if reason in {"stale", "state"} and last and (last.who or last.actor_kind == "citizen"):
            word = words(self._house, here.lang)
            gaps = {"who": last.who or word("room.citizen"), "act": word(f"act.{last.act}")}
            key = f"room.error.{reason}_by"
        return Declined(status, reason, key, more, **gaps)

    async def _file(self, here: Visit, no: str) -> CaseFile:
        file = await self._house.case(here.viewer, no, here.lang)
        if file is None:
            raise nowhere()
        return file

    def _sheet(self, here: Visit) -> Sheet:
        word = words(self._house, here.lang)
        return Sheet(self._house.county, here.viewer, here.lang, word, datetime.now(UTC))
