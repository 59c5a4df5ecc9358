"""An office with a few cases, made once: the tests here only look at it."""

from pathlib import Path

import pytest

from tests.bot import past

FORMULA = "=HYPERLINK(1)，自来水黄得很，电话 13800138000，身份证 11010519491231002X"
WIDE = "＋1 水管漏了一个多星期没人来修"


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cases: one with what a spreadsheet would run, one answered, one overdue."""
    folder = tmp_path_factory.mktemp("office")
    contact = "刘长贵 0000-5550201"
    answer = {"when": "-1 11:00", "by": "王芳", "act": "answer", "text": "水压\n好了，回电 13900139000"}
    past.play(
        folder,
        past.plan_of(
            past.sample("formula", FORMULA, contact=contact),
            past.sample("wide", WIDE, topic="07.04", steps=[answer], ends="answered"),
            past.sample("late", "水表坏了半年没人换，催了几回", topic="07.03", when="2 10:00"),
        ),
    )
    return folder
