"""What clerks write is loaded as written, or refused with file, line and what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from faq.book import BookErrors, Problem, load
from faq.textfile import MARKDOWN_LIMIT
from tests.faq.pages import GOOD, write


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(BookErrors) as raised:
        load([path])
    return raised.value.problems


def test_a_good_file(tmp_path: Path) -> None:
    book = load([write(tmp_path).parent])
    first, second = book.entries
    assert (first.id, first.question, first.aspect, first.line) == ("dibao-tiaojian", "低保要什么条件？", "条件", 13)
    assert first.aliases == ("吃低保要啥条件", "底保要咋个才评得上")
    assert first.answer.startswith("主要看两条") and first.answer.endswith("各县不一样。")
    assert (first.policy, first.department, first.phone) == ("农村低保", "民政局", "0000-5550103")
    assert (first.verified_on, first.valid_to) == (date(2026, 11, 20), date(2027, 6, 30))
    assert first.title == second.title == "农村最低生活保障（低保）"
    assert (second.aliases, second.answer) == ((), "每月多少，以当地公布为准。")
    assert book.get("dibao-biaozhun") is second
    assert book.of_policy("农村低保") == (first, second)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Windows line ends", GOOD.replace("\n", "\r\n")),
        ("old Mac line ends", GOOD.replace("\n", "\r")),
        ("byte order mark", "\ufeff" + GOOD),
        ("spaces after ---", GOOD.replace("---\n", "---  \n")),
        ("a tab after the colon", GOOD.replace("policy: ", "policy:\t")),
        ("bold 问法", GOOD.replace("问法：", "**问法**：")),
        ("half-width colon", GOOD.replace("问法：", "问法:")),
        ("numbered aliases", GOOD.replace("- 吃", "1. 吃").replace("- 底", "2. 底")),
        ("a note on an alias", GOOD.replace("啥条件\n", "啥条件 <!-- 张三 2026-11-22 -->\n")),
        ("blank line after 问法", GOOD.replace("问法：\n", "问法：\n\n")),
        ("the same alias twice", GOOD.replace("- 底保", "- 吃低保要啥条件\n- 底保")),
        ("no final line end", GOOD.rstrip()),
    ],
)
def test_harmless_differences_change_nothing(tmp_path: Path, name: str, text: str) -> None:
    plain = load([write(tmp_path / "a")]).entries
    other = load([write(tmp_path / "b", text)]).entries
    assert [(one.question, one.aliases, one.answer, one.phone) for one in other] == [
        (one.question, one.aliases, one.answer, one.phone) for one in plain
    ], name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("document_no", "00123456"),
        ("phone", "22:30"),
        ("phone", "0012"),
        ("source", "on"),
        ("source", "null"),
        ("source", "1e3"),
        ("document_no", "2018-07-01"),
        ("source", "~"),
    ],
)
def test_values_are_the_text_that_was_typed(tmp_path: Path, key: str, value: str) -> None:
    text = "\n".join(f"{key}: {value}" if row.startswith(f"{key}:") else row for row in GOOD.split("\n"))
    assert getattr(load([write(tmp_path, text)]).entries[0], key) == value


def spoilt(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (spoilt("{#dibao-biaozhun", "{#dibao-tiaojian"), 24, "编号 dibao-tiaojian 重复（第一次在第 13 行）"),
        (spoilt("policy: 农村低保", "policy: 农村底保"), 2, "是不是想写“农村低保”"),
        (spoilt("aspect=条件", "aspect=条建"), 13, "是不是想写“条件”"),
        (spoilt("valid_to: 2027-06-30", "valid_to: 2027-6-30"), 8, "请写成 2026-11-20 这样"),
        (spoilt("valid_to: 2027-06-30", "valid_to: 2027-02-30"), 8, "日期"),
        (spoilt("policy: 农村低保", "polcy: 农村低保"), 2, "是不是想写“policy”"),
        (spoilt("region: 四川省\n", ""), 1, "缺少 region"),
        (spoilt("phone:", "department:"), 4, "“department” 写了两次（第一次在第 3 行"),
        (spoilt("source: 四川", "source: 川府: 四川"), 5, "两个英文冒号"),
        (spoilt("policy: 农", "policy：农"), 2, "中文的“：”"),
        (spoilt("department:", "\tdepartment:"), 3, "制表符"),
        (spoilt("valid_to: 2027-06-30", "valid_to 2027-06-30"), 8, "格式不对"),
        (spoilt("source: 四川", "source: &a 四川"), 5, "不能用 & 或 *"),
        (spoilt("source: 四川日报 2025年7月", "source: [四川日报]"), 5, "只能写一段文字"),
        (spoilt("region: 四川省\n---\n", "region: 四川省\n"), 1, "没有结束"),
        (GOOD.removeprefix("---\n"), 1, "第一行应是 ---"),
        (spoilt(" {#dibao-biaozhun aspect=标准}", ""), 24, "这个问题没有写全"),
        (spoilt("{#dibao-biaozhun", "｛＃dibao-biaozhun"), 24, "都用英文"),
        (spoilt("#dibao-biaozhun", "#低保"), 24, "编号只用英文字母"),
        (spoilt("每月多少，以当地公布为准。\n", ""), 24, "没有答案"),
        (spoilt("问法：\n", "问法：吃低保\n"), 15, "后面要换行"),
        (spoilt("- 底保要", "\n- 底保要"), 18, "分不清是问法还是答案"),
        (spoilt("## 低保一个月", "# 低保一个月"), 24, "只能有一个“# 标题”"),
        (GOOD.split("##")[0], 13, "没有一个问题"),
        ("", 1, "文件是空的"),
        (GOOD + "\x00", 27, "坏掉的字节"),
    ],
)
def test_mistakes_name_line_and_remedy(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = write(tmp_path, text)
    found = problems_of(path)
    assert [(one.file, one.line) for one in found if said in str(one)] == [(str(path), line)], found
    assert said in str(BookErrors(found))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (GOOD.encode("gbk"), "GBK 编码"),
        (GOOD.encode("utf-16"), "UTF-16 编码"),
        (GOOD.encode()[:-3], "最后一个字不完整"),
        (b"---\npolicy: \xff\xff\xff\n", "有读不出来的字"),
        (b"x" * (MARKDOWN_LIMIT + 1), "太大了"),
    ],
)
def test_bytes_that_are_no_utf8_text(tmp_path: Path, raw: bytes, said: str) -> None:
    assert said in str(problems_of(write(tmp_path, raw))[0])


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    rows = [
        "a: &a [x, x]",
        *(f"{new}: &{new} [*{old}, *{old}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
    assert "不能用 & 或 *" in str(problems_of(write(tmp_path, "---\n" + "\n".join(rows) + "\n---\n"))[0])


def test_brackets_without_end_are_refused(tmp_path: Path) -> None:
    assert problems_of(write(tmp_path, "---\npolicy: " + "[" * 5000 + "\n---\n"))


def test_every_mistake_of_every_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, spoilt("region: 四川省\n", ""), "a.md")
    write(tmp_path, spoilt("policy: 农村低保", "policy: 没有"), "b.md")
    assert {Path(one.file).name for one in problems_of(tmp_path)} == {"a.md", "b.md"}


def test_ids_are_unique_over_the_whole_folder(tmp_path: Path) -> None:
    write(tmp_path, name="a.md")
    write(tmp_path, name="sub/b.md")
    assert "重复（第一次在" in str(problems_of(tmp_path)[0])


def test_a_folder_without_answers(tmp_path: Path) -> None:
    write(tmp_path, name=".hidden.md")
    write(tmp_path, name="~$dibao.md")
    write(tmp_path, name="README.md")
    assert "没有 .md 文件" in str(problems_of(tmp_path)[0])


def test_a_file_that_went_away(tmp_path: Path) -> None:
    assert "不见了" in str(problems_of(tmp_path / "dibao.md")[0])


def test_an_office_may_bring_its_own_vocabulary(tmp_path: Path) -> None:
    write(tmp_path, "policies: [取暖补贴]\naspects: [条件, 标准]\n", "vocabulary.yaml")
    write(tmp_path, GOOD.replace("policy: 农村低保", "policy: 取暖补贴"))
    assert load([tmp_path]).entries[0].policy == "取暖补贴"


def test_a_broken_vocabulary_is_named(tmp_path: Path) -> None:
    write(tmp_path, "policies: 取暖补贴\naspects: [条件]\n", "vocabulary.yaml")
    write(tmp_path)
    assert problems_of(tmp_path)[0].file.endswith("vocabulary.yaml")


def test_the_version_changes_with_the_words(tmp_path: Path) -> None:
    before = load([write(tmp_path)]).version
    assert load([write(tmp_path)]).version == before
    assert load([write(tmp_path, GOOD.replace("两条", "两点"))]).version != before


def test_json_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path, '{"id": "a", "question": "问", "aliases": ["甲", "甲"]}\n\n{"id": "b", "question": "答"}\n', "q.jsonl"
    )
    assert [(one.id, one.question, one.aliases) for one in load([path]).entries] == [
        ("a", "问", ("甲",)),
        ("b", "答", ()),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"id": "a", "question": ', "不是完整的 JSON"),
        ('{"id": 12, "question": "问"}', "id 不对"),
        ('{"id": "a"}', "question 不对"),
        ('{"id": "a", "question": " "}', "question 不对"),
        ('{"id": "a", "question": "问", "aliases": "甲"}', "aliases 不对"),
        ("[1]", "这一行 不对"),
    ],
)
def test_json_lines_with_mistakes(tmp_path: Path, row: str, said: str) -> None:
    path = write(tmp_path, '{"id": "z", "question": "问"}\n' + row, "q.jsonl")
    assert [(one.line, said in str(one)) for one in problems_of(path)] == [(2, True)]


def test_ten_thousand_entries(tmp_path: Path) -> None:
    head = GOOD.split("## ")[0]
    body = "".join(f"## 问题{n}？ {{#x-{n} aspect=条件}}\n\n答。\n\n" for n in range(10_000))
    assert len(load([write(tmp_path, head + body)]).entries) == 10_000
