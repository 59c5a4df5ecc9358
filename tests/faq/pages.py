"""A clerk's file in a test: a good one, to be spoilt in one place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from faq.book import Book, Entry

GOOD = """---
policy: 农村低保
department: 民政局
phone: "0000-5550103"
source: 四川日报 2025年7月
document_no: 待核实
verified_on: 2026-11-20
valid_to: 2027-06-30
region: 四川省
---
# 农村最低生活保障（低保）

## 低保要什么条件？ {#dibao-tiaojian aspect=条件}

问法：
- 吃低保要啥条件
- 底保要咋个才评得上

主要看两条：收入低于标准，财产符合规定。

- 收入按一家人算，不是只看一个人。
- 财产怎么算，各县不一样。

## 低保一个月多少钱？ {#dibao-biaozhun aspect=标准}

每月多少，以当地公布为准。
"""


def write(folder: Path, text: str | bytes = GOOD, name: str = "dibao.md") -> Path:
    """Write one file below `folder` and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def entry(
    id: str,
    question: str,
    *aliases: str,
    policy: str = "",
    aspect: str = "",
    valid_to: date = date(2027, 6, 30),
    region: str = "四川省",
) -> Entry:
    """Return an entry with only what a test is about."""
    return Entry(
        id=id,
        question=question,
        aliases=aliases,
        answer="答案",
        policy=policy,
        aspect=aspect,
        department="民政局",
        phone="0000-5550103",
        source="四川日报",
        document_no="待核实",
        verified_on=date(2026, 11, 20),
        valid_to=valid_to,
        region=region,
        title="",
        file="x.md",
        line=1,
    )


def book(*entries: Entry) -> Book:
    """Return a Book of these entries."""
    return Book(entries, ("x.md",), "test")
