"""What is said in the middle of a script and answers none of its questions: it is answered, and the script goes on."""

from __future__ import annotations

from config.schema import County
from handlers.citizen.about import about
from handlers.citizen.own_cases import COMPLAINT
from handlers.citizen.policy import answer_reply
from handlers.desk import Desk, Prepared
from handlers.messages import Inbound, Parts, Say
from handlers.talk import Talk
from handlers.words import is_made_of, is_within, plain

QUESTION = 24  # characters of a question about a policy; what is longer may be more of the story
ASKING = ("asks", "asks_what")
STORIES = frozenset({"story", "who"})  # questions whose answer may be any words at all


def in_passing(desk: Desk, talk: Talk, inbound: Inbound) -> Parts:
    """The answer to thanks, to a question about the office or about a policy; nothing when it is none of these."""
    if inbound.choice or inbound.attachments or inbound.place:
        return ()
    if is_made_of(desk.county.texts, ("control.thanks", "control.greeting"), inbound.text):
        return (Say("dialogue.still_here"),)
    if talk.pending and talk.pending.name in STORIES:
        return ()
    if said := about(desk, inbound):
        return (said,)
    return _policy(desk, inbound) if talk.script == "report" else ()


def is_question(county: County, seen: Prepared, text: str) -> bool:
    """Whether a short message asks about a policy; the name of a topic, such as 低保停发, does not."""
    asks = any(is_within(county.texts, f"control.{key}", text) for key in ASKING)
    short = len(plain(text)) <= QUESTION
    return asks and short and seen.grievance < COMPLAINT and seen.policy is not None and seen.policy.band != "none"


def _policy(desk: Desk, inbound: Inbound) -> Parts:
    """A question about a policy: its answer, or that it will have to wait."""
    verdict = desk.prepared.policy
    if verdict is None or not is_question(desk.county, desk.prepared, inbound.text):
        return ()
    if verdict.band == "answer":
        return tuple(part for entry in verdict.entries for part in answer_reply(desk, entry).parts)
    return (Say("desk.policy_later"),)
