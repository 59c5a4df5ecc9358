"""What is special to WeChat in a talk: follow and scan, menu presses, links, files, what cannot be read, too fast."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app, wechat
from bot.app import open_core
from bot.channels import ChannelStopped
from bot.demo.fakes.tencent import AES_KEY, APP_ID
from bot.demo.fakes.wechat import FakeWeChat
from bot.office import StaffDoor
from bot.post import PostOffice
from config.settings import Settings
from tests.channels.wechat.phone import read
from tests.channels.wechat.town import Town, sample

pytestmark = pytest.mark.asyncio

ZHANG, LI = "oZhang0000000000000000000001", "oLi00000000000000000000000002"


async def test_a_follow_through_a_printed_code_knows_the_place(town: Town, api: FakeWeChat) -> None:
    told = await api.push(api.event(ZHANG, "subscribe", EventKey="qrscene_qingshan-gate", Ticket="t"))
    assert "河口镇青山村" in told
    known = await api.push(api.event(ZHANG, "SCAN", EventKey="qinglong-water", Ticket="t"))
    assert "青龙镇" in known


async def test_the_menu_is_a_press(town: Town, api: FakeWeChat) -> None:
    await api.push(api.event(ZHANG, "subscribe", EventKey=""))
    assert "反映之前请您知道" in await api.push(api.event(ZHANG, "CLICK", EventKey="report"))
    assert "编号和查询码" in await api.push(api.event(LI, "CLICK", EventKey="progress"))
    assert await api.push(api.event(ZHANG, "VIEW", EventKey="https://a.cn")) == ""


async def test_submit_typed_opens_two_days_for_the_answer(town: Town, api: FakeWeChat) -> None:
    await town.file(ZHANG)
    assert api.fan(ZHANG).windows["message"][0] == 5
    shown = [text for text in api.fan(ZHANG).screen if "提交" in text]
    assert shown and not any("msgmenuid=submit" in text for text in shown)


async def test_a_link_is_words_and_a_document_is_its_name(town: Town, api: FakeWeChat) -> None:
    await town.file(ZHANG)
    await api.push(api.message(ZHANG, "link", Title="公示", Description="名单", Url="https://a.cn/1"))
    told = await api.push(api.message(LI, "file", Title="合同.pdf", FileKey="k", FileTotalLen="9"))
    assert told.startswith("文件在微信里收不了")


async def test_what_cannot_be_read_is_said(town: Town, api: FakeWeChat) -> None:
    assert "看不了" in await api.push(api.message(ZHANG, "sticker"))
    assert "看不了" in await api.push(api.message(ZHANG, "text", Content="\u200b"))


async def test_what_no_person_can_type_is_not_taken(town: Town, api: FakeWeChat) -> None:
    told = [await api.push(api.message(ZHANG, "text", Content="菜单")) for _ in range(32)]
    assert "反映问题" in told[0] and told[-1].startswith("发得太快了")


async def test_english_is_spoken(town: Town, api: FakeWeChat) -> None:
    told = await town.say(ZHANG, "the rubbish at our gate has not been collected")
    assert told.labels == ("I agree", "No, policies only", "I am under 14")
    town.line.citizens._buckets._left.clear()  # pyright: ignore[reportPrivateUsage]
    assert "cannot read" in await api.push(api.message(ZHANG, "sticker"))


async def test_evil_words_come_back_as_words(town: Town, api: FakeWeChat) -> None:
    evil = "]]></Content><MsgType>image</MsgType><a href='https://evil.example'>点我</a>小区门口的垃圾堆了半个月"
    consent = await town.say(ZHANG, evil)
    await town.tap(ZHANG, consent, "同意")
    for words in ("1", "城关街道", "就在城关街道，不分村", "匿名"):
        shown = await api.push(api.message(ZHANG, "text", Content=words))
    assert "]]＞＜/Content＞" in shown and "<a href='https://evil" not in shown  # pyright: ignore[reportPossiblyUnbound]
    assert "提交" in read(shown).labels


async def test_choices_typed_by_number_mean_what_was_shown(town: Town, api: FakeWeChat) -> None:
    menu = await town.say(ZHANG, "你好")
    at = menu.labels.index("查进度") + 1
    assert (await town.say(ZHANG, str(at))).text == (await town.tap(LI, await town.say(LI, "你好"), "查进度")).text


# --- how it is opened ------------------------------------------------------------------------------------------

FULL = {"wechat_app_secret": SecretStr("s"), "wechat_token": SecretStr("t"), "wechat_aes_key": SecretStr(AES_KEY)}


@pytest.mark.parametrize("missing", [*FULL, "wrong key"])
async def test_a_setting_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in FULL.items() if name != missing}
    if missing == "wrong key":
        given["wechat_aes_key"] = SecretStr("too-short")
    core = open_core(Settings(data_dir=tmp_path), sample())
    settings = Settings(data_dir=tmp_path, wechat_app_id=APP_ID, **given)  # pyright: ignore[reportArgumentType]
    try:
        with pytest.raises(ChannelStopped) as caught:
            wechat.open_line(settings, StaffDoor(core, ""), PostOffice(core, {}))
    finally:
        await core.close()
    name = "wechat_aes_key" if missing == "wrong key" else missing
    assert f"ZHITONG_{name.upper()}" in str(caught.value) and "too-short" not in str(caught.value)


async def test_without_wechat_nothing_of_it_is_imported() -> None:
    """wechatpy takes a fifth of a second to import: only a house that uses it pays."""
    program = "import sys; import bot.cli, bot.app, bot.demo.office; sys.exit('wechatpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_without_wechat_there_is_no_door(tmp_path: Path) -> None:
    core = open_core(Settings(data_dir=tmp_path), sample())
    assert app.build(core, Settings(data_dir=tmp_path)).lines == []
    await core.close()
