"""What bench_wechat knocks at, each in a process of its own: `echo`, `house`, or a house in `trouble`.

`echo` is aiohttp and wechatpy as its manual shows it: check, decrypt, parse, reply, encrypt; nothing is kept. `trouble`
is a house whose staff channel hangs and which delays every tenth message by six seconds in its preparation.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from pydantic import SecretStr

from bot.app import House, build, open_core, running
from bot.channels.wechat.citizens import Citizens
from bot.core import Core
from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN
from bot.serving import set_up_logs
from bot.site import Site
from bot.web.server import make_app
from config.settings import Settings
from handlers.desk import Prepared
from handlers.messages import Inbound
from tests.bench.office import remembering, sample

DELAY_SECONDS = 6.0
EVERY = 10


def echo() -> web.Application:
    """The least that can answer a push."""
    from wechatpy import create_reply, parse_message  # pyright: ignore[reportUnknownVariableType]
    from wechatpy.crypto import WeChatCrypto

    crypto: Any = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

    async def push(request: web.Request) -> web.Response:
        query = request.query
        stamp = query["timestamp"]
        plain = crypto.decrypt_message(await request.read(), query["msg_signature"], stamp, query["nonce"])
        message = cast(Any, parse_message(plain))
        reply: Any = create_reply(message.content, message)
        sealed = crypto.encrypt_message(reply.render(), query["nonce"], stamp)
        return web.Response(text=sealed, content_type="application/xml")

    app = web.Application()
    app.router.add_post("/wechat", push)
    return app


def house(folder: Path, site: Site) -> House:
    """An office with WeChat. Its calls to Tencent go nowhere."""
    settings = Settings(
        data_dir=folder,
        public_url="https://zhitong.example.test",
        wechat_app_id=APP_ID,
        wechat_app_secret=SecretStr("x"),
        wechat_token=SecretStr(TOKEN),
        wechat_aes_key=SecretStr(AES_KEY),
        wechat_api_url="http://127.0.0.1:9",
    )
    return build(open_core(settings, site), settings)


def in_trouble(made: House) -> House:
    """The staff channel hangs, and every tenth message is slow before its turn."""

    async def hang(row: Any) -> Any:
        await asyncio.sleep(3600)

    senders: dict[str, Any] = dict(made.outbox._senders)  # pyright: ignore[reportPrivateUsage]
    made.outbox._senders = {**senders, "card": hang}  # pyright: ignore[reportPrivateUsage]
    core: Core = made.core
    real = core._prepare  # pyright: ignore[reportPrivateUsage]

    async def prepare(inbound: Inbound, site: Site) -> Prepared:
        if int(inbound.key.rpartition("-")[2]) % EVERY == 0:
            await asyncio.sleep(DELAY_SECONDS)
        return await real(inbound, site)

    core._prepare = prepare  # pyright: ignore[reportPrivateUsage]
    return made


async def serve(app: web.Application) -> None:
    """On a free port, which is printed, until somebody closes standard input. As `bot.app.serve` does when the start
    is over, what was loaded is put out of the garbage collector's sight: it would stop everything for a second.
    """
    gc.collect()
    gc.freeze()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


async def main(mode: str, folder: Path) -> None:
    """Serve one of them."""
    if mode == "echo":
        return await serve(echo())
    set_up_logs()  # as shipped: nobody reads standard output any more once the port is known
    Citizens._too_fast = lambda self, came: None  # pyright: ignore[reportPrivateUsage]
    made = house(folder, sample() if mode == "searching" else remembering())
    made = in_trouble(made) if mode == "trouble" else made
    async with running(made):
        app = make_app(made.door)
        for line in made.lines:
            line.add_routes(app)
        await serve(app)
    return None


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
