"""Cases from the command line: masked, harmless to a spreadsheet, and nothing is written."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bot.app import open_core
from bot.store.connect import DATABASE
from config.settings import Settings
from tests.bot import past
from tests.bot.command import zhitong

SECRET = ("13800138000", "11010519491231002X", "13900139000")
IDENTITY = ("刘长贵", "5550201")


def lines(*args: object) -> list[str]:
    """Every line of standard output of a run that went well."""
    found = zhitong("cases", *args)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_list_is_one_line_a_case_newest_first(office: Path) -> None:
    found = lines("list", "--data", office)
    fields = [line.split("\t") for line in found]
    assert len(found) == 3
    assert [len(row) for row in fields] == [9, 9, 9]
    assert sorted((row[0] for row in fields), reverse=True) == [row[0] for row in fields]
    assert not any(word in "".join(found) for word in (*SECRET, *IDENTITY))


FILTERS = [
    (("--state", "filed"), {"formula", "late"}),
    (("--state", "answered"), {"wide"}),
    (("--overdue",), {"late"}),
    (("--department", "水务局"), {"formula", "wide"}),  # so late that it has gone one level up
    (("--department", "minzheng"), set[str]()),
]
TOPICS = {"07.02": "formula", "07.04": "wide", "07.03": "late"}


@pytest.mark.parametrize(("said", "left"), FILTERS)
def test_filters(office: Path, said: tuple[str, ...], left: set[str]) -> None:
    rows = [json.loads(line) for line in lines("export", "--format", "jsonl", *said, "--data", office)]
    assert {TOPICS[row["topic_code"]] for row in rows} == left


@pytest.mark.parametrize("said", [("--state", "lost"), ("--department", "navy")])
def test_an_unknown_filter_names_the_valid_ones(office: Path, said: tuple[str, ...]) -> None:
    found = zhitong("cases", "list", *said, "--data", office)
    assert (found.returncode, found.stdout) == (2, "")
    assert "answered" in found.stderr or "shuiwu (水务局)" in found.stderr


def test_jsonl_has_no_identity_unless_it_is_asked_for(office: Path) -> None:
    plain = "".join(lines("export", "--format", "jsonl", "--data", office))
    assert not any(word in plain for word in (*SECRET, *IDENTITY))
    named = [json.loads(line) for line in lines("export", "--format", "jsonl", "--with-contact", "--data", office)]
    contacts = {(row["topic_code"], row["name"], row["phone"]) for row in named}
    assert ("07.02", "刘长贵", "00005550201") in contacts
    assert not any(number in json.dumps(named, ensure_ascii=False) for number in SECRET)


def test_csv_runs_nothing(office: Path, tmp_path: Path) -> None:
    found = lines("export", "--format", "csv", "--data", office)
    rows = list(csv.DictReader(found))
    assert len(found) == 4
    stories = {row["事项编号"]: row["经过"] for row in rows}
    assert stories["07.02"].startswith("'=HYPERLINK")
    assert stories["07.04"].startswith("'＋1")
    out = tmp_path / "cases.csv"
    assert zhitong("cases", "export", "--format", "csv", "--out", out, "--data", office).stdout == ""
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert out.stat().st_mode & 0o077 == 0
    assert list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))) == rows


def test_xlsx_cells_are_text(office: Path, tmp_path: Path) -> None:
    out = tmp_path / "cases.xlsx"
    found = zhitong("cases", "export", "--format", "xlsx", "--out", out, "--data", office)
    assert (found.returncode, found.stdout) == (0, "")
    assert "3 cases" in found.stderr
    cells = [cell for row in sheet(out).iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.value for cell in cells[:3])
    assert not any(str(cell.value)[:1] in "=+-@＝＋" for cell in cells)
    with zipfile.ZipFile(out) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def sheet(path: Path) -> Any:
    """The first worksheet."""
    return openpyxl.load_workbook(path).worksheets[0]


def test_a_failed_export_leaves_what_was_there(office: Path, tmp_path: Path) -> None:
    out = tmp_path / "cases.csv"
    out.write_text("last week's")
    found = zhitong("cases", "export", "--format", "csv", "--state", "lost", "--out", out, "--data", office)
    assert found.returncode == 2
    assert out.read_text() == "last week's"
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]


def test_show_tells_the_whole_case_masked(office: Path) -> None:
    number = next(line.split("\t")[0] for line in lines("list", "--state", "answered", "--data", office))
    (line,) = lines("show", number.lower().replace("-", ""), "--data", office)
    case = json.loads(line)
    assert [step["act"] for step in case["steps"]] == ["file", "accept", "answer"]
    assert case["steps"][2]["name"] == "王芳"
    assert not any(word in line for word in (*SECRET, *IDENTITY))
    missing = zhitong("cases", "show", "MS20200101-0001", "--data", office)
    assert (missing.returncode, missing.stdout) == (2, "")


@pytest.fixture
def open_office(office: Path) -> Iterator[Path]:
    """The office while a server has it open."""
    import asyncio

    core = open_core(Settings(data_dir=office), past.site())
    yield office
    asyncio.run(core.close())


def test_looking_beside_a_server_writes_nothing(open_office: Path) -> None:
    files = [path for path in open_office.glob(f"{DATABASE}*") if not path.name.endswith("-shm")]
    before = {path: path.read_bytes() for path in files}
    assert len(lines("list", "--data", open_office)) == 3
    assert {path: path.read_bytes() for path in files} == before


def test_without_the_keys_nothing_is_legible_and_none_are_made(office: Path, tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes((office / DATABASE).read_bytes())
    found = zhitong("cases", "list", "--data", tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert "ring is missing" in found.stderr
    assert not (tmp_path / "keys").exists()
