"""Where a question would go, and the entries it is most like: what `zhitong faq ask` shows an admin.

The front desk itself is asked, as by somebody who opens a talk with these words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from bot.site import Site
from cases.case import Actor, Case, Event
from cases.repeats import Voice
from config.schema import County
from faq.book import Entry
from handlers.citizen import front_desk
from handlers.desk import Citizen, Prepared
from handlers.dialogue import Outcome, Talk
from handlers.messages import Attachment, Inbound, Letter, Say

if TYPE_CHECKING:
    from faq.search import Hit

SHOWN = 5
Route = Literal["answer", "choices", "complaint", "emergency", "handover", "chat"]
NOT_CHAT = frozenset({"desk.not_understood", "desk.which", "desk.human", "desk.empty"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The road a message takes, how sure the match is (0-1), and the best entries with what speaks for each."""

    route: Route
    confidence: float
    found: tuple[tuple[Hit, Entry], ...]


def ask(site: Site, text: str, now: datetime) -> Asked:
    """What becomes of a message that opens a talk."""
    prepared = site.prepare(text, now)
    outcome = front_desk.answer(_Stranger(site, now, prepared), Talk(), Inbound("web", "ask", "", now, text=text))
    hits = site.indexes()[0].search(text, SHOWN)
    found = tuple((hit, entry) for hit in hits if (entry := site.book.get(hit.entry_id)))
    return Asked(_route(outcome), prepared.policy.confidence if prepared.policy else 0.0, found)


def _route(outcome: Outcome) -> Route:
    """The road behind what the front desk said: by what may be pressed next, not by its words."""
    tokens = {option.token for reply in outcome.replies for option in reply.options}
    if outcome.talk.warned:
        return "emergency"
    if outcome.talk.script == "report":
        return "complaint"
    if any(token.startswith("faq:ok:") for token in tokens):
        return "answer"
    if any(token.startswith(("faq:show:", "policy:")) for token in tokens):
        return "choices"
    said = {part.key for reply in outcome.replies for part in reply.parts if isinstance(part, Say)}
    return "handover" if said & NOT_CHAT else "chat"


def as_json(asked: Asked) -> dict[str, object]:
    """The object for programs: the route, and the entries with their scores."""
    entries = [
        {"id": entry.id, "policy": entry.policy, "aspect": entry.aspect, "score": round(hit.score, 4)}
        for hit, entry in asked.found
    ]
    return {"route": asked.route, "entries": entries}


def as_table(asked: Asked) -> Sequence[str]:
    """The same for people: the road, then each entry with its score, and below it why it was found."""
    lines = [f"{asked.route}  (confidence {asked.confidence:.2f})"]
    for hit, entry in asked.found:
        lines.append(f"  {hit.score:5.2f}  {entry.policy} · {entry.aspect}  {entry.question}")
        lines += [f"         {why}" for why in _why(hit)]
    return lines


def _why(hit: Hit) -> list[str]:
    why = hit.why
    exact = ["exact"] if hit.exact else []
    reasons = [*exact, *why.shared, *(f"{typed}→{meant}" for typed, meant in why.synonym)]
    reasons += [f"{heard}~" for heard in why.pinyin]
    return [", ".join(reasons)] if reasons else []


@dataclass(frozen=True)
class _Stranger:
    """The desk when somebody unknown writes and nobody looks into the store."""

    site: Site
    now: datetime
    prepared: Prepared
    lang: str = "zh"
    citizen: Citizen = field(default_factory=lambda: Citizen(0))
    staff: Actor | None = None

    @property
    def county(self) -> County:
        return self.site.county

    def speaking(self, lang: str) -> _Stranger:
        return replace(self, lang=lang)

    def fresh_tip_id(self) -> int:
        """None, either."""
        return 0

    def my_tips(self) -> tuple[Case, ...]:
        """None."""
        return ()

    def fresh_id(self) -> int:
        return 0

    def entry(self, entry_id: str) -> Entry | None:
        return self.site.book.get(entry_id)

    def policies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.policy for entry in self.site.book.entries if entry.policy))

    def entries_of(self, policy: str) -> tuple[Entry, ...]:
        return self.site.book.of_policy(policy)

    def asked_most(self) -> tuple[Entry, ...]:
        return ()

    def my_cases(self, limit: int = 20, skip: int = 0) -> tuple[Case, ...]:
        """None."""
        return ()

    def holdings(self) -> Mapping[str, int]:
        """Nothing."""
        return {"cases": 0, "letters": 0}

    def old_letters(self, skip: int, limit: int) -> tuple[Letter, ...]:
        """None."""
        return ()

    def follows(self, case_id: int) -> bool:
        return False

    def voices(self, topic: str, place: str) -> tuple[Voice, ...]:
        return ()

    def others(self, case_id: int) -> int:
        return 0

    def joined(self, case_id: int) -> bool:
        return False

    def joined_cases(self) -> tuple[Case, ...]:
        return ()

    def case(self, case_id: int) -> Case | None:
        return None

    def case_by_no(self, no: str) -> Case | None:
        return None

    def case_by_code(self, no: str, code: str) -> Case | None:
        return None

    def events(self, case_id: int) -> tuple[Event, ...]:
        return ()

    def letters(self, limit: int = 200) -> tuple[Letter, ...]:
        return ()

    def attachments(self, ids: tuple[str, ...]) -> tuple[Attachment, ...]:
        return ()
