"""The room's words: every key that is used exists, none is left over, none is in code; and how time is told."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.web import staff_shown
from bot.web.staff_clock import due_words, suggested
from bot.web.staff_said import ACTS
from cases import guards, lifecycle
from cases.case import Act, Actor, Case, Command, Role, State
from cases.clocks import TO_CITIZEN
from cases.lifecycle import Illegal, decide
from config.schema import Kind
from handlers.staff import card as cards
from handlers.staff import commands
from handlers.staff.card import VIEWS
from handlers.staff.document import WHYS
from handlers.staff.today import SECTIONS
from handlers.wording import fill
from tests.web.fake_house import sample_county
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import LI, WANG

WEB = Path(staff_shown.__file__).parent
SCRIPTS = sorted((WEB / "static").glob("staff*.js"))
MODULES = sorted(WEB.glob("staff*.py"))
TEMPLATES = sorted((WEB / "templates").glob("staff*.html"))
TEXTS = sample_county().texts

# Keys put together while running begin with one of these.
FAMILIES = (
    *(
        "role",
        "ties",
        "tip.state",
        "view",
        "empty",
        "due",
        "channel",
        "behalf",
        "file",
        "score",
        "remind",
        "delivery",
        "queue",
        "mode",
        "button",
    ),
    *("compose", "done", "form", "walkin", "source", "slip", "keys", "entry", "weak", "error", "learn", "reach"),
    *("duty", "fact", "today_list"),
)


def literal_keys() -> set[str]:
    """Keys that stand whole in the code."""
    source = "\n".join(path.read_text() for path in (*SCRIPTS, *MODULES, *TEMPLATES))
    keys = re.findall(r"""["'`]((?:room|illegal)\.[a-z_]+(?:\.[a-z_]+)*)["'`]""", source)
    return {key for key in keys if not key.endswith("_")}


def built_keys() -> set[str]:
    """Keys put together from what the rest of the house can say."""
    keys = {f"act.{act}" for act in Act} | {f"state.{state}" for state in State}
    keys |= {f"kind.{kind}" for kind in Kind} | {f"room.role.{role}" for role in Role}
    keys |= {f"room.view.{view}" for view in VIEWS} | {f"room.score.{n}" for n in range(1, 6)}
    keys |= {f"room.empty.{view}{part}" for view in (*VIEWS, "search", "nothing") for part in ("", "_title")}
    keys |= {f"room.due.{side}_{unit}" for side in ("left", "late") for unit in ("days", "hours", "minutes")}
    keys |= {f"room.source.{source}" for source in commands.SOURCES}
    keys |= {f"room.duty.{duty}" for duty in (*TO_CITIZEN, "accept", "answer", "assist")}
    keys |= {f"room.duty.{state}" for state in ("delivered", "told", "replied", "gone", "owed", "late")}
    keys |= {f"room.remind.{duty}" for duty in (*TO_CITIZEN, "accept", "answer", "assist", "rate")}
    keys |= {f"room.remind_step.{step}" for step in ("50", "80", "due", "attention")}
    keys |= {f"room.today_list.{section}" for section in SECTIONS} | {f"room.fact.why_{why}" for why in WHYS}
    return keys | {f"room.delivery.{state}" for state in ("delivered", "waiting", "queued", "parked")}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_key_that_is_used_exists(lang: str):
    missing = (literal_keys() | built_keys()) - set(TEXTS[lang])
    assert sorted(missing) == []


def test_no_key_is_left_over():
    known = {key for key in TEXTS["zh"] if key.startswith("room.")}
    families = tuple(f"room.{name}" for name in FAMILIES)
    assert sorted(key for key in known - literal_keys() if not key.startswith(families)) == []


def test_every_form_asks_in_words():
    forms = (WEB / "static" / "staff.forms.js").read_text()
    table = forms[forms.index("FORMS = {") : forms.index("};")]
    for act, fields in re.findall(r"^  (\w+): \[(.*)\],$", table, re.M):
        named = re.findall(r'name: "(\w+)"', fields)
        wanted = {"lead", *named} | ({"text"} if '"words"' in fields else set[str]())
        assert {f"room.form.{act}.{name}" for name in wanted} <= set(TEXTS["zh"]), act


def test_every_reason_has_words():
    reasons = {one for module in (lifecycle, guards, commands) for one in reasons_in(Path(str(module.__file__)))}
    assert {"stale", "claimed", "evidence", "merge", "topic"} <= reasons
    assert sorted(one for one in reasons if f"illegal.{one}" not in TEXTS["zh"]) == []


def reasons_in(path: Path) -> Iterator[str]:
    """Reasons a module gives: out of guards, of Illegal(…) and of error=…"""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node) == "str | None":
            returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
            yield from (text for value in returned for text in strings(value))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Illegal":
            yield from strings(node.args[2])
        if isinstance(node, ast.keyword) and node.arg == "error":
            yield from strings(node.value)


def strings(node: ast.AST) -> Iterator[str]:
    """String constants that may be what `node` gives."""
    if isinstance(node, ast.IfExp):
        yield from (*strings(node.body), *strings(node.orelse))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def test_no_words_in_code():
    for path in SCRIPTS:
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
        assert CHINESE.findall(code) == [], path.name
    for path in MODULES:
        tree = ast.parse(path.read_text())
        docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert [text for text in said - docs if CHINESE.search(text)] == [], path.name
    for path in TEMPLATES:
        assert CHINESE.findall(path.read_text().replace('lang="zh-CN">中文', "")) == [], path.name


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def test_old_browsers_can_read_the_script():
    """Nothing newer than Android WebView 66 and iOS 12 know (design §9)."""
    newer = re.compile(
        r"\?\.[a-z(\[]|\?\?|replaceAll|\.flat\(|flatMap|structuredClone|toggleAttribute|randomUUID|replaceChildren"
    )
    for path in SCRIPTS:
        assert newer.findall(path.read_text()) == [], path.name


def test_acts_of_the_room_are_those_of_staff():
    assert {"file", "withdraw", "urge", "rate_well", "rate_badly", "lapse", "wait_out", "remind"}.isdisjoint(ACTS)
    assert {"claim", "answer", "note", "mute"} <= ACTS


def test_hidden_buttons_are_those_the_claim_rules_out(tmp_path: Path):
    """`pressable` only spares a click: what it hides for a claim is what `decide` refuses for it."""
    office = open_office(tmp_path)
    looked = 0
    for held in office.held.values():
        case = replace(held.case, claimed_by=99, claimed_name="别人")
        shown = cards.card(case, LI, office.county, office.now)
        if shown is None or not case.open:
            continue
        hidden = set(shown.acts) - set(staff_shown.pressable(shown, LI))
        assert hidden - {"release"} == {act for act in shown.acts if refusal(office, case, LI, Act(act)) == "claimed"}
        looked += 1
    assert looked >= 5


def refusal(office: Office, case: Case, who: Actor, act: Act) -> str:
    """Why the lifecycle says no to this; "" when it does not."""
    command = Command(act, who, case.id, text="话", evidence="据", ground="susong", department="minzheng")
    try:
        decide(case, command, office.now, office.county)
    except Illegal as illegal:
        return illegal.reason
    return ""


def test_release_is_for_who_holds_it(tmp_path: Path):
    office = open_office(tmp_path)
    case = next(held.case for held in office.held.values() if held.case.claimed_by == WANG.id and held.case.open)
    for who, may in ((WANG, True), (LI, False)):
        shown = cards.card(case, who, office.county, office.now)
        assert shown
        assert ("release" in staff_shown.pressable(shown, who)) is may


def when(text: str) -> datetime:
    """A moment in the county."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


DUE = [
    ("2026-11-20 18:00", "2026-11-20 17:30", "还剩 30 分钟"),
    ("2026-11-20 18:00", "2026-11-20 17:59:40", "还剩 1 分钟"),
    ("2026-11-20 18:00", "2026-11-20 10:00", "还剩 8 小时"),
    ("2026-11-20 18:00", "2026-11-19 19:00", "还剩 23 小时"),
    ("2026-11-24 18:00", "2026-11-20 10:00", "还剩 2 个工作日"),
    ("2026-12-11 18:00", "2026-11-20 10:00", "还剩 15 个工作日"),
    ("2026-10-15 18:00", "2026-09-18 10:00", "还剩 15 个工作日"),  # 调休 and the long holiday
    ("2026-11-21 18:00", "2026-11-20 10:00", "还剩 32 小时"),  # a Saturday: no working day lies between
    ("2026-11-20 18:00", "2026-11-20 18:30", "已超期 30 分钟"),
    ("2026-11-20 18:00", "2026-11-20 22:00", "已超期 4 小时"),
    ("2026-11-20 18:00", "2026-11-22 10:00", "已超期 40 小时"),
    ("2026-11-20 18:00", "2026-11-24 18:30", "已超期 2 个工作日"),
    ("2027-01-06 18:00", "2026-12-30 10:00", "还剩 5 个工作日（节假日未公布，按周一至周五算）"),
]


@pytest.mark.parametrize(("due", "now", "said"), DUE)
def test_time_left_in_words(due: str, now: str, said: str):
    def word(key: str, **gaps: object) -> str:
        return fill(TEXTS["zh"], key, {name: str(value) for name, value in gaps.items()})

    assert due_words(when(due), when(now), sample_county(), word) == said


def test_suggested_extension_is_five_working_days_on():
    county = sample_county()
    assert suggested(when("2026-11-20 18:00"), when("2026-11-10 10:00"), county).isoformat() == "2026-11-27"
    assert suggested(when("2026-11-01 18:00"), when("2026-11-20 10:00"), county).isoformat() == "2026-11-27"
    assert suggested(None, when("2026-09-25 10:00"), county).isoformat() > "2026-10-01"
