"""An admin can see why an entry was found."""

from __future__ import annotations

import pytest

from faq.normalise import normalise, shipped
from faq.pinyin import encode
from faq.why import Why, explain

ENTRY = [normalise(text) for text in ("低保怎么申请", "特困供养一个月多少钱")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("低保怎么申请", Why(("低保怎么办理",), (), ())),
        ("五保户", Why(("特困供养",), (("五保户", "特困供养"),), ())),
        ("帝堡", Why((), (), ("帝堡",))),
        ("dibao", Why((), (), ("dibao",))),
        ("天地玄黄", Why((), (), ())),
        ("", Why((), (), ())),
    ],
)
def test_why(text: str, why: Why) -> None:
    found = explain(normalise(text), shipped().rewritten(text), ENTRY, [encode(form) for form in ENTRY])
    assert found.shared == why.shared
    assert found.pinyin == why.pinyin
    assert set(why.synonym) <= set(found.synonym)
