"""查进度: one of my cases, or any by number and query code."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from cases.case import Act, Actor, Case, Event, State, is_tip
from cases.guards import reopenable
from cases.lifecycle import TRANSITIONS
from cases.tips import stage
from handlers.citizen.tip_progress import locked
from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say, Words
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Take, Unfit
from handlers.questions.choice import Choice
from handlers.scripts import SCRIPTS, Next, Result, script
from handlers.staff.card import topic_path
from handlers.talk import Answer
from handlers.time_words import clock_words, day_words
from handlers.wording import fill
from handlers.words import case_number, query_code

SHOWN_CASES = 8

# What the citizen hears of a case's history; the rest is the office's own business.
TOLD_ACTS = frozenset(
    {Act.FILE, Act.ACCEPT, Act.REFUSE, Act.TRANSFER, Act.RETURN, Act.ASK, Act.SUPPLEMENT, Act.EXTEND, Act.ANSWER}
    | {Act.CLOSE, Act.LAPSE, Act.REOPEN, Act.WITHDRAW, Act.MERGE, Act.ESCALATE, Act.URGE, Act.RATE_WELL}
    | {Act.RATE_BADLY, Act.WAIT_OUT, Act.TOLD, Act.PROGRESS, Act.RECHECK, Act.CONFIRM, Act.SPLIT}
)


@script("progress")
def progress(desk: Desk, other: bool = False) -> Generator[Question, Any, Result]:
    """Mine first, a single one at once; else (or for `other`) number and code."""
    if not other and desk.my_tips():
        return Result(then=Next("mine"))
    mine = () if other else desk.my_cases()[:SHOWN_CASES]
    joined = () if other else desk.joined_cases()[: SHOWN_CASES - len(mine)]
    if len(mine) == 1 and not joined:
        return _shown(desk, mine[0], Option("progress:other", Say("progress.other"), "quiet"))
    if len(joined) == 1 and not mine:
        return (yield from SCRIPTS["joined"](desk, joined[0].id))
    picked = "other"
    if mine or joined:
        options = tuple(Option(str(case.id), case_line(desk, case)) for case in mine)
        options += tuple(Option(f"joined:{case.id}", joined_line(desk, case)) for case in joined)
        picked = yield Choice(
            "case", Say("progress.mine"), options=(*options, Option("other", Say("progress.other"), "quiet"))
        )
    if picked == "other":
        case: Case = yield CodeQuestion("code")
        if is_tip(case.id):
            return Result(then=Next("tip_more", {"case": case.id}))
        return _shown(desk, case, opened=case.id)
    return _shown(desk, next(case for case in mine if str(case.id) == picked))


@script("mine", wiped=True)
def mine(desk: Desk) -> Generator[Question, Any, Result]:
    """The same for somebody who handed in a tip: the talk must not keep that it stood in the list."""
    cases, tips = desk.my_cases()[:SHOWN_CASES], desk.my_tips()[:SHOWN_CASES]
    options = tuple(Option(str(case.id), case_line(desk, case)) for case in cases)
    options += tuple(Option(str(tip.id), _tip_line(tip)) for tip in tips)
    picked = yield Choice(
        "case", Say("progress.mine"), options=(*options, Option("other", Say("progress.other"), "quiet"))
    )
    if picked == "other":
        return Result(then=Next("progress", {"other": True}))
    found = next(case for case in (*cases, *tips) if str(case.id) == picked)
    return locked(found) if is_tip(found.id) else _shown(desk, found)


def _tip_line(tip: Case) -> Say:
    return Say("tip.row", {"no": tip.no, "stage": Say(f"tip.stage.{stage(tip)}")})


def _shown(desk: Desk, case: Case, *more: Option, opened: int = 0) -> Result:
    status = status_reply(desk, case)
    status = replace(status, options=(*status.options[:-1], *more, status.options[-1]))
    return Result((status,), opened=opened, remember={"recent": case.id, "recent_at": desk.now})


@dataclass(frozen=True)
class CodeQuestion(Question):
    """Case number and query code, together or one after the other. Wrong and unknown look the same."""

    @property
    def counted(self) -> bool:
        """Numbers are what is asked for."""
        return False

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The number, then the code."""
        if partial:
            key = "progress.tip_code" if partial["no"].startswith(desk.county.office.tip_prefix) else "progress.code"
            return Reply((Say(key, {"no": partial["no"]}),), (_menu(),), wants="text")
        return Reply((Say("progress.number"),), (_menu(),), wants="text")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """Checked once, here; the answer keeps only the case."""
        if inbound.choice:
            return STALE
        no = case_number(inbound.text, desk.county.office.case_prefix) or (partial or {}).get("no", "")
        code = query_code(inbound.text)
        if not no:
            return Miss(Say("progress.no_number" if code else "progress.bad_number"))
        if not code:
            typed = case_number(inbound.text, desk.county.office.case_prefix)
            return (
                More({"no": no})
                if typed
                else Miss(Say("progress.bad_code", {"no": no, "phone": desk.county.office.phone}))
            )
        case = desk.case_by_code(no, code)
        return Got({"case": case.id}) if case else Miss(Say("progress.no_match"))

    def value(self, desk: Desk, answer: Answer) -> Case:
        """The case that was opened."""
        case = desk.case(answer["case"])
        if case is None:
            raise Unfit(Say("progress.no_match"))
        return case


def case_line(desk: Desk, case: Case) -> str:
    """One line for a list: number, topic, state."""
    texts = desk.county.texts[desk.lang]
    topic = desk.county.topic_by_code.get(case.topic)
    about = topic.label(desk.lang) if topic else case.topic
    return f"{case.no} {about} · {texts.get(f'state.{case.state}', case.state)}"


def joined_line(desk: Desk, case: Case) -> Say:
    """The same for a case the citizen joined."""
    return Say("join.line", {"line": case_line(desk, case)})


def status_reply(desk: Desk, case: Case) -> Reply:
    """Where a case stands, what happened, what the citizen can do now."""
    unit = desk.county.department_by_id.get(case.department)
    head = Say(
        "progress.head",
        {
            "no": case.no,
            "state": Say(f"state.{case.state}"),
            "topic": topic_path(desk.county, case.topic, desk.lang),
            "unit": unit.label(desk.lang) if unit else "",
        },
    )
    due: tuple[Words, ...] = ()
    if case.answer_by and case.state in (State.FILED, State.HANDLING, State.WAITING):
        key = "progress.late" if desk.now > case.answer_by else "progress.due"
        due = (Say(key, {"day": day_words(desk.county, case.answer_by, desk.lang)}),)
    steps = "\n".join(line for event in desk.events(case.id) if (line := _step(desk, event)))
    return Reply((head, *due, steps), actions(desk, case), case_id=case.id)


def _step(desk: Desk, event: Event) -> str:
    if event.act not in TOLD_ACTS:
        return ""
    texts = desk.county.texts[desk.lang]
    line = f"{clock_words(desk.county, event.at, desk.lang)} {texts.get(f'step.{event.act}', '')}"
    if event.act is Act.RATE_WELL:
        line += fill(texts, "step.score", {"level": texts.get(f"rate.level_{event.data['score']}", "")})
    shows_text = event.act in (Act.ANSWER, Act.ASK, Act.SUPPLEMENT, Act.CLOSE, Act.TOLD, Act.PROGRESS)
    return f"{line}\n　{event.text}" if shows_text and event.text else line


def actions(desk: Desk, case: Case) -> tuple[Option, ...]:
    """The buttons under a case: what the table and the windows allow the citizen."""
    moves = TRANSITIONS[case.state]
    options: list[Option] = []
    rated = case.score and case.state is State.CLOSED
    if Act.RATE_WELL in moves and not rated and reopenable(case, desk.now, desk.county.office.limits):
        options.append(Option(f"rate:{case.id}", Say("progress.rate"), "primary"))
    if Act.SUPPLEMENT in moves:
        style = "primary" if case.state is State.WAITING else "plain"
        options.append(Option(f"supplement:{case.id}", Say("progress.supplement"), style))
    if Act.URGE in moves and case.state in (State.FILED, State.HANDLING):
        options.append(Option(f"urge:{case.id}", Say("progress.urge")))
    if Act.WITHDRAW in moves and case.state is not State.ANSWERED:
        options.append(Option(f"withdraw:{case.id}", Say("progress.withdraw"), "quiet"))
    return (*options, _menu())


def _menu() -> Option:
    return Option("menu", Say("word.menu"), "quiet")


def citizen(desk: Desk) -> Actor:
    """The citizen as the actor of a command."""
    return Actor("citizen", desk.citizen.id)
