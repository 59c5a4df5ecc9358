"""Letters as the page shows them: the JSON that travels, and the same for the server's own templates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

from bot.markdown import parser
from handlers.messages import Attachment, Letter, Reply
from handlers.wording import render

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

    from bot.web.server import House


class Paragraph(TypedDict, total=False):
    """Either `text`, which is only ever text, or `html` made here from a clerk's Markdown."""

    text: str
    html: str


class Choice(TypedDict):
    """A button."""

    token: str
    label: str
    style: str


class File(TypedDict):
    """An attachment the session may open."""

    id: str
    kind: str
    name: str
    url: str
    size: int


Message = TypedDict(
    "Message",
    {
        "id": int,
        "from": str,
        "at": str,
        "paragraphs": list[Paragraph],
        "options": list[Choice],
        "wants": str,
        "attachments": list[File],
    },
)
"""One message; `from` is "me" or "office", `at` ISO 8601 in the office's own time zone."""


def messages(house: House, letters: Sequence[Letter], lang: str) -> list[Message]:
    """`letters` in the words of `lang`."""
    return [message(house, letter, lang) for letter in letters]


def message(house: House, letter: Letter, lang: str) -> Message:
    """One letter in the words of `lang`."""
    county = house.county
    shown: Message = {
        "id": letter.id,
        "from": "me" if letter.direction == "in" else "office",
        "at": letter.at.astimezone(ZoneInfo(county.office.time_zone)).isoformat(timespec="seconds"),
        "paragraphs": [{"text": part} for part in letter.said.split("\n\n") if part.strip()],
        "options": [],
        "wants": "anything",
        "attachments": [shown_file(file) for file in letter.attachments],
    }
    if letter.reply is not None:
        _add_reply(shown, letter.reply, house, lang)
    return shown


def live(shown: Sequence[Message]) -> dict[int, list[Choice]]:
    """The buttons that still count, by message, the last first: of what was asked last and the notices after it.

    A button that stands below a later one as well counts there only.
    """
    asked = [message for message in reversed(shown) if message["from"] == "office"]
    notices = list(takewhile(lambda message: message["wants"] == "nothing", asked))
    found: dict[int, list[Choice]] = {}
    known: set[str] = set()
    for message in asked[: len(notices) + 1]:
        found[message["id"]] = [choice for choice in message["options"] if choice["token"] not in known]
        known |= {choice["token"] for choice in message["options"]}
    return found


def shown_file(file: Attachment) -> File:
    """An attachment with the address its owner opens it at."""
    return {
        "id": file.id,
        "kind": file.kind,
        "name": file.name,
        "url": f"/talk/file/{file.id}",
        "size": file.size,
    }


def _add_reply(shown: Message, reply: Reply, house: House, lang: str) -> None:
    words = render(reply, house.county.texts.get(lang, {}), house.code_of)
    shown["paragraphs"] = [
        {"html": markdown(part)} if i in words.markdown else {"text": part}
        for i, part in enumerate(words.paragraphs)
        if part.strip()
    ]
    shown["options"] = [{"token": token, "label": label, "style": style} for token, label, style in words.options]
    shown["wants"] = words.wants
    known = {file["id"] for file in shown["attachments"]}
    shown["attachments"] += [shown_file(file) for file in words.attachments if file.id not in known]


@lru_cache(512)
def markdown(text: str) -> str:
    """A clerk's Markdown as HTML: no raw HTML, no pictures, links only to telephones and https."""
    return _markdown().render(text)


def _valid_link(url: str) -> bool:
    return url.lower().startswith(("https://", "tel:"))


def _open_link(renderer: RendererHTML, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
    """Links leave the talk in a window of their own and take nothing along."""
    if str(tokens[i].attrs.get("href", "")).startswith("https:"):
        tokens[i].attrs.update({"target": "_blank", "rel": "noopener noreferrer"})
    return renderer.renderToken(tokens, i, options, env)


@cache
def _markdown() -> MarkdownIt:
    maker = parser()
    maker.validateLink = _valid_link
    maker.add_render_rule("link_open", _open_link)
    return maker
