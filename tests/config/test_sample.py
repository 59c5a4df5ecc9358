"""The shipped sample county: complete, numbered as the public interface says, and told in villagers' words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from config.load import HERE
from config.schema import Lane, Topic
from faq.search import Index
from tests.config.small import sample

STORIES = [line.split("\t") for line in (Path(__file__).parent / "stories.tsv").read_text("utf-8").splitlines()]

PHONES = {  # the subsidy answers in faq/ name the same numbers
    "nongye": "01", "caizheng": "02", "minzheng": "03", "renshe": "04", "weijian": "05", "linye": "06",
    "shuiwu": "07", "zhujian": "08", "tuiyi": "09", "yingji": "10", "canlian": "11",
}  # fmt: skip


def topics() -> list[Topic]:
    """All topics of the sample."""
    return list(sample().topics())


def test_there_are_27_categories_and_107_topics():
    assert (len(sample().categories), len(topics())) == (27, 107)


def test_every_name_is_told_in_both_languages():
    county = sample()
    named = [county.office, *county.categories, *topics(), *county.departments, *county.places]
    named += [*county.office.doors, *county.emergencies, *county.office.grounds]
    assert [one.name for one in named if not one.name_en] == []
    questions = [question for topic in topics() for question in topic.questions]
    assert [one.ask for one in questions if not one.ask_en] == []
    assert [option.name for one in questions for option in one.options if not option.name_en] == []


@pytest.mark.parametrize(
    ("lane", "codes"),
    [(Lane.TIP, {"22", "23", "24"}), (Lane.UPPER, {"25"})],
)
def test_lanes(lane: Lane, codes: set[str]):
    assert {topic.code[:2] for topic in topics() if topic.lane is lane} == codes
    assert all(topic.door for topic in topics() if topic.lane is lane)


def test_only_money_and_favours_ask_whether_an_official_is_involved():
    asked = {topic.code for topic in topics() if topic.ask_official}
    assert len(asked) == 19
    assert {"01.05", "02.03", "04.03", "24.01"} & asked == {"01.05", "02.03", "04.03"}


def test_urgent_topics_are_those_where_somebody_may_be_hurt():
    urgent = {topic.code for topic in topics() if topic.urgent}
    assert urgent == {"06.01", "06.02", "07.01", "08.03", "09.04", "11.04", "12.05"}


@pytest.mark.parametrize("topic", topics(), ids=lambda topic: topic.code)
def test_each_topic_is_ready_for_a_villager(topic: Topic):
    assert 6 <= len(set(topic.keywords)) == len(topic.keywords) <= 15
    assert all(len(word) >= 2 for word in topic.keywords)
    assert topic.example
    assert topic.department
    assert len(topic.questions) <= 4
    assert sum(question.required for question in topic.questions) <= 1
    assert not any(word in question.ask for question in topic.questions for word in ("身份证号", "银行卡号"))


def test_no_keyword_stands_under_two_topics():
    counted = Counter(word for topic in topics() for word in topic.keywords)
    assert [word for word, times in counted.items() if times > 1] == []


def test_the_right_topic_is_among_the_first_three_for_a_villagers_story():
    index = Index.build_from((topic.code, (topic.name, topic.example, *topic.keywords)) for topic in topics())
    found = [code in [hit.entry_id for hit in index.search(story, k=3)] for code, story in STORIES]
    assert len(STORIES) == len(topics())
    assert sum(found) / len(found) >= 0.9


def test_phones_are_those_the_answers_name():
    phones = {unit.id: unit.phone for unit in sample().departments}
    assert {name: phones[name] for name in PHONES} == {name: f"0000-55501{end}" for name, end in PHONES.items()}
    assert len(set(phones.values())) == len(phones)
    assert all(phone.startswith("0000-") for phone in phones.values())


def test_the_office():
    office = sample().office
    assert (office.name, office.name_en) == ("示例县民声直通", "Shili County Direct Line")
    assert (office.phone, office.duty_department) == ("0000-5550100", "zhiban")
    assert (office.sample, office.tip_lane, len(office.common_topics)) == (True, True, 6)
    assert {"12388", "12345", "upper"} <= sample().door_by_id.keys()
    assert all(ground.door for ground in office.grounds)


def test_towns_and_villages():
    county = sample()
    towns = {place.id: place.department for place in county.places if place.kind == "town"}
    assert towns == {f"town-{name}": name for name in ("hekou", "qinglong", "baihe", "shiqiao", "chengguan")}
    villages = Counter(place.parent for place in county.places if place.kind == "village")
    assert all(8 <= villages[town] <= 12 for town in towns)
    doubled = [name for name, times in Counter(place.name for place in county.places).items() if times > 1]
    assert sorted(doubled) == ["双河村", "新建村", "红星村"]
    assert county.place_path("qingshan", "en") == "Hekou Town, Qingshan Village"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_says_at_its_head_what_it_is_for(path: Path):
    head = path.read_text("utf-8").split("\n\n")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "怎么改" in head
    assert "写错了会怎样" in head
