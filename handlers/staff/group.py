"""A case as a staff group on a chat platform sees it: title, card, what happened since, and what may be pressed.

Nothing here names or locates a citizen. `number` shows number, topic and deadline; `redacted` the masked story, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cases.case import Act, State
from config.groups import Detail
from config.schema import County
from handlers.staff.card import Card, CaseFile, Step
from handlers.time_words import clock_words
from handlers.wording import fill
from handlers.words import case_number

TITLE_MOST = 100
STORY_MOST = 1500
TOLD_MOST = 700

# Acts that a citizen hears of: nothing of these goes out without a preview that was confirmed.
HEARD = frozenset(
    {Act.ACCEPT, Act.REFUSE, Act.TRANSFER, Act.ASK, Act.ANSWER, Act.CLOSE, Act.REOPEN, Act.SUPERVISE, Act.RETURN}
)
# Acts that need words first; the others are pressed.
WORDED = frozenset({Act.ANSWER, Act.ASK, Act.CLOSE, Act.REOPEN, Act.RETURN, Act.NOTE})
BUTTONS = (
    Act.CLAIM, Act.RELEASE, Act.ACCEPT, Act.ANSWER, Act.ASK, Act.REFUSE, Act.TRANSFER, Act.RETURN, Act.CLOSE,
    Act.REOPEN,
)  # fmt: skip
# What is told when it happens; the rest shows on the card.
TOLD = frozenset(
    {
        Act.SUPPLEMENT, Act.URGE, Act.RATE_WELL, Act.RATE_BADLY, Act.WITHDRAW, Act.WAIT_OUT, Act.LAPSE, Act.REMIND,
        Act.SUPERVISE, Act.TRANSFER, Act.RETURN, Act.ESCALATE, Act.ASK, Act.ANSWER, Act.CLOSE, Act.REFUSE, Act.REOPEN,
        Act.MERGE, Act.EXTEND,
    }
)  # fmt: skip
TURNS = {
    State.FILED: "office", State.HANDLING: "office", State.WAITING: "citizen", State.ANSWERED: "citizen",
}  # fmt: skip

_COMMAND = re.compile(r"/([a-z]{1,16})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_NUMBERED = re.compile(r"\s*[A-Za-z]{1,4}\s?-?\d{8}-\d{4,}[\s,，:：]*")


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command somebody typed: `/answer MS20261122-0001 words`."""

    name: str
    no: str
    words: str


def ordered(text: str, prefix: str) -> Ordered | None:
    """The command in a message; None when there is none. A number right behind it is the case that is meant."""
    match = _COMMAND.fullmatch(text)
    if match is None:
        return None
    words = (match.group(2) or "").strip()
    numbered = _NUMBERED.match(words)
    no = case_number(numbered.group(0), prefix) if numbered else ""
    return Ordered(match.group(1), no, words[numbered.end() :].strip() if numbered and no else words)


def title(card: Card, texts: Mapping[str, str]) -> str:
    """Whose turn it is, number, state and place, as the name of a topic."""
    turn = "late" if card.light == "overdue" else TURNS.get(State(card.state), "done")
    words = (texts.get(f"group.turn.{turn}", ""), card.no, texts.get(f"state.{card.state}", card.state), card.place)
    return " · ".join(word for word in words if word)[:TITLE_MOST]


def header(file: CaseFile, county: County, now: datetime, detail: Detail, lang: str = "zh") -> str:
    """The card that stands on top: what, where, by when, and who has it."""
    card, texts = file.card, county.texts[lang]
    lines = [f"{card.no} · {texts.get(f'state.{card.state}', card.state)}", _marks(card, texts), card.topic]
    lines.append(fill(texts, "group.unit", {"unit": card.department_name}))
    if card.claimed_by:
        lines.append(fill(texts, "group.claimed", {"who": card.claimed_name}))
    if card.answer_by and card.light != "done":
        late = "group.late" if card.light == "overdue" else "group.due"
        lines.append(fill(texts, late, {"day": clock_words(county, card.answer_by, lang)}))
    if detail == "redacted":
        lines += _story(file, texts)
    elif file.attachments or file.story:
        lines.append(texts.get("group.look", ""))
    return "\n".join(line for line in lines if line)


def _marks(card: Card, texts: Mapping[str, str]) -> str:
    marks = [name for name, on in (("urgent", card.urgent), ("supervised", card.supervised)) if on]
    return " ".join(texts.get(f"group.{name}", "") for name in marks)


def _story(file: CaseFile, texts: Mapping[str, str]) -> list[str]:
    card = file.card
    lines = [fill(texts, "group.place", {"place": card.place}) if card.place else "", "", file.story[:STORY_MOST]]
    lines += [f"{ask}：{answer}" for ask, answer in file.details]
    if file.attachments:
        lines.append(fill(texts, "group.files", {"n": str(len(file.attachments))}))
    return ["\n".join(line for line in lines if line or line == "")]


def told(file: CaseFile, after: int, county: County, detail: Detail, lang: str = "zh") -> str:
    """What has happened since the event `after`, as one message; "" for nothing worth one."""
    texts = county.texts[lang]
    steps = [step for at, step in enumerate(file.steps, 1) if at > after and Act(step.act) in TOLD]
    return "\n\n".join(_step(file.card, step, texts, detail) for step in steps)


def _step(card: Card, step: Step, texts: Mapping[str, str], detail: Detail) -> str:
    who = step.who or texts.get(f"group.who.{step.actor_kind}", "")
    line = fill(texts, "group.step", {"who": who, "act": texts.get(f"act.{step.act}", step.act), "no": card.no})
    if detail == "number":
        return line
    more = [step.text[:TOLD_MOST], step.department]
    if step.attachments:
        more.append(fill(texts, "group.files", {"n": str(len(step.attachments))}))
    return "\n".join([line, *(word for word in more if word)])


def pressable(card: Card) -> tuple[str, ...]:
    """The acts worth a button under a card; who presses decides whether they may."""
    left_out = {Act.CLAIM if card.claimed_by else Act.RELEASE}
    if card.state == State.ANSWERED:
        left_out |= {Act.ASK}
    return tuple(act for act in BUTTONS if act in card.acts and act not in left_out)


def evidence(text: str) -> dict[str, str]:
    """The fields of a closing: the first line is the result, the others what shows it."""
    _, _, shown = text.strip().partition("\n")
    return {"evidence": shown.strip()[:500]}


def listed(cards: Sequence[Card], county: County, lang: str = "zh") -> str:
    """Cards as lines: number, state, topic, deadline. No place and no story: a list may be read by anybody here."""
    texts = county.texts[lang]
    lines: list[str] = []
    for card in cards:
        due = clock_words(county, card.answer_by, lang) if card.answer_by and card.light != "done" else ""
        words = (card.no, texts.get(f"state.{card.state}", card.state), card.topic, due)
        lines.append(" · ".join(word for word in words if word))
    return "\n".join(lines)
