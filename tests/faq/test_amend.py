"""An accepted alias goes into the clerk's file, and nothing else in it changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import amending
from faq.amend import LONGEST_ALIAS, CannotAmend, NewEntry, with_alias, with_entry
from faq.book import Book, load
from tests.faq.pages import GOOD, write

DAY = date(2026, 11, 23)
SAID = "我家吃不吃得到低保"
NOTE = "<!-- 2026-11-23 王芳 -->"


def aliased(text: str, entry_id: str = "dibao-tiaojian", alias: str = SAID) -> str:
    """The file with one more alias."""
    return with_alias(text.encode(), entry_id, alias, "王芳", DAY).decode()


def test_at_the_end_of_the_list_with_who_and_when() -> None:
    before, after = GOOD.splitlines(), aliased(GOOD).splitlines()
    at = before.index("- 底保要咋个才评得上") + 1
    assert after == [*before[:at], f"- {SAID} {NOTE}", *before[at:]]


def test_a_list_is_made_where_there_is_none() -> None:
    found = aliased(GOOD, "dibao-biaozhun")
    assert f"aspect=标准}}\n\n问法：\n- {SAID} {NOTE}\n\n每月多少" in found


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("* 一\n* 二", f"* {SAID} {NOTE}"),
        ("  + 一", f"  + {SAID} {NOTE}"),
        ("1. 一\n2. 二", f"3. {SAID} {NOTE}"),
        ("9、 一", f"10、 {SAID} {NOTE}"),
        ("\n-   一 <!-- 老王加的 -->\n- <!-- 空的 -->", f"- {SAID} {NOTE}"),
        ("", f"- {SAID} {NOTE}"),
    ],
)
def test_it_is_written_as_the_clerk_writes(written: str, line: str) -> None:
    text = GOOD.replace("- 吃低保要啥条件\n- 底保要咋个才评得上", written)
    before, after = text.splitlines(), aliased(text).splitlines()
    assert line in after
    assert [row for row in after if row != line] == before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_bom_stay(end: str, bom: bytes) -> None:
    raw = bom + GOOD.replace("\n", end).encode()
    found = with_alias(raw, "dibao-tiaojian", SAID, "王芳", DAY)
    assert found.replace(f"- {SAID} {NOTE}{end}".encode(), b"") == raw
    found = with_alias(raw, "dibao-biaozhun", SAID, "王芳", DAY)
    assert found.replace(f"{end}问法：{end}- {SAID} {NOTE}{end}".encode(), b"") == raw


def test_what_is_there_already_changes_nothing() -> None:
    assert aliased(GOOD, alias="吃低保要啥条件") == GOOD
    assert aliased(GOOD, alias="低保要什么条件？") == GOOD
    assert aliased(aliased(GOOD)) == aliased(GOOD)


@pytest.mark.parametrize(
    ("text", "entry_id", "alias", "reason"),
    [
        (GOOD, "gone", SAID, "gone"),
        (GOOD.replace("valid_to: 2027-06-30\n", ""), "dibao-tiaojian", SAID, "broken"),
        (GOOD.rsplit("\n", 2)[0], "dibao-tiaojian", SAID, "broken"),
        (GOOD, "dibao-tiaojian", " \n ", "words"),
        (GOOD, "dibao-tiaojian", "低" * (LONGEST_ALIAS + 1), "words"),
        (GOOD, "dibao-tiaojian", "低保 <!-- 藏起来 -->", "words"),
        (GOOD.replace("每月多少，以当地公布为准。", "- 每月三百\n- 每年发"), "dibao-biaozhun", SAID, "shape"),
    ],
)
def test_what_is_refused(text: str, entry_id: str, alias: str, reason: str) -> None:
    with pytest.raises(CannotAmend) as refused:
        aliased(text, entry_id, alias)
    assert refused.value.reason == reason


@given(st.text(min_size=1, max_size=120), st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_is_typed_is_one_line_or_is_refused(said: str, end: str) -> None:
    raw = GOOD.replace("\n", end).encode()
    try:
        found = with_alias(raw, "dibao-tiaojian", said, "王-->芳", DAY)
    except (CannotAmend, UnicodeEncodeError):
        return
    assert found.startswith(raw[:100])
    assert len(found) >= len(raw)
    kept = [row for row in found.split(end.encode()) if "王 芳 -->".encode() not in row]
    assert kept == raw.split(end.encode())


# --- a new entry ----------------------------------------------------------------------------------------------

NEW = NewEntry("dibao-xuesheng", "读大学的娃算不算低保人口？", "条件", "算。\n\n- 全日制的算\n", "娃儿读大学还算不算")


def loaded(folder: Path) -> Book:
    """The book of the folder."""
    return load([folder])


@pytest.mark.parametrize("text", [GOOD, GOOD.rstrip("\n"), GOOD + "\n\n"], ids=["as it is", "no last line end", "gaps"])
def test_a_new_entry_comes_last(tmp_path: Path, text: str) -> None:
    found = with_entry(text.encode(), NEW, "王芳", DAY).decode()
    assert found.startswith(text.rstrip("\n"))
    write(tmp_path, found)
    entry = loaded(tmp_path).entries[-1]
    assert (entry.id, entry.question, entry.aspect) == (NEW.id, NEW.question, "条件")
    assert (entry.aliases, entry.answer) == (("娃儿读大学还算不算",), "算。\n\n- 全日制的算")
    assert f"- 娃儿读大学还算不算 {NOTE}" in found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answer": "好\n## 另一个 {#x aspect=条件}\n\n答"}, "shape"),
        ({"answer": " "}, "shape"),
        ({"id": "低保"}, "shape"),
        ({"question": ""}, "words"),
        ({"aspect": "条 件"}, "shape"),
    ],
)
def test_what_is_no_entry(change: dict[str, str], reason: str) -> None:
    fields = {"id": NEW.id, "question": NEW.question, "aspect": NEW.aspect, "answer": NEW.answer}
    with pytest.raises(CannotAmend) as refused:
        with_entry(GOOD.encode(), NewEntry(**{**fields, **change}), "王芳", DAY)
    assert refused.value.reason == reason


# --- on the disk ----------------------------------------------------------------------------------------------


def add(raw: bytes) -> bytes:
    """One more alias."""
    return with_alias(raw, "dibao-tiaojian", SAID, "王芳", DAY)


def test_the_file_is_swapped_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.chmod(0o640)
    assert amending.amend(path, add)
    assert not amending.amend(path, add)
    assert SAID in path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert loaded(tmp_path).entries[0].aliases[-1] == SAID


def test_a_file_that_was_saved_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path)

    def overtaken(raw: bytes) -> bytes:
        path.write_text("新的", "utf-8")
        return add(raw)

    with pytest.raises(CannotAmend) as refused:
        amending.amend(path, overtaken)
    assert refused.value.reason == "changed"
    assert path.read_text("utf-8") == "新的"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_broken_file_is_never_written(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("---\npolicy", "policy", 1))
    before = path.read_bytes()
    with pytest.raises(CannotAmend):
        amending.amend(path, add)
    assert path.read_bytes() == before


def test_the_packaged_files_are_not_edited() -> None:
    path = next((amending.PACKAGED / "subsidies").glob("*.md"))
    with pytest.raises(CannotAmend) as refused:
        amending.amend(path, lambda raw: raw + b"\n")
    assert refused.value.reason == "sample"


def test_every_shipped_file_can_take_an_alias_and_an_entry() -> None:
    for path in sorted((amending.PACKAGED / "subsidies").glob("*.md")):
        raw = path.read_bytes()
        for entry in load([path]).entries:
            assert len(with_alias(raw, entry.id, SAID, "王芳", DAY)) > len(raw)
        assert with_entry(raw, NEW, "王芳", DAY).startswith(raw.rstrip(b"\n"))
