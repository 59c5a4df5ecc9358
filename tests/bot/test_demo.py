"""The demo: a past that holds together on any day of the year, codes that last, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO, NamedTuple

import pytest
from sqlalchemy import select

from bot.demo.office import MEMORY, DemoDoor, Memory
from bot.demo.plan import Calendar, Sample, load_plan
from bot.office import StaffDoor
from bot.reading import reading
from bot.store import cases as rows
from bot.store import staff
from bot.store.connect import DATABASE
from bot.store.tables import case as case_table
from bot.store.tables import obligation
from cases.case import Act, Case, Event, Role, State
from config.load import SiteErrors
from config.settings import Settings
from tests.bot import past
from tests.bot.command import environment, fetched, free_port, interrupted, running, zhitong

# A Sunday, the day after a week of holidays, the first days of a year, a day in a year without a calendar.
TODAYS = [
    datetime(2026, 11, 22, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 8, 2, 0, tzinfo=UTC),
    datetime(2026, 1, 5, 9, 0, tzinfo=UTC),
    datetime(2027, 3, 3, 15, 0, tzinfo=UTC),
]


class Past(NamedTuple):
    """What is found of a played plan."""

    cases: Mapping[str, Case]
    events: Mapping[str, list[Event]]
    asleep: bool


def shown() -> list[Sample]:
    """The plan's cases that a command line lists: no tips."""
    return [sample for sample in load_plan().cases if not sample.tip]


def found(folder: Path, numbers: Mapping[str, str], now: datetime) -> Past:
    """The cases by the plan's keys, as they are in the database."""
    with reading(Settings(data_dir=folder)) as desk:
        by_no = {held.no: held for held in rows.many(desk.conn, desk.vault, select(case_table))}
        happened = {key: rows.events(desk.conn, desk.vault, by_no[no].id) for key, no in numbers.items()}
        late = select(obligation.c.id).where(obligation.c.settled_at.is_(None), obligation.c.wake_at <= now)
        asleep = desk.conn.execute(late).first() is None
    return Past({key: by_no[no] for key, no in numbers.items()}, happened, asleep)


@pytest.mark.parametrize("now", TODAYS, ids=lambda now: f"{now:%Y-%m-%d}")
def test_the_past_is_whole_whenever_the_demo_is_started(tmp_path: Path, now: datetime) -> None:
    plan, numbers = load_plan(), past.play(tmp_path, now=now)
    done = found(tmp_path, numbers, now)
    ends = {sample.key: sample.ends for sample in plan.cases}
    assert {key: held.state for key, held in done.cases.items()} == ends
    assert set(ends.values()) == set(State)
    assert any(held.open and held.answer_by and held.answer_by < now for held in done.cases.values())
    assert any(held.open and held.supervised for held in done.cases.values())
    assert any(held.open and held.urgent and held.opened_at > now - timedelta(hours=1) for held in done.cases.values())
    assert done.asleep
    for events in done.events.values():
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[-1].at <= now


def test_reminders_came_at_their_hour(tmp_path: Path) -> None:
    now = TODAYS[0]
    done = found(tmp_path, past.play(tmp_path, now=now), now)
    due = [event for event in done.events["no-water-uphill"] if event.act is Act.REMIND]
    assert [(event.text, event.data["evidence"]) for event in due] == [
        ("answer", "50"),
        ("answer", "80"),
        ("answer", "due"),
        ("answer", "attention"),
        ("supervised", "due"),
    ]
    assert due[2].at == done.cases["no-water-uphill"].answer_by
    lapsed = done.events["water-price"]
    answered = next(event for event in lapsed if event.act is Act.ANSWER)
    assert next(event for event in lapsed if event.act is Act.LAPSE).at == answered.at + timedelta(days=7)


def test_the_cast() -> None:
    plan = load_plan()
    roles = [role for one in plan.staff for role in one.roles]
    wanted = {Role.CLERK: 2, Role.DISPATCHER: 1, Role.SUPERVISOR: 1, Role.ADMIN: 1, Role.CUSTODIAN: 2}
    assert {role: roles.count(role) for role in Role} == wanted
    assert {one.unit for one in plan.staff} <= set(past.site().county.department_by_id)


def test_a_slip_in_the_plan_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "demo.yaml"
    broken.write_text("staff: []\npeople: []\ncases:\n  - {key: a, by: liu, when: tomorrow}\n", "utf-8")
    with pytest.raises(SiteErrors, match=r"config/demo.yaml:4"):
        load_plan(broken)


def test_days_are_working_days_before_today() -> None:
    calendar = Calendar(past.site().county, datetime(2026, 10, 8, 2, 0, tzinfo=UTC))
    assert calendar.moment("19 09:00") == datetime(2026, 9, 30, 1, 0, tzinfo=UTC)
    assert calendar.moment("-1 10:00") == datetime(2026, 10, 7, 2, 0, tzinfo=UTC)
    assert calendar.moment("-40m") == datetime(2026, 10, 8, 1, 20, tzinfo=UTC)
    assert calendar.began == calendar.moment("0 00:00")


# --- the doors --------------------------------------------------------------------------------------------


def test_a_demo_code_lasts_and_an_office_code_does_not(tmp_path: Path) -> None:
    asyncio.run(_both_doors(tmp_path))


async def _both_doors(folder: Path) -> None:
    from bot.app import open_core

    core = open_core(Settings(data_dir=folder), past.site())
    try:
        now = datetime.now(UTC)
        code = await core.store.write(lambda conn: staff.add(conn, "王芳", ["clerk"], "shuiwu", now))
        played = asyncio.Event()
        demo, office = DemoDoor(core, {"王芳": code}, played), StaffDoor(core, "")

        waiting = asyncio.create_task(demo.redeem(code, "a first password"))
        await asyncio.sleep(0.05)
        assert not waiting.done()  # nobody comes in while the past is being played
        played.set()
        token = await waiting
        assert token is not None
        who = await demo.staff_by_session(token)
        assert who is not None
        assert who.name == "王芳"

        assert await office.redeem(code, "another password") is None  # to the office it was used up
        assert await demo.redeem(code, "a second password")
        assert await demo.log_in("王芳", "a second password", "here")
        assert await demo.log_in("王芳", code.lower(), "here")  # the code is a password as well
        assert await demo.log_in("王芳", code, "here")
        assert await demo.log_in("李敏", code, "here") is None
        assert await demo.redeem("0000-0000-0000", "a third password") is None
    finally:
        await core.close()


# --- as a visitor meets it --------------------------------------------------------------------------------

LINE = re.compile(r"^  (\S+) +(\S+) +(\S+) +([0-9A-Z-]{14})  (http\S+)$")


class Shown(NamedTuple):
    """One line of the table of codes."""

    name: str
    role: str
    unit: str
    code: str
    link: str


class Visitor:
    """A browser with cookies, without scripts."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str, **form: str) -> str:
        """A page; with a form, what comes back for it. The page's own token is added."""
        url = urllib.parse.urljoin(self._root, path)
        body = None
        if form:
            token = re.search(r'name="form" value="([^"]+)"', self.open(path))
            assert token is not None
            body = urllib.parse.urlencode({"form": token[1], **form}).encode()
        headers = {"Accept": "text/html", "Origin": self._root.rstrip("/")}
        with self._opener.open(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return answer.read().decode()


def test_from_the_first_page_to_ctrl_c_and_again(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    root = f"http://127.0.0.1:{port}/"
    elsewhere = environment(ZHITONG_DATA_DIR=str(tmp_path / "office"), ZHITONG_SITE=str(tmp_path / "nowhere"))
    with running("demo", "--no-browser", "--port", port, "--data", folder, env=elsewhere) as demo:
        assert fetched(root)[0] == 200
        table = told(demo.stdout, "sample cases are in")
        for _ in range(2):  # the same code, from two browsers
            browser = Visitor(root)
            assert table[0].name in browser.open(
                "staff/start", code=table[0].code, password="a long password", again="a long password"
            )
        assert table[2].name in Visitor(root).open("staff/login", name=table[2].name, password=table[2].code)
        code, _, err = interrupted(demo)
    assert (code, err) == (0, "")
    assert [one.role for one in table].count("clerk") == 2
    assert {one.role for one in table} == set(Role)
    assert all(one.link == f"{root}staff/start#{one.code}" for one in table)
    assert not (tmp_path / "office").exists()

    before = json.loads((folder / MEMORY).read_text("utf-8"))
    with running("demo", "--no-browser", "--port", port, "--data", folder) as demo:
        assert fetched(root)[0] == 200
        again = told(demo.stdout, "Ctrl-C ends the demo")
        assert interrupted(demo)[0] == 0
    assert again == table
    assert json.loads((folder / MEMORY).read_text("utf-8")) == before
    assert len(zhitong("cases", "list", "--data", folder).stdout.splitlines()) == len(shown())


def told(stdout: IO[str] | None, until: str) -> list[Shown]:
    """The table of codes, when a certain line has been read."""
    table: list[Shown] = []
    for line in stdout or ():
        if one := LINE.match(line):
            table.append(Shown(*one.groups()))
        if until in line:
            return table
    raise AssertionError(f"never said: {until}")


def test_without_a_folder_nothing_is_left(tmp_path: Path) -> None:
    port = free_port()
    with running("demo", "--no-browser", "--lan", "--port", port, env=environment(TMPDIR=str(tmp_path))) as demo:
        assert fetched(f"http://127.0.0.1:{port}/healthz")[0] == 200
        assert len(list(tmp_path.glob("zhitong-demo-*"))) == 1
        code, out, err = interrupted(demo)
    assert (code, err) == (0, "")
    assert re.search(rf"^  http://[\d.]+:{port}/$", out, re.MULTILINE)
    assert out.count("█") > 100  # the QR
    assert list(tmp_path.glob("zhitong-demo-*")) == []
    assert tempfile.gettempdir() != str(tmp_path)


def test_a_demo_cut_short_begins_anew(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    with running("demo", "--no-browser", "--port", port, "--data", folder) as demo:
        fetched(f"http://127.0.0.1:{port}/healthz")
        demo.kill()
    memory = Memory.read(folder)
    assert memory is not None
    memory.whole = False
    memory.write(folder)
    with running("demo", "--no-browser", "--port", port, "--data", folder) as demo:
        told(demo.stdout, "sample cases are in")
        assert interrupted(demo)[0] == 0
    assert len(zhitong("cases", "list", "--data", folder).stdout.splitlines()) == len(shown())


def test_a_demo_keeps_out_of_a_real_office(office: Path) -> None:
    before = (office / DATABASE).read_bytes()
    refused = zhitong("demo", "--no-browser", "--data", office)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "no demo" in refused.stderr
    assert (office / DATABASE).read_bytes() == before
    assert not (office / MEMORY).exists()
