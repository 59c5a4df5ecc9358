"""An office's files: read once, kept, swapped whole, and never the reason to stop."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.site import load_site, reload_site
from config.load import SiteErrors, copy_out
from faq.search import Index
from tests.bot import past

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An office's own copy of the files."""
    copy_out(tmp_path / "site")
    return tmp_path / "site"


def test_a_changed_file_is_read_again(folder: Path) -> None:
    load_site(folder)
    office = folder / "config" / "office.yaml"
    office.write_text(office.read_text("utf-8").replace("name: 示例县民声直通", "name: 青山县民声直通"), "utf-8")
    assert load_site(folder).county.office.name == "青山县民声直通"
    office.write_text("name: a: b\n", "utf-8")
    with pytest.raises(SiteErrors, match=r"config/office.yaml:1"):
        load_site(folder)


def test_a_broken_file_keeps_the_last_good_version(folder: Path) -> None:
    good = load_site(folder)
    dibao = folder / "faq" / "subsidies" / "dibao.md"
    words = dibao.read_text("utf-8")
    dibao.write_text("---\npolicy: 什么都不是\n", "utf-8")
    assert reload_site(folder, good) is good
    dibao.write_text(words.replace("## 吃低保要什么条件？", "## 吃低保要满足什么条件？"), "utf-8")
    better = reload_site(folder, good)
    assert better is not good
    entry = better.book.get("dibao-tiaojian")
    assert entry is not None
    assert entry.question == "吃低保要满足什么条件？"
    assert reload_site(folder, better) is better


def test_answers_deleted_or_half_saved_keep_the_last_good_version(folder: Path) -> None:
    good, dibao = load_site(folder), folder / "faq" / "subsidies" / "dibao.md"
    whole = dibao.read_bytes()
    for half in (whole[: len(whole) // 2 + 1], whole[:40], b""):
        dibao.write_bytes(half)
        site = reload_site(folder, good)
        assert site is good or site.book.get("dibao-tiaojian")  # cut between two answers it is a whole file
    for page in (folder / "faq" / "subsidies").glob("*.md"):
        page.unlink()
    assert reload_site(folder, good) is good


def test_a_changed_answer_does_not_read_the_county_again(folder: Path) -> None:
    good = load_site(folder)
    dibao = folder / "faq" / "subsidies" / "dibao.md"
    dibao.write_text(dibao.read_text("utf-8").replace("## 吃低保要什么条件？", "## 吃低保要满足什么条件？"), "utf-8")
    later = reload_site(folder, good)
    assert later.county is good.county
    assert later.book.version != good.book.version
    office = folder / "config" / "office.yaml"
    office.write_text(office.read_text("utf-8").replace("name: 示例县民声直通", "name: 青山县民声直通"), "utf-8")
    assert reload_site(folder, later).county.office.name == "青山县民声直通"


def test_whoever_searches_first_waits_for_one_index() -> None:
    fresh = replace(past.site())
    found: list[Index] = []

    def ask() -> None:
        assert fresh.prepare("吃低保要什么条件？", NOW).policy is not None
        found.append(fresh.indexes()[0])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert found[0] is found[1] is found[2]


def test_what_is_far_behind_is_not_guessed() -> None:
    """A burst pipe is no crime: the third thing a story resembles a little is not shown beside the first."""
    site = load_site(None)
    for story, codes in (
        ("村里的水管爆了三天没人修", ("07.04", "07.01")),
        ("我们村路灯坏了", ("06.02",)),
        ("垃圾没人收臭得很", ("08.02",)),
    ):
        assert site.prepare(story, NOW).topics == codes


def test_the_most_asked_come_first_then_the_admins_own_list() -> None:
    site = past.site()
    first, second, third = (entry.id for entry in site.book.entries[:3])
    assert site.ranked({third: 2, second: 2, first: 1, "gone": 9})[:3] == (second, third, first)
    assert site.ranked({}) == site.lists.hot
    assert all(site.book.get(entry_id) for entry_id in site.lists.hot)
