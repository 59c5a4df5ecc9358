"""检举控告: the script of a tip, from the rank of the accused to a number that only its sender has.

The rank is asked before the story: who stands above this office is not for it to write down, so nothing is kept
and the right door is named (检举控告工作规则 §15). When a tip is handed in, the talk that led to it is erased, here as
when it is broken off; what remains is the tip, which names no person, and two sealed envelopes (`bot.store.tips`).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from cases.case import Actor, Filing
from cases.clocks import deadline, due
from cases.firewall import named_units
from cases.tips import examiner, is_above
from config.schema import Kind, Lane, TipRank
from handlers.citizen.consent import ConsentChoice
from handlers.desk import Desk, ForgetTalk
from handlers.messages import CaseNo, Inbound, Option, QueryCode, Reply, Say, Words
from handlers.questions.base import Question, Text
from handlers.questions.choice import Choice
from handlers.questions.contact import Contact, ContactChoice, find_phone
from handlers.questions.photos import Photos, add_files
from handlers.questions.place import named_in
from handlers.questions.story import Story, Told, add_to_story, cut_words
from handlers.questions.summary import Line, Summary
from handlers.scripts import Result, script
from handlers.talk import Answer
from handlers.time_words import day_words

STORY = 12  # characters from which words that answer nothing are the story
WHO_LENGTH = 100


def takes_tips(desk: Desk, door: str = "") -> bool:
    """Whether this office takes tips itself, and this one: some of them belong to the police (`door` of the topic)."""
    return desk.county.office.tip_lane and door in ("", "12388")


def take_aside(
    desk: Desk, question: Question, inbound: Inbound, answers: Mapping[str, Answer]
) -> tuple[str, Answer, Words] | None:
    """Files are evidence and long words are the story, whatever is being asked."""
    words = inbound.text.strip()
    long = len(words) >= STORY and not inbound.choice and not find_phone(words)[0]
    if inbound.attachments and not long:
        added, room = add_files(desk, answers.get("photos", {}), inbound)
        return "photos", added, Say("report.photos.added" if room else "report.photos.full", {"n": len(added["files"])})
    if long and question.name not in ("story", "who"):
        told = add_to_story(desk, answers.get("story", {}), inbound)
        return "story", told, next(iter(cut_words(told)), Say("report.story.added"))
    return None


@dataclass
class _Tip:
    """What the script has learned so far."""

    rank: TipRank
    who: str
    told: Told
    contact: Contact
    topic: str
    minor: bool


@script("tip", aside=take_aside, wiped=True)
def tip(desk: Desk, topic: str = "") -> Generator[Question, Any, Result]:
    """A tip. `topic` is what the story was taken for when it was told before."""
    if not desk.county.office.tip_lane:
        return shown_the_door(desk, "12388", "report.door.tip")
    consent = yield ConsentChoice("consent", asked=desk.county.office.consent_version)
    if consent in ("decline", "minor_alone"):
        return forgotten(desk, f"report.consent.{consent}", declined=True)
    rules = desk.county.office.tips
    picked = yield _rank(desk)
    rank = next(rank for rank in rules.ranks if f"rank:{rank.id}" == picked)
    if rank.upper:
        return shown_the_door(desk, rules.door, "tip.upper")
    who: str = yield Text("who", Say("tip.who"), most=WHO_LENGTH)
    unit = examiner(desk.county, _department(desk, topic), named_units(desk.county, who))
    if is_above(desk.county, who) or not unit:
        return shown_the_door(desk, rules.door, "tip.upper")
    told: Told = yield Story("story")
    contact: Contact = yield TipContact("contact")
    found = _Tip(rank, who, told, contact, topic or _topic(desk, told), consent == "minor")
    added = yield _summary(desk, found)
    return _handed_in(desk, found, added, unit)


def _rank(desk: Desk) -> Choice:
    options = tuple(Option(f"rank:{rank.id}", rank.label(desk.lang)) for rank in desk.county.office.tips.ranks)
    return Choice("rank", Say("tip.rank"), options=options)


def _department(desk: Desk, code: str) -> str:
    topic = desk.county.topic_by_code.get(code)
    return topic.department if topic else ""


def _topic(desk: Desk, told: Told) -> str:
    """What the story sounds like, among the tips."""
    known = (desk.county.topic_by_code.get(code) for code in told.topics)
    return next((topic.code for topic in known if topic and topic.lane is Lane.TIP), "")


@dataclass(frozen=True)
class TipContact(ContactChoice):
    """匿名 or 实名, once, and anonymous first. Nothing is offered from before: here nobody is known."""

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """Who may see it, and how, before asking for it."""
        if partial is not None:
            return super().ask(desk, partial)
        options = (Option("anonymous", Say("word.anonymous")), Option("named", Say("word.named")))
        return Reply((Say("tip.contact"),), options, wants="choice")


def _summary(desk: Desk, found: _Tip) -> Summary:
    contact = found.contact
    shown: Words = f"{contact.name} {contact.phone}".strip() or Say("word.anonymous")
    lines = (
        Line("rank", Say("tip.line.rank"), found.rank.label(desk.lang)),
        Line("who", Say("tip.line.who"), found.who),
        Line("story", Say("report.line.story"), found.told.text or Say("report.story.voice")),
        Line("contact", Say("tip.line.contact"), shown),
    )
    addable = (
        Photos("photos", title=Say("tip.line.evidence")),
        Text("where", Say("tip.where"), title=Say("report.line.place"), most=100),
        Text("when", Say("report.when.ask"), title=Say("report.line.when"), most=60),
        Text("amount", Say("tip.amount"), title=Say("tip.line.amount"), most=60),
        Text("witness", Say("tip.witness"), title=Say("tip.line.witness"), most=200),
    )
    return Summary("submit", lines=lines, addable=addable, promise=Say("tip.promise"))


def _handed_in(desk: Desk, found: _Tip, added: dict[str, Any], unit: str) -> Result:
    where: str = added.get("where", "")
    places = [place.id for place in named_in(desk.county, f"{found.who} {where} {found.told.text}")]
    extra = (("rank", found.rank.label("zh")), ("who", found.who))
    extra += tuple((name, str(added[name])) for name in ("amount", "witness") if added.get(name))
    photos = added.get("photos", ())
    filing = Filing(
        case_id=desk.fresh_tip_id(),
        by=Actor("citizen", desk.citizen.id),
        kind=Kind.REPORT,
        lane=Lane.TIP,
        topic=found.topic,
        department=unit,
        story=found.told.text,
        place_text=where,
        when=added.get("when", ""),
        details=tuple((desk.county.texts["zh"][f"tip.line.{name}"], words) for name, words in extra),
        attachments=tuple(file.id for file in (*found.told.files, *photos)),
        name=found.contact.name,
        phone=found.contact.phone,
        minor=found.minor,
        accused=named_units(desk.county, found.who, places[0] if places else ""),
        about=found.who,
    )
    rule = deadline(desk.county, Kind.REPORT, False, Lane.TIP)
    by = day_words(desk.county, due(desk.now, desk.county, days=rule.accept_days), desk.lang)
    reply = Reply(
        (
            Say("tip.filed.number", {"no": CaseNo(filing.case_id), "code": QueryCode(filing.case_id)}),
            Say("tip.filed.next", {"day": by}),
            Say("tip.filed.keep"),
        ),
        (Option("menu", Say("word.menu"), "quiet"),),
    )
    return Result((reply,), (filing, ForgetTalk(desk.now)), remember={"scene": ""})


def shown_the_door(desk: Desk, door_id: str, key: str) -> Result:
    """Not this office's: the right door, and nothing is kept (规则 §15)."""
    return forgotten(desk, door_words(desk, door_id, key))


def forgotten(desk: Desk, words: str | Say, **remember: object) -> Result:
    """The end of a talk of which nothing is kept, these last words included."""
    last = Reply((Say(words) if isinstance(words, str) else words,), (Option("menu", Say("word.menu"), "quiet"),))
    return Result((last,), (ForgetTalk(desk.now),), remember={"scene": "", **remember})


def door_words(desk: Desk, door_id: str, key: str) -> Say:
    """The words under `key` with a door's name, phone and note."""
    door = desk.county.door_by_id.get(door_id) or next(iter(desk.county.office.doors), None)
    if door is None:
        return Say(key, {"door": "", "phone": desk.county.office.phone, "note": ""})
    return Say(key, {"door": door.label(desk.lang), "phone": door.phone, "note": door.note})
