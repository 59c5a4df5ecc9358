"""`zhitong faq eval`: the figures of a question file, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bot.command import zhitong
from tests.faq.pages import GOOD, write

SMOKE = Path(__file__).parents[1] / "faq" / "smoke"
QUERIES = """{"text": "低保要什么条件", "faq_id": "dibao-tiaojian", "noise": "none"}
{"text": "dibao yao shenme tiaojian", "faq_id": "dibao-tiaojian", "noise": "pinyin"}
{"text": "河里能不能钓鱼", "faq_id": null, "noise": "none"}
"""
FIGURES = {"n", "top1", "top3", "mrr10", "right_direct_at_2pct", "aurc"}


def test_json_has_the_figures_by_kind_of_noise(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    queries = write(tmp_path, QUERIES, "q.jsonl")
    done = zhitong("faq", "eval", queries, "--faq", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) == {"clean", "pinyin", "latency_ms"}
    assert set(found["clean"]) == set(found["pinyin"]) == FIGURES
    assert set(found["latency_ms"]) == {"p50", "p95"}
    assert (found["clean"]["n"], found["clean"]["top1"], found["pinyin"]["top1"]) == (1, 1.0, 1.0)


def test_the_table_of_json_lines() -> None:
    done = zhitong("faq", "eval", SMOKE / "queries.jsonl", "--faq", SMOKE / "faq.jsonl")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == ["n", "top-1", "top-3", "MRR@10", "right@2%", "AURC"]
    assert done.stdout.splitlines()[1].startswith("clean")
    assert "30 entries" in done.stdout


def test_wanted_ids_that_do_not_exist_are_named(tmp_path: Path) -> None:
    queries = write(tmp_path, '{"text": "问", "faq_id": "gone"}\n', "q.jsonl")
    done = zhitong("faq", "eval", queries)
    assert done.returncode == 0
    assert "gone" in done.stderr


@pytest.mark.parametrize(("rows", "said"), [("{", "q.jsonl:1"), ("", "文件是空的"), (None, "不见了")])
def test_a_file_that_is_none_is_a_sentence(tmp_path: Path, rows: str | None, said: str) -> None:
    queries = tmp_path / "q.jsonl" if rows is None else write(tmp_path, rows, "q.jsonl")
    done = zhitong("faq", "eval", queries)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_check_tells_errors_from_warnings(tmp_path: Path) -> None:
    write(tmp_path / "faq", GOOD.replace("valid_to: 2027-06-30", "valid_to: 2020-06-30"))
    done = zhitong("faq", "check", "--site", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "faq/dibao.md:8: 已在 2020-06-30 到期" in done.stdout
    assert done.stdout.endswith("错误 0 处，提醒 2 条；答案 2 条。\n")
    write(tmp_path / "faq", GOOD.replace("source: 四川日报 2025年7月\n", ""))
    done = zhitong("faq", "check", "--site", tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("faq/dibao.md:12: 「低保要什么条件？」没有写 source")


def test_check_names_what_does_not_load(tmp_path: Path) -> None:
    write(tmp_path / "faq", GOOD.encode("gbk"))
    done = zhitong("faq", "check", "--site", tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("faq/dibao.md:2: 文件是 GBK 编码")
