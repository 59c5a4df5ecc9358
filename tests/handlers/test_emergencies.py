"""Villagers' emergencies are met with the right number at once, and what only sounds like one seldom is.

emergencies_heldout.tsv is not learned from, as the other lists are. It is no place to look for what to improve: it says
how good the reader is.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import load
from config.schema import County, Emergency
from faq.danger import Danger, shipped
from handlers.citizen.emergencies import emergency
from tests.config.small import sample

HERE = Path(__file__).parent
CALM = "-"


def rows(name: str) -> list[tuple[str, str]]:
    """(Numbers that are right, text) of a list; a row without a number is no emergency."""
    split = [row.split("\t") for row in (HERE / f"{name}.tsv").read_text("utf-8").splitlines()]
    return [(row[0], row[1]) if len(row) == 2 else (CALM, row[0]) for row in split]


def read(text: str) -> tuple[Emergency | None, Danger]:
    """What the house makes of a text."""
    danger = shipped()(text)
    return emergency(sample(), text, danger)[0], danger


# (list, emergencies recognised, of these the right number, others taken for one): floors a little under what is reached
FLOORS = [
    ("emergencies_heldout", 0.96, 0.95, 0.07),
    ("emergencies_told", 0.98, 0.98, 0.01),
    ("emergencies_learned", 0.98, 0.98, 0.02),
    ("emergencies_tuned", 0.97, 0.97, 0.06),
    ("emergencies", 0.99, 0.97, 0.0),
    ("no_emergencies", 0.0, 0.0, 0.02),
]


@pytest.mark.parametrize(("name", "recall", "right", "alarms"), FLOORS)
def test_emergencies_are_met(name: str, recall: float, right: float, alarms: float) -> None:
    found = [(numbers, read(text)[0]) for numbers, text in rows(name)]
    calls = [(numbers, item) for numbers, item in found if numbers != CALM]
    met = [item.number in numbers.split(",") for numbers, item in calls if item]
    false = [item for numbers, item in found if numbers == CALM and item]
    print(
        f"{name}: {len(met)} of {len(calls)}, right number {sum(met)}, false {len(false)} of {len(found) - len(calls)}"
    )
    assert len(met) >= recall * len(calls)
    assert sum(met) >= right * len(met)
    assert len(false) <= alarms * (len(found) - len(calls))


ALARMS = [
    ("110", "有人在我家门口打人快来"),
    ("110", "两家人打起来了拿起锄头"),
    ("110", "有个人提刀在街上乱走"),
    ("110", "我不想活了"),
    ("110", "娃儿不见了找了一下午"),
    ("110", "半夜有贼在撬门"),
    ("110", "My husband beats me every night and I am afraid"),
    ("119", "房子着火了"),
    ("119", "厨房燃起来了"),
    ("119", "灶房煤气漏了闻到味道"),
    ("119", "山上滑坡屋头人遭埋起了"),
    ("119", "河里有人落水了"),
    ("120", "我老汉突然晕倒了喊不醒"),
    ("120", "我妈心脏痛得很喘不过气"),
    ("120", "有人喝农药了"),
    ("120", "婆娘要生了"),
    ("120", "吃菌子中毒了"),
    ("122", "公路上出车祸了"),
    ("122", "三轮翻车压到人了"),
    ("122", "货车撞车堵起了"),
]


@pytest.mark.parametrize(("number", "story"), ALARMS)
def test_somebody_in_danger_is_sent_to_the_right_number(number: str, story: str) -> None:
    item, _ = read(story)
    assert item is not None
    assert item.number == number


PLAIN = [
    "去年我家着火政府说补的钱还没给",
    "这个事火烧眉毛了你们还不管",
    "物业收费跟抢劫一样",
    "前年出车祸医药费没报",
    "心脏病报销咋这么少",
    "村道窄得很容易出车祸",
    "上个月老汉晕倒住院合作医疗不报",
    "轮胎漏气",
    "打人社局电话没人接",
    "屋头失火该找应急还是找民政",
    "我弟娃在广东出车祸老家给不给救助",
    "我妈中风瘫了要人喂饭国家有没得护理钱",
]


@pytest.mark.parametrize("story", PLAIN)
def test_the_past_and_a_figure_of_speech_raise_no_alarm(story: str) -> None:
    assert read(story)[0] is None


def test_everyday_matters_seldom_raise_one() -> None:
    stories = (HERE.parent / "config" / "stories.tsv").read_text("utf-8").splitlines()
    told = [*(row.split("\t")[1] for row in stories), *(topic.example for topic in load().topics())]
    false = [text for text in told if read(text)[0]]
    assert len(false) <= 0.03 * len(told), false


def office(keywords: tuple[str, ...], unless: tuple[str, ...]) -> County:
    """A county whose fire brigade has words of its own."""
    fire = Emergency(id="119", name="火警", number="119", keywords=keywords, unless=unless)
    return sample().model_copy(update={"emergencies": (fire, *sample().emergencies)})


def test_an_offices_own_words_warn_and_quiet() -> None:
    own = office(("水漫金山", "掉…天坑"), ("演习",))
    calm = Danger()
    assert emergency(own, "这里水漫金山了", calm)[1] == ("水漫金山",)
    assert emergency(own, "羊子掉到后山天坑头了", calm)[0] is not None
    assert emergency(own, "演习水漫金山", calm) == (None, ())
    danger = shipped()("着火了快来人")
    assert emergency(own, "着火了快来人", danger)[0] is not None
    assert emergency(own, "演习，着火了快来人", danger) == (None, ())


def test_an_office_without_that_number_names_its_first() -> None:
    county = sample().model_copy(update={"emergencies": sample().emergencies[:2]})
    item, heard = emergency(county, "出车祸了", Danger(0.9, True, "122", ("crash",)))
    assert item is not None
    assert (item.number, heard) == ("110", ("crash",))
