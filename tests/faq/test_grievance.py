"""A story of what was done to somebody is told from a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.decide import grievance
from faq.grievance import load_grievances
from faq.site import SiteFileError
from tests.faq.pages import write

HERE = Path(__file__).parent


def texts(name: str) -> list[str]:
    return [json.loads(row)["text"] for row in (HERE / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "我妈的低保遭队长冒领了三年",
        "凭啥子别个有车有房还吃低保，我一个瘫在床上的评不上",
        "跑了三趟镇上，三次都推给村上，没得人管",
        "村会计把我们的卡收走了，钱也不给",
        "评低保要给村主任送烟送酒",
        "危房的钱批了一万八，到手只有一万，剩下的说是管理费",
    ],
)
def test_grievances(text: str) -> None:
    assert grievance(text) >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "你好",
        "低保",
        "低保怎么申请",
        "地补好久打到卡头",
        "没得人管的娃儿补助咋个办",
        "我妈八十了，一直没办高龄津贴，现在去办要带啥子",
        "老汉去世了，低保要不要去注销",
        "补贴被扣了去哪里投诉",
        "在外头打工，养老金认证咋个弄",
        "凭什么材料可以申请危房改造",
    ],
)
def test_questions(text: str) -> None:
    assert grievance(text) < 0.5


def test_most_villagers_grievances_are_heard_and_their_questions_left_alone() -> None:
    """The last two lists were never learned from."""
    for told, questions, least in (("grievances", "villagers", 0.97), ("grievances_heldout", "villagers_heldout", 0.9)):
        heard = [grievance(text) >= 0.5 for text in texts(f"{told}.jsonl")]
        asked = [grievance(text) >= 0.5 for text in texts(f"{questions}.jsonl")]
        print(f"{told}: heard {sum(heard)} of {len(heard)}, taken for one {sum(asked)} of {len(asked)}")
        assert sum(heard) / len(heard) >= least
        assert sum(asked) / len(asked) <= 0.06


@given(st.text(max_size=200))
def test_a_share_of_one_for_any_text(text: str) -> None:
    assert 0.0 <= grievance(text) <= 1.0


def test_an_office_has_words_of_its_own(tmp_path: Path) -> None:
    groups = "groups:\n  甲:\n    weight: 3\n    most: 1\n    words: [拱翻]\n"
    numbers = "intercept: -2\nstatement: 0\nquestion: -3\nclause: 0\nspan: 0\n"
    write(tmp_path, groups + numbers + "asks: [咋]\nrhetorical: [嗯]\nignore: [拱翻天]\n", "grievance.yaml")
    office = load_grievances(tmp_path)
    assert [office(text) >= 0.5 for text in ("低保遭拱翻", "低保遭拱翻天", "低保遭拱翻咋办")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intercept: 1\n", "groups 下面"),
        ("groups:\n  甲:\n    weight: x\n    most: 1\n    words: [乙]\n", "intercept 应是一个数字"),
        ("intercept: 很大\ngroups:\n  甲: [乙]\n", "intercept 应是一个数字"),
    ],
)
def test_broken_lists_are_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text, "grievance.yaml")
    with pytest.raises(SiteFileError, match=said):
        load_grievances(tmp_path)
