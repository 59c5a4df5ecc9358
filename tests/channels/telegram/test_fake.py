"""The fake is judged by others: Telegram's specification, PTB's parser, and a real PTB Application that runs on it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from telegram import Message, Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

from bot.channels.telegram.network import Network
from bot.demo.fakes.telegram import TOKEN, FakeApi
from tests.channels.telegram.spec import Judge, load
from tests.channels.telegram.test_groups import GROUP, WANG, ZHANG, bound, filed, press, reply
from tests.channels.telegram.town import at_home

pytestmark = pytest.mark.asyncio


async def test_every_object_of_the_main_job_is_as_specified(api: FakeApi, tmp_path: Path) -> None:
    """Both ways: what the bot asks and is answered, and the updates it gets."""
    judge = Judge(load())
    api.judge = judge.result
    pushed, real = list[Any](), api.push
    api.push = lambda what, body, number=0: pushed.append(real(what, body, number)) or pushed[-1]  # type: ignore[method-assign]
    api.group(GROUP)
    async with at_home(api, tmp_path, telegram_staff_group=str(GROUP)) as town:
        _, card = await filed(town)
        (case,) = await town.cases()
        await bound(town, WANG, "王芳", "clerk", case.department)
        api.say(ZHANG, location={"latitude": 30.4, "longitude": 105.4})
        api.member(ZHANG, "kicked")
        api.member(ZHANG, "member")
        preview = await reply(town, WANG, card, "已经清运。")
        press(town, WANG, preview, "发送")
        await town.gets(ZHANG, "已经清运。")
    for update in pushed:
        judge.value("update", ["Update"], update)
    assert judge.judged > 300
    assert judge.wrong == []


async def test_the_judge_judges() -> None:
    judge = Judge(load())
    good = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
    judge.value("good", ["Message"], good)
    assert judge.wrong == []
    for bad in ({**good, "colour": "red"}, {"date": 1}, {**good, "date": "now"}, {**good, "date": True}, 5):
        judge = Judge(judge.spec)
        judge.value("bad", ["Message"], bad)
        assert judge.wrong, bad


async def test_a_real_ptb_application_runs_on_it(api: FakeApi) -> None:
    """PTB's own updater, handlers and parser: a message comes in, its answer goes out and is read back."""
    answered = asyncio.Queue[Message]()

    async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        await answered.put(await update.message.reply_text(f"您说：{update.message.text}"))

    built = ApplicationBuilder().token(TOKEN).base_url(f"{api.url}/bot").request(Network(10, 8))
    app = built.get_updates_request(Network(40, 2)).build()
    app.add_handler(MessageHandler(filters.TEXT, answer))
    async with app:
        await app.start()
        assert app.updater
        await app.updater.start_polling(poll_interval=0, timeout=1)
        api.say(77, "你好")
        message = await asyncio.wait_for(answered.get(), 10)
        await app.updater.stop()
        await app.stop()
    assert (message.text, message.chat.id) == ("您说：你好", 77)
    assert message.date.year > 2020
