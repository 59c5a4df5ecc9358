"""A house for trying the pages: it keeps letters in memory and knows one small scripted talk.

`python -m tests.web.fake_house [PORT]` serves it, for looking at the page without the rest of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from aiohttp import web

from bot.stored import Stored
from bot.web.server import make_app
from bot.web.uploads import Refused
from config.load import load
from config.schema import County
from handlers.messages import Attachment, AttachmentKind, Inbound, Letter, Reply, Taken
from tests.web.fake_talk import answers

KINDS: dict[str, AttachmentKind] = {"image": "photo", "audio": "voice", "video": "video"}


@cache
def sample_county() -> County:
    """The packaged files, read once."""
    return load()


class FakeHouse:
    """Satisfies bot.web.server.House. `trouble` is raised by the next turns; `turns` are those that had an effect."""

    def __init__(self, folder: Path, public_url: str = "") -> None:
        self.county: County = sample_county()
        self.public_url = public_url
        self.trouble: type[Exception] | None = None
        self.wrong: dict[str, str] = {}
        self.pause = 0.0
        self.turns: list[Inbound] = []
        self._folder = folder
        self._count = 0
        self._letters: dict[str, list[Letter]] = defaultdict(list)
        self._taken: dict[str, Taken] = {}
        self._langs: dict[str, str] = {}
        self._files: dict[str, tuple[str, Attachment]] = {}
        self._bells: dict[str, set[asyncio.Queue[int]]] = defaultdict(set)

    def code_of(self, case_id: int) -> str:
        """A code of the right shape."""
        return f"2{case_id:02}-5550-1234"

    async def take(self, inbound: Inbound) -> Taken:
        """One turn of the scripted talk; the same key again gives what it gave."""
        await asyncio.sleep(self.pause)
        if self.trouble is not None:
            raise self.trouble
        if inbound.key in self._taken:
            old = self._taken[inbound.key]
            return Taken(old.letters, old.person, duplicate=True, lang=old.lang)
        self.turns.append(inbound)
        lang, said, replies = answers(inbound, self._langs.get(inbound.sender, "zh"))
        self._langs[inbound.sender] = lang
        letters = [self._keep(inbound.sender, said=said, files=inbound.attachments)] if said is not None else []
        letters += [self._keep(inbound.sender, reply=reply) for reply in replies]
        taken = self._taken[inbound.key] = Taken(tuple(letters), lang=lang)
        self._ring(inbound.sender)
        return taken

    def write(self, address: str, reply: Reply, at: datetime | None = None) -> Letter:
        """A letter that nobody asked for just now, such as an answer by staff."""
        letter = self._keep(address, reply=reply, at=at)
        self._ring(address)
        return letter

    def hear(self, address: str, said: str, at: datetime | None = None) -> Letter:
        """A letter of the citizen that is already in the talk."""
        return self._keep(address, said=said, at=at)

    def addresses(self) -> list[str]:
        """Everybody with a talk."""
        return list(self._letters)

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        """As House says."""
        mine = self._letters.get(address, [])
        if after:
            return tuple([letter for letter in mine if letter.id > after][:limit])
        return tuple([letter for letter in mine if not before or letter.id < before][-limit:])

    @contextlib.asynccontextmanager
    async def listen(self, channel: str, address: str) -> AsyncGenerator[asyncio.Queue[int]]:
        """As House says."""
        bell: asyncio.Queue[int] = asyncio.Queue()
        self._bells[address].add(bell)
        try:
            yield bell
        finally:
            self._bells[address].discard(bell)

    def listeners(self) -> int:
        """How many bells are hanging."""
        return sum(map(len, self._bells.values()))

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        """Keep a picture, a sound or a text; refuse the rest as the real store does."""
        body = b"".join([chunk async for chunk in stream])
        if mime in {"application/x-msdownload", "image/svg+xml", "text/html"}:
            raise Refused("web.error.file")
        kind = KINDS.get(mime.split("/")[0], "file")
        file = Attachment(secrets.token_hex(8), kind, name or kind, mime, len(body))
        self._files[file.id] = (address, file)
        (self._folder / file.id).write_bytes(body)
        return file

    async def open_file(self, channel: str, address: str, attachment_id: str) -> tuple[Attachment, Stored] | None:
        """As House says."""
        owner, file = self._files.get(attachment_id, ("", None))
        return (file, Stored(self._folder / attachment_id)) if file and owner == address else None

    async def ready(self) -> dict[str, str]:
        """As House says."""
        return self.wrong

    def _keep(
        self,
        address: str,
        *,
        reply: Reply | None = None,
        said: str = "",
        files: tuple[Attachment, ...] = (),
        at: datetime | None = None,
    ) -> Letter:
        self._count += 1
        letter = Letter(
            self._count, "out" if reply else "in", at or datetime.now(UTC), reply, said, () if reply else files
        )
        self._letters[address].append(letter)
        return letter

    def _ring(self, address: str) -> None:
        for bell in self._bells[address]:
            bell.put_nowait(1)


def main() -> None:
    """Serve the fake house until interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8090
    with tempfile.TemporaryDirectory() as folder:
        web.run_app(make_app(FakeHouse(Path(folder))), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
