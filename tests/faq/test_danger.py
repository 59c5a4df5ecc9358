"""The reader of emergencies: what it makes of odd texts, and what it says about files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from faq.danger import Danger, load_dangers, own, shipped
from faq.site import SHIPPED, SiteFileError
from tests.faq.pages import write

GROUPS = 'from: 0.5\nfire:\n  number: "119"\n  words: 着火, 房/屋…燃\n'
WEIGHTS = "name\t110\t119\n(intercept)\t-4\t-4\n#fire\t0\t9\n"

NUMBERS = [
    ("屋头着火了快来", "119"),
    ("屋头找伙了快来人", "119"),
    ("zhao huo le kuai lai", "119"),
    ("着火了快来人救命" + "，我们这里风景好得很" * 300, "119"),
    ("老人晕倒了，喊不醒", "120"),
    ("有人拿刀砍人", "110"),
    ("前面出车祸了，撞到人了", "122"),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_the_number_follows_from_what_is_read(text: str, number: str) -> None:
    found = shipped()(text)
    assert (found.now, found.number) == (True, number)


@pytest.mark.parametrize(
    "text", ["", " ", "？？？", "1234", "\u200b\ufeff", "a" * 50_000, "去年着火了，补助咋申请", "你好"]
)
def test_nothing_is_read_into_what_is_no_emergency(text: str) -> None:
    assert not shipped()(text).now


def test_a_long_story_is_read_in_parts() -> None:
    calm = "我们村的路灯坏了半年没人修，"
    assert shipped()(calm * 9 + "哎呀屋头着火了快来人救命，" + calm * 9).now


def test_an_offices_own_words_count_at_once(tmp_path: Path) -> None:
    write(tmp_path, GROUPS, "danger.yaml")
    write(tmp_path, WEIGHTS, "danger_weights.tsv")
    reader = load_dangers(tmp_path)
    assert [reader(text).now for text in ("着火了", "我屋头燃起来", "屋，燃", "下雨了")] == [True, True, False, False]
    assert reader("着火了") == Danger(reader("着火了").likely, True, "119", ("fire",), ("着火",))


def test_a_copy_of_the_shipped_files_is_the_shipped_reader(tmp_path: Path) -> None:
    assert own(None) is None
    write(tmp_path, (SHIPPED / "danger.yaml").read_text("utf-8"), "danger.yaml")
    assert own(tmp_path) is None
    write(tmp_path, GROUPS, "danger.yaml")
    assert own(tmp_path) is not None


WRONG = [
    ("danger.yaml", GROUPS.replace("0.5", "viel"), 1, "from"),
    ("danger.yaml", GROUPS.replace("着火, 房/屋…燃", ""), 2, "fire"),
    ("danger.yaml", GROUPS.replace("房/屋…燃", "房//屋"), 2, "房//屋"),
    ("danger_weights.tsv", WEIGHTS.replace("-4\t-4", "-4"), 2, "2 个数字"),
    ("danger_weights.tsv", WEIGHTS.replace("9", "neun"), 3, "2 个数字"),
    ("danger_weights.tsv", WEIGHTS.replace("9", "nan"), 3, "2 个数字"),
    ("danger_weights.tsv", "", 1, "danger_weights"),
]


@pytest.mark.parametrize(("name", "text", "line", "said"), WRONG)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, name: str, text: str, line: int, said: str) -> None:
    write(tmp_path, GROUPS, "danger.yaml")
    write(tmp_path, WEIGHTS, "danger_weights.tsv")
    write(tmp_path, text, name)
    with pytest.raises(SiteFileError, match=rf"{name}:{line}: ") as refused:
        load_dangers(tmp_path)
    assert said in str(refused.value)
