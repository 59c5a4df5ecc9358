"""Messages as they leave: split where Telegram would refuse them, marked only by us, buttons that fit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import faq
from bot.channels.telegram.draw import DATA_MOST, TEXT_MOST, data_of, draw, laid_out, neutral, token_of, units
from bot.markdown import marked
from config.load import load
from faq import book
from handlers.wording import Rendered

LETTERS = st.text(st.sampled_from("水电路。，\n 😀a"), max_size=12_000)


def shown(*paragraphs: str, markdown: frozenset[int] = frozenset()) -> Rendered:
    return Rendered(paragraphs, markdown, (("agree", "同意", "plain"), ("no", "不同意", "plain")), "choice")


@given(st.lists(LETTERS, min_size=1, max_size=3))
def test_nothing_is_too_long_and_no_word_is_lost(paragraphs: list[str]) -> None:
    drawn = draw(shown(*paragraphs))
    assert all(0 < units(one.text) <= TEXT_MOST for one in drawn)
    assert [bool(one.buttons) for one in drawn] == [False] * (len(drawn) - 1) + [True]
    said = "".join("".join(one.text.split()) for one in drawn)
    meant = "".join("".join(part.split()) for part in paragraphs)
    assert said == (meant or "…")


@given(LETTERS)
def test_units_are_what_telegram_counts(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le")) // 2


@given(st.text(max_size=200))
def test_marks_lie_within_their_text(source: str) -> None:
    text, marks = marked(source)
    assert all(mark.offset >= 0 and mark.length > 0 and mark.offset + mark.length <= units(text) for mark in marks)


@pytest.mark.parametrize(
    ("source", "text", "types"),
    [
        ("**重要** 的事", "重要 的事", ["bold"]),
        ("- 一\n- 二", "· 一\n· 二", []),
        ("1. 一\n2. 二", "1. 一\n2. 二", []),
        ("[网](https://a.cn) [坏](javascript:x) [电](tel:110)", "网 [坏](javascript:x) 电", ["text_link"]),
        ("😀 **粗**", "😀 粗", ["bold"]),
        ("<b>x</b>", "<b>x</b>", []),
    ],
)
def test_a_clerks_markdown(source: str, text: str, types: list[str]) -> None:
    assert marked(source)[0] == text
    assert [mark.type for mark in marked(source)[1]] == types


def test_a_mark_is_counted_in_units() -> None:
    _, (mark,) = marked("😀 **粗**")
    assert (mark.offset, mark.length) == (3, 1)


def test_every_answer_of_the_sample_can_be_sent() -> None:
    entries = book.load([Path(faq.__file__).parent]).entries
    for entry in entries:
        for one in draw(shown(entry.answer, markdown=frozenset({0}))):
            assert units(one.text) <= TEXT_MOST
            assert all(mark.offset + mark.length <= units(one.text) for mark in one.marks)


@given(st.text(min_size=1, max_size=80))
def test_every_choice_comes_back(token: str) -> None:
    data = data_of(token)
    assert len(data.encode("utf-8", "surrogatepass")) <= DATA_MOST
    assert token_of(data, ("other", token)) == token
    if data.startswith("#"):
        assert token_of(data, ("other",)) == ""


def test_buttons_share_rows_when_they_are_short() -> None:
    rows = laid_out([(label, label) for label in ("是", "否", "不清楚", "城关街道办事处的事", "跳过")])
    assert [len(row) for row in rows] == [3, 1, 1]


@pytest.mark.parametrize("words", ["@admin", "/start_x", "tg://user?id=1", "https://a.cn", "#标签", "a@b.cn"])
def test_somebodys_words_are_no_links(words: str) -> None:
    safe = neutral(words)
    assert safe.replace("\u2060", "") == words
    assert words not in safe


def test_every_word_of_the_channel_is_there_in_both_languages() -> None:
    texts = load(None).texts
    for lang in ("zh", "en"):
        assert {key for key in texts[lang] if key.startswith(("telegram.", "group.", "edit."))}


def test_a_house_without_a_token_does_not_import_telegram() -> None:
    program = "import sys, bot.serving, bot.demo.office; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
