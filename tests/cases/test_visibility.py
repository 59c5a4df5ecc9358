"""Who sees what: the whole matrix, and properties over random cases. The default is no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Act, Actor, Case, Role, State
from cases.routing import superiors
from cases.visibility import Sight, departments_in_sight, group_reader, sight, tip_unit
from config.schema import Lane
from tests.cases.factory import CHEN, LIU, VILLAGER, WANG, case, command, county, done
from tests.config.small import sample

# A service case of the traffic police, under the police, under the county office; civil affairs assists.
CASE = case(department="jiaojing", assist=("minzheng",))
MATRIX = """
             jiaojing gongan xian-zhengfu minzheng nongye zhiban jijian -
clerk        work     read   read         work     none   none   none   none
dispatcher   work     work   work         work     work   work   work   work
supervisor   work     work   work         work     work   work   work   work
custodian    none     none   none         none     none   none   none   none
admin        none     none   none         none     none   none   none   none
-            none     none   none         none     none   none   none   none
"""


def staff(role: str, unit: str) -> Actor:
    """A member of staff; "-" is no role, or no unit."""
    roles = frozenset[Role]() if role == "-" else frozenset({Role(role)})
    return Actor("staff", 1, "甲", roles, unit.strip("-"))


def cells() -> list[tuple[str, str, Sight]]:
    """The matrix, cell by cell."""
    head, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    return [(row[0], unit, Sight[word.upper()]) for row in rows for unit, word in zip(head, row[1:], strict=True)]


@pytest.mark.parametrize(("role", "unit", "expected"), cells())
def test_the_matrix(role: str, unit: str, expected: Sight) -> None:
    assert sight(staff(role, unit), CASE, sample()) is expected


@pytest.mark.parametrize("lane", [Lane.TIP, Lane.UPPER])
@pytest.mark.parametrize(("role", "unit"), [cell[:2] for cell in cells()])
def test_no_ordinary_unit_sees_a_tip(lane: Lane, role: str, unit: str) -> None:
    """Wherever it lies (检举控告工作规则 §47)."""
    assert sight(staff(role, unit), case(department="jiaojing", lane=lane), sample()) is Sight.NONE


@pytest.mark.parametrize(("role", "unit"), [cell[:2] for cell in cells()])
def test_only_a_custodian_of_its_discipline_unit_sees_a_tip(role: str, unit: str) -> None:
    seen = sight(staff(role, unit), case(department="jijian", assist=(), lane=Lane.TIP), sample())
    assert (seen is Sight.WORK) == ((role, unit) == ("custodian", "jijian"))
    assert seen is not Sight.READ


def test_a_group_chat_or_a_command_line_is_no_custodian() -> None:
    nobody = Actor("staff", 0, "", frozenset(Role), "jijian")
    assert sight(nobody, case(department="jijian", lane=Lane.TIP), sample()) is Sight.NONE


@pytest.mark.parametrize("kind", ["citizen", "clock", ""])
def test_only_staff_see_anything(kind: str) -> None:
    outsider = Actor(kind, 1, roles=frozenset(Role), unit="jiaojing")
    assert sight(outsider, CASE, sample()) is Sight.NONE
    assert departments_in_sight(outsider, sample()) == ()


def test_two_roles_see_what_either_sees() -> None:
    both = Actor("staff", 1, "甲", frozenset({Role.CLERK, Role.ADMIN}), "jiaojing")
    assert sight(both, CASE, sample()) is Sight.WORK


def test_sight_moves_with_the_case() -> None:
    before = case()
    moved = done(before, command(Act.TRANSFER, CHEN))
    assert (sight(WANG, before, county()), sight(WANG, moved, county())) == (Sight.WORK, Sight.NONE)


@pytest.mark.parametrize("assist", [(), ("shuiwu",), ("xian-zhengfu", "shuiwu")])
def test_the_local_unit_loses_a_case_that_goes_up(assist: tuple[str, ...]) -> None:
    """提级: whatever the case has been through before."""
    up = done(case(assist=assist), command(Act.ESCALATE, LIU))
    assert sight(WANG, up, county()) is Sight.NONE


def test_sight_moves_with_the_person() -> None:
    assert sight(Actor("staff", WANG.id, WANG.name, WANG.roles, "nongye"), case(), county()) is Sight.NONE
    assert sight(Actor("staff", WANG.id, WANG.name, frozenset(), "shuiwu"), case(), county()) is Sight.NONE


UNITS = st.sampled_from([unit.id for unit in sample().departments])
CASES = st.builds(
    case,
    st.sampled_from(State),
    department=UNITS,
    assist=st.lists(UNITS, max_size=3, unique=True).map(tuple),
    lane=st.sampled_from(Lane),
)
ROLES = st.frozensets(st.sampled_from(Role))
VIEWERS = st.builds(Actor, st.just("staff"), st.just(1), st.just("甲"), ROLES, st.one_of(UNITS, st.just("")))


@settings(deadline=None)
@given(CASES, UNITS)
def test_an_unrelated_clerk_never_sees(held: Case, unit: str) -> None:
    related = {held.department, *held.assist, *superiors(sample(), held.department)}
    seen = sight(Actor("staff", 1, "甲", frozenset({Role.CLERK}), unit), held, sample())
    assert (seen is not Sight.NONE) == (unit in related and held.lane is Lane.SERVICE)


@settings(deadline=None)
@given(CASES, VIEWERS)
def test_lists_are_never_narrower_than_sight(held: Case, viewer: Actor) -> None:
    units = departments_in_sight(viewer, sample())
    listed = units is None or held.department in units or viewer.unit in held.assist
    if held.lane is Lane.TIP:  # listed apart
        listed = held.department == tip_unit(viewer, sample())
    assert listed or sight(viewer, held, sample()) is Sight.NONE


@settings(deadline=None)
@given(VIEWERS)
def test_lists_are_no_wider_than_sight(viewer: Actor) -> None:
    """Every department that is listed holds cases the viewer may see."""
    units = departments_in_sight(viewer, sample())
    every = tuple(unit.id for unit in sample().departments)
    for unit in every if units is None else units:
        assert sight(viewer, case(department=unit, assist=()), sample()) is not Sight.NONE


def test_the_person_who_filed_is_not_staff() -> None:
    assert sight(VILLAGER, case(), county()) is Sight.NONE


GROUPS = [  # (units of a group, whom the case is about, as whose clerk the group reads it)
    (("shuiwu",), (), "shuiwu"),
    (("nongye", "shuiwu"), (), "shuiwu"),
    (("nongye",), (), None),
    (("hekou", "shuiwu"), ("hekou",), None),  # everybody in the group would read along
    (("shuiwu",), ("hekou",), "shuiwu"),
    (("shuiwu", "minzheng"), ("xian-zhengfu",), None),  # both stand under whom it is about
]


@pytest.mark.parametrize(("units", "about", "reader"), GROUPS)
def test_a_group_reads_what_all_of_it_may_know(units: tuple[str, ...], about: tuple[str, ...], reader: str) -> None:
    found = group_reader(units, case(State.HANDLING, accused=about), county())
    assert (found and found.unit) == reader
