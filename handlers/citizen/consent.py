"""同意: asked once before anything is kept (PIPL §17), with a way for the under-14 (§31)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from config.schema import County
from handlers.desk import Consent, Deed, Desk
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import Got, Miss, More, Shown, Take, Unfit
from handlers.questions.choice import Choice, choose
from handlers.talk import Answer
from handlers.words import is_said, is_within, number_of, plain, variants

GROWN_UP = 14  # years from which somebody may agree by themselves
_CHILD = ("my_age", "years_old", "child")


@dataclass(frozen=True)
class ConsentChoice(Choice):
    """同意, 不同意, or 我未满14岁 and then whether a parent is there. Answered by itself once given."""

    asked: int = 1
    told: str = ""  # the story so far, which may say that a child is writing

    def with_answers(self, answers: Mapping[str, Answer]) -> ConsentChoice:
        """Whoever has said their age is not asked as a grown-up."""
        return replace(self, told=str(answers.get("story", {}).get("text", "")))

    @property
    def takes_no(self) -> bool:
        """不 and 没有 refuse."""
        return True

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The notice: who, what for, what is kept, how long, how to delete."""
        if partial or says_child(desk.county, self.told):
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
        child = bool(partial) or says_child(desk.county, self.told)
        if not child and says_child(desk.county, inbound.text):
            return More({"minor": True})
        tokens = {"guardian", "alone"} if child else {"agree", "decline", "minor"}
        if not inbound.choice and (said := self._said(desk, inbound.text, tokens)):
            inbound = replace(inbound, choice=said)
        taken = choose(desk, inbound, shown, tokens)
        if not isinstance(taken, Got):
            # 凭啥子要同意 is close to 同意, but consent is nothing to be guessed.
            phone = {"phone": desk.county.office.phone}
            again = "dialogue.choose" if child else "report.consent.choose"
            return taken if inbound.choice else Miss(Say(again, phone))
        token = taken.answer["token"]
        if token == "minor":
            return More({"minor": True})
        settled = {"guardian": "minor", "alone": "minor_alone"}.get(token, token)
        return Got({"token": settled, "version": self.asked})

    @staticmethod
    def _said(desk: Desk, text: str, tokens: set[str]) -> str:
        if "alone" in tokens and is_within(desk.county.texts, "control.no_guardian", text):
            return "alone"
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


def says_child(county: County, text: str) -> bool:
    """Whether the words are those of somebody under fourteen (个人信息保护法 §31): 我今年11岁, 我读五年级."""
    typed = plain(text[:500])
    for texts in county.texts.values():
        mine, years, school = ("|".join(map(re.escape, variants(texts, f"control.{key}"))) for key in _CHILD)
        ages = re.findall(rf"(?:{mine})(\d{{1,2}}|[一二三四五六七八九十]{{1,3}})(?:{years})(?!的)", typed)
        if any((number_of(age) or GROWN_UP) < GROWN_UP for age in ages) or re.search(rf"(?:{school})(?!的)", typed):
            return True
    return False


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
