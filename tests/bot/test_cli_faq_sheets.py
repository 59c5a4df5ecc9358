"""`zhitong faq export` and `import`: a sheet that comes back changes what was changed in it, and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from bot.sheets import write_plan
from config.load import copy_out
from faq.amend import CannotAmend
from faq.book import load
from faq.sheet import plan, rows_of
from tests.bot.command import zhitong
from tests.faq.pages import GOOD, write

Cells = list[list[str]]
KEPT = GOOD.replace("啥条件\n", "啥条件 <!-- 张三 2026-11-22 -->\n").replace("source:", "# 核对过\nsource:")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An office with one policy of two answers, saved by Notepad, with remarks in it."""
    write(tmp_path / "site" / "faq", ("\ufeff" + KEPT).replace("\n", "\r\n"), "subsidies/dibao.md")
    return tmp_path / "site"


def file(site: Path) -> bytes:
    return (site / "faq" / "subsidies" / "dibao.md").read_bytes()


def exported(site: Path, name: str = "a.csv") -> Path:
    out = site.parent / name
    done = zhitong("faq", "export", out, "--site", site)
    assert (done.returncode, done.stdout) == (0, "")
    return out


def edit(sheet: Path, change: Callable[[Cells], object]) -> Path:
    """Change the cells of an exported CSV as somebody in Excel would."""
    with sheet.open(encoding="utf-8-sig", newline="") as opened:
        cells = list(csv.reader(opened))
    change(cells)
    with sheet.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened).writerows(cells)
    return sheet


def put(row: int, column: str, value: str) -> Callable[[Cells], object]:
    return lambda cells: cells[row].__setitem__(cells[0].index(column), value)


def added(*row: str) -> Callable[[Cells], object]:
    return lambda cells: cells.append(list(row))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_round_trip_of_all_shipped_answers_changes_nothing(tmp_path: Path, name: str) -> None:
    copy_out(tmp_path / "site")
    files = {path: path.read_bytes() for path in (tmp_path / "site" / "faq").rglob("*") if path.is_file()}
    done = zhitong("faq", "import", exported(tmp_path / "site", name), "--site", tmp_path / "site", "--write")
    assert (done.returncode, done.stdout, done.stderr) == (0, "没有要改的。\n", "")
    assert {path: path.read_bytes() for path in files} == files


def test_a_change_is_told_first_and_written_only_when_asked_for(site: Path) -> None:
    before, sheet = file(site), edit(exported(site), put(2, "答案", "每月620元。"))
    done = zhitong("faq", "import", sheet, "--site", site)
    assert (done.returncode, file(site)) == (0, before)
    assert "dibao-biaozhun 改动 答案\n  - 每月多少，以当地公布为准。\n  + 每月620元。\n" in done.stdout
    done = zhitong("faq", "import", sheet, "--site", site, "--write")
    assert "已写进 1 个文件，1 处改动" in done.stdout
    assert file(site) == before.replace("每月多少，以当地公布为准。".encode(), "每月620元。".encode())


def test_aliases_fields_and_new_entries(site: Path) -> None:
    sheet = edit(exported(site), put(1, "问法（一行一个）", "吃低保要啥条件\n低保咋个评"))
    for row in (1, 2):
        edit(sheet, put(row, "有效期到", "2028/6/3"))
    new = {"文件": "subsidies/dibao.md", "事项": "材料", "问题": "低保要什么材料？", "答案": "身份证。"}
    edit(sheet, lambda cells: cells.append([new.get(name, cells[1][at]) if name != "编号" else ""
                                            for at, name in enumerate(cells[0])]))  # fmt: skip
    assert zhitong("faq", "import", sheet, "--site", site, "--write").returncode == 0
    text = file(site).decode()
    assert "- 吃低保要啥条件 <!-- 张三 2026-11-22 -->\r\n- 低保咋个评\r\n\r\n主要看" in text
    assert "# 核对过\r\n" in text
    assert "valid_to: 2028-06-03\r\n" in text
    assert text.startswith("\ufeff---\r\n")
    assert "\r\n\r\n## 低保要什么材料？ {#dibao-1 aspect=材料}\r\n" in text
    assert "\n" not in text.replace("\r\n", "")
    assert zhitong("faq", "import", exported(site, "b.csv"), "--site", site).stdout == "没有要改的。\n"


def test_a_new_file(site: Path) -> None:
    new = {"文件": "subsidies/gaoling.md", "编号": "gaoling-tiaojian", "政策": "高龄津贴", "问题": "几岁有高龄津贴？"}
    sheet = edit(exported(site), lambda cells: cells.append([new.get(name, cells[1][at])
                                                             for at, name in enumerate(cells[0])]))  # fmt: skip
    done = zhitong("faq", "import", sheet, "--site", site, "--write")
    assert "subsidies/gaoling.md 高龄津贴 新文件" in done.stdout
    assert zhitong("faq", "check", "--site", site).stdout.endswith("答案 3 条。\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put(2, "编号", "dibao-tiaojian"), "a.csv:3: 编号 dibao-tiaojian 在表里有两行"),
        (put(2, "文件", "other.md"), "a.csv:3: 编号 dibao-biaozhun 写在别的文件里"),
        (put(2, "主管部门", "财政局"), "a.csv:3: “department” 和同一文件的其他行不一样"),
        (put(2, "答案", " "), "a.csv:3: 编号 dibao-biaozhun 缺问题、答案或事项"),
        (put(2, "问题", "低保\n多少钱"), "a.csv:3: 编号 dibao-biaozhun 有一格分了行"),
        (put(2, "答案", "## 低保 {#x aspect=条件}\n\n答"), "写不进去：subsidies/dibao.md"),
        (put(2, "事项", "没有这样的事"), "没有叫 “没有这样的事” 的事项"),
        (added("../x.md", "x", "条件", "问", "", "答"), "编号 x 是新的"),
        (put(0, "编号", "号码"), "lacks the columns id"),
        (put(0, "文件", "编号"), "a column stands in the first row twice"),
    ],
)  # fmt: skip
def test_mistakes_stop_all_of_it(site: Path, change: Callable[[Cells], object], said: str) -> None:
    before, sheet = file(site), edit(exported(site), put(1, "答案", "改过的答案。"))
    done = zhitong("faq", "import", edit(sheet, change), "--site", site, "--write")
    assert done.returncode in (1, 2)
    assert said in done.stdout + done.stderr
    assert file(site) == before


def test_formulas_are_guarded_on_the_way_out_and_understood_on_the_way_in(site: Path) -> None:
    evil = '=HYPERLINK("http://x","点")'
    path = site / "faq" / "subsidies" / "dibao.md"
    path.write_text(KEPT.replace("每月多少，以当地公布为准。", evil).replace("吃低保要啥条件", "+86 低保"), "utf-8")
    before = file(site)
    book = load_workbook(exported(site, "a.xlsx"))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "'" + evil in [cell.value for cell in cells]
    assert zhitong("faq", "import", site.parent / "a.xlsx", "--site", site, "--write").stdout == "没有要改的。\n"
    assert file(site) == before


def test_what_excel_makes_of_cells(site: Path) -> None:
    sheet = exported(site, "a.xlsx")
    book = load_workbook(sheet)
    page: Any = book.worksheets[0]
    column = {cell.value: cell.column for cell in page[1]}
    for row in (2, 3):
        page.cell(row, column["有效期到"]).value = datetime(2029, 1, 2)
        page.cell(row, column["电话"]).value = 5550103.0
    book.save(sheet)
    assert zhitong("faq", "import", sheet, "--site", site, "--write").returncode == 0
    assert b"valid_to: 2029-01-02\r\n" in file(site)
    assert b"phone: 5550103\r\n" in file(site)


def test_csv_as_excel_saves_it_in_china(site: Path) -> None:
    sheet = edit(exported(site), put(2, "答案", "每月620元。"))
    sheet.write_bytes(sheet.read_text("utf-8-sig").encode("gbk"))
    assert "+ 每月620元。" in zhitong("faq", "import", sheet, "--site", site).stdout


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04junk", b"\xff\xfe\x00"], ids=["empty", "broken", "bytes"])
@pytest.mark.parametrize("name", ["x.xlsx", "x.csv", "x.doc"])
def test_what_is_no_sheet_is_a_sentence(site: Path, name: str, body: bytes) -> None:
    (site.parent / name).write_bytes(body)
    done = zhitong("faq", "import", site.parent / name, "--site", site)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_an_empty_workbook(site: Path) -> None:
    Workbook().save(site.parent / "x.xlsx")
    assert "lacks the columns" in zhitong("faq", "import", site.parent / "x.xlsx", "--site", site).stderr


def test_the_packaged_answers_are_never_written_to(tmp_path: Path) -> None:
    done = zhitong("faq", "import", tmp_path / "a.csv", "--write")
    assert done.returncode == 2
    assert "zhitong init" in done.stderr


def test_files_saved_meanwhile_are_left_alone(site: Path) -> None:
    folder, path = site / "faq", site / "faq" / "subsidies" / "dibao.md"
    other = write(folder, GOOD.replace("dibao", "tekun").replace("农村低保", "特困供养"), "tekun.md")
    rows = [{**cells, "answer": "改过的。"} for cells in rows_of(load([folder]), folder)]
    made = plan(load([folder]), folder, list(enumerate(rows, 2)))
    other.write_bytes(other.read_bytes() + b"\n")
    before = (path.read_bytes(), other.read_bytes())
    with pytest.raises(CannotAmend, match="changed"):
        write_plan(made)
    assert (path.read_bytes(), other.read_bytes()) == before


def test_an_existing_file_is_not_overwritten(site: Path) -> None:
    sheet = exported(site)
    assert zhitong("faq", "export", sheet, "--site", site).returncode == 2
