"""Letters between offices, made from a template in the texts: 督办函. Shown in the staff room, to be printed there."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cases.case import Act
from config.schema import County
from handlers.staff.card import CaseFile, Step
from handlers.wording import fill

WHYS = frozenset({"overdue", "rated", "person"})


def supervision(file: CaseFile, number: int, county: County, lang: str = "zh") -> tuple[str, str] | None:
    """Title and text of the 督办 letter that the case's step `number` (from 1) sent; None when it sent none.

    It names the case and no person: contact and story stay in the file.
    """
    step = file.steps[number - 1] if 0 < number <= len(file.steps) else None
    if step is None or step.act != Act.SUPERVISE:
        return None
    text = fill(county.texts[lang], "document.supervise", _gaps(file, step, county, lang))
    title, _, body = text.partition("\n")
    while "\n\n\n" in body:  # an empty gap leaves no hole
        body = body.replace("\n\n\n", "\n\n")
    return title.strip(), body.strip()


def _gaps(file: CaseFile, step: Step, county: County, lang: str) -> dict[str, str]:
    card, texts = file.card, county.texts[lang]
    why = str(step.data.get("why", "person"))
    until = datetime.fromtimestamp(int(step.data["until"]), UTC) if "until" in step.data else None
    place = fill(texts, "document.place", {"place": card.place}) if card.place else ""
    return {
        "no": card.no,
        "unit": card.department_name,
        "topic": card.topic,
        "place": place,
        "opened": _day(card.opened_at, county, lang),
        "due": _day(card.answer_by, county, lang),
        "why": texts[f"document.why_{why if why in WHYS else 'person'}"],
        "until": _day(until, county, lang),
        "office": county.office.label(lang),
        "text": step.text,
        "day": _day(step.at, county, lang),
    }


def _day(at: datetime | None, county: County, lang: str) -> str:
    """The day with its year, as a letter that is filed needs it."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(county.office.time_zone))
    gaps = {"year": str(local.year), "month": str(local.month), "day": str(local.day)}
    return fill(county.texts[lang], "document.date", gaps)
