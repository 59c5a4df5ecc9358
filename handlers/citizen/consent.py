"""同意: asked once before anything is kept (PIPL §17), with a way for the under-14 (§31)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from handlers.desk import Consent, Deed, Desk
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import Got, Miss, More, Shown, Take, Unfit
from handlers.questions.choice import Choice, choose
from handlers.talk import Answer
from handlers.words import is_said


@dataclass(frozen=True)
class ConsentChoice(Choice):
    """同意, 不同意, or 我未满14岁 and then whether a parent is there. Answered by itself once given."""

    asked: int = 1

    @property
    def takes_no(self) -> bool:
        """不 and 没有 refuse."""
        return True

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The notice: who, what for, what is kept, how long, how to delete."""
        if partial:
            options = (
                Option("guardian", Say("report.consent.guardian_yes")),
                Option("alone", Say("report.consent.guardian_no")),
            )
            return Reply((Say("report.consent.guardian"),), options, wants="choice")
        office = desk.county.office
        keep = office.retention if desk.lang == "zh" else office.retention_en
        notice = Say("report.consent.notice", {"office": office.label(desk.lang), "phone": office.phone, "keep": keep})
        options = (
            Option("agree", Say("word.agree"), "primary"),
            Option("decline", Say("report.consent.no")),
            Option("minor", Say("report.consent.minor"), "quiet"),
        )
        return Reply((notice,), options, wants="choice")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """One of the buttons, or words that mean one."""
        tokens = {"guardian", "alone"} if partial else {"agree", "decline", "minor"}
        if not inbound.choice and (said := self._said(desk, inbound.text, tokens)):
            inbound = replace(inbound, choice=said)
        taken = choose(desk, inbound, shown, tokens)
        if not isinstance(taken, Got):
            # 凭啥子要同意 is close to 同意, but consent is nothing to be guessed.
            phone = {"phone": desk.county.office.phone}
            return taken if inbound.choice else Miss(Say("report.consent.choose", phone))
        token = taken.answer["token"]
        if token == "minor":
            return More({"minor": True})
        settled = {"guardian": "minor", "alone": "minor_alone"}.get(token, token)
        return Got({"token": settled, "version": self.asked})

    @staticmethod
    def _said(desk: Desk, text: str, tokens: set[str]) -> str:
        for word, token in _WORDS:
            if token in tokens and is_said(desk.county.texts, f"control.{word}", text):
                return token
        return ""

    def value(self, desk: Desk, answer: Answer) -> str:
        """agree | decline | minor (a guardian agreed) | minor_alone; asked again when the notice has changed."""
        if answer.get("version", self.asked) != self.asked:
            raise Unfit(Say("report.consent.changed"))
        return answer["token"]

    def preset(self, desk: Desk) -> Answer | None:
        """Whoever agreed to this version is not asked again; a child's guardian is, every time."""
        return {"token": "agree"} if desk.citizen.consent >= self.asked else None

    def effect(self, desk: Desk, answer: Answer) -> tuple[Deed, ...]:
        """Agreement is recorded with the version that was read."""
        return (Consent(self.asked),) if answer["token"] == "agree" else ()


# The wordings under `control.` and the button each stands for; a refusal is looked for first.
_WORDS = (
    ("decline", "decline"),
    ("no", "decline"),
    ("agree", "agree"),
    ("yes", "agree"),
    ("no", "alone"),
    ("agree", "guardian"),
    ("yes", "guardian"),
)
