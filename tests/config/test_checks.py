"""References, circles, numbering, lanes: one changed line, what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.checks import TAKEN
from config.load import load
from tests.config.small import FILES, changed, said, sample, site


def test_the_small_county_is_right(tmp_path: Path):
    county = load(site(tmp_path))
    assert county.place_path("qingshan") == "河口镇青山村"
    assert [topic.code for topic in county.topics()] == ["01.01", "01.02", "02.01"]


WRONG = [
    # a name that leads nowhere
    ("places", "parent: town-hekou\n  aliases", "parent: town-hekuo\n  aliases", 8, "找不到上级 town-hekuo。您是不是想写 town-hekou？"),
    ("places", "department: hekou", "department: hekuo", 4, "找不到单位 hekuo。您是不是想写 hekou？"),
    ("departments", "parent: fu\n- id: hekou", "parent: fuu\n- id: hekou", 5, "找不到上级 fuu。您是不是想写 fu？"),
    ("office", "duty_department: zhiban", "duty_department: duty", 4, "找不到值班单位 duty。请先在 config/departments.yaml"),
    ("office", '["01.01"]', '["01.01", "09.09"]', 10, "找不到事项 09.09"),
    ("office", 'door: "12388"', "door: fayuan", 17, "找不到渠道 fayuan"),
    ("categories", "department: zhiban", "department: zhibna", 7, "找不到单位 zhibna。您是不是想写 zhiban？"),
    ("categories", "department: town", "department: twon", 26, "找不到单位 twon。您是不是想写 town？"),
    ("categories", "assist: [zhiban]", "assist: [zhiban, nobody]", 27, "找不到协办单位 nobody"),
    ("categories", 'door: "12388"', "door: nowhere", 36, "找不到渠道 nowhere"),
    ("scenes", "place: qingshan", "place: qinshan", 2, "找不到地点 qinshan。您是不是想写 qingshan？"),
    ("scenes", 'category: "01"', 'category: "07"', 3, "找不到大类 07"),
    ("scenes", 'topic: "01.01"', 'topic: "01.09"', 4, "找不到事项 01.09"),
    ("scenes", 'topic: "01.01"', 'topic: "02.01"', 4, "事项 02.01 不属于大类 01"),
    # circles
    ("departments", "name: 县政府", "name: 县政府\n  parent: zhiban", 3, "上级绕成了圈：fu → zhiban → fu"),
    ("departments", "name: 县政府", "name: 县政府\n  parent: fu", 3, "上级绕成了圈：fu → fu"),
    ("places", "department: hekou", "department: hekou\n  parent: town-hekou", 5, "上级绕成了圈：town-hekou → town-hekou"),
    # the same number twice
    ("departments", "id: hekou", "id: zhiban", 6, "编号 zhiban 重复了（第一次在第 3 行）"),
    ("places", "id: longwan", "id: qingshan", 12, "编号 qingshan 重复了（第一次在第 5 行）"),
    ("categories", 'code: "01.02"', 'code: "01.01"', 22, "编号 01.01 重复了（第一次在第 4 行）"),
    ("categories", 'code: "02.01"', 'code: "03.01"', 31, "小类编号 03.01 不在大类 02 下"),
    ("categories", "id: bank", "id: policy", 14, "问题编号 policy 重复了"),
    ("categories", "token: b", "token: a", 20, "选项编号 a 重复了"),
    ("office", "doors:\n", 'doors:\n  - id: "12388"\n    name: 又一个\n', 14, "编号 12388 重复了（第一次在第 12 行）"),
    # places
    ("places", "name: 龙湾村", "name: 青山村", 14, "同一个乡镇里有两个青山村（第一个在第 7 行）"),
    ("places", "name: 龙湾村\n  parent: town-hekou", "name: 龙湾村", 12, "龙湾村 没有写属于哪个乡镇"),
    ("places", "name: 龙湾村\n  parent: town-hekou", "name: 龙湾村\n  parent: qingshan", 12, "没有写属于哪个乡镇"),
    ("places", "  department: hekou\n", "", 1, "河口镇 没有写归哪个单位管"),
    ("places", "lat: 30.5", "lat: 305", 10, "lat 超出了范围"),
    ("places", "lon: 105.5", "lon: nan", 11, "lon 超出了范围"),
    ("places", "aliases: [青山大队]", "aliases: [青山，青山大队]", 9, "要用英文逗号隔开"),
    # topics
    ("categories", "department: jijian", "department: zhiban", 31, "检举控告只能交给纪检监察机构"),
    ("categories", "lane: tip\n", "lane: tip\n      assist: [zhiban]\n", 35, "检举控告不能有协办单位"),
    ("categories", 'lane: tip\n      department: jijian\n      door: "12388"', "lane: upper", 31, "请写一行 door: upper"),
    ("categories", "ask: 哪家银行？", "ask: 哪家银行？\n          required: true", 14, "最多一个必答问题"),
    ("categories", "id: bank", "id: when", 14, "问题编号 when 程序自己要用"),
    ("categories", "type: choice", "type: text", 14, "要写 type: choice"),
    ("categories", "            - token: b\n              name: 乙\n", "", 14, "选择题至少要有两个选项"),
    ("categories", "[没到账, 没打款]", "[没到账，没打款]", 8, "要用英文逗号隔开"),
    ("categories", "[没到账, 没打款]", '[没到账, ""]', 8, "不能是空的"),
    # the office
    ("emergencies", "keywords: [着火]", 'keywords: [着火, " "]', 4, "不能是空的"),
    ("office", "story_min: 6", "story_min: 0", 8, "story_min 至少要写 1"),
    ("office", "story_max: 2000", "story_max: 5", 9, "story_max 要比 story_min 大"),
    ("office", "Asia/Shanghai", "Asia/Chengdu", 5, "没有 Asia/Chengdu 这个时区"),
    ("office", "18:00", "24:30", 6, "没有 24:30 这个钟点"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "line", "words"), WRONG, ids=[f"{row[0]} {row[4]}" for row in WRONG])
def test_one_changed_line_is_found(tmp_path: Path, name: str, old: str, new: str, line: int, words: str):
    found = changed(tmp_path, name, old, new)
    assert any(text.startswith(f"config/{name}.yaml:{line}: ") and words in text for text in found), found


FINE = [
    ("categories", "assist: [zhiban]", "assist: [town]"),
    ("departments", "discipline: true", "discipline: yes"),
    ("places", "name: 龙湾村\n  parent: town-hekou", "name: 青山村\n  parent: town-hekou2\n" + "- id: town-hekou2\n  kind: town\n  name: 二镇\n  department: hekou"),
    ("scenes", FILES["scenes"], "[]\n"),
    ("office", "0000-5550100", "010-22:30"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new"), FINE, ids=[row[2][:30] for row in FINE])
def test_what_is_right_is_let_through(tmp_path: Path, name: str, old: str, new: str):
    assert changed(tmp_path, name, old, new) == []


def test_a_broken_file_is_blamed_once_and_not_those_that_point_to_it(tmp_path: Path):
    assert said(tmp_path, {"departments": "- id: fu\n\tname: 县政府\n"}) == [
        "config/departments.yaml:2: 缩进用了 Tab 键。请改成空格。"
    ]


def test_the_names_taken_by_the_talk_are_kept_free_in_the_sample():
    assert not {question.id for topic in sample().topics() for question in topic.questions} & TAKEN


TELEGRAM = 'telegram:\n  detail: number\n  groups:\n    - chat: "-1001234567"\n      departments: [fu]\n'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[fu]", "[fuu]", "找不到单位 fuu。您是不是想写 fu？"),
        ("[fu]", "[fu, fu]", "单位 fu 重复了"),
        ("detail: number", "detail: redacted", "要有人批准"),
        ('"-1001234567"', '"1001234567"', "chat"),
        ("detail: number", "detail: everything", "detail"),
    ],
)
def test_telegram_groups(tmp_path: Path, old: str, new: str, words: str):
    office = (FILES["office"] + TELEGRAM).replace(old, new)
    assert words in "\n".join(said(tmp_path, {"office": office}))


def test_telegram_with_an_approval(tmp_path: Path):
    approved = TELEGRAM.replace("detail: number", "detail: redacted\n  approved_by: 张主任")
    rules = load(site(tmp_path, {"office": FILES["office"] + approved})).office.telegram
    assert rules.level("-1001234567", False) == "redacted"
    assert rules.group_of("fu", "") == "-1001234567"
    assert rules.group_of("zhiban", "") == ""
