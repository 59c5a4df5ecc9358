"""The whole office over weeks, as turns over a real store: everybody acts, some are moved or leave, custodians look
at names, messages come twice, the power goes. What may never be otherwise is looked at after every step."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select

from bot import leaving
from bot.store import cases, staff
from bot.store.inline import InlineStore
from bot.store.tables import case as case_table
from bot.store.tables import obligation
from bot.timers import Timers
from bot.web.tips_desk import TipRefused
from cases.case import Act, Actor, Case, Role, is_tip
from cases.lifecycle import possible
from handlers.messages import Inbound, Taken
from handlers.staff.card import CardQuery
from tests.cases.law import BESIDE, OWED
from tests.tips.stage import NAME, PHONE, TipTown

T = TypeVar("T")
DEEP = bool(os.environ.get("ZHITONG_DEEP"))
EXAMPLES, STEPS = (5000, 50) if DEEP else (12, 50)
MEMORY = Path("/dev/shm")  # where there is one: a power cut here is a transaction that does not end, not a disk
ALL_BESIDE = {duty for duties in BESIDE.values() for duty in duties}
CITIZENS = ("farmer", "miner", "teacher")
UNITS = ("shuiwu", "jiaotong", "hekou", "zhiban", "jijian")
ACCUSED = "hekou"
TOPICS = (("07.02", "自来水黄得很，一个多星期没人来修"), ("06.03", "公路坑坑洼洼，没人来补"))


class PowerCut(Exception):
    """The machine goes off while the transaction is being committed."""


class WholeLife(RuleBasedStateMachine):
    """One county office and everybody around it."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.runner = asyncio.Runner()
        self.town = TipTown(Path(self.folder.name))
        self.path = Path(self.folder.name) / "office.sqlite3"
        self._opens()
        self.past: list[tuple[Inbound, Taken]] = []
        self.spoken: dict[str, int] = {}
        self.granted: dict[tuple[str, int], Any] = {}

    def _opens(self) -> None:
        """The house over the file, as after any start."""
        core, store = self.town.core, InlineStore(self.path)
        store.before_commit.append(core.vault.keys.commit)
        core.store = store
        self.timers = Timers(store, self._quietly, lambda: self.town.now)

    @initialize()
    def opens_its_doors(self) -> None:
        """Staff are taken on."""
        self._run(self.town.open())
        town, hire = self.town, self.town.hire
        self.people: dict[str, Actor] = {one.name: one for one in (town.zhou, town.wu, *town.others)}
        for name, unit in (("王芳", "shuiwu"), ("李强", "shuiwu"), ("陈静", "jiaotong")):
            self.people[name] = self._run(hire(name, Role.CLERK, unit))
        self.gone: set[str] = set()
        self.steps = self.cuts = 0

    def teardown(self) -> None:
        """Every case has all its events, in order."""
        self._holds()
        for held in self._cases():
            events = self._read(lambda conn, held=held: cases.events(conn, self.town.core.vault, held.id))
            assert [event.seq for event in events] == list(range(1, held.rev + 1))
        self._run(self.town.close())
        self.runner.close()
        self.folder.cleanup()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._run(self.town.read(work))

    def _cases(self) -> list[Case]:
        """Every case, in the order in which they were filed: the ids of tips are random."""
        found = self._read(lambda conn: cases.many(conn, self.town.core.vault, select(case_table)))
        order = list(self.spoken)
        return sorted(found, key=lambda held: order.index(held.no) if held.no in order else -1)

    # --- what happens ----------------------------------------------------------------------------------

    @rule(who=st.sampled_from(CITIZENS), topic=st.sampled_from(TOPICS))
    def a_citizen_files(self, who: str, topic: tuple[str, str]) -> None:
        """From 反映问题 to 提交."""
        held = self._run(self.town.file(who, *topic))
        self.spoken[held.no] = held.id
        self.seen["filed"] += 1

    @rule(who=st.sampled_from(CITIZENS), named=st.booleans())
    def somebody_informs(self, who: str, named: bool) -> None:
        """A tip about the town."""
        contact = f"{NAME} {PHONE}" if named else "anonymous"
        held, _, code = self._run(self.town.hand_in(who, contact=contact))
        assert code == self.town.core.code_of(held.id)
        self.spoken[held.no] = held.id
        self.seen["tip"] += 1

    @precondition(lambda self: self.spoken)
    @rule(choose=st.data(), times=st.integers(1, 8))
    def staff_press(self, choose: st.DataObject, times: int) -> None:
        """Some of them press buttons that are there, filled in as they should be; it is done, or a reason is given."""
        no = _one(choose, list(self.spoken))
        for _ in range(times):
            self._presses(choose, next(held for held in self._cases() if held.no == no))

    def _presses(self, choose: st.DataObject, held: Case) -> None:
        buttons = {name: [act for act in possible(held, who) if act in FILLED] for name, who in self.people.items()}
        busy = sorted(name for name, acts in buttons.items() if acts)
        if not busy:  # a tip about its own examiners is with the city, which has nobody here
            return
        who = _one(choose, busy)
        act = _one(choose, buttons[who])
        fields = {name: value for name, value in FILLED[act].items() if name != "text"}
        if act is Act.MERGE:
            fields["into"] = _one(choose, list(self.spoken))
        if act in (Act.TRANSFER, Act.CROSSCHECK):
            fields["department"] = _one(choose, UNITS)
        if act is Act.ACCUSE:
            fields["departments"] = _one(choose, ("", *UNITS))
        if act is Act.REQUEST:
            fields["until"] = f"{(held.answer_by or self.town.now) + timedelta(days=20):%Y-%m-%d}"
        taken = self._take("staff", str(self.people[who].id), act, held.no, FILLED[act].get("text", ""), fields)
        if "error" not in taken.data:
            assert who not in self.gone, "somebody who is gone did something"
            self.seen[act] += 1

    @precondition(lambda self: self.spoken)
    @rule(choose=st.data(), verb=st.sampled_from(["urge", "withdraw", "supplement", "rate", "progress"]))
    def a_citizen_comes_back(self, choose: st.DataObject, verb: str) -> None:
        """A button of a case, and an answer to whatever is asked."""
        held_id = _one(choose, list(self.spoken.values()))
        who = _one(choose, CITIZENS)
        token = f"rate:{held_id}:{choose.draw(st.integers(1, 5))}" if verb == "rate" else f"{verb}:{held_id}"
        for choice, text in ((token, ""), ("yes", ""), ("", "还是没有解决，请再看看")):
            self._take("web", who, choice, text=text)
        self._take("web", who, "menu")

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 4, 24 * 20]))
    def time_passes(self, hours: int) -> None:
        """What is due happens."""
        until = self.town.now + timedelta(hours=hours)
        while self.town.now < until:
            self.town.now = min(until, self.town.now + timedelta(hours=12))
            while self._run(self.timers.sweep()):
                pass

    @precondition(lambda self: self.past)
    @rule(choose=st.data())
    def a_message_comes_again(self, choose: st.DataObject) -> None:
        """The same key: nothing happens, and nothing new is said."""
        inbound, first = _one(choose, self.past[-30:])
        before = [(held.no, held.rev) for held in self._cases()]
        again = self._run(self.town.take(replace(inbound, at=self.town.now)))
        assert again.duplicate
        kept = [letter.id for letter in first.letters if letter.id]
        assert [letter.id for letter in again.letters if letter.id] in (kept, [])
        assert before == [(held.no, held.rev) for held in self._cases()]

    @precondition(lambda self: self.spoken)
    @rule(choose=st.data(), late=st.booleans())
    def the_power_goes(self, choose: st.DataObject, late: bool) -> None:
        """In the commit of a note, or just after it, before anybody heard: it is said again, and stands there once."""
        held = _one(choose, [one for one in self._cases() if not is_tip(one.id)] or [None])
        wang = self.people["王芳"]
        if held is None or possible(held, wang).count(Act.NOTE) == 0 or "王芳" in self.gone:
            return
        words = f"已到现场 {self.town.now:%d %H%M%S}"
        self.cuts += 1
        inbound = Inbound("staff", f"cut{self.cuts}", str(wang.id), self.town.now, words, "note", case=held.no)
        store = self.town.core.store
        if late:
            self._run(self.town.take(inbound))
        else:
            store.before_commit.append(_cut)
            with pytest.raises(Exception):  # noqa: B017 - whatever the store makes of it, nobody was answered
                self._run(self.town.take(inbound))
        self._run(store.close())
        self._opens()
        again = self._run(self.town.take(inbound))
        assert again.duplicate == late
        now = next(one for one in self._cases() if one.id == held.id)
        assert now.rev == held.rev + ("error" not in again.data)
        self.seen["power"] += 1

    # --- who is there, and who may look ----------------------------------------------------------------

    @rule(choose=st.data(), unit=st.sampled_from(UNITS), rarely=st.integers(0, 3))
    def somebody_is_moved_or_leaves(self, choose: st.DataObject, unit: str, rarely: int) -> None:
        """To another department, out, or back again elsewhere."""
        if rarely:
            return
        name = _one(choose, sorted(self.people))
        core, who = self.town.core, self.people[name]
        if name in self.gone:
            roles = [role.value for role in who.roles]
            self._run(core.store.write(lambda conn: staff.add(conn, name, roles, unit, self.town.now)))
            self.gone.discard(name)
        elif choose.draw(st.booleans()):
            self._run(leaving.let_go(core, name))
            self.gone.add(name)
        else:
            self._run(leaving.move(core, name, unit))
        row = next(row for row in self._read(staff.list_staff) if row.name == name)
        self.people[name] = staff.as_actor(row)
        self.granted = {key: until for key, until in self.granted.items() if key[1] != who.id}
        if name in self.gone or unit != who.unit:
            mine = select(case_table.c.no).where(case_table.c.open, case_table.c.claimed_by == who.id)
            left = self._read(lambda conn: list(conn.execute(mine).scalars()))
            assert [no for no in left if not no.startswith("JB")] == [], "claimed by somebody who is elsewhere"
        self.seen["moved"] += 1

    @precondition(lambda self: any(no.startswith("JB") for no in self.spoken))
    @rule(choose=st.data(), deeds=st.lists(st.sampled_from(["ask", "decide", "look"]), min_size=1, max_size=6))
    def somebody_wants_the_name(self, choose: st.DataObject, deeds: list[str]) -> None:
        """Anybody tries; only a custodian to whom another gave their word sees it, for a quarter of an hour."""
        for deed in deeds:
            self._wants_the_name(choose, deed)

    @precondition(lambda self: any(no.startswith("JB") for no in self.spoken))
    @rule(choose=st.data(), two=st.permutations(["周正", "吴静"]), minutes=st.sampled_from([0, 14, 16]))
    def two_custodians_agree(self, choose: st.DataObject, two: list[str], minutes: int) -> None:
        """One asks, the other gives their word, the first looks in time or too late."""
        no = _one(choose, [no for no in self.spoken if no.startswith("JB")])
        asks, agrees = two
        self._wants(no, asks, "ask")
        self._wants(no, agrees, "decide")
        self.town.now += timedelta(minutes=minutes)
        self._wants(no, asks, "look")

    def _wants_the_name(self, choose: st.DataObject, deed: str) -> None:
        no = _one(choose, [no for no in self.spoken if no.startswith("JB")])
        self._wants(no, _one(choose, sorted(self.people)), deed)

    def _wants(self, no: str, name: str, deed: str) -> None:
        who, desk = self.people[name], self.town.door.tips
        try:
            if deed == "ask":
                self._run(desk.ask(who, no, "要当面核实"))
            elif deed == "decide":
                waiting = [one for one in self._run(desk.askings(who, no)) if one.state == "waiting"]
                if waiting:
                    self._run(desk.decide(who, no, waiting[0].id, True))
                    asked = next(one.id for one in self.people.values() if one.name == waiting[0].who)
                    assert asked != who.id, "alone"
                    self.granted[no, asked] = self.town.now + timedelta(minutes=15)
            else:
                found = self._run(desk.look(who, no))
                assert self.granted.get((no, who.id), self.town.now) > self.town.now, "seen without another's word"
                assert found.name == NAME
                self.seen["looked"] += 1
            assert Role.CUSTODIAN in who.roles and name not in self.gone and who.unit == "jijian"
            self.seen[f"reveal.{deed}"] += 1
        except TipRefused:
            pass

    # --- what always holds -----------------------------------------------------------------------------

    @invariant()
    def what_must_always_hold(self) -> None:
        """Looked at after every seventh step and at the end."""
        self.steps += 1
        if self.steps % 7 == 0:
            self._holds()

    def _holds(self) -> None:
        self._every_number_that_was_spoken_is_a_case()
        self._exactly_what_is_owed_is_owed_once()
        self._nobody_else_sees_a_tip()

    def _every_number_that_was_spoken_is_a_case(self) -> None:
        """And no case is there that nobody was told of."""
        assert {held.no: held.id for held in self._cases()} == self.spoken

    def _exactly_what_is_owed_is_owed_once(self) -> None:
        """In the rows, as in the law."""
        rows = select(obligation.c.case_id, obligation.c.duty).where(obligation.c.settled_at.is_(None))
        owed: dict[int, Counter[str]] = {}
        for case_id, duty in self._read(lambda conn: list(conn.execute(rows))):
            owed.setdefault(case_id, Counter())[duty] += 1
        for held in self._cases():
            duties = owed.get(held.id, Counter())
            if not is_tip(held.id):
                assert {duty for duty in duties if duty not in ALL_BESIDE} == OWED[held.state], held
            assert [duty for duty, n in duties.items() if n > 1 and duty != "assist"] == []

    def _nobody_else_sees_a_tip(self) -> None:
        """Neither the accused unit nor anybody who is not with the discipline office."""
        for name, who in getattr(self, "people", {}).items():
            if name in self.gone or who.unit == "jijian":
                continue
            page = self._run(self.town.door.cards(who, CardQuery("all", limit=100)))
            assert [card.no for card in page.cards if card.no.startswith("JB")] == [], name

    # --- the hands ---------------------------------------------------------------------------------------

    def _take(
        self, channel: str, sender: str, choice: str, no: str = "", text: str = "", fields: dict[str, str] | None = None
    ) -> Taken:
        self.town.now += timedelta(seconds=1)
        key = f"m{len(self.past)}"
        inbound = Inbound(channel, key, sender, self.town.now, text, choice, case=no, fields=fields or {})
        taken = self._run(self.town.take(inbound))
        self.past.append((inbound, taken))
        return taken

    async def _quietly(self, inbound: Inbound) -> Taken:
        return await self.town.take(inbound)


def _one(choose: st.DataObject, things: Sequence[T]) -> T:
    """One of them; how many there are does not shape what is drawn."""
    return things[choose.draw(st.integers(0, 999)) % len(things)]


def _cut() -> None:
    raise PowerCut


FILLED: dict[Act, dict[str, str]] = {  # what the forms of the staff room send along
    Act.CLAIM: {},
    Act.RELEASE: {},
    Act.ACCEPT: {},
    Act.REFUSE: {"ground": "susong", "text": "法院已经受理"},
    Act.TRANSFER: {"text": "请接着办"},
    Act.RETURN: {"text": "不归我们管"},
    Act.ASK: {"text": "请说清是哪一组"},
    Act.REQUEST: {"text": "要等配件"},
    Act.EXTEND: {"text": "要等配件"},
    Act.DECLINE: {"text": "配件三天能到"},
    Act.PROGRESS: {"text": "配件已经订了"},
    Act.ANSWER: {"text": "已抢修，今晚来水"},
    Act.CLOSE: {"text": "已经修好", "evidence": "现场照片"},
    Act.REOPEN: {"text": "回头看不合格"},
    Act.MERGE: {"text": "同一件事"},
    Act.ESCALATE: {"text": "久拖不决"},
    Act.SUPERVISE: {"text": "请三天内办结"},
    Act.NOTE: {"text": "等水厂回话"},
    Act.TOLD: {"text": "说了今晚来水", "how": "phone"},
    Act.CONCLUDE: {"text": "查清了"},
    Act.CROSSCHECK: {},
    Act.ACCUSE: {"text": "说的是这个单位的人"},
    Act.HOLD: {"text": "正在复查"},
    Act.UNHOLD: {"text": "复查完了"},
}


@pytest.mark.timeout(0 if DEEP else 300)
def test_the_whole_office_over_weeks() -> None:
    WholeLife.seen.clear()
    bounds = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not DEEP,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(WholeLife, settings=bounds)
    done = WholeLife.seen
    assert len(done) > 10 and done.total() > 8 * EXAMPLES, "and has not been idle"
