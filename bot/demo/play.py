"""Plays the demo's past: every case goes its way through real turns while the house's clock runs through the days."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from bot import turn
from bot.app import House
from bot.core import utc_now
from bot.demo.plan import CITIZEN, Calendar, Plan, Sample, Step
from bot.store import cases, people
from bot.store.tables import obligation
from cases.case import Act, Case
from handlers.desk import Prepared
from handlers.messages import Inbound, Say, Taken

BETWEEN = timedelta(seconds=20)  # from one message of a citizen to the next
MOST_QUESTIONS = 20


class PlanBroken(Exception):
    """The plan asks for something that the office does not allow; the message names case and step."""


class DemoClock:
    """The clock of the house: stands where the play has got to, then runs as everybody's."""

    def __init__(self) -> None:
        self._stands: datetime | None = None

    def __call__(self) -> datetime:
        return self._stands or utc_now()

    def stand(self, at: datetime) -> None:
        """From now on it is `at`."""
        self._stands = at

    def run(self) -> None:
        """From now on it is as late as it is."""
        self._stands = None


@dataclass
class Player:
    """One performance. `addresses` are the sample citizens' channel addresses, `staff` the ids by name."""

    house: House
    clock: DemoClock
    plan: Plan
    calendar: Calendar
    addresses: dict[str, str]
    staff: dict[str, int]
    numbers: dict[str, str] = field(default_factory=dict[str, str])  # case numbers by the plan's keys
    said: int = 0

    async def play(self, until: datetime) -> None:
        """Everything that happened up to `until`, in order, reminders at their minute."""
        happenings: list[tuple[datetime, Callable[[datetime], Awaitable[None]]]] = []
        for sample in self.plan.cases:
            happenings.append((self.calendar.moment(sample.when), lambda at, s=sample: self._file(s, at)))
            for step in sample.steps:
                at = self.calendar.moment(step.when)
                happenings.append((at, lambda at, s=sample, step=step: self._step(s, step, at)))
        for at, happen in sorted(happenings, key=lambda item: item[0]):
            await self._wait_until(at)
            await happen(at)
        await self._wait_until(until)

    async def _wait_until(self, at: datetime) -> None:
        """Let the clock run on to a moment; what wakes on the way wakes at its own time."""
        while (wakes := await self.house.core.store.read(_next_wake)) and wakes <= at:
            self.clock.stand(max(wakes, self.clock()))
            await self.house.timers.sweep()
        self.clock.stand(max(at, self.clock()))

    # --- filing --------------------------------------------------------------------------------------

    async def _file(self, sample: Sample, at: datetime) -> None:
        if sample.by in self.staff:
            fields = {"topic": sample.topic, "place": sample.place, "story": sample.story, "consent": "yes"}
            taken = await self._press(sample.by, "file", "", at, {**fields, **sample.walk_in})
            self.numbers[sample.key] = taken.data["case"]
            return
        taken = await self._say(sample.by, at, choice="tip" if sample.tip else "report")
        for asked in range(MOST_QUESTIONS):
            question = await self._open_question(sample.by)
            if not question:
                break
            taken = await self._answer(sample, question, at + BETWEEN * (asked + 1))
        self.numbers[sample.key] = await self._number(taken, sample)

    async def _answer(self, sample: Sample, question: str, at: datetime) -> Taken:
        if question in ("story", "contact") and getattr(sample, question) != "anonymous":
            return await self._say(sample.by, at, text=getattr(sample, question))
        if question == "who" and sample.tip:
            return await self._say(sample.by, at, text=sample.tip.who)
        if question in sample.answers and question.startswith("q_"):
            return await self._say(sample.by, at, text=sample.answers[question])
        tokens = {"consent": "agree", "topic": sample.topic, "place": f"place:{sample.place}", "contact": "anonymous"}
        tokens |= {"rank": f"rank:{sample.tip.rank}"} if sample.tip else {}
        tokens |= {"submit": "submit", "official": "official:no", "danger": "danger:no", **sample.answers}
        return await self._say(sample.by, at, choice=tokens.get(question, "skip"))

    async def _open_question(self, person: str) -> str:
        """The name of the question that is open to a citizen; "" when none is."""

        def work(conn: Connection) -> str:
            vault, address = self.house.core.vault, self.addresses[person]
            known = people.find(conn, vault, "web", address, self.clock(), touch=False)
            return known.talk.pending.name if known and known.talk.script and known.talk.pending else ""

        return await self.house.core.store.read(work)

    async def _number(self, taken: Taken, sample: Sample) -> str:
        reply = taken.letters[-1].reply if taken.letters else None
        if reply and sample.tip and isinstance(said := reply.parts[0], Say):
            return str(said.args["no"])
        held = await self._case(reply.case_id) if reply and reply.case_id else None
        if held is None:
            raise PlanBroken(f"{sample.key}: the complaint was not filed")
        return held.no

    # --- what happens to a case ----------------------------------------------------------------------

    async def _step(self, sample: Sample, step: Step, at: datetime) -> None:
        if step.by == CITIZEN:
            await self._by_citizen(sample, step, at)
            return
        fields = {name: getattr(step, name) for name in ("department", "departments", "ground", "evidence", "how")}
        if step.into:
            fields["into"] = self.numbers[step.into]
        if step.until:
            fields["until"] = self.calendar.in_working_days(step.until).isoformat()
        taken = await self._press(step.by, step.act, self.numbers[sample.key], at, fields, step.text)
        if error := taken.data.get("error"):
            raise PlanBroken(f"{sample.key}: {step.by} may not {step.act}: {error}")
        person = next((one for one in self.plan.people if one.id == sample.by), None)
        if person and not person.away:
            await self.house.door.letters("web", self.addresses[person.id])

    async def _by_citizen(self, sample: Sample, step: Step, at: datetime) -> None:
        held = await self._by_number(self.numbers[sample.key])
        for said, message in enumerate(_messages(step, held.id)):
            await self._say(sample.by, at + BETWEEN * said, **message)
        after = await self._by_number(held.no)
        if after.rev == held.rev:
            raise PlanBroken(f"{sample.key}: the citizen may not {step.act}")

    # --- the two doors -------------------------------------------------------------------------------

    async def _say(self, person: str, at: datetime, text: str = "", choice: str = "") -> Taken:
        return await self._take(Inbound("web", self._key(), self.addresses[person], at, text=text, choice=choice))

    async def _press(
        self, who: str, act: str, case: str, at: datetime, fields: dict[str, str], text: str = ""
    ) -> Taken:
        sender = str(self.staff[who])
        return await self._take(Inbound("staff", self._key(), sender, at, text, act, case=case, fields=fields))

    async def _take(self, inbound: Inbound) -> Taken:
        """A turn like any other. Nothing is prepared: the plan knows its topics, so nothing need be searched."""
        core = self.house.core
        turned = await core.store.write(lambda conn: turn.take(conn, inbound, Prepared(), core.room()))
        return turned.taken

    def _key(self) -> str:
        self.said += 1
        return f"demo:{self.said}"

    async def _case(self, case_id: int) -> Case | None:
        return await self.house.core.store.read(lambda conn: cases.by_id(conn, self.house.core.vault, case_id))

    async def _by_number(self, no: str) -> Case:
        held = await self.house.core.store.read(lambda conn: cases.by_no(conn, self.house.core.vault, no))
        if held is None:
            raise PlanBroken(f"{no} is not there")
        return held


def _messages(step: Step, case_id: int) -> list[dict[str, str]]:
    """What a citizen sends to do something to a case of theirs."""
    words = [{"text": step.text}] if step.text else []
    match step.act:
        case Act.SUPPLEMENT:
            return [{"choice": f"supplement:{case_id}"}, *words, {"choice": "skip"}]
        case Act.RATE_WELL | Act.RATE_BADLY:
            return [{"choice": f"rate:{case_id}:{step.score}"}, *words]
        case _:
            return [{"choice": f"{step.act}:{case_id}"}, {"choice": f"{step.act}{case_id}:yes"}, *words]


def _next_wake(conn: Connection) -> datetime | None:
    return conn.execute(select(func.min(obligation.c.wake_at)).where(obligation.c.settled_at.is_(None))).scalar()
