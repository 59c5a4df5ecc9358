"""经过: the story, in one message or several, spoken or written."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.desk import Desk
from handlers.messages import Attachment, Inbound, Reply, Say, Words
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Take, file_of, files
from handlers.talk import Answer

POLICIES = 3  # policies a story may sound like


@dataclass(frozen=True, slots=True)
class Told:
    """The story as the script receives it. `topics` are codes it sounds like, best first; `policies` likewise."""

    text: str
    files: tuple[Attachment, ...]
    topics: tuple[str, ...]
    sure: bool
    policies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story(Question):
    """Free words or a voice note; a photograph alone is kept, and words are asked for."""

    begun: Answer = field(default_factory=dict[str, object])  # a word or two said before it was asked

    @property
    def counted(self) -> bool:
        """A number may be part of it."""
        return False

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """ "Please tell"; with something said already, "a little more"."""
        key = "report.story.more" if partial or self.begun else "report.story.ask"
        return Reply((Say(key),), wants="text")

    def briefly(self, desk: Desk, partial: Answer | None) -> Reply:
        """After something else was taken."""
        return Reply((Say("report.story.still"),), wants="text")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """Collect until there are enough words, or a voice note."""
        if inbound.choice:
            return STALE
        if not inbound.text.strip() and not inbound.attachments:
            return Miss(Say("dialogue.words"))
        told = add_to_story(desk, partial or self.begun, inbound)
        limits = desk.county.office.limits
        spoken = any(item["kind"] == "voice" for item in told["files"])
        if len(told["text"]) >= limits.story_min or spoken:
            return Got(told, cut_words(told))
        return More(told)

    def knows(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> bool:
        """Never: any words would do."""
        return False

    def kept(self, partial: Answer) -> Answer | None:
        """A word or two, or a picture."""
        return partial if partial.get("text") or partial.get("files") else None

    def value(self, desk: Desk, answer: Answer) -> Told:
        """The story with its files."""
        kept = tuple(file_of(item) for item in answer.get("files", ()))
        topics, policies = tuple(answer.get("topics", ())), tuple(answer.get("policies", ()))
        return Told(answer["text"], kept, topics, bool(answer.get("sure")), policies)


def add_to_story(desk: Desk, before: Answer, inbound: Inbound) -> Answer:
    """The story answer with this message added; cut at the office's limit, with a mark that it was.

    What the longer of the two sounds like comes first, unless the other is sure.
    """
    limits, seen = desk.county.office.limits, desk.prepared
    told = str(before.get("text", ""))
    text = "\n".join(part for part in (told, inbound.text.strip()) if part)
    known, heard = tuple(before.get("topics", ())), seen.topics
    named = seen.policy.entries if seen.policy else ()
    policies = dict.fromkeys((*before.get("policies", ()), *(entry.policy for entry in named if entry.policy)))
    longer = len(inbound.text) > len(told) and not before.get("sure")
    first = bool(heard) and (not known or longer or (seen.sure and not before.get("sure")))
    return {
        "text": text[: limits.story_max],
        "files": [*before.get("files", ()), *files(inbound)][: limits.photos],
        "topics": list(dict.fromkeys((*heard, *known) if first else (*known, *heard))),
        "sure": bool(seen.sure if first else before.get("sure")),
        "policies": list(policies)[:POLICIES],
        "cut": len(text) > limits.story_max,
    }


def cut_words(told: Answer) -> tuple[Words, ...]:
    """What is said when a story was too long to keep whole."""
    return (Say("report.story.cut", {"n": len(told["text"])}),) if told["cut"] else ()
