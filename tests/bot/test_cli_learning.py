"""`zhitong faq gaps` and `calibrate`: what the log of an office teaches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.app import open_core
from bot.core import utc_now
from config.settings import Settings
from handlers.messages import Inbound
from tests.bot.command import zhitong
from tests.bot.past import site


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office that was asked the same in vain by two people, and something else by one."""
    asyncio.run(_play(tmp_path / "data"))
    return tmp_path / "data"


async def _play(folder: Path) -> None:
    core = open_core(Settings(data_dir=folder), site())
    keys = count()
    said: Iterator[tuple[str, str, str]] = iter(
        (
            ("wu", "火化费国家报不报", ""),
            ("li", "火化费国家报不报", ""),
            ("zhao", "补贴什么时候发", ""),
            ("zhao", "", "faq:none"),
            ("wu", "低保要什么条件 13912345678", ""),
        )
    )
    try:
        for who, text, choice in said:
            await core.take(Inbound("web", f"k{next(keys)}", who, utc_now(), text, choice))
    finally:
        await core.close()


def test_gaps(office: Path) -> None:
    found = zhitong("faq", "gaps", "--json", "--data", office)
    assert (found.returncode, found.stderr) == (0, "")
    told = json.loads(found.stdout)
    assert told["questions"] == 4
    first, second = told["gaps"]
    assert (first["people"], first["times"], first["reasons"]) == (2, 2, {"none": 2})
    assert (second["examples"], second["reasons"]) == (["补贴什么时候发"], {"not_these": 1})


def test_gaps_for_people(office: Path) -> None:
    found = zhitong("faq", "gaps", "--most", 1, "--data", office)
    (line,) = found.stdout.splitlines()
    assert line.startswith("2\t2\tnone 2\t火化费国家报不报")
    assert "4 questions" in found.stderr


def test_calibrate_says_how_many_labels_are_missing(office: Path) -> None:
    told = json.loads(zhitong("faq", "calibrate", "--json", "--data", office).stdout)
    assert (told["labels"], told["missing"], told["suggested"]) == (1, 199, None)
    assert set(told["now"]) == {"answer_above", "choices_above"}
    assert "at least 199 more labels" in zhitong("faq", "calibrate", "--data", office).stdout


def test_an_office_that_never_was(tmp_path: Path) -> None:
    found = zhitong("faq", "gaps", "--data", tmp_path)
    assert found.returncode == 2
    assert "holds no office yet" in found.stderr
