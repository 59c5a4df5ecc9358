"""An answer saved in an editor is the answer citizens read, two seconds later, in a house that never stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bot.app import House, build, open_core, running
from bot.site import reload_site
from config.load import copy_out
from config.settings import Settings
from handlers.messages import Inbound, Markdown

KEYS = count(1)
GOAL, MOST = 2.0, 20.0  # seconds: what a quiet machine keeps, and what a busy one must
QUESTION = "吃低保要什么条件？"


@asynccontextmanager
async def office(tmp_path: Path) -> AsyncGenerator[tuple[House, Path]]:
    """A house over its own copy of the shipped answers, and the file about 低保."""
    site = tmp_path / "site"
    copy_out(site)
    settings = Settings(site=site, data_dir=tmp_path / "data")
    core = open_core(settings)
    core.site.warm()
    async with running(build(core, settings)) as house:
        yield house, site / "faq" / "subsidies" / "dibao.md"


async def ask(house: House) -> str:
    """What a citizen who asks reads."""
    inbound = Inbound("web", f"k{next(KEYS)}", "visitor", datetime.now(UTC), text=QUESTION)
    taken = await house.core.take(inbound)
    replies = (letter.reply for letter in taken.letters if letter.reply)
    parts = [part for reply in replies for part in reply.parts if isinstance(part, Markdown)]
    return " ".join(part.text for part in parts)


def write(path: Path, text: str) -> None:
    """Save as a plain program does."""
    path.write_text(text, "utf-8")


def replace(path: Path, text: str) -> None:
    """Save as editors do: a temporary file beside it, then renamed over it."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text, "utf-8")
    beside.replace(path)


async def until(house: House, words: str) -> float:
    """Seconds until the answer holds these words."""
    began = time.monotonic()
    while words not in await ask(house):
        assert time.monotonic() - began < MOST, f"{words} is not live after {MOST} s"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.asyncio
async def test_a_saved_answer_is_live_within_seconds(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with office(tmp_path) as (house, dibao):
        text = dibao.read_text("utf-8")
        first = (await ask(house))[:12]
        assert first
        assert first in text
        ways: tuple[Callable[[Path, str], None], ...] = (write, replace)
        for nth, save in enumerate(ways):
            save(dibao, text.replace(first, f"新规定{nth}：{first}"))
            took = await until(house, f"新规定{nth}")
            with capfd.disabled():
                print(f"\nlive after {took:.2f} s ({save.__name__}; goal {GOAL} s)")
        replace(dibao, "---\npolicy: 农村低保\nvalid_to 明年\n---\n")
        broken = house.core.site
        await asyncio.sleep(1.0)
        assert "新规定1" in await ask(house)
        assert reload_site(house.site_folder, broken) is broken
        assert "dibao.md:3" in capfd.readouterr().out
        replace(dibao, text.replace(first, f"改好了：{first}"))
        await until(house, "改好了")
