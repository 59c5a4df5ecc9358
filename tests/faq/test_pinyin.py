"""Words that sound alike to a villager are written alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.pinyin import encode, heard


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("低保", "底保"),
        ("地补", "地布"),
        ("补贴", "补帖"),
        ("耕地", "根地"),  # eng / en
        ("生娃", "森娃"),  # sh / s
        ("农机", "龙机"),  # n / l
        ("花生", "发生"),  # hua / fa
        ("低保怎么申请", "dibao zenme shenqing"),
        ("低保怎么申请", "dibaozenmeshenqing"),
        ("低保怎么申请", "di bao怎么shen请"),
        ("旅游", "lvyou"),
    ],
)
def test_sounds_alike(one: str, other: str) -> None:
    assert encode(one).replace(" ", "") == encode(other).replace(" ", "")


@pytest.mark.parametrize(("one", "other"), [("低保", "五保"), ("汉族", "饭足"), ("标准", "条件"), ("ba", "pa")])
def test_sounds_different(one: str, other: str) -> None:
    assert encode(one) != encode(other)


@pytest.mark.parametrize(("text", "code"), [("", ""), ("3600", "3600"), ("vvv", "vvv"), ("%", "%")])
def test_what_has_no_sound_stays(text: str, code: str) -> None:
    assert encode(text) == code


def test_one_code_point_a_syllable() -> None:
    assert len(encode("低保怎么申请")) == len(encode("dibaozenmeshenqing")) == 6


@pytest.mark.parametrize(
    ("syllable", "sound"),
    [("zhang", "zan"), ("shi", "si"), ("nong", "long"), ("huang", "fan"), ("han", "han"), ("xing", "xin")],
)
def test_heard(syllable: str, sound: str) -> None:
    assert heard(syllable) == sound


@given(st.text(max_size=80))
def test_never_raises(text: str) -> None:
    assert len(encode(text)) <= len(text)
