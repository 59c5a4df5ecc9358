"""What two people mean alike looks alike before it is compared."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.normalise import HEAD, clean, load_normaliser, normalise, shipped
from faq.site import SiteFileError
from tests.faq.pages import write


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("低保怎么申请？", "低保怎么申请"),
        ("你好，请问低保怎么申请，谢谢！", "低保怎么申请"),
        ("領導您好,低保怎麼申請", "低保怎么申请"),
        ("低\u200b保\u202e怎么\ufeff申请", "低保怎么申请"),
        ("低 保 怎么 申请", "低保怎么申请"),
        ("ＤＩＢＡＯ　３６００元", "dibao 3600元"),
        ("五保户好多钱一个月", "特困供养多少钱一个月"),
        ("老人津贴咋个办", "高龄津贴怎么办"),
        ("地补还没打到卡头", "耕地地力保护补贴没有到账"),
        ("粮补好久发", "耕地地力保护补贴什么时候发"),
        ("娃儿读书", "孩子读书"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("低保能领", "低保不能领"),
        ("开通", "注销"),
        ("土地补偿款好久发", "地补好久发"),  # 土[地补]偿 is not 地补
        ("种了地，补好多", "种了地补好多"),  # no synonym is found across a comma
        ("你好久发钱", "久发钱"),  # 好久 is "when", not a greeting
    ],
)
def test_not_alike(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("text", "form"), [("", ""), ("？！", ""), ("你好", "你好"), ("\u200b", ""), ("3.5%", "3.5%")])
def test_edges(text: str, form: str) -> None:
    assert normalise(text) == form


def test_clauses_are_normalised_one_by_one() -> None:
    assert shipped().clauses("领导好，我屋头穷。低保 3.5 元，咋个办？！") == ["我家穷", "低保3.5元", "怎么办理"]


def test_what_was_rewritten_is_told() -> None:
    assert shipped().rewritten("五保户好多钱") == [("五保户", "特困供养"), ("好多钱", "多少钱")]


def test_fifty_thousand_characters() -> None:
    text = "低保怎么申请，我等了好久。" * 4000
    shipped()
    start = process_time()
    form = normalise(text)
    assert process_time() - start < 0.05
    assert len(form) <= 2 * HEAD


@given(st.text(max_size=300))
def test_never_raises_and_stays_clean(text: str) -> None:
    form = normalise(text)
    assert form == form.strip()
    assert clean(form) == form


def test_an_office_has_words_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "低保: [困难钱]\n", "synonyms.yaml")
    write(tmp_path, "strip: [嘿]\nkeep: [嘿嘿]\n", "politeness.yaml")
    office = load_normaliser(tmp_path)
    assert office("嘿，困难钱") == "低保"
    assert office("嘿嘿") == "嘿嘿"


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("synonyms.yaml", "低保: [底保]\n五保: [底保]\n", 2, "既在“低保”里，又在“五保”里"),
        ("synonyms.yaml", "低保: 底保\n", 1, "应是一列词"),
        ("synonyms.yaml", "低保: [底保, '']\n", 1, "应是一列词"),
        ("synonyms.yaml", "低保: [底保\n", 2, "格式不对"),
        ("synonyms.yaml", "低保: [底保]\n低保: [底保]\n", 2, "写了两次"),
        ("politeness.yaml", "strip: [你好]\n", 1, "keep 后面应是一列词"),
    ],
)
def test_broken_word_lists_are_named(tmp_path: Path, name: str, text: str, line: int, said: str) -> None:
    write(tmp_path, text, name)
    with pytest.raises(SiteFileError) as raised:
        load_normaliser(tmp_path)
    assert (raised.value.line, said in raised.value.message) == (line, True), raised.value


def test_a_word_list_in_gbk_is_named(tmp_path: Path) -> None:
    write(tmp_path, "低保: [底保]\n".encode("gbk"), "synonyms.yaml")
    with pytest.raises(SiteFileError, match="UTF-8"):
        load_normaliser(tmp_path)
