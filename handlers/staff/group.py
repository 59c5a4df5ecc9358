"""A case as a staff group on a chat platform sees it: title, card, what happened since, and what may be pressed.

Nothing here names or locates a citizen. `number` shows number, topic and deadline; `redacted` the masked story, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from cases.case import Act, State
from config.groups import Detail
from config.schema import County
from handlers.staff.card import Card, CaseFile, Step
from handlers.staff.orders import VERBS
from handlers.time_words import clock_words
from handlers.wording import fill

TITLE_MOST = 100
STORY_MOST = 1500
TOLD_MOST = 700

# What shows on the card or is nobody's news; everything else is told when it happens.
QUIET = frozenset({Act.FILE, Act.CLAIM, Act.RELEASE, Act.ACCEPT, Act.NOTE, Act.TOLD, Act.REVEAL, Act.MUTE, Act.UNMUTE})
TURNS = {
    State.FILED: "office", State.HANDLING: "office", State.WAITING: "citizen", State.ANSWERED: "citizen",
}  # fmt: skip


def title(card: Card, texts: Mapping[str, str], detail: Detail) -> str:
    """Whose turn it is, number, state, and where it may be known the place, as the name of a topic."""
    place = card.place if detail == "redacted" else ""
    turn = "late" if card.light == "overdue" else TURNS.get(State(card.state), "done")
    words = (texts.get(f"group.turn.{turn}", ""), card.no, texts.get(f"state.{card.state}", card.state), place)
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
    lines.append(_last_told(file, texts))
    if card.light != "done":
        lines.append(reach(file, county, texts))
    if detail == "redacted":
        lines += _story(file, texts)
    elif file.attachments or file.story:
        lines.append(texts.get("group.look", ""))
    return "\n".join(line for line in lines if line)


def _last_told(file: CaseFile, texts: Mapping[str, str]) -> str:
    """What became of the last thing the citizen was told."""
    step = next((one for one in reversed(file.steps) if one.delivery), None)
    if step is None:
        return ""
    delivery = texts.get(f"group.delivery.{step.delivery}", "")
    return fill(texts, "group.last_told", {"act": texts.get(f"act.{step.act}", step.act), "delivery": delivery})


def reach(file: CaseFile, county: County, texts: Mapping[str, str]) -> str:
    """Whether an answer would arrive at once, before anybody writes one; "" where nobody knows."""
    how = "none" if file.channel == "staff" else file.reach
    if how == "now" and file.reach_until:
        return fill(texts, "group.reach.until", {"day": clock_words(county, file.reach_until, "zh")})
    return texts.get(f"group.reach.{how}", "") if how else ""


def answered_before(file: CaseFile, act: str, county: County, lang: str = "zh") -> str:
    """For whoever is about to answer what has its answer: who gave it, and when. "" for anything else."""
    if act != Act.ANSWER or file.card.state != State.ANSWERED:
        return ""
    last = next((step for step in reversed(file.steps) if step.act == Act.ANSWER), None)
    if last is None:
        return ""
    gaps = {"who": last.who, "day": clock_words(county, last.at, lang)}
    return fill(county.texts[lang], "group.answered_before", gaps)


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


def told(
    file: CaseFile, after: int, county: County, detail: Detail, own: Collection[str | None] = (), lang: str = "zh"
) -> str:
    """What has happened since the event `after`, as one message; "" for nothing worth one.

    `own` are the numbers of events that were done here, before everybody's eyes.
    """
    texts = county.texts[lang]
    news = ((at, step) for at, step in enumerate(file.steps, 1) if at > after and Act(step.act) not in QUIET)
    steps = [step for at, step in news if str(at) not in own]
    return "\n\n".join(_step(file.card, step, texts, detail) for step in steps)


def _step(card: Card, step: Step, texts: Mapping[str, str], detail: Detail) -> str:
    who = step.who or texts.get(f"group.who.{step.actor_kind}", "")
    line = fill(texts, "group.step", {"who": who, "act": texts.get(f"act.{step.act}", step.act), "no": card.no})
    if detail == "number":
        return line
    words = reminder(step, texts) if step.act == Act.REMIND else step.text[:TOLD_MOST]
    more = [words, step.department]
    if step.attachments:
        more.append(fill(texts, "group.files", {"n": str(len(step.attachments))}))
    return "\n".join([line, *(word for word in more if word)])


def reminder(step: Step, texts: Mapping[str, str]) -> str:
    """Of what the clock reminds, and why now."""
    duty = texts.get(f"room.remind.{step.text}", "")
    why = texts.get(f"room.remind_step.{step.data.get('evidence')}", "")
    return " · ".join(word for word in (duty, why) if word)


def pressable(card: Card) -> tuple[str, ...]:
    """The acts worth a button under a card; who presses decides whether they may."""
    idle = Act.CLAIM if card.claimed_by else Act.RELEASE
    return tuple(act for act, verb in VERBS.items() if verb.front and act in card.acts and act != idle)


def under_more(acts: Sequence[str], card: Card) -> tuple[str, ...]:
    """Of the acts open to whoever asks, those that have no button under the card."""
    idle = {Act.SUPERVISE} if card.supervised else set[Act]()
    shown = {*pressable(card), Act.NOTE, Act.CLAIM, Act.RELEASE}
    return tuple(act for act in VERBS if act in acts and act not in shown and act not in idle)


def listed(cards: Sequence[Card], county: County, lang: str = "zh") -> str:
    """Cards as lines: number, state, topic, deadline. No place and no story: a list may be read by anybody here."""
    texts = county.texts[lang]
    lines: list[str] = []
    for card in cards:
        due = clock_words(county, card.answer_by, lang) if card.answer_by and card.light != "done" else ""
        words = (card.no, texts.get(f"state.{card.state}", card.state), card.topic, due)
        lines.append(" · ".join(word for word in words if word))
    return "\n".join(lines)
