"""Emergencies go to 110, 119, 120 and 122 before anything else; what was written is held, not lost."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from config.schema import County, Emergency
from handlers.desk import Desk
from handlers.dialogue import Outcome
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import spoken
from handlers.questions.story import add_to_story
from handlers.talk import Pending, Talk
from handlers.words import plain

_CLAUSE = re.compile(r"[，。！？；、,.!?;\s]+")
_GAP = ".{0,8}?"
LOOKED_AT = 2000  # characters; nobody writes more while the house burns


def warning(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome | None:
    """The numbers to call when the words sound like an emergency that was not shown just now."""
    found, word = emergency(desk.county, inbound.text)
    if found is None or inbound.choice or word == talk.warned:
        return None
    gaps = {"what": found.label(desk.lang), "number": found.number}
    options = (Option("held:go", Say("emergency.go_on")), Option("menu", Say("word.menu"), "quiet"))
    reply = Reply((Say("emergency.call", gaps), Say("emergency.numbers")), options, wants="choice")
    shown = tuple((option.token, spoken(desk, option.label)) for option in options)
    pending = replace(talk.pending or Pending("desk"), shown=shown, numbers=True)
    held = add_to_story(desk, talk.held or {}, inbound)
    return Outcome(replace(talk, warned=word, held=held, open_ended=True, pending=pending), (reply,))


def emergency(county: County, text: str) -> tuple[Emergency | None, str]:
    """The first emergency whose words stand in a clause that does not also mark the past or a figure of speech,
    and which word it was."""
    clauses = [clause for part in _CLAUSE.split(text[:LOOKED_AT]) if (clause := plain(part))]
    for item in county.emergencies:
        keywords, unless = _words(item.keywords), _words(item.unless)
        for clause in clauses:
            if (found := keywords.search(clause)) and not unless.search(clause):
                return item, found.group(0)
    return None, ""


@lru_cache(maxsize=64)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words; "掉…河" is 掉 and soon after it 河."""
    heads: dict[str, list[str]] = {}
    for word in words:
        head, *rest = (re.escape(plain(part)) for part in word.split("…"))
        heads.setdefault(head, []).append(_GAP.join(rest))
    found = (f"{head}{_GAP}(?:{'|'.join(tails)})" if all(tails) else head for head, tails in heads.items())
    return re.compile("|".join(found) or r"(?!)")
