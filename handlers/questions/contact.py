"""联系方式: anonymous, or a name and a phone that only the staff who work on the case may open."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from cases.redaction import mask
from handlers.desk import Desk
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import STALE, Got, Miss, More, Question, Shown, Take
from handlers.questions.choice import yes_or_no
from handlers.talk import Answer
from handlers.words import is_within

_PHONE = re.compile(
    r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)"
    r"|(?<!\d)(\+\d{1,3}[- ]?\d[\d -]{5,12}\d)(?!\d)"
)
_SPOKEN = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}|[A-Za-z][A-Za-z .'-]{0,28}[A-Za-z]")
_NAME_MAX = 30


@dataclass(frozen=True, slots=True)
class Contact:
    """Name and phone as given; both empty is anonymous."""

    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class ContactChoice(Question):
    """匿名, 实名 with name and phone in one message, or what was left last time."""

    @property
    def offers_skip(self) -> bool:
        """匿名 says the same."""
        return False

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """Says who will see it before asking for it."""
        if partial is not None:
            name = partial.get("name", "")
            words = Say("report.contact.number", {"name": name}) if name else Say("report.contact.phone")
            return Reply((words,), (_anonymous(),), wants="phone")
        known = desk.citizen.phone
        same = (Option("same", Say("report.contact.same", {"phone": shown_phone(known)})),) if known else ()
        named = Option("named", Say("report.contact.named"))
        return Reply((Say("report.contact.ask"),), (*same, _anonymous(), named), wants="phone")

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """A button, or a name and phone as people write them."""
        token = inbound.choice or _said(desk, inbound.text)
        if token == "anonymous":
            return Got({"name": "", "phone": ""})
        if token == "same" and desk.citizen.phone:
            return Got({"name": desk.citizen.name, "phone": desk.citizen.phone})
        if token == "named":
            return More({"name": (partial or {}).get("name", "")})
        if inbound.choice:
            return STALE
        return _typed(desk, inbound.text[:200], partial or {})

    def value(self, desk: Desk, answer: Answer) -> Contact:
        """Name and phone."""
        return Contact(answer["name"], answer["phone"])


def _said(desk: Desk, text: str) -> str:
    """The button that words stand for: 不留, 不想说 and the like are always taken as anonymous."""
    if find_phone(text)[0]:
        return ""
    asks = is_within(desk.county.texts, "control.asks", text)
    if (is_within(desk.county.texts, "control.anonymous", text) and not asks) or yes_or_no(desk, text, ("no",)):
        return "anonymous"
    return "named" if yes_or_no(desk, text, ("yes",)) else ""


def typed_contact(desk: Desk, text: str) -> Answer:
    """The name and phone in a text; either may be empty."""
    phone, rest = find_phone(text)
    return {"name": _name(desk, rest), "phone": phone}


def _typed(desk: Desk, text: str, partial: Answer) -> Take:
    found = typed_contact(desk, text)
    name = found["name"]
    if found["phone"]:
        return Got({"name": name or partial.get("name", ""), "phone": found["phone"]})
    if is_within(desk.county.texts, "control.no_phone", text):
        return _without_phone(desk, text, partial)
    # Without a number beside it only what begins like a name is one: 改一改 is not.
    likely = name and (name.isascii() or is_within(desk.county.texts, "control.surnames", name[:1]))
    return More({"name": name}) if likely else Miss(Say("report.contact.bad_phone"))


def _without_phone(desk: Desk, text: str, partial: Answer) -> Take:
    """Somebody who has no phone may leave a name: 没得电话，我叫王桂花."""
    clauses = re.split(r"[，。,.!?！？；;\s]+", text)
    named = (_name(desk, one) for one in clauses if not is_within(desk.county.texts, "control.no_phone", one))
    name = next((one for one in named if is_within(desk.county.texts, "control.surnames", one[:1])), "")
    name = name or partial.get("name", "")
    return Got({"name": name, "phone": ""}) if name else Miss(Say("report.contact.bad_phone"))


def find_phone(text: str) -> tuple[str, str]:
    """The phone number in a text, also one said digit by digit (一三八…), and the text without it."""
    folded = unicodedata.normalize("NFKC", text)
    match = _PHONE.search(folded.translate(_SPOKEN))
    if match is None:
        return "", folded
    found = match.group(1) or match.group(2)
    return re.sub(r"[- ]", "", found), f"{folded[: match.start()]} {folded[match.end() :]}"


def shown_phone(phone: str) -> str:
    """A phone number as its owner knows it again and somebody looking over the shoulder does not: 138****8000."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 10 else mask(phone)


def _name(desk: Desk, text: str) -> str:
    """The name in what is left: without 我叫, 电话 and numbers; "" when that does not look like one."""
    fillers = (word for texts in desk.county.texts.values() for word in texts["control.name_filler"].split("|"))
    for word in sorted(fillers, key=len, reverse=True):
        whole = rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
        text = re.sub(whole, " ", text, flags=re.IGNORECASE)
    words = re.sub(r"[^\w.'·-]|[\d_]", " ", text).split()
    match = _NAME.fullmatch(" ".join(words))
    return match.group(0)[:_NAME_MAX] if match else ""


def _anonymous() -> Option:
    return Option("anonymous", Say("report.contact.anonymous"))
