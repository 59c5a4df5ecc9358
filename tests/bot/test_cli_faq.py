"""`zhitong faq ask`: where a question would go, for people and for programs."""

from __future__ import annotations

import json

from tests.bot.command import zhitong

QUESTIONS = {
    "吃低保要什么条件？": "answer",
    "你好": "chat",
    "我家着火了，快来人救命": "emergency",
    "qwrtpsdfg zxcvb": "handover",
    "村上把我的低保取消了三个月没人说为什么，找了五趟都推来推去，老人吃药都没钱了": "complaint",
}


def test_questions_on_standard_input_give_one_object_a_line() -> None:
    found = zhitong("faq", "ask", "-", "--json", said="\ufeff" + "\n\n".join(QUESTIONS) + "\n")
    assert (found.returncode, found.stderr) == (0, "")
    told = [json.loads(line) for line in found.stdout.splitlines()]
    assert dict(zip(QUESTIONS, (one["route"] for one in told), strict=True)) == QUESTIONS
    first = told[0]["entries"][0]
    assert set(first) == {"id", "policy", "aspect", "score"}
    assert (first["policy"], first["aspect"]) == ("农村低保", "条件")
    assert all(len(one["entries"]) <= 5 for one in told)


def test_the_table_says_score_and_why() -> None:
    found = zhitong("faq", "ask", "吃低保要什么条件？")
    head, first, why, *_ = found.stdout.splitlines()
    assert head.startswith("answer  (confidence 1.00)")
    assert "农村低保 · 条件" in first
    assert float(first.split()[0]) > 0
    assert "exact" in why


def test_questions_in_another_encoding_are_named() -> None:
    import subprocess

    from tests.bot.command import ZHITONG, environment

    typed = "低保".encode("gb18030")
    found = subprocess.run(
        [ZHITONG, "faq", "ask", "-"], input=typed, capture_output=True, env=environment(), check=False
    )
    assert (found.returncode, found.stdout) == (2, b"")
    assert b"not UTF-8" in found.stderr
