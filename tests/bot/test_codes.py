"""Printed codes and the account's menu, as commands."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from xml.etree import ElementTree

import pytest
import segno

from bot import posters
from bot.demo.fakes.telegram import TOKEN as BOT_TOKEN
from bot.demo.fakes.telegram import FakeApi
from bot.demo.fakes.tencent import AES_KEY, APP_ID, TOKEN
from bot.demo.fakes.wechat import SECRET, FakeWeChat
from bot.posters import Poster
from tests.bot.command import environment, zhitong

PUBLIC = "https://zhitong.example.test"
SHEET = Poster(
    f"{PUBLIC}/s/gate",
    ("示例县 <&>", "有事直接说", "反映问题", "河口镇青山村 · 停水"),
    ("扫一扫", "打电话 12345"),
    "gate",
)


def squares(sheet: Poster) -> set[tuple[int, int]]:
    """The dark modules as they are drawn."""
    found = set[tuple[int, int]]()
    for left, top, wide in sheet.squares():
        column, row = (left - (210 - 120) / 2) / sheet.module, (top - 88) / sheet.module
        found |= {(round(row), round(column) + at) for at in range(round(wide / sheet.module))}
    return found


def test_a_sheet_draws_exactly_its_code() -> None:
    matrix = segno.make(SHEET.content, error="q", micro=False).matrix_iter(border=4)
    assert squares(SHEET) == {(r, c) for r, row in enumerate(matrix) for c, bit in enumerate(row) if bit}


def test_the_svg_holds_the_words_as_text() -> None:
    root = ElementTree.fromstring(posters.svg(SHEET))
    words = [one.text for one in root if one.tag.endswith("text")]
    assert words == ["示例县 <&>", "有事直接说", "反映问题", "河口镇青山村 · 停水", "扫一扫", "打电话 12345", "gate"]
    assert root.attrib["width"] == "210mm"


def test_the_pdf_is_whole_and_says_the_same() -> None:
    made = posters.pdf(SHEET)
    at = int(re.findall(rb"startxref\n(\d+)", made)[0])
    assert made[at:].startswith(b"xref\n0 9\n")
    places = [int(one) for one in re.findall(rb"(\d{10}) 00000 n", made)]
    assert [made[place:].split(b" ", 1)[0] for place in places] == [b"%d" % n for n in range(1, 9)]
    length = int(re.findall(rb"/Length (\d+)", made)[0])
    stream = made.split(b">>stream\n")[1]
    assert stream[length:].startswith(b"\nendstream")
    said = [
        bytes.fromhex(code.decode()).decode("utf-16-be" if font == b"F" else "cp1252")
        for font, code in re.findall(rb"/(\w) [\d.]+ Tf <([0-9a-f]*)>", stream)
    ]
    assert "".join(said[:2]) == "示例县 <&>" and "河口镇青山村" in said and "12345" in "".join(said)
    assert stream.count(b" re") == len(SHEET.squares())


def test_words_that_are_too_long_get_smaller() -> None:
    sheet = Poster("x", ("很长的单位名称" * 8,), ())
    (line,) = sheet.lines()
    assert posters.width(line.words, line.fitted) <= posters.MOST + 0.01


def test_a_sheet_for_every_code(tmp_path: Path) -> None:
    done = zhitong("qr", "--out", tmp_path, env=environment(ZHITONG_PUBLIC_URL=PUBLIC))
    assert done.returncode == 0, done.stderr
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert len(paths) == 14 and all(path.stat().st_size > 3000 for path in paths)
    assert "河口镇青山村" in (tmp_path / "qingshan-gate-web.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("qr", "no-such-code"), "scenes.yaml holds no code 'no-such-code'"),
        (("qr",), "needs ZHITONG_PUBLIC_URL"),
        (("qr", "--for", "wechat"), "ZHITONG_WECHAT_APP_ID"),
        (("qr", "--for", "telegram"), "ZHITONG_TELEGRAM_TOKEN"),
        (("wechat", "menu"), "ZHITONG_WECHAT_APP_ID"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    out = ("--out", str(tmp_path)) if args[0] == "qr" else ()
    done = zhitong(*args, *out, env=environment())
    assert done.returncode == 2 and said in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr


@contextmanager
def platforms() -> Generator[tuple[FakeWeChat, FakeApi]]:
    """Both fakes on a loop of their own, for commands in another process."""
    ready, over, wechat, telegram = Event(), Event(), FakeWeChat(), FakeApi()

    async def serve() -> None:
        await wechat.open()
        await telegram.open()
        ready.set()
        await asyncio.to_thread(over.wait)
        await wechat.close()
        await telegram.close()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield wechat, telegram
    finally:
        over.set()
        thread.join()


def test_codes_of_the_platforms_and_the_menu(tmp_path: Path) -> None:
    with platforms() as (wechat, telegram):
        account = {
            "ZHITONG_WECHAT_APP_ID": APP_ID,
            "ZHITONG_WECHAT_APP_SECRET": SECRET,
            "ZHITONG_WECHAT_TOKEN": TOKEN,
            "ZHITONG_WECHAT_AES_KEY": AES_KEY,
            "ZHITONG_WECHAT_API_URL": wechat.url,
            "ZHITONG_TELEGRAM_TOKEN": BOT_TOKEN,
            "ZHITONG_TELEGRAM_API_URL": telegram.url,
            "ZHITONG_PUBLIC_URL": PUBLIC,
        }
        env = environment(**account)
        both = ("--for", "wechat", "--for", "telegram", "--as", "svg", "--out", tmp_path)
        done = zhitong("qr", "qingshan-gate", *both, env=env)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "qingshan-gate-telegram.svg",
            "qingshan-gate-wechat.svg",
        ]
        assert zhitong("wechat", "menu", env=env).stdout.splitlines() == [
            "反映问题",
            "查政策",
            "我的 查进度 找工作人员 我的资料 打开网页",
        ]
        names = [one["name"] for one in wechat.menu["button"]]
        assert names == ["反映问题", "查政策", "我的"] and all(len(name.encode()) <= 16 for name in names)
        wrong = environment(**{**account, "ZHITONG_WECHAT_APP_SECRET": "wrong"})
        refused = zhitong("wechat", "menu", env=wrong)
        assert refused.returncode == 2 and "40125" in refused.stderr and "wrong" not in refused.stderr
        nowhere = environment(**{**account, "ZHITONG_WECHAT_API_URL": "http://127.0.0.1:9"})
        for command in (("wechat", "menu"), ("qr", "--for", "wechat", "--out", tmp_path)):
            unreached = zhitong(*command, env=nowhere)
            assert unreached.returncode == 2 and "May this machine call out?" in unreached.stderr, unreached.stderr
