"""What else a case hangs together with, for whoever may see it: like cases, merges both ways, how many joined.

Every other case named here was put to `visibility.sight` for this viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cases.case import Actor, Case
from cases.repeats import ranked
from cases.visibility import Sight, sight
from config.schema import County
from handlers.staff.card import place_words, topic_path
from handlers.staff.ties import Alike, Ties


@dataclass(frozen=True, slots=True)
class Around:
    """The cases around one, as they are stored: nobody has looked whether the viewer may see them."""

    like: Sequence[Case] = ()
    merged: Sequence[Case] = ()
    into: Case | None = None
    earlier: Case | None = None
    joined: int = 0


def ties(case: Case, around: Around, viewer: Actor, county: County, lang: str) -> Ties:
    """The ties of a case for this viewer."""

    def in_sight(other: Case | None) -> str:
        return other.no if other and sight(viewer, other, county) is not Sight.NONE else ""

    unit = county.department_by_id.get(case.checker)
    topic = county.topic_by_code.get(case.topic)
    return Ties(
        alike=_alike(case, around, viewer, county, lang),
        joined=around.joined,
        into=in_sight(around.into),
        merged=tuple(no for other in around.merged if (no := in_sight(other))),
        repeat=bool(case.repeat_of),
        repeat_of=in_sight(around.earlier),
        reviewed=case.reviewed,
        checker=unit.label(lang) if unit else "",
        may_check=bool(topic and topic.crosscheck and not case.checker),
    )


def _alike(case: Case, around: Around, viewer: Actor, county: County, lang: str) -> tuple[Alike, ...]:
    tied = {other.id for other in around.merged} | {case.merged_into}
    others = [other for other in around.like if other.id not in tied and sight(viewer, other, county) is not Sight.NONE]
    return tuple(
        Alike(
            other.no,
            other.state,
            topic_path(county, other.topic, lang),
            place_words(county, other.place, "", lang),
            other.opened_at,
            tuple(why),
            other.open,
        )
        for other, why in ranked(case, others, county.repeats)
    )
