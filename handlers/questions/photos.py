"""照片: pictures, voice notes and files, sent one by one until 完成."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.desk import Desk
from handlers.messages import Attachment, Inbound, Option, Reply, Say
from handlers.questions.base import STALE, Drop, Got, Miss, More, Question, Shown, Take, file_of, files
from handlers.talk import Answer
from handlers.words import is_said


@dataclass(frozen=True)
class Photos(Question):
    """As many attachments as the office takes."""

    @property
    def takes_no(self) -> bool:
        """没有了 ends it."""
        return True

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """How many are in, and 完成."""
        have = len((partial or {}).get("files", ()))
        words = Say("report.photos.have", {"n": have}) if have else Say("report.photos.ask")
        return Reply((words,), (Option("done", Say("word.done"), "primary" if have else "plain"),), wants="photos")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """One more file, or the end."""
        partial = partial or {"files": []}
        if inbound.attachments:
            added, room = add_files(desk, partial, inbound)
            return More(added) if room else More(added, (Say("report.photos.full"),))
        done = inbound.choice == "done" or is_said(desk.county.texts, "control.done", inbound.text)
        if done:
            return Got(partial) if partial["files"] else Drop(self.name)
        return STALE if inbound.choice else Miss(Say("report.photos.send"))

    def kept(self, partial: Answer) -> Answer | None:
        """What came so far."""
        return partial if partial.get("files") else None

    def value(self, desk: Desk, answer: Answer) -> tuple[Attachment, ...]:
        """The files."""
        return tuple(file_of(item) for item in answer["files"])


def add_files(desk: Desk, before: Answer, inbound: Inbound) -> tuple[Answer, bool]:
    """The answer with this message's files, and whether they all found room."""
    most = desk.county.office.limits.photos
    together = [*before.get("files", ()), *files(inbound)]
    return {"files": together[:most]}, len(together) <= most
