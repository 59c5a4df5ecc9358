"""The whole of a letter that a WeChat text had no room for, as a page for whoever holds its link."""

from __future__ import annotations

from aiohttp import web

from bot.channels.wechat.ports import Busy, House
from bot.web.letters import markdown
from bot.web.pages import PAGES
from bot.web.security import Fault
from bot.web.served import hand_out
from bot.web.session import read_session
from handlers.messages import Letter
from handlers.wording import render


class FullText:
    """`/wechat/letter/TOKEN`, and the files that came with it."""

    def __init__(self, house: House) -> None:
        self._house = house

    def add_routes(self, app: web.Application) -> None:
        """The page and its files."""
        app.router.add_get(r"/wechat/letter/{token:[\w-]{33}}", self.page)
        app.router.add_get(r"/wechat/letter/{token:[\w-]{33}}/{file:\d{1,2}}", self.file)

    async def page(self, request: web.Request) -> web.Response:
        """The letter in its reader's language."""
        letter, lang = await self._letter(request)
        assert letter.reply
        house, office = self._house, self._house.county.office
        texts = house.county.texts.get(lang, {})
        shown = render(letter.reply, texts, house.code_of)
        marked = shown.markdown
        parts = [(markdown(part), "") if at in marked else ("", part) for at, part in enumerate(shown.paragraphs)]
        return request.app[PAGES].html(
            "wechat_letter.html",
            texts,
            session=read_session(request, house.public_url),
            title=office.label(lang),
            phone=office.phone,
            parts=parts,
            files=[(f"{request.path}/{at}", file.name) for at, file in enumerate(shown.attachments)],
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of the letter's files."""
        letter, _ = await self._letter(request)
        files = letter.reply.attachments if letter.reply else ()
        at = int(request.match_info["file"])
        stored = await self._house.file_of_letter(files[at]) if at < len(files) else None
        if stored is None:
            raise Fault(404, "not_found")
        return await hand_out(request, stored, files[at].name, files[at].mime)

    async def _letter(self, request: web.Request) -> tuple[Letter, str]:
        try:
            found = await self._house.letter(request.match_info["token"])
        except Busy:
            raise Fault(503, "busy", wait=5) from None
        if found is None or found[0].reply is None:
            raise Fault(404, "not_found")
        return found
