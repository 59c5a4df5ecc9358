"""What the citizen is told when something happens to their case, unasked (两告知两反馈).

Feedback is owed, not offered: every event here becomes a letter and an outbox row in the transaction that
made it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cases import tips
from cases.case import Act, Case, Event, is_tip
from cases.clocks import hands_over
from cases.redaction import mask
from config.schema import County
from handlers.citizen.followup import rate_options
from handlers.messages import Attachment, Option, Reply, Say, Words
from handlers.time_words import day_words


def notice(case: Case, event: Event, county: County, lang: str, files: tuple[Attachment, ...] = ()) -> Reply | None:
    """The letter about `event` to everyone who follows `case` (as it is after the event); None for no letter.

    It wants nothing: a question that is being asked meanwhile stays open. `files` are the event's attachments;
    they go with the letter.
    """
    if is_tip(case.id):
        return blind_notice(event)
    if event.act not in TOLD or (event.act is Act.ACCUSE and not hands_over(event, case)):
        return None
    words = Say(f"notice.{event.act}", _gaps(case, event, county, lang))
    parts = (words, *_review(case, event, county, lang))
    return Reply(parts, _buttons(case, event), "nothing", attachments=files, case_id=case.id)


def blind_notice(event: Event) -> Reply | None:
    """The letter about `event` to whoever handed in a tip: that there is news, and not a word of what."""
    if event.act not in tips.TOLD:
        return None
    look = Option("progress:other", Say("word.progress"))
    return Reply((Say("notice.blind"),), (look,), "nothing")


def result_of_merged(own: Case, case: Case, event: Event, county: County, lang: str) -> Reply:
    """The result of `case` for whoever's `own` case was merged into it: under their number, without its files.

    They were promised it. `case` is somebody else's, so there is nothing of it to look at or to rate.
    """
    gaps = {**_gaps(case, event, county, lang), "no": own.no}
    key = "notice.result" if event.act is Act.ANSWER else f"notice.{event.act}"
    return Reply((Say(key, gaps),), _buttons(own, replace(event, act=Act.MERGE)), "nothing", case_id=own.id)


def _review(case: Case, event: Event, county: County, lang: str) -> tuple[Say, ...]:
    """On petitions the answer says where and until when it may be reviewed (信访工作条例 §35)."""
    category, review = county.category_by_code.get(case.topic[:2]), county.office.review
    door = county.door_by_id.get(review.door)
    if event.act is not Act.ANSWER or door is None or not (category and category.petition):
        return ()
    until = day_words(county, event.at + timedelta(days=review.days), lang)
    where = " ".join(word for word in (door.label(lang), door.phone, door.address) if word)
    return (Say("notice.review", {"until": until, "door": where}),)


def notice_of_joined(own: Case, case: Case, event: Event, county: County, lang: str) -> Reply:
    """The letter to whoever joined `own`, now `case`: where it stands, and the result, without whose case it is."""
    words = _gaps(case, event, county, lang)
    shown = {name: words[name] for name in ("unit", "phone", "day", "until", "door")}
    gaps: dict[str, Words] = {**shown, "no": own.no, "text": veiled(event.text, case)}
    if event.act in RESULTS:
        part = Say("notice.joined_refused" if event.act is Act.REFUSE else "notice.joined_result", gaps)
    elif event.act is Act.PROGRESS:
        part = Say("notice.progress", gaps)
    else:
        part = Say("notice.joined", {**gaps, "what": Say(f"step.{event.act}")})
    options = (Option(f"joined:{own.id}", Say("report.filed.look"), "quiet"),)
    return Reply((part,), options, "nothing")  # of no case: what they say next is not said by whose it is


def veiled(text: str, case: Case) -> str:
    """Words of the office to whoever filed a case, for others who wait for it too: numbers and the name are hidden."""
    hidden = mask(text)
    return hidden.replace(case.name, "＊＊") if len(case.name) > 1 else hidden


RESULTS = frozenset({Act.ANSWER, Act.CLOSE, Act.REFUSE})
MERGED_HEAR = RESULTS | {Act.MERGE}

_OTHERS = ("notice.result", "notice.joined_result", "notice.joined_refused")
_RESULT_KEYS = frozenset({*_OTHERS, *(f"notice.{act}" for act in RESULTS)})


def is_result(reply: Reply) -> bool:
    """Whether this letter is the office's answer to a case, which a channel with few messages keeps one for."""
    return any(isinstance(part, Say) and part.key in _RESULT_KEYS for part in reply.parts)


TOLD = frozenset(
    {
        Act.ACCEPT,
        Act.REFUSE,
        Act.TRANSFER,
        Act.ASK,
        Act.WAIT_OUT,
        Act.EXTEND,
        Act.PROGRESS,
        Act.RECHECK,
        Act.ANSWER,
        Act.LAPSE,
        Act.CLOSE,
        Act.REOPEN,
        Act.MERGE,
        Act.ESCALATE,
        Act.SUPERVISE,
        Act.SPLIT,
        Act.ACCUSE,
    }
)

# Whoever joined is not asked for anything: the rating and the questions are those of whoever filed it.
JOINERS_HEAR = TOLD - {Act.ACCUSE, Act.ASK, Act.WAIT_OUT, Act.LAPSE, Act.RECHECK}


def _gaps(case: Case, event: Event, county: County, lang: str) -> dict[str, Words]:
    unit = county.department_by_id.get(case.department)
    door = county.door_by_id.get(str(event.data.get("door", "")))
    ground = county.ground_by_id.get(str(event.data.get("ground", "")))
    return {
        "no": case.no,
        "unit": unit.label(lang) if unit else "",
        "phone": unit.phone if unit and unit.phone else county.office.phone,
        "day": day_words(county, case.answer_by, lang) if case.answer_by else "",
        "text": event.text,
        "ground": ground.label(lang) if ground else "",
        "door": f"{door.label(lang)} {door.phone}".strip() if door else "",
        "until": _until(event, county, lang),
    }


def _until(event: Event, county: County, lang: str) -> str:
    if "until" not in event.data:
        return ""
    return day_words(county, datetime.fromtimestamp(int(event.data["until"]), event.at.tzinfo), lang)


def _buttons(case: Case, event: Event) -> tuple[Option, ...]:
    look = Option(f"case:{case.id}", Say("report.filed.look"), "quiet")
    match event.act:
        case Act.ANSWER:
            return (*rate_options(case.id), look)
        case Act.RECHECK:
            holds = Option(f"recheck:{case.id}:holds", Say("recheck.holds"), "primary")
            return (holds, Option(f"recheck:{case.id}:back", Say("recheck.back")), look)
        case Act.ASK:
            return (Option(f"supplement:{case.id}", Say("progress.supplement"), "primary"), look)
        case Act.LAPSE | Act.CLOSE:
            return (Option(f"rate:{case.id}", Say("progress.rate")), look)
        case _:
            return (look,)
