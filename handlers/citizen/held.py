"""Words that wait for the answer to a question of ours, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

from handlers.desk import Desk
from handlers.messages import Inbound
from handlers.questions.base import file_of
from handlers.questions.story import add_to_story
from handlers.talk import Answer, Talk


def hold(desk: Desk, talk: Talk, inbound: Inbound, *, open_ended: bool = False) -> Talk:
    """The talk that keeps these words until a question of ours is answered."""
    return replace(talk, held=add_to_story(desk, {}, inbound), open_ended=open_ended)


def together(told: Answer, inbound: Inbound) -> Inbound:
    """The message with what was told before it."""
    text = "\n".join(part for part in (str(told.get("text", "")), inbound.text) if part)
    kept = tuple(file_of(item) for item in told.get("files", ()))
    return replace(inbound, text=text, attachments=(*kept, *inbound.attachments))


def into_story(desk: Desk, talk: Talk, told: Answer) -> Talk:
    """The talk with words that waited added to the story of the complaint that is running."""
    if talk.script != "report":
        return talk
    limits, before = desk.county.office.limits, talk.answers.get("story", {})
    if "story" not in talk.answers and talk.pending and talk.pending.name == "story":
        before = talk.pending.partial or {}
    text = "\n".join(part for part in (before.get("text", ""), told["text"]) if part)
    story = {
        **told,
        "text": text[: limits.story_max],
        "files": [*before.get("files", ()), *told["files"]][: limits.photos],
        "topics": list(dict.fromkeys((*before.get("topics", ()), *told["topics"]))),
    }
    return replace(talk, answers={**talk.answers, "story": story}, pending=None)
