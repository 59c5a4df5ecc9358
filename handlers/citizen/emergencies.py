"""Emergencies go to 110, 119, 120 and 122 before anything else; what was written is held, not lost."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from config.schema import County, Emergency
from faq.danger import Danger
from handlers.citizen.own_cases import recent_case
from handlers.desk import Desk
from handlers.dialogue import Outcome
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import spoken
from handlers.questions.story import add_to_story
from handlers.talk import Pending, Talk
from handlers.words import is_within, plain

VIOLENCE = frozenset({"beat", "threat", "weapon"})  # kinds of faq/danger.yaml
_CLAUSE = re.compile(r"[，。！？；、,.!?;\n]+|(?<![A-Za-z])\s+|\s+(?![A-Za-z])")  # English words stay together
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
    going = Option("held:go", Say("emergency.go_on"))
    options = (*_to_the_case(desk, talk), going, Option("menu", Say("word.menu"), "quiet"))
    parts = (Say("emergency.call", gaps), *_others_who_help(desk, inbound.text, heard), Say("emergency.numbers"))
    reply = Reply(parts, options, wants="choice")
    shown = tuple((option.token, spoken(desk, option.label)) for option in options)
    pending = replace(talk.pending or Pending("desk"), shown=shown, numbers=True)
    held = add_to_story(desk, talk.held or {}, inbound)
    warned = " ".join(sorted({*talk.warned.split(), *heard}))
    args = {**talk.args, "alarmed": True} if talk.script == "report" else talk.args
    talk = replace(talk, args=args, warned=warned, held=held, open_ended=True, pending=pending)
    return Outcome(talk, (reply,))


def _to_the_case(desk: Desk, talk: Talk) -> tuple[Option, ...]:
    """A case that was filed just now may be what the cry is about: its staff are to read it."""
    case = None if talk.script else recent_case(desk, talk)
    return (Option(f"held:add:{case.id}", Say("emergency.add")),) if case and case.open else ()


def _others_who_help(desk: Desk, text: str, heard: tuple[str, ...]) -> tuple[Say, ...]:
    """A line for what has helpers of its own: 12338 for violence at home, 12356 for who cannot go on."""
    home = not VIOLENCE.isdisjoint(heard) and is_within(desk.county.texts, "control.at_home", text)
    names = (*(("home",) if home else ()), *(kind for kind in ("sex", "suicide") if kind in heard))
    return tuple(Say(f"emergency.helper_{name}") for name in names[:1])


def repeated(desk: Desk, talk: Talk, inbound: Inbound) -> bool:
    """Whether the same danger is told of again: the numbers are not shown twice, but nobody is to forget them."""
    if inbound.choice or not talk.warned:
        return False
    found, heard = emergency(desk.county, inbound.text, desk.prepared.danger)
    return found is not None and _is_known(talk.warned, heard)


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
