"""A clerk's Markdown, read alike by every channel: no HTML, no pictures. As text with marks (bold, italic, links to
https) for those that show it themselves; the web page draws its own HTML from the same parser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # sixty modules, for an answer: not for the first page
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_STYLES = {"strong": "bold", "em": "italic", "link": "text_link", "heading": "bold"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text that looks otherwise; place and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str = ""


def parser() -> MarkdownIt:
    """A new parser of what a clerk may write."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable(["image", "html_inline"])


_parser = cache(parser)


@lru_cache(512)
def marked(source: str) -> tuple[str, tuple[Mark, ...]]:
    """The words of a Markdown text and its marks."""
    writer = _Writer()
    for token in _parser().parse(source):
        writer.block(token)
    text = writer.text.rstrip()
    length = _units(text)
    return text, tuple(mark for mark in writer.marks if mark.length and mark.offset + mark.length <= length)


class _Writer:
    """Writes tokens one after another."""

    def __init__(self) -> None:
        self.text = ""
        self.marks: list[Mark] = []
        self._open: list[tuple[str, int, str]] = []
        self._counts: list[int] = []  # 0 for a bulleted list, else the next number

    def block(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._counts.append(0)
            case "ordered_list_open":
                self._counts.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._counts.pop()
            case "list_item_open":
                self._item()
            case "paragraph_open" | "heading_open" | "tr_open":
                self._line()
                self._begin("heading" if token.type == "heading_open" else "")
            case "heading_close":
                self._end("heading")
            case "td_open" | "th_open":
                self.text += "  " if self.text and not self.text.endswith("\n") else ""
            case "inline":
                for child in token.children or ():
                    self._inline(child)
            case "code_block" | "fence":
                self._line()
                self.text += token.content.rstrip()
            case _:
                pass

    def _item(self) -> None:
        self._line()
        count = self._counts[-1]
        self.text += f"{count}. " if count else "· "
        self._counts[-1] += 1 if count else 0

    def _line(self) -> None:
        if self.text and not self.text.endswith(("\n", "· ", ". ")):
            self.text += "\n"

    def _inline(self, token: Token) -> None:
        kind, _, edge = token.type.rpartition("_")
        if token.type in ("text", "code_inline"):
            self.text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            self.text += "\n"
        elif edge == "open":
            self._begin(kind, str(token.attrs.get("href", "")))
        elif edge == "close":
            self._end(kind)

    def _begin(self, kind: str, url: str = "") -> None:
        if kind in _STYLES:
            self._open.append((kind, _units(self.text), url))

    def _end(self, kind: str) -> None:
        if not self._open or self._open[-1][0] != kind:
            return
        _, start, url = self._open.pop()
        if kind != "link" or url.startswith("https://"):
            self.marks.append(Mark(_STYLES[kind], start, _units(self.text) - start, url))


def _units(words: str) -> int:
    return len(words.encode("utf-16-le")) // 2
