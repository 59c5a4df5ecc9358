"""Every case has an owner: each topic at each place, unknown places, and whom it must never reach."""

from __future__ import annotations

import pytest

from cases.routing import TOWN, route, superiors, town_office
from config.schema import County, Kind, Lane, Topic
from tests.cases.factory import county, remade
from tests.config.small import sample

WHOLE = sample()
PLACES = ("", "nowhere", *(place.id for place in WHOLE.places))
SERVICE = [topic for topic in WHOLE.topics() if topic.lane is Lane.SERVICE]


def topic(department: str, *assist: str) -> Topic:
    """A topic that names these units."""
    return Topic(code="07.01", name="停水", kind=Kind.HELP, department=department, assist=assist)


@pytest.mark.parametrize("each", list(WHOLE.topics()), ids=lambda each: each.code)
def test_every_topic_has_an_owner_at_every_place(each: Topic) -> None:
    for place in PLACES:
        lead, assist = route(WHOLE, each, place)
        assert lead in WHOLE.department_by_id
        assert set(assist) <= set(WHOLE.department_by_id) - {lead}
        assert len(set(assist)) == len(assist)
        if each.lane is Lane.SERVICE:
            assert not any(WHOLE.department_by_id[unit].discipline for unit in (lead, *assist))


def test_the_sample_has_topics_of_towns() -> None:
    assert len([each for each in SERVICE if TOWN in (each.department, *each.assist)]) >= 5


@pytest.mark.parametrize(
    ("place", "office"),
    [("town-hekou", "hekou"), ("qingshan", "hekou"), ("", ""), ("nowhere", "")],
)
def test_the_office_of_a_place(place: str, office: str) -> None:
    assert town_office(WHOLE, place) == office


def test_every_place_of_the_sample_has_an_office() -> None:
    assert [place.id for place in WHOLE.places if not town_office(WHOLE, place.id)] == []


ROUTES = [  # lead, assist, place, never -> lead, assist
    ("shuiwu", (), "", (), "shuiwu", ()),
    (TOWN, (), "qingshan", (), "hekou", ()),
    (TOWN, (), "", (), "zhiban", ()),  # a town's matter, nobody knows where: the duty desk
    (TOWN, (), "nowhere", (), "zhiban", ()),
    ("gone", (), "", (), "zhiban", ()),
    ("shuiwu", (TOWN, "nongye"), "qingshan", (), "shuiwu", ("hekou", "nongye")),
    ("shuiwu", (TOWN, "nongye"), "", (), "shuiwu", ("nongye",)),
    ("shuiwu", ("nongye", "shuiwu", "nongye"), "", (), "shuiwu", ("nongye",)),
    (TOWN, ("hekou",), "qingshan", (), "hekou", ()),
    ("shuiwu", (), "", ("shuiwu",), "xian-zhengfu", ()),  # up, never sideways
    (TOWN, ("nongye",), "qingshan", ("hekou",), "xian-zhengfu", ("nongye",)),
    ("shuiwu", (TOWN,), "qingshan", ("hekou",), "shuiwu", ()),
    ("shuiwu", (), "", ("shuiwu", "xian-zhengfu"), "zhiban", ()),
    (TOWN, (), "", ("zhiban",), "xian-zhengfu", ()),  # not even the duty desk decides about itself
    ("jijian", (), "", ("jijian",), "shi-jijian", ()),
]


@pytest.mark.parametrize(("lead", "assist", "place", "never", "to", "helpers"), ROUTES)
def test_route(
    lead: str, assist: tuple[str, ...], place: str, never: tuple[str, ...], to: str, helpers: tuple[str, ...]
) -> None:
    assert route(county(), topic(lead, *assist), place, frozenset(never)) == (to, helpers)


@pytest.mark.parametrize("each", SERVICE, ids=lambda each: each.code)
def test_the_accused_town_is_stepped_over_upward(each: Topic) -> None:
    for place in WHOLE.places:
        town = town_office(WHOLE, place.id)
        plain, _ = route(WHOLE, each, place.id)
        lead, assist = route(WHOLE, each, place.id, frozenset({town}))
        assert town not in (lead, *assist)
        assert lead == plain if plain != town else lead in superiors(WHOLE, town)


def test_nobody_stands_above_themselves() -> None:
    for unit in WHOLE.department_by_id:
        above = superiors(WHOLE, unit)
        assert unit not in above
        assert len(set(above)) == len(above)
        assert all(upper in WHOLE.department_by_id for upper in above)


def test_superiors_come_nearest_first() -> None:
    assert superiors(WHOLE, "jiaojing") == ("gongan", "xian-zhengfu")
    assert superiors(WHOLE, "xian-zhengfu") == ()
    assert superiors(WHOLE, "gone") == ()


def in_a_ring() -> County:
    """Three units that are each other's superiors; the loader refuses such files, the walk must end all the same."""
    ring = {"shuiwu": "nongye", "nongye": "minzheng", "minzheng": "shuiwu"}
    units = tuple(unit.model_copy(update={"parent": ring.get(unit.id, "")}) for unit in county().departments)
    return remade(county(), departments=units)


def test_a_ring_of_superiors_ends() -> None:
    assert superiors(in_a_ring(), "shuiwu") == ("nongye", "minzheng")
    assert route(in_a_ring(), topic("shuiwu"), "", frozenset({"shuiwu", "nongye", "minzheng"}))[0] == "zhiban"
