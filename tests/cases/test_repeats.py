"""The same matter again: what is alike, what may be said of it, and what never is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case, State
from cases.repeats import (
    Checked,
    Matter,
    Tally,
    Voice,
    Why,
    clusters,
    heads,
    in_common,
    likeness,
    matter,
    offer,
    ranked,
    repeated,
    said,
    zeal,
)
from config.repeats import Advice, Repeats
from config.schema import Kind, Lane, Topic
from tests.cases.factory import NOW, case

RULES = Repeats()
ROAD = Topic(code="06.01", name="路面坑洼", kind=Kind.HELP, joinable=True)
DAY = timedelta(days=1)
STORIES = [
    line.split("\t")
    for line in (Path(__file__).parent / "stories_alike.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]

MATTERS = st.builds(
    Matter,
    lane=st.sampled_from(Lane),
    topic=st.sampled_from(["06.01", "06.02", "07.01"]),
    place=st.sampled_from(["", "qingshan", "longwan"]),
    person=st.integers(0, 3),
    pairs=st.sampled_from([matter(case(story=one)).pairs for one in ("", "停水三天了", "又停水三天没人管", "路烂了")]),
    accused=st.frozensets(st.sampled_from("甲乙丙"), max_size=2),
)
VOICES = st.lists(st.builds(Voice, case_id=st.integers(1, 4), person=st.integers(-5, 12)), max_size=20)


# --- what is alike --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("same", "one", "other"), STORIES, ids=[row[1][:12] for row in STORIES])
def test_likeness_of_stories(same: str, one: str, other: str) -> None:
    assert (100 * likeness(one, other) >= RULES.likeness) == (same == "same"), f"{likeness(one, other):.2f}"


@given(MATTERS, MATTERS)
@settings(max_examples=150, deadline=None)
def test_alike_is_alike_both_ways_and_never_across_lanes(one: Matter, other: Matter) -> None:
    why = in_common(one, other, RULES)
    assert why == in_common(other, one, RULES)
    assert one.lane is other.lane or not why
    assert (Why.ACCUSED in why) <= (one.lane is Lane.TIP)
    assert set(why) <= {Why.ACCUSED} or one.lane is Lane.SERVICE
    assert Why.PERSON not in why or one.person == other.person != 0


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= likeness(one, other) == likeness(other, one) <= 1.0
    assert likeness(one, one) in (0.0, 1.0)


def test_whoever_wrote_anonymously_is_linked_to_nobody() -> None:
    """The same person twice, once with a name: the hint would say who wrote the other."""
    named, nameless = case(id=1, name="罗大勇", phone="13812345678"), case(id=2, place="longwan", story="没水")
    assert matter(nameless).person == 0
    assert in_common(matter(named), matter(nameless), RULES) == ()
    both = replace(nameless, name="罗大勇")
    assert in_common(matter(named), matter(both), RULES) == (Why.PERSON,)


def test_like_cases_most_in_common_first() -> None:
    mine = case(id=9, story="三组停水三天了", name="罗大勇")
    others = [
        case(id=1, topic="06.01", place="longwan", story="路烂了"),
        case(id=2, story="水质发黄"),
        case(id=3, story="停水三天了，三组", name="罗大勇"),
        case(id=4, story="三组停水了", opened_at=NOW),
        mine,
    ]
    assert [(held.id, why) for held, why in ranked(mine, others, RULES)] == [
        (3, (Why.PERSON, Why.PLACE, Why.STORY)),
        (4, (Why.PLACE, Why.STORY)),
        (2, (Why.PLACE,)),
    ]
    assert len(ranked(mine, [replace(mine, id=n) for n in range(20, 60)], RULES)) == RULES.similar


# --- 重复件 ---------------------------------------------------------------------------------------------------------

NEW = case(id=20, name="罗大勇", story="三组又停水了，上次修过还是没水")
OLD = case(State.CLOSED, id=10, name="罗大勇", story="三组停水三天了", closed_at=NOW - 10 * DAY)
AGAIN = "三组又停水了，上次修过还是没有水"


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        (OLD, NEW, True),
        (replace(OLD, closed_at=NOW - 180 * DAY), NEW, True),
        (replace(OLD, closed_at=NOW - 181 * DAY), NEW, False),
        (replace(OLD, state=State.ANSWERED, closed_at=None), NEW, False),
        (replace(OLD, state=State.WITHDRAWN), NEW, False),
        (replace(OLD, topic="07.04"), NEW, False),
        (replace(OLD, place="longwan"), NEW, False),
        (replace(OLD, place=""), NEW, True),
        (replace(OLD, name="", phone=""), NEW, False),
        (replace(OLD, person=901, story="完全是别的说法，水管爆裂"), NEW, False),
        (replace(OLD, person=901, story=AGAIN), NEW, True),
        (replace(OLD, name="", story=AGAIN), replace(NEW, name=""), True),
        (replace(OLD, lane=Lane.TIP), replace(NEW, lane=Lane.TIP), False),
        (replace(OLD, id=NEW.id), NEW, False),
    ],
)
def test_what_comes_back_after_closing(old: Case, new: Case, again: bool) -> None:
    assert (repeated(new, [old], RULES, NOW) is not None) is again


def test_the_one_closed_last_is_what_came_back() -> None:
    found = repeated(NEW, [OLD, replace(OLD, id=11, closed_at=NOW - DAY)], RULES, NOW)
    assert found and found.id == 11


# --- 附议 -----------------------------------------------------------------------------------------------------------


def crowd(people: int, case_id: int = 7) -> list[Voice]:
    """So many people behind a case."""
    return [Voice(case_id, 100 + one) for one in range(people)]


@pytest.mark.parametrize(
    ("people", "offered", "count"),
    [(0, False, 0), (1, False, 0), (2, True, 0), (4, True, 0), (5, True, 5), (12, True, 12)],
)
def test_who_is_told_what(people: int, offered: bool, count: int) -> None:
    found = offer(ROAD, crowd(people), 1, RULES)
    assert (found is not None, found.people if found else 0) == (offered, count)


@pytest.mark.parametrize(
    "change",
    [{"joinable": False}, {"lane": Lane.TIP}, {"lane": Lane.UPPER}, {"ask_official": True}],
)
def test_what_is_never_offered(change: dict[str, object]) -> None:
    assert offer(ROAD.model_copy(update=change), crowd(30), 1, RULES) is None


def test_nobody_joins_themselves() -> None:
    assert offer(ROAD, [*crowd(6), Voice(7, 1)], 1, RULES) is None


def test_the_case_most_people_wait_for_is_joined() -> None:
    found = offer(ROAD, [Voice(3, 1), *crowd(2, 9), Voice(5, 4), Voice(5, 6)], 77, RULES)
    assert found and (found.case_id, found.people) == (5, 5)


def test_a_person_with_two_cases_is_one_and_walk_ins_are_each_one() -> None:
    assert heads([Voice(1, 100), Voice(2, 100), Voice(3, -3), Voice(4, -4)]) == 3


@given(VOICES, st.integers(0, 12), st.integers(2, 6), st.integers(0, 6))
@settings(max_examples=200, deadline=None)
def test_never_a_number_below_the_floor(voices: list[Voice], me: int, offer_from: int, above: int) -> None:
    rules = Repeats(offer_from=offer_from, count_from=offer_from + above)
    found = offer(ROAD, voices, me, rules)
    people = heads(voices)
    assert said(people, rules) in (0, people)
    if found:
        assert people >= offer_from >= 2
        assert found.people == 0 or found.people == people >= rules.count_from
        assert found.case_id in {voice.case_id for voice in voices}
        assert me not in {voice.person for voice in voices}


# --- 监察建议, 村村协作 ----------------------------------------------------------------------------------------------


def tally(number: int, **changes: object) -> Tally:
    """A case to be counted."""
    given = {"topic": "06.01", "place": "qingshan", "department": "jiaotong", "open": False, "overdue": False}
    return Tally(no=f"MS-{number}", opened_at=NOW + number * timedelta(hours=1), **{**given, **changes})  # pyright: ignore[reportArgumentType]


def test_many_like_cases_make_a_draft() -> None:
    rules = Repeats(advice=Advice(cases=3, days=90))
    here = [tally(n, open=n == 2, overdue=n < 2) for n in range(3)]
    (found,) = clusters([*here, tally(8, topic="07.01"), tally(9, place="")][:4], rules)
    assert (found.scope, found.where, found.open, found.overdue) == ("place", "qingshan", 1, 2)
    assert [one.no for one in found.cases] == ["MS-0", "MS-1", "MS-2"]
    assert clusters(here[:2], rules) == []


def test_a_department_counts_over_its_places() -> None:
    rules = Repeats(advice=Advice(cases=3, days=90))
    spread = [tally(n, place=place) for n, place in enumerate(["qingshan", "longwan", "mapo"])]
    assert [(one.scope, one.where) for one in clusters(spread, rules)] == [("department", "jiaotong")]


def test_what_was_dealt_with_does_not_count_again() -> None:
    rules = Repeats(advice=Advice(cases=3, days=90))
    here = [tally(n) for n in range(5)]
    key = ("06.01", "place", "qingshan")
    assert clusters(here, rules, {key: here[2].opened_at}) == []
    (again,) = clusters([*here, tally(5)], rules, {key: here[2].opened_at})
    assert [one.no for one in again.cases] == ["MS-3", "MS-4", "MS-5"]


def test_a_unit_that_never_finds_anything_stands_first() -> None:
    checks = [Checked("nongye", "none"), Checked("nongye", "none"), Checked("hekou", "found"), Checked("hekou", "")]
    found = zeal([*checks, Checked("minzheng", "")])
    assert [(one.unit, one.asked, one.done, one.zero) for one in found] == [
        ("nongye", 2, 2, 1.0),
        ("hekou", 2, 1, 0.0),
        ("minzheng", 1, 0, None),
    ]
