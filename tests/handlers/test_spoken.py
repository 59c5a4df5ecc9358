"""What staff say without a slash: the act, the number in front or in the quote, and when it is not clear which."""

from __future__ import annotations

import pytest

from config.load import load
from handlers.staff.spoken import quoted_number, spoken, unaddressed

NO, OTHER = "MS20261122-0007", "MS20261122-0008"
CARD = f"【{NO}】 已登记\n供水 · 停水"

SAID = (
    # what is said, what is quoted, act, number, words
    ("答复 已修好。", CARD, "answer", NO, "已修好。"),
    (f"答复 {NO} 已修好", "", "answer", NO, "已修好"),
    (f"{NO} 答复：已修好", "", "answer", NO, "已修好"),
    (f"【{NO}】已修好", "", "", NO, "已修好"),
    ("ms20261122－0007，已修好", "", "", NO, "已修好"),
    ("已修好", CARD, "", NO, "已修好"),
    ("受理", CARD, "accept", NO, ""),
    ("受理吧", CARD, "accept", NO, "吧"),
    ("转给水务局 归他们", CARD, "transfer", NO, "水务局 归他们"),
    ("催办", CARD, "supervise", NO, ""),
    ("/told 打了电话", CARD, "told", NO, "打了电话"),
    ("退水管我们装了", CARD, "", NO, "退水管我们装了"),  # one character is a word only when it stands alone
    ("退 归城管", CARD, "return", NO, "归城管"),
    (f"并案 {OTHER}", CARD, "merge", NO, OTHER),
    (f"并案 {NO} {OTHER}", "", "merge", NO, OTHER),
    (f"查 {NO}", "", "find", NO, ""),
    ("我的", "", "mine", "", ""),
    ("今日到期", "", "due", "", ""),
    ("超期", "", "overdue", "", ""),
    ("统计", "", "stats", "", ""),
    ("政策 高龄津贴多少钱", "", "faq", "", "高龄津贴多少钱"),
    ("帮助", "", "help", "", ""),
    ("发送", CARD, "send", NO, ""),
    (f"发送 {NO}", "", "send", NO, ""),
    ("发送 发送", CARD, "send", NO, ""),
    ("发送发送", CARD, "send", NO, ""),
    ("取消，取消", CARD, "drop", NO, ""),
    ("发送给他看看", CARD, "", NO, "发送给他看看"),
    ("取消", "", "drop", "", ""),
    ("群号", "", "here", "", ""),
    ("你好", "", "", "", "你好"),
    ("", CARD, "", NO, ""),
)


@pytest.mark.parametrize(("text", "quote", "act", "no", "words"), SAID)
def test_spoken(text: str, quote: str, act: str, no: str, words: str) -> None:
    said = spoken(text, quote, load(None))
    assert (said.name, said.no, said.words, said.several) == (act, no, words, False)


SEVERAL = (
    (f"{NO} {OTHER} 一起清了", ""),
    (f"答复 {OTHER} 已修好", CARD),
    ("已修好", f"{NO} · 已登记\n{OTHER} · 已登记"),
    (f"答复 {NO} 同 {OTHER} 一样", ""),
)


@pytest.mark.parametrize(("text", "quote"), SEVERAL)
def test_more_than_one_could_be_meant(text: str, quote: str) -> None:
    assert spoken(text, quote, load(None)).several


@pytest.mark.parametrize(
    ("quote", "found"),
    [(CARD, NO), (f"{CARD}\n同 {OTHER}", NO), (CARD[:12], ""), ("垃圾", ""), (f"看 {NO}", NO), (f"{NO} {OTHER}", "")],
)
def test_quotes(quote: str, found: str) -> None:
    assert quoted_number(quote, "MS")[0] == found


@pytest.mark.parametrize(
    ("text", "bot", "words"),
    [
        ("@信访助手 受理", "", "受理"),
        ("@信访助手\u2005受理", "", "受理"),
        ("@张三 @信访助手 受理", "", "受理"),
        ("受理 @信访助手", "", "受理"),
        ("@信访 助手 受理", "信访 助手", "受理"),
        ("@信访助手", "", ""),
        ("邮箱 a@b.c 写错了", "", "邮箱 a@b.c 写错了"),
    ],
)
def test_whom_it_is_addressed_to(text: str, bot: str, words: str) -> None:
    assert unaddressed(text, bot) == words
