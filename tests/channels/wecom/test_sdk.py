"""The official SDK judges our gateway: whoever speaks with it as with the real one can speak with it as we do.

Run in a process of its own: it brings deprecated modules, and prints.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.channels.wecom.fake_gateway import BOT, SECRET, FakeGateway

pytestmark = pytest.mark.asyncio

GROUP = "wrSdk00000000000000001"
CLIENT = """
import asyncio, json, sys, warnings
warnings.simplefilter("ignore")
import aibot.ws
from aibot import WSClient, WSClientOptions

class Quiet:
    def debug(self, *a): pass
    info = warn = error = debug

async def main(url, bot, secret):
    aibot.ws._SSL_CONTEXT = None
    client = WSClient(WSClientOptions(bot_id=bot, secret=secret, ws_url=url, heartbeat_interval=200, logger=Quiet()))
    ready, heard = asyncio.Event(), []
    client.on("authenticated", ready.set)
    async def text(frame):
        heard.append(frame["body"]["quote"]["text"]["content"])
        card = {"card_type": "button_interaction", "main_title": {"title": "t"}, "task_id": "t1",
                "button_list": [{"text": "b", "style": 1, "key": "k"}]}
        await client.reply_stream_with_card(frame, "s1", "answer", True, template_card=card)
    async def press(frame):
        told = frame["body"]["event"]["template_card_event"]
        heard.append(told["event_key"])
        card = {"card_type": "button_interaction", "main_title": {"title": "done"}, "task_id": told["task_id"],
                "button_list": [{"text": "b", "style": 1, "key": "k"}]}
        await client.update_template_card(frame, card)
        await client.send_message("wrSdk00000000000000001", {"msgtype": "markdown", "markdown": {"content": "own"}})
        await asyncio.sleep(0.5)
        print(json.dumps(heard)); sys.stdout.flush(); client.disconnect()
        asyncio.get_running_loop().call_later(0.2, done.set)
    done = asyncio.Event()
    client.on("message.text", text)
    client.on("event.template_card_event", press)
    await client.connect()
    await asyncio.wait_for(ready.wait(), 5)
    await asyncio.wait_for(done.wait(), 15)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.skipif(find_spec("aibot") is None and not os.environ.get("CI"), reason="the official SDK is not installed")
async def test_the_official_sdk_takes_our_gateway_for_the_real_one(api: FakeGateway) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, api.url, BOT, SECRET, stdout=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(20):
            while api.live is None:
                await asyncio.sleep(0.02)
            await api.push(api.message("woWang", "查", GROUP, quote="【MS20261122-0001】"))
            while not api.told(GROUP):
                await asyncio.sleep(0.02)
            (answer,) = api.told(GROUP)
            assert answer.card
            await api.push(api.press("woWang", answer.card, "k", GROUP))
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert json.loads(out) == ["【MS20261122-0001】", "k"]
    assert [(one.text, one.update) for one in api.told(GROUP)] == [("answer", False), ("", True), ("own", False)]
    assert api.refused == []
    assert {"aibot_subscribe", "ping"} <= {one["cmd"] for one in api.frames}
