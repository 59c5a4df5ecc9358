"""A question finds its entry, however it is typed."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faq.search import Index
from tests.faq.pages import book, entry

ITEMS = {
    "dibao": ["低保怎么申请", "吃低保要啥条件"],
    "gaoling": ["高龄津贴多少岁可以领", "八十岁老人有没有补贴"],
    "tekun": ["特困人员供养标准是多少"],
    "nongji": ["农机购置补贴怎么领", "买微耕机补多少"],
    "weifang": ["农村危房改造补助要哪些材料"],
}
INDEX = Index.build_from(ITEMS.items())


@pytest.mark.parametrize(
    ("text", "entry_id"),
    [
        ("低保怎么申请", "dibao"),
        ("底保怎么审请", "dibao"),
        ("dibao zenme shenqing", "dibao"),
        ("低保zenme申请", "dibao"),
        ("低保怎麼申請", "dibao"),
        ("你好，请问一下低保怎么申请，谢谢您", "dibao"),
        ("五保户好多钱", "tekun"),
        ("老人津贴好多岁领得到", "gaoling"),
        ("ｎｏｎｇｊｉ补贴怎么领", "nongji"),
        ("危房\u200b改造要哪些材料", "weifang"),
        (
            "我今年六十八了，娃儿都在外头打工，前天去镇上排了半天队，人家喊我上网问，就是想问低保怎么申请，屋头实在困难",
            "dibao",
        ),
        (
            "昨天下了一天的雨，路滑得很，我走到镇上都中午了，买微耕机国家补多少，你们说清楚点，莫让我再跑一趟嘛",
            "nongji",
        ),
    ],
)
def test_found_first(text: str, entry_id: str) -> None:
    assert INDEX.search(text)[0].entry_id == entry_id


@pytest.mark.parametrize(
    ("text", "exact"),
    [("低保怎么申请？", True), ("您好，低保怎么申请", True), ("底保怎么申请", False), ("吃低保要啥条件", True)],
)
def test_exact_is_after_normalisation(text: str, exact: bool) -> None:
    assert INDEX.search(text)[0].exact is exact


@pytest.mark.parametrize("text", ["", "   ", "？！", "\u200b\u202e", "☃☃☃"])
def test_nothing_to_search_with(text: str) -> None:
    assert INDEX.search(text) == []


def test_nothing_to_search_in() -> None:
    assert Index.build(book()).search("低保") == []
    assert Index.build_from([("a", []), ("b", ["？"])]).search("低保") == []


def test_an_entry_without_texts_does_not_shift_the_others() -> None:
    index = Index.build_from([("a", []), ("b", ["低保怎么申请"]), ("c", ["？"]), ("d", ["高龄津贴"])])
    assert index.search("高龄津贴")[0].entry_id == "d"


def test_hits_are_sorted_and_say_why() -> None:
    hits = INDEX.search("五保户一个月好多钱", k=3)
    assert not any(hit.exact for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert ("五保户", "特困供养") in hits[0].why.synonym
    assert {"text", "pool", "sound", "ratio", "coverage", "size"} <= set(hits[0].signals)


def test_two_entries_with_the_same_text_are_both_exact() -> None:
    index = Index.build_from([("a", ["低保怎么申请"]), ("b", ["低保怎么申请？"])])
    assert {(hit.entry_id, hit.exact) for hit in index.search("低保怎么申请")} == {("a", True), ("b", True)}


def test_an_exact_entry_comes_first_whatever_its_score() -> None:
    crowd = [(f"x{n}", [f"低保怎么申请低保怎么申请{n}", "低保申请", "怎么申请低保"]) for n in range(60)]
    assert Index.build_from([*crowd, ("a", ["低保怎么申请"])]).search("低保怎么申请", k=1)[0].entry_id == "a"


def test_labels_carry_over_from_one_policy_to_another() -> None:
    """没打到卡头 was only ever said of 低保; of 高龄津贴 it means 没到账 just the same."""
    texts = [
        entry("a", "低保要什么条件", "吃低保够不够格", policy="低保", aspect="条件"),
        entry("b", "低保没到账怎么办", "低保钱没见影子", "低保拖起不来", policy="低保", aspect="没到账"),
        entry("c", "特困要什么条件", "特困够不够格", policy="特困", aspect="条件"),
        entry("d", "特困没到账怎么办", "特困钱没见影子", "特困拖起不来", policy="特困", aspect="没到账"),
        entry("e", "高龄津贴要什么条件", policy="高龄", aspect="条件"),
        entry("f", "高龄津贴没到账怎么办", policy="高龄", aspect="没到账"),
    ]
    assert Index.build(book(*texts)).search("高龄津贴没见影子")[0].entry_id == "f"
    assert "label" in Index.build(book(*texts)).search("高龄津贴没见影子")[0].signals


def test_without_labels_on_all_entries_there_are_none() -> None:
    texts = [entry("a", "低保", policy="低保", aspect="条件"), entry("b", "特困")]
    assert "label" not in Index.build(book(*texts)).search("低保")[0].signals


def test_many_aliases_do_not_crowd_out_an_entry_that_has_none() -> None:
    rich = [
        f"{who}低保{what}"
        for who in ("我妈", "老汉", "娃儿", "我们屋头")
        for what in ("要啥条件", "够不够格", "哪些人有")
    ]
    index = Index.build_from([("rich", rich), ("poor", ["残疾人补贴哪些人有"])])
    assert index.search("残疾人补贴够不够格")[0].entry_id == "poor"


def test_a_letter_of_fifty_thousand_characters() -> None:
    text = "我屋头的情况一言难尽，低保怎么申请。" * 3000
    start = process_time()
    assert INDEX.search(text)[0].entry_id == "dibao"
    assert process_time() - start < 0.2


@settings(deadline=None)
@given(st.text(max_size=200))
def test_never_raises(text: str) -> None:
    hits = INDEX.search(text)
    assert len(hits) <= 5
    assert len({hit.entry_id for hit in hits}) == len(hits)
