"""What the question log hears of a message: which policy question it was, what was shown, what was pressed.

Read off the outcome, so no road to an answer can forget it. Words that told of a trouble never get there, and
those that go on into a complaint leave it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from cases.case import Act, Command
from cases.redaction import mask
from faq.decide import Verdict
from handlers.citizen.free_words import tells_of_trouble
from handlers.citizen.own_cases import COMPLAINT
from handlers.desk import Asked, Clicked, Deed, Desk, EraseMe, ForgetTalk, Unsay
from handlers.dialogue import OVERTAKEN, Outcome
from handlers.messages import Inbound, Say
from handlers.talk import Talk
from handlers.words import is_within

KEPT_WORDS = 200  # characters: a question is no longer, and what is longer is a story
NONE = "-"  # 都不是; no entry can have this id
TELLING = frozenset({"report", "supplement", "rate", "recheck"})  # scripts that words waiting at the desk go into
ASKING = ("control.asks", "control.asks_policy")
LOST = frozenset({"policy.unknown", "desk.which", "desk.not_understood"})


def noted(desk: Desk, before: Talk, inbound: Inbound, outcome: Outcome) -> Outcome:
    """The outcome, with what the log is to know of it."""
    if any(isinstance(deed, ForgetTalk | EraseMe) for deed in outcome.deeds):
        return outcome
    deeds = tuple(_pressed(desk, before, inbound, outcome) if inbound.choice else _typed(desk, inbound.text, outcome))
    asked = next((deed for deed in deeds if isinstance(deed, Asked)), None)
    talk = outcome.talk
    if asked:
        talk = replace(talk, asked={"at": asked.at.isoformat(), "shown": list(asked.shown)})
    if talk.asked and _tells(before, outcome):
        deeds, talk = (*deeds, Unsay((talk.since or desk.now) - OVERTAKEN)), replace(talk, asked=None)
    return replace(outcome, talk=talk, deeds=(*outcome.deeds, *deeds)) if deeds else outcome


def _tells(before: Talk, outcome: Outcome) -> bool:
    """Whether what was said goes into a case now, or may."""
    begins = outcome.talk.script in TELLING and before.script != outcome.talk.script
    added = any(isinstance(deed, Command) and deed.act is Act.SUPPLEMENT for deed in outcome.deeds)
    return begins or added


# --- words --------------------------------------------------------------------------------------------------


def _typed(desk: Desk, text: str, outcome: Outcome) -> Iterator[Deed]:
    verdict = desk.prepared.policy or Verdict("none", (), 0.0, None, ())
    known = {entry.id for entry in (*verdict.entries, *verdict.ask_aspects)}
    for band, verb in (("answer", "ok"), ("choices", "show")):
        shown = tuple(one for one in _offered(outcome, verb) if one in known)
        if shown:
            yield _question(desk, text, band, verdict.confidence, shown)
            return
    if text and _lost(desk, text, verdict, outcome):
        yield _question(desk, text, "none", verdict.confidence, ())


def _question(desk: Desk, text: str, band: str, sure: float, shown: tuple[str, ...]) -> Asked:
    """A typed question; one that sounds like a complaint is counted without its words."""
    words = "" if desk.prepared.grievance >= COMPLAINT else mask(text.strip())[:KEPT_WORDS]
    return Asked(desk.now, "typed", words, band, sure, shown)


def _lost(desk: Desk, text: str, verdict: Verdict, outcome: Outcome) -> bool:
    """Whether nothing was found for what is clearly a question."""
    said = {part.key for reply in outcome.replies for part in reply.parts if isinstance(part, Say)} & LOST
    asks = any(is_within(desk.county.texts, key, text[:500]) for key in ASKING) or text.rstrip().endswith(("?", "？"))
    sure = verdict.confidence if verdict.band != "none" else 0.0
    return bool(said) and (asks or "policy.unknown" in said) and not tells_of_trouble(desk, text, sure)


def _offered(outcome: Outcome, verb: str) -> Iterator[str]:
    """The entries behind the buttons faq:VERB:ID."""
    for option in (option for reply in outcome.replies for option in reply.options):
        if option.token.startswith(f"faq:{verb}:"):
            yield option.token.split(":", 2)[2]


# --- buttons ------------------------------------------------------------------------------------------------


def _pressed(desk: Desk, before: Talk, inbound: Inbound, outcome: Outcome) -> Iterator[Deed]:
    topic, _, rest = inbound.choice.partition(":")
    if (topic, rest) == ("held", "policy"):
        yield from _said_to_be_a_question(desk, before)
    if topic != "faq":
        return
    verb, _, entry_id = rest.partition(":")
    at = _asked_at(before, entry_id if verb != "none" else "")
    if at and verb in ("ok", "bad", "file"):
        yield Clicked(at, felt=verb)
    elif at and verb in ("show", "none"):
        yield Clicked(at, picked=entry_id or NONE)
    elif verb == "show" and entry_id in _offered(outcome, "ok"):
        arrival = "list" if before.script == "policy" and before.args.get("name") else "button"
        yield Asked(desk.now, arrival, "", "answer", 1.0, (entry_id,))
    elif verb == "hot" and entry_id in _offered(outcome, "ok"):
        yield Asked(desk.now, "hot", "", "answer", 1.0, (entry_id,))


def _said_to_be_a_question(desk: Desk, before: Talk) -> Iterator[Deed]:
    """Words that might have been either: now the citizen says that they asked something."""
    told = str((before.held or {}).get("text", ""))
    if told and not (before.asked and not before.asked["shown"]):
        yield Asked(desk.now, "typed", mask(told.strip())[:KEPT_WORDS], "none", 0.0)


def _asked_at(talk: Talk, entry_id: str) -> datetime | None:
    """The moment of the question that a button belongs to: an older one is nobody's label any more."""
    if not talk.asked or (entry_id and entry_id not in talk.asked["shown"]):
        return None
    return datetime.fromisoformat(talk.asked["at"])
