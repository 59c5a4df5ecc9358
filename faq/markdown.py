"""One policy's Markdown file, taken apart: front matter, title, questions with aliases and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from faq.problems import Problem, nearest
from faq.strict_yaml import YamlProblem, read_pairs

REQUIRED = ("policy", "department", "verified_on", "valid_to", "region")
FIELDS = ("policy", "department", "phone", "source", "document_no", "verified_on", "valid_to", "region")
_HEADING = re.compile(r"^##\s+(?P<question>.*?)\s*\{#(?P<id>[^\s{}]+)\s+aspect=(?P<aspect>[^\s{}]+)\s*\}\s*$")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ALIASES = re.compile(r"^\s*\**\s*问法\s*\**\s*[:：]\s*\**\s*(?P<rest>.*)$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)、])\s+(?P<text>.*)$")
_COMMENT = re.compile(r"<!--.*?-->")
# Villagers' questions carry no inner punctuation; an answer's list items nearly always do.
_PROSE = re.compile(r"[，。：；、:,;（(]|\*\*|.{30}")
_CHINESE_COLON = re.compile(r"^\s*[a-z_]+\s*：")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")


@dataclass(slots=True)
class Section:
    """One `##` entry as written: where it starts, its heading's parts, aliases with lines, answer."""

    line: int
    id: str
    question: str
    aspect: str
    aliases: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    answer: str = ""
    list_end: int = 0  # line of the last alias, or of "问法：" itself; 0 without


@dataclass(slots=True)
class Page:
    """One file: `fields` maps front-matter key → (value, line); `problems` is empty when all is well."""

    file: str
    fields: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    title: str = ""
    sections: list[Section] = field(default_factory=list[Section])
    problems: list[Problem] = field(default_factory=list[Problem])

    def complain(self, line: int, message: str, hint: str = "") -> None:
        """Note one mistake of this file."""
        self.problems.append(Problem(self.file, line, message, hint))


def parse(file: str, text: str) -> Page:
    """Take one file apart; never raises, every mistake is in `problems`."""
    page = Page(file)
    rows = text.split("\n")
    body = _front_matter(page, rows)
    if body is not None:
        _body(page, rows, body)
        if not page.sections and not page.problems:
            page.complain(len(rows), "没有一个问题", "每个问题写成：## 问题 {#编号 aspect=标准}")
    return page


def _front_matter(page: Page, rows: list[str]) -> int | None:
    if rows[0].rstrip() != "---":
        page.complain(1, "第一行应是 ---", "文件开头要有两行 ---，中间写 policy、department 等内容")
        return None
    end = next((n for n, row in enumerate(rows[1:], 1) if row.rstrip() == "---"), None)
    if end is None:
        page.complain(1, "开头的 --- 没有结束", "内容后面要再写一行 ---；也可能文件没有保存完")
        return None
    try:
        _read_fields(page, rows[1:end])
    except YamlProblem as error:
        page.complain(error.line, error.message)
    else:
        _check_fields(page)
    return end + 1


def _read_fields(page: Page, rows: list[str]) -> None:
    for number, row in enumerate(rows, 2):
        if _CHINESE_COLON.match(row):
            raise YamlProblem("冒号是中文的“：”。请改成英文冒号“:”，后面加一个空格", number)
    pairs = read_pairs("\n".join(rows), first_line=2)
    if not pairs:
        page.complain(2, "两行 --- 之间是空的", "请写上 policy、department 等内容")
    for pair in pairs:
        if not isinstance(pair.value, str):
            page.complain(pair.line, f"“{pair.key}” 后面只能写一段文字", "内容里有方括号、花括号时，整段加上英文双引号")
            continue
        page.fields[pair.key] = (pair.value.strip(), pair.line)


def _check_fields(page: Page) -> None:
    for key, (_, line) in page.fields.items():
        if key not in FIELDS:
            page.complain(line, f"不认识 “{key}”", nearest(key, FIELDS))
    for key in REQUIRED:
        value, line = page.fields.get(key, ("", 1))
        if not value and page.fields:
            page.complain(line, f"缺少 {key}", f"请在两行 --- 之间写上 {key}: 内容")


def _body(page: Page, rows: list[str], start: int) -> None:
    heads = list(_headings(rows, start))
    for number, (line, level, row) in enumerate(heads):
        until = next((later for later, deeper, _ in heads[number + 1 :] if deeper <= level), len(rows))
        if level == 1:
            _title(page, line, row)
        elif level == 2 and (section := _heading(page, line, row)):
            _fill(page, section, rows[line + 1 : until])
            page.sections.append(section)


def _headings(rows: list[str], start: int) -> Iterator[tuple[int, int, str]]:
    fenced = False
    for number in range(start, len(rows)):
        row = rows[number]
        if _FENCE.match(row):
            fenced = not fenced
        elif not fenced and (found := re.match(r"^(#{1,2})(?!#)\s*\S", row)):
            yield number, len(found[1]), row


def _title(page: Page, line: int, row: str) -> None:
    if page.title:
        page.complain(line + 1, "一个文件只能有一个“# 标题”", "这一行如果是问题，请用 ##")
    page.title = page.title or row.lstrip("#").strip()


def _heading(page: Page, line: int, row: str) -> Section | None:
    found = _HEADING.match(row)
    if found is None or not found["question"]:
        hint = "应写成：## 问题 {#编号 aspect=标准}，括号、井号和等号都用英文"
        page.complain(line + 1, "这个问题没有写全（问题、编号、aspect）", hint)
        return None
    if not _ID.fullmatch(found["id"]):
        page.complain(line + 1, f"编号 {found['id']} 不能用", "编号只用英文字母、数字、- 和 _，例如 dibao-tiaojian")
        return None
    return Section(line + 1, found["id"], found["question"], found["aspect"])


def _fill(page: Page, section: Section, rows: list[str]) -> None:
    start = next((n for n, row in enumerate(rows) if row.strip()), len(rows))
    if start < len(rows) and (found := _ALIASES.match(rows[start])):
        if found["rest"]:
            page.complain(section.line + 1 + start, "“问法：”后面要换行", "每个问法一行，以“- ”开头")
        start = _take_aliases(page, section, rows, start + 1)
    section.answer = "\n".join(rows[start:]).strip()
    if not _COMMENT.sub("", section.answer).strip():
        page.complain(section.line, f"“{section.question}” 没有答案", "请在问法后面空一行写答案；也可能文件没有保存完")


def _take_aliases(page: Page, section: Section, rows: list[str], start: int) -> int:
    number = next((n for n in range(start, len(rows)) if rows[n].strip()), len(rows))
    section.list_end = section.line + start
    while number < len(rows) and (found := _ITEM.match(rows[number])):
        section.list_end = section.line + 1 + number
        alias = _COMMENT.sub("", found["text"]).strip()
        if alias:
            section.aliases.append((section.line + 1 + number, alias))
        number += 1
    after = next((n for n in range(number, len(rows)) if rows[n].strip()), len(rows))
    if section.aliases and _looks_like_aliases(rows[after:]):
        hint = "是问法就删掉空行，是答案就先写一句话"
        page.complain(section.line + 1 + after, "空行后面又是列表，分不清是问法还是答案", hint)
    return number


def _looks_like_aliases(rows: list[str]) -> bool:
    """A list after the aliases' blank line is the answer, unless nothing in it reads like written prose."""
    items = list(takewhile(bool, (_ITEM.match(row) for row in rows)))
    return bool(items) and not any(item and _PROSE.search(item["text"]) for item in items)
