"""What staff read before something leaves, in every group: what it carries, what the citizen reads, what will be."""

from __future__ import annotations

from collections.abc import Callable

from bot.groups import Draft, Judged
from config.schema import County
from handlers.staff import group as words
from handlers.staff import orders
from handlers.staff.card import CaseFile
from handlers.wording import fill

WHY_MOST = 500
# Reasons why not that a question of ours cures; for any other it is no use asking.
WANTING = frozenset({"empty", "how", "about", "evidence", "ground", "door", "department", "until", "too_far", "merge"})
ASKS = "asks"  # the field of a draft that is a question of ours: what it asks for


def paragraphs(
    draft: Draft, judged: Judged, file: CaseFile, county: County, shown: Callable[[str], str], cut: Callable[[str], str]
) -> list[str]:
    """A preview below its head. `shown` makes somebody's words harmless on the platform, `cut` shortens them to fit."""
    texts = county.texts["zh"]
    told = judged.words or texts["group.silent"]
    carried = orders.told(draft.fields, county)
    parts = [fill(texts, f"group.carries.{name}", {"value": shown(value)}) for name, value in carried]
    parts.append(shown(cut(told)))
    if draft.text and draft.text not in told:
        parts.append(fill(texts, "group.carries.why", {"value": shown(draft.text[:WHY_MOST])}))
    if draft.files:
        parts.append(fill(texts, "group.files", {"n": str(len(draft.files))}))
    parts.append(words.reach(file, county, texts) if judged.words else "")
    return parts


def answered(asked: Draft, value: str = "", ours: frozenset[str] = frozenset({ASKS, "rev"})) -> dict[str, str]:
    """What is known once a question has its answer; the preview is of the case as it is by then."""
    rest = {name: held for name, held in asked.fields.items() if name not in ours}
    return {**rest, asked.fields[ASKS]: value} if value else rest
