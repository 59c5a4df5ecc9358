"""A site of one's own: what falls back to the package, what is refused, what `zhitong init` copies out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from config.load import HERE, Problem, SiteErrors, copy_out, load
from tests.config.small import FILES, sample, site


def write(root: Path, name: str, text: str) -> Path:
    """Writes one file of a site and returns the site."""
    path = root / "config" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return root


def refused(root: Path) -> list[str]:
    """The problems of a site that cannot be used."""
    with pytest.raises(SiteErrors) as caught:
        load(root)
    return [str(problem) for problem in caught.value.problems]


def test_without_a_site_the_sample_county_is_served():
    county = sample()
    assert county.office.sample
    assert county.place_path("qingshan") == "河口镇青山村"


def test_a_site_without_files_is_the_sample_county(tmp_path: Path):
    (tmp_path / "config" / "texts").mkdir(parents=True)
    assert load(tmp_path) == load()


def test_a_file_that_is_missing_comes_from_the_package(tmp_path: Path):
    office = (HERE / "office.yaml").read_text("utf-8").replace("示例县民声直通", "大县直通")
    county = load(write(tmp_path, "office.yaml", office))
    assert county.office.name == "大县直通"
    assert county.places == sample().places


def test_a_site_of_its_own_uses_nothing_else_of_the_package(tmp_path: Path):
    county = load(site(tmp_path))
    assert (len(county.places), len(county.departments), sorted(county.calendar)) == (3, 4, [2025, 2026])


def test_a_reference_into_a_packaged_file_is_checked_too(tmp_path: Path):
    assert refused(write(tmp_path, "scenes.yaml", "- code: a\n  place: qinshan\n")) == [
        "config/scenes.yaml:2: 找不到地点 qinshan。您是不是想写 qingshan？"
    ]


def test_a_site_that_is_not_there_is_refused(tmp_path: Path):
    assert "找不到这个目录" in refused(tmp_path / "nowhere")[0]


@pytest.mark.parametrize(("name", "meant"), [("places.yml", "places.yaml"), ("place.yaml", "places.yaml")])
def test_a_slip_in_a_file_name_is_told(tmp_path: Path, name: str, meant: str):
    told = refused(write(tmp_path, name, FILES["places"]))
    assert told == [f"config/{name}:1: 这个文件名程序不认识，不会读它。请改名为 {meant}。"]


def test_a_backup_beside_the_real_file_does_no_harm(tmp_path: Path):
    assert load(write(site(tmp_path), "places - 副本.yaml", "坏: [")).places


def test_a_file_torn_anywhere_never_crashes(tmp_path: Path):
    whole = FILES["categories"].encode()
    for end in range(0, len(whole), 83):
        try:
            load(site(tmp_path, {"categories": whole[:end]}))
        except SiteErrors as errors:
            assert all(problem.line >= 1 and problem.message for problem in errors.problems)


def test_problems_are_sorted_and_told_once():
    one, two = Problem("b", 2, "乙"), Problem("a", 1, "甲", "改。")
    errors = SiteErrors([one, two, one])
    assert errors.problems == (two, one)
    assert str(errors) == "a:1: 甲改。\nb:2: 乙"


TEXTS = [
    ("zz: {only: 中文}", None, "config/texts/zh.yaml:1: zz.only 这一句在英文"),
    ("zz: {a: '{n} 天'}", "zz: {a: days}", "config/texts/en.yaml:1: zz.a 的英文里少了 {n}"),
    ("zz: 1\nzz: 2", None, "config/texts/zh.yaml:2: zz 写了两遍"),
    ("zz:\n\ta: 1", None, "config/texts/zh.yaml:2: 缩进用了 Tab"),
    ("zz:", "zz:", "config/texts/en.yaml:1: zz 这一句没有内容"),
]


@pytest.mark.parametrize(("zh", "en", "told"), TEXTS)
def test_texts_of_a_site_are_checked(tmp_path: Path, zh: str, en: str | None, told: str):
    write(tmp_path, "texts/zh.yaml", zh)
    if en is not None:
        write(tmp_path, "texts/en.yaml", en)
    assert any(line.startswith(told) for line in refused(tmp_path)), refused(tmp_path)


def test_a_site_rewords_a_sentence_and_keeps_the_others(tmp_path: Path):
    labels = {**sample().texts["zh"]}
    if not labels:
        pytest.skip("the package has no texts yet")
    key = next(key for key, words in labels.items() if "{" not in words and "." not in key[:1] and len(words) > 12)
    write(tmp_path, "texts/zh.yaml", f"{key}: 换一种说法")
    assert load(tmp_path).texts["zh"] == {**labels, key: "换一种说法"}


def test_copied_out_files_load_as_they_are(tmp_path: Path):
    """But for the tip lane, which an office opens by a decision of its own."""
    written = copy_out(tmp_path / "site")
    names = {str(path.relative_to(tmp_path / "site")) for path in written}
    assert {"config/office.yaml", "config/categories.yaml", "config/holidays.yaml"} <= names
    assert {path.suffix for path in written} <= {".yaml", ".md"}
    own, packaged = load(tmp_path / "site"), load()
    assert (own.office.tip_lane, packaged.office.tip_lane) == (False, True)
    closed = packaged.office.model_copy(update={"tip_lane": False})
    assert own.model_dump() == {**packaged.model_dump(), "office": closed.model_dump()}


def test_copying_out_again_or_over_anything_is_refused(tmp_path: Path):
    (tmp_path / "note.txt").write_text("x", encoding="utf-8")
    for target in (tmp_path, tmp_path / "note.txt", HERE, HERE / "new", HERE.parent / "faq" / "new"):
        with pytest.raises(FileExistsError, match="请换一个"):
            copy_out(target)
    assert os.listdir(tmp_path) == ["note.txt"]
    assert not (HERE / "new").exists()


def test_copying_into_an_empty_folder_is_fine(tmp_path: Path):
    assert copy_out(tmp_path)
    shutil.rmtree(tmp_path / "faq", ignore_errors=True)
    with pytest.raises(FileExistsError):
        copy_out(tmp_path)
