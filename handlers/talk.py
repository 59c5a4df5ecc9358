"""Where a person stands in the dialogue: plain values that travel as JSON and are sealed by the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Answer = dict[str, Any]
Args = Mapping[str, Any]
Shown = tuple[tuple[str, str], ...]  # (token, label as the person saw it)


@dataclass(frozen=True, slots=True)
class Pending:
    """The open question: which, what it offered as it was shown, and how often it was missed."""

    name: str
    shown: Shown = ()
    misses: int = 0
    partial: Answer | None = None
    guess: bool = False  # "did you mean" stands on the screen
    numbers: bool = True  # a bare number means one of the options


@dataclass(frozen=True, slots=True)
class Draft:
    """A script put aside with its answers, and what was said so far to the question that was open."""

    script: str
    args: Args
    answers: dict[str, Answer]
    at: datetime
    adding: str = ""
    open: str = ""
    partial: Answer | None = None
    since: datetime | None = None  # when the matter was first spoken of

    @property
    def story(self) -> str:
        """What it is about, in the citizen's words."""
        told = self.answers.get("story") or (self.partial if self.open == "story" else None) or self.args.get("begun")
        return str((told or {}).get("text", ""))


@dataclass(frozen=True, slots=True)
class Talk:
    """A person's place in the dialogue. An empty `script` means they stand at the front desk."""

    script: str = ""
    args: Args = field(default_factory=dict[str, Any])
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    adding: str = ""
    editing: str = ""
    aside: dict[str, Answer] = field(default_factory=dict[str, Answer])  # answers that are being given anew
    pending: Pending | None = None
    at: datetime | None = None
    since: datetime | None = None  # when this sitting began: a tip takes along all that was said in it
    lang: str = "zh"
    declined: bool = False  # consent was refused in this talk: not asked again of itself
    held: Answer | None = None  # a story that waits for the answer to a question of ours
    open_ended: bool = False  # further words belong to it
    warned: str = ""  # what sounded like an emergency last: a word, or the kinds of danger
    drafts: tuple[Draft, ...] = ()  # newest first
    opened: tuple[int, ...] = ()
    recent: int = 0  # the case spoken of last
    recent_at: datetime | None = None
    scene: str = ""
    asked: Answer | None = None  # the policy question spoken of last: when, and which entries were shown

    def to_json(self) -> dict[str, Any]:
        """As JSON; the store seals it."""
        plain = _fields(self)
        plain["pending"] = _fields(self.pending) if self.pending else None
        plain["drafts"] = [_fields(draft) for draft in self.drafts]
        return plain

    @staticmethod
    def from_json(data: dict[str, Any]) -> Talk:
        """The talk that `to_json` wrote; fields a newer release added take their defaults."""
        known = _only(Talk.__dataclass_fields__, data)
        if pending := known.get("pending"):
            known["pending"] = _pending(pending)
        known["drafts"] = tuple(_draft(draft) for draft in known.get("drafts", ()))
        for name in ("at", "since", "recent_at"):
            if known.get(name):
                known[name] = datetime.fromisoformat(known[name])
        known["opened"] = tuple(known.get("opened", ()))
        return Talk(**known)


def _pending(data: dict[str, Any]) -> Pending:
    known = _only(Pending.__dataclass_fields__, data)
    known["shown"] = tuple((token, label) for token, label in data["shown"])
    return Pending(**known)


def _draft(data: dict[str, Any]) -> Draft:
    known = _only(Draft.__dataclass_fields__, data)
    known["at"] = datetime.fromisoformat(data["at"])
    known["since"] = datetime.fromisoformat(data["since"]) if data.get("since") else None
    return Draft(**known)


def _only(fields: Mapping[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in fields if name in data}


def _fields(held: Talk | Pending | Draft) -> dict[str, Any]:
    fields = {name: getattr(held, name) for name in held.__slots__}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
