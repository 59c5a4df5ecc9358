"""A message that was changed after it was sent: the draft follows, and what is filed already gets a correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cases.case import Case
from handlers.citizen.followup import addition
from handlers.desk import Desk
from handlers.dialogue import Outcome, resume
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import spoken
from handlers.talk import Talk
from handlers.words import plain

REMEMBERED = 200  # letters that are looked through for what the message said before


def changed(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome | None:
    """What the change of a message causes; None for one to be taken like a new message.

    Platforms tell of changes that are none (a reaction, a link's preview): the same words cause nothing.
    """
    before = _before(desk, inbound.ref)
    if before is None:
        return None
    if plain(before) == plain(inbound.text):
        return Outcome(talk)
    if not before or not inbound.text:
        return None
    return _in_draft(desk, talk, before, inbound.text) or _in_case(desk, talk, before, inbound.text)


def _before(desk: Desk, ref: str) -> str | None:
    letters = desk.letters(REMEMBERED) if ref else ()
    return next((letter.said for letter in reversed(letters) if letter.ref == ref), None)


def _in_draft(desk: Desk, talk: Talk, before: str, now: str) -> Outcome | None:
    """The words stand in an answer of the complaint that is being told: they are put right there."""
    if talk.script != "report":
        return None
    most = desk.county.office.limits.story_max
    answers = {name: _put_right(answer, before, now, most) for name, answer in talk.answers.items()}
    args = {name: _put_right(value, before, now, most) for name, value in talk.args.items()}
    pending = talk.pending
    if pending and pending.partial:
        pending = replace(pending, partial=_put_right(pending.partial, before, now, most))
    after = replace(talk, answers=answers, args=args, pending=pending)
    return None if after == talk else resume(desk, after, (Say("edit.draft"),))


def _put_right(value: Any, before: str, now: str, most: int) -> Any:
    if not isinstance(value, Mapping) or before not in str(value.get("text", "")):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return value  # pyright: ignore[reportUnknownVariableType]
    held: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
    return {**held, "text": str(held["text"]).replace(before, now, 1)[:most]}


def _in_case(desk: Desk, talk: Talk, before: str, now: str) -> Outcome | None:
    """The words stand in an open case of theirs: staff read the correction, and what was filed stays as it was."""
    case = next((one for one in desk.my_cases() if one.open and before in _told(desk, one)), None)
    if case is None:
        return None
    deed = addition(desk, case, {"text": spoken(desk, Say("edit.mark", {"text": now})), "files": []})
    look = Option(f"case:{case.id}", Say("report.filed.look"), "quiet")
    reply = Reply((Say("edit.case", {"no": case.no}),), (look,), wants="nothing", case_id=case.id)
    return Outcome(talk, (reply,), (deed,))


def _told(desk: Desk, case: Case) -> str:
    added = (event.text for event in desk.events(case.id) if event.by.kind == "citizen")
    return "\n".join((case.story, *added))
