"""Emergencies go to 110, 119, 120 and 122 before anything else; what was written is held, not lost."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from config.schema import County, Emergency
from faq.danger import Danger
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
    if inbound.choice:
        return None
    found, heard = emergency(desk.county, inbound.text, desk.prepared.danger)
    if found is None or _is_known(talk.warned, heard):
        return None
    gaps = {"what": found.label(desk.lang), "number": found.number}
    options = (Option("held:go", Say("emergency.go_on")), Option("menu", Say("word.menu"), "quiet"))
    reply = Reply((Say("emergency.call", gaps), Say("emergency.numbers")), options, wants="choice")
    shown = tuple((option.token, spoken(desk, option.label)) for option in options)
    pending = replace(talk.pending or Pending("desk"), shown=shown, numbers=True)
    held = add_to_story(desk, talk.held or {}, inbound)
    warned = " ".join(sorted({*talk.warned.split(), *heard}))
    return Outcome(replace(talk, warned=warned, held=held, open_ended=True, pending=pending), (reply,))


def _is_known(warned: str, heard: tuple[str, ...]) -> bool:
    """Whether nothing was heard now that was not warned of before."""
    return bool(warned) and set(heard) <= set(warned.split())


def emergency(county: County, text: str, danger: Danger) -> tuple[Emergency | None, tuple[str, ...]]:
    """The number to call and what was heard: a word of the office's own, else what the reader made of the text.

    An office's `unless` quiets its own words within the clause, and the reader in the whole message.
    """
    clauses = [clause for part in _CLAUSE.split(text[:LOOKED_AT]) if (clause := plain(part))]
    for item in county.emergencies:
        keywords, unless = _words(item.keywords), _words(item.unless)
        for clause in clauses:
            if (found := keywords.search(clause)) and not unless.search(clause):
                return item, (found.group(0).replace(" ", ""),)
    item = next((one for one in county.emergencies if one.number == danger.number), None)
    item = item or next(iter(county.emergencies), None)
    if item is None or not danger.now or any(_words(item.unless).search(clause) for clause in clauses):
        return None, ()
    return item, danger.kinds or (danger.number,)


@lru_cache(maxsize=64)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words; "掉…河" is 掉 and soon after it 河."""
    heads: dict[str, list[str]] = {}
    for word in words:
        head, *rest = (re.escape(plain(part)) for part in word.split("…"))
        heads.setdefault(head, []).append(_GAP.join(rest))
    found = (f"{head}{_GAP}(?:{'|'.join(tails)})" if all(tails) else head for head, tails in heads.items())
    return re.compile("|".join(found) or r"(?!)")
