"""The stage of the transcripts with WeChat between the citizen and the house: every word is encrypted, pushed over HTTP
to the real channel and door, and read off the phone's screen. Clock and ids are the stage's own.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from aiohttp import web

from bot.bells import Bells
from bot.channels.wechat.api import Account, Api
from bot.channels.wechat.channel import WeChat
from bot.channels.wechat.crypto import Crypto
from bot.channels.wechat.ports import CHANNEL
from bot.citizens import CitizenDoor
from bot.core import Beside, Core
from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN
from bot.demo.fakes.wechat import SECRET, FakeWeChat, Json
from bot.outbox import Outbox
from bot.post import PostOffice
from bot.store.attachments import Attachments
from bot.turn import STAFF
from bot.wechat_door import WeChatDoor
from handlers.messages import Inbound, Taken
from tests.channels.wechat.phone import read
from tests.channels.wechat.town import PUBLIC
from tests.conversations.house import TalkHouse, TurnPlayer
from tests.conversations.player import Heard
from tests.conversations.stage import TalkStage
from tests.store.pictures import picture

CONTENTS: dict[str, tuple[str, bytes, str]] = {
    "photo": ("image", picture("JPEG"), "image/jpeg"),
    "voice": ("voice", b"#!AMR\n" + bytes(200), "audio/amr"),
    "video": ("video", b"\0\0\0\x18ftypisom" + bytes(200), "video/mp4"),
}


class StageCore(Core):
    """A core over a talk house: its turns are the house's, whose clock steps with each."""

    def __init__(self, house: TalkHouse, folder: Path) -> None:
        self._house, kept = house, Attachments(folder / "attachments")
        super().__init__(house.store, house.vault, house.site, Bells(), kept, folder, lambda: house.now, house.fresh)

    async def take(self, inbound: Inbound, start_within: float | None = None, beside: Beside | None = None) -> Taken:
        """One turn; staff take their time."""
        taken = await self._house.take(inbound)
        if beside:
            await self.store.write(lambda conn: beside(conn, taken))
        self._house.now += timedelta(seconds=11 if inbound.channel == STAFF else 7)
        return taken


class WeChatStage(TalkStage):
    """A talk house whose citizens use WeChat."""

    def __init__(self, house: TalkHouse, folder: Path) -> None:
        super().__init__(house)
        self.api = FakeWeChat()
        self.api.clock, self.api.count_quota = lambda: house.now.timestamp(), False
        self.core = StageCore(house, folder)
        self.post = PostOffice(self.core, {})
        self.players: dict[str, WeChatPlayer] = {}

    async def open(self) -> None:
        """Tencent and the channel."""
        await self.api.open()
        door = WeChatDoor(CitizenDoor(self.core, PUBLIC))
        calls = Api(Account(APP_ID, SECRET, self.api.url), door, door.clock)
        self.channel = WeChat(Crypto(APP_ID, TOKEN, AES_KEY), calls, door)
        self.post.channels[CHANNEL] = self.channel
        app = web.Application()
        self.channel.add_routes(app)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        listener = web.TCPSite(self.runner, "127.0.0.1", 0)
        await listener.start()
        self.api.house = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop both."""
        await self.runner.cleanup()
        await self.channel.close()
        await self.api.close()

    def citizen(self, name: str) -> TurnPlayer:
        """The citizen of that name, with an openid of their own."""
        if name not in self.players:
            self.players[name] = WeChatPlayer(self, f"oTranscripts-{len(self.players):015}")
        return self.players[name]

    async def deliver(self) -> None:
        """The outbox does what it owes."""
        box = Outbox(self.house.store, Bells(), {"letter": self.post.send}, lambda: self.house.now)
        while await box.sweep():
            pass


class WeChatPlayer(TurnPlayer):
    """A person with WeChat on their phone."""

    def __init__(self, stage: WeChatStage, openid: str) -> None:
        super().__init__(stage.house, openid, CHANNEL)
        self.stage, self.openid = stage, openid
        self.pushed: Json = {}
        self.labels: dict[str, str] = {}
        self.read = 0

    async def say(self, text: str) -> list[Heard]:
        """Type words."""
        return await self._push(self.stage.api.message(self.openid, "text", Content=text))

    async def press(self, token: str) -> list[Heard]:
        """Tap a choice, wherever it stands; one that must be typed is typed."""
        label = self.labels[token]
        if label == token:
            return await self.say(label)
        return await self._push(self.stage.api.message(self.openid, "text", Content=label, bizmsgmenuid=token))

    async def send(self, *kinds: str, text: str = "") -> list[Heard]:
        """Send files, one message each: WeChat has no captions."""
        heard: list[Heard] = []
        for kind in kinds:
            name, data, mime = CONTENTS[kind]
            media = self.stage.api.keep(data, mime)
            more = {"Format": "amr"} if kind == "voice" else {"PicUrl": "http://x"}
            heard = await self._push(self.stage.api.message(self.openid, name, MediaId=media, **more))
        return await self.say(text) if text else heard

    async def share(self, lat: float, lon: float) -> list[Heard]:
        """Share a location."""
        where = {"Location_X": str(lat), "Location_Y": str(lon), "Scale": "15", "Label": "村口"}
        return await self._push(self.stage.api.message(self.openid, "location", **where))

    async def scan(self, code: str) -> list[Heard]:
        """Scan a printed code: the first time it is a follow."""
        known = self.known() is not None
        name, key = ("SCAN", code) if known else ("subscribe", f"qrscene_{code}")
        return await self._push(self.stage.api.event(self.openid, name, EventKey=key, Ticket="t"))

    async def again(self) -> list[Heard]:
        """Tencent pushes the last message once more, to a process that has begun anew."""
        self.stage.channel.ingress._recent.clear()  # pyright: ignore[reportPrivateUsage]
        return await self._push(self.pushed)

    async def mail(self) -> list[Heard]:
        """What came unasked."""
        await self.stage.deliver()
        return self._new()

    async def _push(self, fields: Json) -> list[Heard]:
        self.pushed = fields
        await self.stage.api.push(fields)
        await self.stage.channel.ingress.drain()
        return self._new()

    def _new(self) -> list[Heard]:
        screen = self.stage.api.fan(self.openid).screen
        new, self.read = screen[self.read :], len(screen)
        heard = [read(text) for text in new]
        for one in heard:
            self.labels |= dict(one.buttons)
        return heard


def merged(blocks: list[list[str]]) -> list[list[str]]:
    """Several answers at once are one text in WeChat: all lines, and the choices of the last."""
    if len(blocks) < 2:
        return blocks
    lines = [line for block in blocks[:-1] for line in block if not line.startswith("[")]
    return [[*lines, *blocks[-1]]]
