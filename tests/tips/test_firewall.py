"""The accused unit receives 0 bytes: random towns, random conflicts, every view that is made for staff.

Each matter carries a canary of its own. Whatever is drawn for somebody whom it must not reach is searched for it:
the card, the file, the room's JSON, an export, a line of `cases list`, the searched and masked words.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from bot.export import history, line_of, row_of
from bot.web.staff_session import Visit
from bot.web.staff_shown import Sheet, page_data, shown_case, shown_page
from cases.case import TIP_IDS, Act, Actor, Case, Command, Event, Role, State
from cases.firewall import barred, is_barred, named_units, reproached
from cases.lifecycle import Illegal, decide, possible
from cases.routing import route, superiors
from cases.tips import examiner, is_above
from cases.visibility import Sight, sight
from config.schema import County, Kind, Lane, Topic
from handlers.staff.card import CardPage, card, case_file
from tests.cases.factory import NOW, remade
from tests.config.small import sample
from tests.tips.stage import word

CASES = 10_000
ROLES = tuple(Role)
DRESSES: tuple[Callable[[str], str], ...] = (
    lambda name: name,
    lambda name: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name),
    lambda name: " ".join(name),
    lambda name: "\u200b".join(name),
    lambda name: f"就是{name}那个姓王的",
    lambda name: f"（{name}）王某",
)


def units(county: County) -> list[str]:
    """The units that somebody may complain about here."""
    return [unit.id for unit in county.departments if not unit.discipline]


@cache
def topics(lane: Lane) -> tuple[Topic, ...]:
    """The topics of a lane."""
    return tuple(topic for topic in sample().topics() if topic.lane is lane)


def matter(dice: random.Random, county: County, serial: int) -> tuple[Case, str, str]:
    """A case or tip about a unit, as it would be filed: (it, its canary, the accused unit)."""
    accused = dice.choice(units(county))
    unit = county.department_by_id[accused]
    name = dice.choice(DRESSES)(dice.choice([unit.name, *(one for one in unit.aliases if not one.isdigit())]))
    canary, tip = f"金丝雀{serial:05d}", dice.random() < 0.6
    found = named_units(county, name)
    topic = dice.choice(topics(Lane.TIP if tip else Lane.SERVICE))
    if tip:
        department, assist = examiner(county, topic.department, found), ()
    else:
        department, assist = route(county, topic, dice.choice(county.places).id, barred(county, found))
    held = Case(
        id=TIP_IDS + serial if tip else serial + 1,
        no=f"JB{30000000 + serial}-{serial % 10000:04d}" if tip else f"MS20261120-{serial:04d}",
        lane=Lane.TIP if tip else Lane.SERVICE,
        kind=Kind.REPORT,
        topic=topic.code,
        department=department,
        state=dice.choice(list(State)),
        opened_at=NOW - timedelta(hours=1),
        assist=tuple(one for one in assist),
        place_text=f"在{canary}旁边",
        story=f"{canary}：{name}收了我的钱",
        when=canary,
        details=(("反映的人", f"{name} {canary}"),),
        name=f"名{canary}",
        phone=canary,
        accused=found,
        about=name if tip else "",
        answer_by=NOW + timedelta(days=3),
    )
    return held, canary, accused


def stranger(dice: random.Random, county: County, accused: str) -> Actor:
    """Somebody of the accused unit or of one under it, with any roles."""
    under = [unit.id for unit in county.departments if accused in superiors(county, unit.id)]
    roles = frozenset(dice.sample(ROLES, dice.randint(1, len(ROLES))))
    return Actor("staff", dice.randint(0, 3), dice.choice(["甲", "马主任"]), roles, dice.choice([accused, *under]))


def drawn(held: Case, viewer: Actor, county: County) -> str:
    """Every byte that is made of a case for this viewer."""
    said = (Event(held.id, 1, Act.FILE, NOW, Actor("citizen")), Event(held.id, 2, Act.NOTE, NOW, viewer, held.story))
    front = card(held, viewer, county, NOW)
    file = case_file(held, said, viewer, county, NOW, {}, {})
    sheet = Sheet(county, viewer, "zh", word, NOW)
    parts: list[object] = [shown_page(CardPage((front,), "", {}, {}), {}, sheet)] if front else []
    parts += [shown_case(file, sheet)] if file else []
    parts += [list(possible(held, viewer))] if sight(viewer, held, county) is Sight.WORK else []
    if sight(viewer, held, county) is not Sight.NONE:  # as `cases list`, `show` and `export` ask
        parts += [row_of(held, county, NOW, contact=True), line_of(held, county, NOW), history(said)]
    return json.dumps(parts, ensure_ascii=False, default=str) if parts else ""


def test_ten_thousand_conflicts_of_interest() -> None:
    """0 bytes to the accused unit, those under it, and whoever of them has whatever role."""
    dice, county, bytes_out, seen = random.Random(20261122), sample(), 0, 0
    for serial in range(CASES):
        held, canary, accused = matter(dice, county, serial)
        assert accused in named_units(county, held.story)
        viewer = stranger(dice, county, accused)
        out = drawn(held, viewer, county)
        bytes_out += len(out.encode())
        assert canary not in out and held.no not in out
        if serial % 20 == 0:
            handed_over(held, accused, county)
            right = Actor("staff", 9, "周正", frozenset({Role.CUSTODIAN, Role.CLERK}), held.department)
            seen += bool(held.department) and canary in drawn(held, right, county)
    assert bytes_out == 0
    assert seen > CASES // 40  # the canaries sing for those who may hear them


def handed_over(held: Case, accused: str, county: County) -> None:
    """Nobody can hand it to those it is about, whatever their hat."""
    boss = Actor("staff", 99, "分办", frozenset(Role), held.department)
    step = Command(Act.TRANSFER, boss, held.id, department=accused)
    with pytest.raises(Illegal):
        decide(replace(held, state=State.FILED), step, NOW, county)


def test_nothing_of_any_matter_stands_in_what_the_page_is_given() -> None:
    county = sample()
    for unit in county.departments:
        viewer = Actor("staff", 1, "甲", frozenset(Role), unit.id)
        given = page_data(Visit("token", viewer, "zh"), county, "")
        offered = {one["id"] for one in given["departments"]}
        discipline = {one.id for one in county.departments if one.discipline}
        assert offered <= discipline if unit.discipline else not offered & discipline


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("河口镇政府的马镇长", {"hekou"}),
        ("河　口　镇 人民政府", {"hekou"}),
        ("ＨＥＫＯＵ", set[str]()),
        ("农\u200b业局的人", {"nongye"}),
        ("村里的老李", set[str]()),
        ("交警队和派出所", {"jiaojing", "gongan"}),
        ("镇政府的人", {"qinglong"}),  # of the town it happened in
    ],
)
def test_whom_words_name(words: str, expected: set[str]) -> None:
    assert set(named_units(sample(), words, "qinglong-shequ")) >= expected
    if not expected:
        assert named_units(sample(), words, "qinglong-shequ") == ()


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("河口镇政府门口的路灯坏了半年", ()),
        ("我给河口镇打了电话，说下周来修", ()),
        ("河口镇政府乱收费，办个证要两百", ("hekou",)),
        ("镇政府的人骂人，还推我", ("qinglong",)),
        ("交通局截留了我们的修路款", ("jiaotong",)),
        ("邻居骂人", ()),
    ],
)
def test_a_reproach_is_not_a_mention(story: str, expected: tuple[str, ...]) -> None:
    assert reproached(sample(), story, "qinglong-shequ") == expected


def test_the_accused_never_gets_it_and_what_is_under_them_neither() -> None:
    county = sample()
    closed = barred(county, ("gongan",))
    assert closed == {"gongan", "jiaojing"}
    assert "xian-zhengfu" not in closed
    topic = next(topic for topic in county.topics() if topic.department == "jiaojing")
    lead, assist = route(county, topic, "qingshan", closed)
    assert lead == "xian-zhengfu" and not closed & set(assist)


def test_a_new_alias_or_a_new_unit_counts_at_once() -> None:
    """Whom a tip is about is read anew each time, and so is where somebody works now."""
    county = sample()
    held = Case(TIP_IDS, "JB30000000-0000", Lane.TIP, Kind.REPORT, "", "jijian", State.FILED, NOW, about="河口大院的人")
    custodian = Actor("staff", 1, "周正", frozenset({Role.CUSTODIAN}), "jijian")
    assert sight(custodian, held, county) is Sight.WORK
    named = tuple(
        unit.model_copy(update={"aliases": (*unit.aliases, "河口大院")}) if unit.id == "jijian" else unit
        for unit in county.departments
    )
    assert sight(custodian, held, remade(county, departments=named)) is Sight.NONE
    assert sight(replace(custodian, unit="hekou"), held, county) is Sight.NONE
    assert sight(replace(custodian, roles=frozenset()), held, county) is Sight.NONE


def test_nobody_sees_a_tip_about_themselves() -> None:
    county = sample()
    held = Case(TIP_IDS, "JB30000000-0000", Lane.TIP, Kind.REPORT, "", "jijian", State.FILED, NOW, about="吴　静，纪检")
    assert is_barred(Actor("staff", 1, "吴静", frozenset({Role.CUSTODIAN}), "jijian"), (), held.about, county)


def test_unknown_wording_goes_to_the_discipline_office_and_no_further_down() -> None:
    county = sample()
    assert examiner(county, "", ()) == "jijian"
    assert examiner(county, "nongye", ()) == "jijian"
    assert examiner(county, "jijian", ("jijian",)) == "shi-jijian"
    assert examiner(county, "jijian", ("shi-jijian",)) == ""  # barred from the top down: the door, not this office
    assert is_above(county, "县纪委的人") and not is_above(county, "村会计老孙")
