"""Durable Telegram turns beside a bare PTB handler that answers without storing anything.

Run `python -m tests.bench.bench_telegram [seconds]`. Both take the same webhook JSON and send over real HTTP to the
same server without delay, in a process of its own. Ours parses, takes a turn, COMMITs, sends, and settles
the outbox; the peer parses and sends. Two more figures: citizens' answers while the staff group answers 429, and
updates that come three times, shuffled.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select
from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest, RequestData

from bot.app import House, build, open_core
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.citizens import Citizens
from bot.channels.telegram.pacer import Pacer, Rates
from bot.store.tables import inbox, letter, outbox
from config.settings import Settings
from tests.bench.office import remembering
from tests.bench.targets import Target, leave, table

TOKEN = "1:bench"
GROUP = "-1001234567890"
ROUNDS = 5
CALLERS = 64
FREE = Rates(chat=1e9, overall=1e9, group=10**9)
TALK = ("你好", "菜单", "谢谢", "查进度")  # the desk's own words: what is measured is the road, not the search
Json = dict[str, Any]


class Network(BaseRequest):
    """Answers at once. With `busy`, the staff group is told to wait."""

    def __init__(self, busy: float = 0.0) -> None:
        self.sent: dict[int, list[float]] = {}
        self.busy_until = busy
        self._ids = count(1)

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **more: Any
    ) -> tuple[int, bytes]:
        """What Telegram would answer."""
        name = url.rsplit("/", 1)[-1].split("?")[0]
        if name == "getMe":
            return _fine({"id": 1, "is_bot": True, "first_name": "b", "username": "bench_bot"})
        if name not in ("sendMessage", "editMessageText", "createForumTopic"):
            return _fine(True)
        asked: Json = dict(request_data.parameters) if request_data else {}
        chat = int(asked["chat_id"])
        if chat < 0 and time.monotonic() < self.busy_until:
            return 429, b'{"ok":false,"error_code":429,"description":"Too Many","parameters":{"retry_after":600}}'
        if name == "createForumTopic":
            return _fine({"message_thread_id": next(self._ids), "name": "x", "icon_color": 1})
        self.sent.setdefault(chat, []).append(time.perf_counter())
        chat_of: Json = {"id": chat, "type": "private" if chat > 0 else "supergroup", "first_name": "x"}
        return _fine({"message_id": next(self._ids), "date": 1, "chat": chat_of, "text": asked["text"]})


def _fine(result: Any) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


_numbers = count(1)


def update(user: int, text: str) -> bytes:
    """An update as Telegram posts it."""
    number = next(_numbers)
    chat = {"id": user, "type": "private", "first_name": "张三"}
    sender = {"id": user, "is_bot": False, "first_name": "张三", "language_code": "zh-hans"}
    message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": sender, "text": text}
    return json.dumps({"update_id": number, "message": message}).encode()


class Server(asyncio.Protocol):
    """A Bot API server that answers at once, over real HTTP, in a process of its own: `serve` runs it."""

    def connection_made(self, transport: Any) -> None:
        self._out, self._got = transport, b""

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head = self._got[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._got) < end + 4 + length:
                return
            self._got = self._got[end + 4 + length :]
            body = _ME if b"/getme" in head.split(b"\r\n", 1)[0] else _SENT
            fixed = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self._out.write(fixed + str(len(body)).encode() + b"\r\n\r\n" + body)


_ME = _fine({"id": 1, "is_bot": True, "first_name": "b", "username": "bench_bot"})[1]
_CHAT: Json = {"id": 1, "type": "private", "first_name": "x"}
_SENT = _fine({"message_id": 1, "date": 1, "chat": _CHAT, "text": "x"})[1]


def serve(port: Any) -> None:
    """Answer for ever; the port goes into `port`."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


class Ours:
    """A house with Telegram, as shipped but for its network and its pace."""

    def __init__(self, folder: Path, network: Network | None, rates: Rates = FREE, url: str = "") -> None:
        token = SecretStr(TOKEN)
        settings = Settings(
            data_dir=folder, telegram_token=token, telegram_staff_group=GROUP, telegram_api_url=url or None
        )
        self.house: House = build(open_core(settings, remembering()), settings)
        line = self.house.lines[0]
        assert isinstance(line, Telegram)
        self.line = line
        pacer = Pacer(rates)
        line.api.pacer = pacer
        if network:
            line.api.bot._request = (network, network)  # pyright: ignore
            line.api._asking = line.api._sending = network  # pyright: ignore
        Citizens._too_fast = lambda self, came: False  # type: ignore[method-assign]  # pyright: ignore

    async def open(self) -> Ours:
        await self.line.api.open()
        self.line._open.set()  # pyright: ignore[reportPrivateUsage]
        return self

    async def take(self, body: bytes) -> None:
        """What the webhook does with a body."""
        await self.line.take(json.loads(body))

    async def settled(self) -> None:
        await self.line.citizens.drain()
        await self.house.post.settled()

    async def close(self) -> None:
        await self.settled()
        await self.line.api.close()
        await self.house.core.close()


class Bare:
    """PTB alone: a handler that answers with the same number of words."""

    def __init__(self, network: Network | None, url: str = "") -> None:
        builder = ApplicationBuilder().token(TOKEN).updater(None)
        if network:
            builder = builder.request(network).get_updates_request(network)
        else:
            builder = builder.base_url(f"{url}/bot")
        self.app = builder.concurrent_updates(CALLERS).build()
        self.app.add_handler(MessageHandler(filters.TEXT, self._answer))

    async def _answer(self, came: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert came.message
        await context.bot.send_message(came.message.chat_id, WORDS)

    async def open(self) -> Bare:
        await self.app.initialize()
        return self

    async def take(self, body: bytes) -> None:
        """What a webhook would do with a body."""
        await self.app.process_update(Update.de_json(json.loads(body), self.app.bot))

    async def settled(self) -> None: ...


WORDS = "您好，这里是示例县民声直通。\n\n您可以直接说遇到的事，比如「村里停水三天了」；也可以点下面的按钮。"


async def rate(peer: Ours | Bare, seconds: float, first: int) -> float:
    """Turns a second, until everything is sent and settled."""
    done, until = 0, time.perf_counter() + seconds

    async def caller(user: int) -> None:
        nonlocal done
        for at in count():
            if time.perf_counter() > until:
                return
            await peer.take(update(user, TALK[at % len(TALK)]))
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(caller(first + n) for n in range(CALLERS)))
    await peer.settled()
    return done / (time.perf_counter() - began)


async def throughput(seconds: float, url: str) -> float:
    """Ours and the peer in turn, over HTTP to `url`, or with "" with no network at all; the median ratio."""
    found: dict[str, list[float]] = {"ours": [], "bare PTB": []}
    with tempfile.TemporaryDirectory() as made:
        network = None if url else Network()
        ours, bare = await Ours(Path(made), network, FREE, url).open(), await Bare(network, url).open()
        for peer in (ours, bare):
            await rate(peer, 0.3, 10_000)
        for turn in range(ROUNDS):
            for name, peer in (("ours", ours), ("bare PTB", bare))[:: 1 if turn % 2 else -1]:
                found[name].append(await rate(peer, seconds, 20_000))
        await ours.close()
    print("\nover HTTP" if url else "\nwithout any network")
    table(("", "turns/s", "lowest", "highest"), [(n, statistics.median(v), min(v), max(v)) for n, v in found.items()])
    ratios = [one / other for one, other in zip(found["ours"], found["bare PTB"], strict=True)]
    print(f"ours / bare by round: {', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))}")
    return statistics.median(ratios)


async def thrice(updates: int, chats: int) -> list[Target]:
    """Every update three times, shuffled, two at a time: effects and letters are counted."""
    with tempfile.TemporaryDirectory() as made:
        ours = await Ours(Path(made), Network()).open()
        bodies = [update(50_000 + n % chats, TALK[n % len(TALK)]) for n in range(updates)]
        all_of_them = bodies * 3
        random.Random(11).shuffle(all_of_them)
        queue = iter(all_of_them)

        async def connection() -> None:
            for body in queue:
                await ours.take(body)

        began = time.perf_counter()
        await asyncio.gather(*(connection() for _ in range(2 * 20)))
        await ours.settled()
        seconds = time.perf_counter() - began
        store = ours.house.core.store

        def counted(conn: Any) -> tuple[int, int, int]:
            arrived = conn.execute(select(func.count()).select_from(inbox)).scalar_one()
            said = select(func.count()).select_from(letter).where(letter.c.direction == "in")
            heard = conn.execute(said).scalar_one()
            owed = conn.execute(select(func.count()).where(outbox.c.delivered_at.is_(None))).scalar_one()
            return arrived, heard, owed

        arrived, heard, owed = await store.read(counted)
        await ours.close()
    print(f"{updates} updates x 3 in {seconds:.1f} s: {arrived} taken, {heard} heard, {owed} answers owed")
    return [
        Target("updates without exactly one effect", abs(arrived - updates) + abs(heard - updates), 0),
        Target("answers not sent", owed, 0),
    ]


async def flooded(seconds: float) -> list[Target]:
    """The group answers 429 all the time; citizens are answered as if there were none."""
    with tempfile.TemporaryDirectory() as made:
        network = Network(busy=time.monotonic() + 600)
        ours = await Ours(Path(made), network, Rates()).open()
        boards = asyncio.create_task(ours.line.boards.run())
        await _file_some(ours)
        waits: list[float] = []
        until = time.perf_counter() + seconds

        async def citizen(user: int) -> None:
            await asyncio.sleep(random.random() * 1.5)
            while time.perf_counter() < until:
                sent = network.sent.setdefault(user, [])
                before, asked = len(sent), time.perf_counter()
                await ours.take(update(user, "菜单"))
                while len(sent) == before:
                    await asyncio.sleep(0.002)
                waits.append(sent[-1] - asked)
                await asyncio.sleep(1.5)

        await asyncio.gather(*(citizen(60_000 + n) for n in range(24)))
        boards.cancel()
        await ours.close()
    waits.sort()
    print(f"{len(waits)} answers while the group is refused: p50 {waits[len(waits) // 2] * 1e3:.0f} ms")
    return [Target("p99 of a citizen's answer beside a refused group, s", waits[len(waits) * 99 // 100], 1.0)]


async def _file_some(ours: Ours) -> None:
    """A few cases, so that the group is owed cards."""
    for user in (70_001, 70_002, 70_003):
        for text in ("小区门口的垃圾堆了半个月没人清", "同意", "1", "城关街道", "就在城关街道，不分村", "匿名", "提交"):
            await ours.take(update(user, text))


async def run(seconds: float) -> list[Target]:
    """All of it."""
    port: Any = get_context("spawn").Queue()
    server = get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    try:
        over_http = await throughput(seconds, f"http://127.0.0.1:{await asyncio.to_thread(port.get)}")
    finally:
        server.terminate()
    await throughput(seconds, "")  # for the eye: there PTB alone does next to nothing
    ratio = Target("durable turns / bare PTB turns over HTTP, median of rounds", over_http, 0.5, least=True)
    return [ratio, *await thrice(10_000, 200), *await flooded(max(6.0, 4 * seconds))]


if __name__ == "__main__":
    leave(asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.5)))
