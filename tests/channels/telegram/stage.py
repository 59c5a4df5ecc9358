"""The stage of the transcripts with Telegram between the citizen and the house: every word goes through the real
channel, PTB and HTTP, to a fake Bot API server and back. Clock and ids are the stage's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bot.bells import Bells
from bot.channels.telegram.api import Api
from bot.channels.telegram.citizens import Citizens
from bot.channels.telegram.ingress import Ingress
from bot.channels.telegram.pacer import Pacer
from bot.channels.telegram.parse import parse
from bot.channels.telegram.ports import CHANNEL
from bot.core import Core
from bot.demo.fakes.telegram import TOKEN, FakeApi, Json, buttons
from bot.metrics import Metrics
from bot.outbox import Outbox, Sent
from bot.post import PostOffice
from bot.store import files, letters, people, stuck
from bot.store.attachments import Attachments
from bot.stored import Stored
from config.schema import County
from handlers.messages import Attachment, Inbound, Letter, Taken
from tests.channels.telegram.town import FAST
from tests.conversations.house import TalkHouse, TurnPlayer
from tests.conversations.player import Heard
from tests.conversations.stage import TalkStage
from tests.store.pictures import picture

CONTENTS = {
    "voice": ("voice", b"OggS" + b"\0" * 200, "audio/ogg"),
    "video": ("video", b"\0\0\0\x18ftypisom" + b"\0" * 200, "video/mp4"),
    "file": ("document", b"%PDF-1.4\n%%EOF", "application/pdf"),
}


class TelegramStage(TalkStage):
    """A talk house whose citizens use Telegram."""

    def __init__(self, house: TalkHouse, folder: Path) -> None:
        super().__init__(house)
        self.api = FakeApi()
        self.post = PostOffice(cast(Core, self._core()), {})
        self.door = Door(house, self.post, Attachments(folder / "attachments"))
        self.players: dict[str, TelegramPlayer] = {}
        self.channel: Citizens | None = None

    def _core(self) -> SimpleNamespace:
        house = self.house
        return SimpleNamespace(
            store=house.store, vault=house.vault, bells=Bells(), clock=lambda: house.now, metrics=Metrics()
        )

    async def open(self) -> None:
        """Telegram and the bot."""
        await self.api.open()
        self.bot = Api(TOKEN, self.api.url, Pacer(FAST))
        await self.bot.open()
        self.channel = Citizens(self.bot, self.door)
        self.post.channels[CHANNEL] = self.channel
        self.begin()

    def begin(self) -> None:
        """The process has just begun: it remembers no update."""
        assert self.channel
        self.ingress = Ingress(lambda raw: parse(raw, self.bot.bot), self.channel.take, self.door)

    async def close(self) -> None:
        """Stop both."""
        await self.post.settled()
        await self.bot.close()
        await self.api.close()

    def citizen(self, name: str) -> TurnPlayer:
        """The citizen of that name, with an account of their own."""
        if name not in self.players:
            self.players[name] = TelegramPlayer(self, 9001 + len(self.players))
        return self.players[name]

    async def deliver(self) -> None:
        """The outbox does what it owes."""
        senders = {"letter": self.post.send, "reply": self.post.send}
        box = Outbox(self.house.store, Bells(), senders, lambda: self.house.now)
        while await box.sweep():
            pass


class TelegramPlayer(TurnPlayer):
    """A person with Telegram on their phone."""

    def __init__(self, stage: TelegramStage, user: int) -> None:
        super().__init__(stage.house, str(user), CHANNEL)
        self.stage, self.user = stage, user
        self.chat = stage.api.private(user)
        self.read = 0
        self.update: list[Json] = []
        self.heard: list[Heard] = []

    async def say(self, text: str) -> list[Heard]:
        """Type words."""
        return await self._send(text=text)

    async def press(self, token: str) -> list[Heard]:
        """Press a button, under whatever message it stands."""
        under = next(one for one in reversed(self.chat.messages.values()) if token in dict(buttons(one)).values())
        return await self._push(self.stage.api.press(self.user, under, token))

    async def send(self, *kinds: str, text: str = "") -> list[Heard]:
        """Send files; several are an album."""
        parts: list[Json] = [self._content(kind) for kind in kinds]
        if len(parts) > 1:
            parts = [{**part, "media_group_id": f"g{len(self.chat.messages)}"} for part in parts]
        parts[0] |= {"caption": text} if text else {}
        said = [self.stage.api.say(self.user, date=self._now(), **part) for part in parts]
        return await self._push(*said)

    async def share(self, lat: float, lon: float) -> list[Heard]:
        """Share a location."""
        return await self._send(location={"latitude": lat, "longitude": lon})

    async def scan(self, code: str) -> list[Heard]:
        """Open the bot through a printed code."""
        return await self._send(text=f"/start {code}")

    async def again(self) -> list[Heard]:
        """Telegram sends the last update once more, to a process that has begun anew: nothing is said twice."""
        self.stage.begin()
        before = self.heard
        found = await self._push(*self.update)
        self.heard = found or before
        return self.heard

    async def mail(self) -> list[Heard]:
        """What came unasked."""
        await self.stage.deliver()
        return self._new()

    def _now(self) -> int:
        return int(self.house.now.timestamp())

    async def _send(self, text: str = "", **more: Any) -> list[Heard]:
        return await self._push(self.stage.api.say(self.user, text, date=self._now(), **more))

    async def _push(self, *updates: Json) -> list[Heard]:
        self.update = list(updates)
        await asyncio.gather(*(self.stage.ingress.take(one) for one in updates))
        assert self.stage.channel
        await self.stage.channel.drain()
        await self.stage.post.settled()
        self.heard = self._new()
        return self.heard

    def _new(self) -> list[Heard]:
        told = self.stage.api.told(self.user)
        new, self.read = told[self.read :], len(told)
        return [_heard(one) for one in new if "keyboard" not in one.get("reply_markup", {})]

    def _content(self, kind: str) -> Json:
        api = self.stage.api
        if kind == "photo":
            return {"photo": api.photo(picture("JPEG"))}
        name, data, mime = CONTENTS[kind]
        more: Json = {"duration": 3} if kind in ("voice", "video") else {"file_name": "合同.pdf"}
        more |= {"width": 9, "height": 9} if kind == "video" else {}
        return {name: {**api.keep(data), "mime_type": mime, "file_size": len(data), **more}}


def _heard(message: Json) -> Heard:
    paragraphs = tuple(part for part in message["text"].split("\n\n") if part.strip())
    return Heard(paragraphs, tuple((data, label) for label, data in buttons(message)))


class Door:
    """What the channel asks of the house, on the stage."""

    def __init__(self, house: TalkHouse, post: PostOffice, kept: Attachments) -> None:
        self.house, self.post, self.kept = house, post, kept
        self.failures: dict[str, int] = {}

    @property
    def county(self) -> County:
        return self.house.site.county

    def now(self) -> datetime:
        return self.house.now

    def code_of(self, case_id: int) -> str:
        return self.house.vault.ring.query_code(case_id, 1, case_id >= 1 << 62)

    async def take(self, inbound: Inbound) -> Taken:
        inbound = replace(inbound, at=self.house.now)
        self.house.now += timedelta(seconds=7)
        return await self.house.take(inbound)

    def settle(self, letter_id: int, sent: Sent) -> None:
        assert sent.result == "delivered", sent
        self.post.settle(letter_id, sent, CHANNEL)

    async def letters(
        self, channel: str, address: str, *, after: int = 0, before: int = 0, limit: int = 50
    ) -> tuple[Letter, ...]:
        known = self._known(address)
        if known is None:
            return ()
        vault = self.house.vault
        return self.house.read(lambda conn: letters.of_person(conn, vault, known.citizen.id, limit=limit))

    def _known(self, address: str) -> people.Known | None:
        house = self.house
        return house.read(lambda conn: people.find(conn, house.vault, CHANNEL, address, house.now, touch=False))

    async def receive_file(
        self, channel: str, address: str, stream: AsyncIterator[bytes], name: str, mime: str
    ) -> Attachment:
        house, data = self.house, [chunk async for chunk in stream]
        file = self.kept.receive(data, name, mime, self.county.office.limits)
        known = self._known(address) or house.write(
            lambda conn: people.make(conn, house.vault, CHANNEL, address, house.fresh(), house.now)
        )
        house.write(lambda conn: files.add(conn, house.vault, known.citizen.id, file, house.now))
        return file

    async def file_of_letter(self, file: Attachment) -> Stored | None:
        return Stored(self.kept.open(file.id))

    async def back(self, channel: str, address: str) -> None:
        raise AssertionError("nobody comes back on a stage")

    async def left(self, channel: str, address: str) -> None:
        raise AssertionError("nobody leaves on a stage")

    async def recall(self, channel: str) -> None:
        raise AssertionError("nobody watches a stage")

    async def reached(self, channel: str, keep: bool) -> timedelta | None:
        raise AssertionError("nobody watches a stage")

    def away(self, channel: str) -> timedelta:
        raise AssertionError("nobody watches a stage")

    async def unknown(self, channel: str, keys: tuple[str, ...]) -> frozenset[str]:
        return self.house.read(lambda conn: stuck.unknown(conn, channel, keys))

    async def failed(self, channel: str, key: str, error: str) -> int:
        raise AssertionError(f"{key}: {error}")

    async def give_up(self, channel: str, key: str) -> None:
        raise AssertionError(f"{key} was given up")

    async def bind(self, channel: str, address: str, code: str) -> str:
        return ""
