"""What people ask about the office itself: who is there, where, when, who can see it, what it costs."""

from __future__ import annotations

from handlers.desk import Desk
from handlers.messages import Inbound, Say
from handlers.words import is_said, is_within, plain

WITHIN = ("code", "robot", "where", "phone", "secret")  # words that stand anywhere in a short question
ALONE = ("hours", "cost")  # and such as mean us only when they are all that is said: 派出所几点上班 does not
LONGEST = 24  # characters of a question; beyond it is a story that mentions such a thing


def about(desk: Desk, inbound: Inbound) -> Say | None:
    """The answer to a question about the office; None when it is none."""
    if inbound.choice or inbound.attachments or inbound.place or not inbound.text:
        return None
    texts, text, office = desk.county.texts, inbound.text[:200], desk.county.office
    if len(plain(text)) > (LONGEST if desk.lang == "zh" else 2 * LONGEST):
        return None
    found = [name for name in WITHIN if is_within(texts, f"control.about_{name}", text)]
    found += [name for name in ALONE if is_said(texts, f"control.about_{name}", text)]
    if not found:
        return None
    gaps = {"office": office.label(desk.lang), "phone": office.phone, "address": office.address}
    return Say(f"about.{found[0]}", {**gaps, "opens": office.hours.opens, "closes": office.day_ends})
