"""Orders of staff as they are typed: which act is meant, which case, and what belongs to it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cases.case import Act
from config.load import load
from handlers.staff import orders
from handlers.staff.days import day_in
from handlers.staff.orders import VERBS, Around, Need

COUNTY = load(None)
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday morning
DUE = datetime(2026, 12, 11, 10, 0, tzinfo=UTC)
AROUND = Around(COUNTY, NOW, "zhujian", DUE)

TYPED = [
    ("/r 修好了", "answer", "", "修好了"),
    ("/r修好了", "answer", "", "修好了"),
    ("／答复：修好了", "answer", "", "修好了"),
    ("/答复修好了", "answer", "", "修好了"),
    ("/ANSWER ms20261122-0007 修好了", "answer", "MS20261122-0007", "修好了"),
    ("/answer@zhitong_bot 20261122-0007，修好了", "answer", "MS20261122-0007", "修好了"),
    ("/延期12月5日 等配件", "extend", "", "12月5日 等配件"),
    ("/extned 5天", "extend", "", "5天"),
    ("/转给水务局", "transfer", "", "水务局"),
    ("/转办 水务局", "transfer", "", "水务局"),
    ("/并案 MS20261122-0001 MS20261122-0002", "merge", "MS20261122-0001", "MS20261122-0002"),
    ("/查件 MS20261122-0001", "case", "MS20261122-0001", ""),
    ("/查 停水", "find", "", "停水"),
    ("/帮助", "help", "", ""),
    ("/xyz 1", "", "", "1"),
    ("/哈哈", "", "", "哈哈"),
    ("/", None, "", ""),
    ("//tmp", None, "", ""),
    ("1/2 的人同意", None, "", ""),
    ("我看 /r 这个", None, "", ""),
    ("/r" + "\u202e" + "修好", "answer", "", "\u202e修好"),
    ("/" + "a" * 500, "", "", "a" * 500),
]


@pytest.mark.parametrize(("text", "name", "no", "words"), TYPED)
def test_what_is_typed(text: str, name: str | None, no: str, words: str) -> None:
    order = orders.ordered(text, COUNTY)
    found = (order.name, order.no, order.words) if order else None
    assert found == (None if name is None else (name, no, words))


def test_another_bots_command_says_whose_it_is() -> None:
    order = orders.ordered("/case@other_bot MS20261122-0001", COUNTY)
    assert order is not None
    assert order.to == "other_bot"


SAID: list[tuple[str, str, dict[str, str], str, Need | None]] = [
    ("request", "12月20日 等配件", {"until": "2026-12-20"}, "等配件", None),
    ("request", "等配件，延到12月20日", {"until": "2026-12-20"}, "等配件，延到", None),
    ("request", "5个工作日 12月3日到货", {"until": "2026-12-18"}, "12月3日到货", None),
    ("request", "12月20日", {"until": "2026-12-20"}, "", Need.WORDS),
    ("request", "等配件", {}, "等配件", Need.DAY),
    ("extend", "12月15日 同意", {"until": "2026-12-15"}, "同意", None),
    ("extend", "同意，12月15日前办完", {}, "同意，12月15日前办完", None),
    ("told", "打了电话，知道了", {"how": "phone"}, "打了电话，知道了", None),
    ("told", "知道了", {}, "知道了", Need.HOW),
    ("transfer", "水利局 归他们管", {"department": "shuiwu"}, "归他们管", None),
    ("transfer", "这个归自来水公司管", {"department": "shuiwu"}, "这个归自来水公司管", None),
    ("transfer", "住建局", {}, "住建局", Need.UNIT),
    ("transfer", "天上的局", {}, "天上的局", Need.UNIT),
    ("assist", "水务局、交通局和公安局 一起去", {"departments": "shuiwu,jiaotong,gongan"}, "一起去", None),
    ("assist", "水务局，水利局", {"departments": "shuiwu"}, "", None),
    ("merge", "MS20261122-0003 同一个泵站", {"into": "MS20261122-0003"}, "同一个泵站", None),
    ("merge", "同一个泵站", {}, "同一个泵站", Need.CASE),
    ("close", "已经换泵\n验收单 3 号", {"evidence": "验收单 3 号"}, "已经换泵", None),
    ("close", "已经换泵，依据：验收单 3 号", {"evidence": "验收单 3 号"}, "已经换泵", None),
    ("close", "已经换泵", {}, "已经换泵", Need.EVIDENCE),
    ("answer", "  ", {}, "", Need.WORDS),
    ("supervise", "", {}, "", None),
    ("escalate", "办不动", {}, "办不动", None),
]


@pytest.mark.parametrize(("act", "words", "fields", "text", "missing"), SAID)
def test_what_belongs_to_it(act: str, words: str, fields: dict[str, str], text: str, missing: Need | None) -> None:
    said = orders.understood(act, words, {}, AROUND)
    assert (dict(said.fields), said.text, said.missing) == (fields, text, missing)


def test_what_is_given_is_not_read_again() -> None:
    """The reason may name another day."""
    said = orders.understood("request", "12月3日才到货", {"until": "2026-12-20"}, AROUND)
    assert (said.fields["until"], said.text) == ("2026-12-20", "12月3日才到货")


def test_a_missing_unit_or_day_can_be_chosen() -> None:
    every = dict(orders.understood("transfer", "", {}, AROUND).offers)
    assert "shuiwu" in every
    assert "zhujian" not in every
    assert not {"jijian", "shi-jijian"} & set(every)
    assert dict(orders.understood("transfer", "交通运属局", {}, AROUND).offers) == {"jiaotong": "交通运输局"}
    days = [day for day, _ in orders.understood("request", "", {}, AROUND).offers]
    assert days == ["2026-12-16", "2026-12-18", "2026-12-25"]


DAYS = [
    ("12月5日", date(2026, 12, 5)),
    ("12.5", date(2026, 12, 5)),
    ("12-05", date(2026, 12, 5)),
    ("１２月５号", date(2026, 12, 5)),
    ("2026年12月5日", date(2026, 12, 5)),
    ("2026/12/5", date(2026, 12, 5)),
    ("20261205", date(2026, 12, 5)),
    ("1月4日", date(2027, 1, 4)),
    ("30号", date(2026, 11, 30)),
    ("3号", date(2026, 12, 3)),
    ("明天", date(2026, 11, 26)),
    ("后天", date(2026, 11, 27)),
    ("tomorrow", date(2026, 11, 26)),
    ("周五", date(2026, 11, 27)),
    ("周一", date(2026, 11, 30)),
    ("下周五", date(2026, 12, 4)),
    ("延5天", date(2026, 12, 16)),
    ("两周", date(2026, 12, 25)),
    ("半个月", date(2026, 12, 26)),
    ("三个工作日", date(2026, 12, 16)),
    ("13月40日", None),
    ("2月30日", None),
    ("32号", None),
    ("99999999999999号", None),
    ("0天", None),
    ("", None),
    ("年底", None),
]


@pytest.mark.parametrize(("words", "day"), DAYS)
def test_days(words: str, day: date | None) -> None:
    assert day_in(words, NOW, DUE, COUNTY)[0] == day


def test_every_act_has_its_words() -> None:
    """A new act needs its line in the table and its name in the texts, nothing else."""
    for lang in ("zh", "en"):
        texts = COUNTY.texts[lang]
        for act, verb in VERBS.items():
            assert f"act.{act}" in texts
            assert all(f"group.ask.{need}" in texts for need in verb.needs)
    names = orders.names(COUNTY.texts)
    assert {names[str(act)] for act in VERBS} == set(map(str, VERBS))
    assert Act.FILE not in names.values()
