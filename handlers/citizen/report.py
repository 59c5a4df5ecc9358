"""反映问题: the script that turns a story into a case.

The common case is five messages after consent: the story, its topic confirmed, the place, a contact or none,
提交. Everything else stands on the summary as 可补充.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cases.case import Actor, Filing
from cases.clocks import answer_due
from cases.firewall import barred, reproached
from cases.routing import route, town_office
from config.schema import Lane, Scene, Topic, TopicQuestion
from handlers.citizen.consent import ConsentChoice
from handlers.citizen.joining import JoinOffer, joined
from handlers.citizen.tip import door_words, forgotten, shown_the_door, takes_tips
from handlers.desk import Desk
from handlers.messages import CaseNo, GeoPoint, Inbound, Option, QueryCode, Reply, Say, Words
from handlers.questions.base import Got, Question, Shown, Take, Text, spoken
from handlers.questions.choice import Choice, YesNo
from handlers.questions.contact import Contact, ContactChoice, find_phone, typed_contact
from handlers.questions.details import detail_name, detail_question
from handlers.questions.photos import Photos, add_files
from handlers.questions.place import PlaceChoice, Where, distance_km, named_in, near_by, spot_words
from handlers.questions.story import Story, Told, add_to_story, cut_words
from handlers.questions.summary import Line, Summary
from handlers.questions.topic import TopicChoice
from handlers.scripts import Next, Result, script
from handlers.staff.card import place_words, topic_path
from handlers.talk import Answer
from handlers.time_words import day_words
from handlers.words import is_within

ADDS_TO_STORY = 12  # characters from which words that answer nothing are more of the story
CONTACT_LENGTH = 40  # characters of a message that is a name and a number and no story
PLACE_LENGTH = 20  # and of one that is a place and no story
CLOSE_KM = 3.0  # a shared location this near to a village is in it


def take_aside(
    desk: Desk, question: Question, inbound: Inbound, answers: Mapping[str, Answer]
) -> tuple[str, Answer, Words] | None:
    """Pictures belong to the photos, a location to the place and long words to the story, whatever is being asked."""
    first = question.name == "consent" and "story" not in answers
    enough = desk.county.office.limits.story_min if first else ADDS_TO_STORY
    words = any(char.isalpha() for char in inbound.text)
    long = words and len(inbound.text.strip()) >= enough and not inbound.choice
    if inbound.attachments and not long:
        return _add_files(desk, inbound, answers)
    if not inbound.choice and len(inbound.text) <= CONTACT_LENGTH and find_phone(inbound.text)[0]:
        return "contact", typed_contact(desk, inbound.text), Say("report.contact.added")
    if inbound.place:
        return "place", located(desk, inbound.place), Say("report.place.added")
    if not inbound.choice and "place" not in answers and len(inbound.text) <= PLACE_LENGTH:
        named = named_in(desk.county, inbound.text)
        if len(named) == 1 and named[0].kind == "village":
            return "place", {"place": named[0].id, "text": inbound.text.strip()}, Say("report.place.noted")
    if long and question.name != "story":
        told = add_to_story(desk, answers.get("story", {}), inbound)
        early = question.name == "consent"
        return "story", told, next(iter(cut_words(told)), Say("report.story.held" if early else "report.story.added"))
    return None


def _add_files(desk: Desk, inbound: Inbound, answers: Mapping[str, Answer]) -> tuple[str, Answer, Words]:
    """A voice note is a story, or more of it; anything else goes to the photos."""
    if any(file.kind == "voice" for file in inbound.attachments):
        told = add_to_story(desk, answers.get("story", {}), inbound)
        return "story", told, Say("report.story.voice_added")
    added, room = add_files(desk, answers.get("photos", {}), inbound)
    return "photos", added, Say("report.photos.added" if room else "report.photos.full", {"n": len(added["files"])})


def located(desk: Desk, point: GeoPoint) -> Answer:
    """The place answer for a shared location: the village it is in, if it is in one, and the spot."""
    near = near_by(desk.county, point)
    inside = bool(near) and near[0].kind == "village" and distance_km(point, near[0]) <= CLOSE_KM
    return {"place": near[0].id if inside else "", "text": spot_words(point)}


@dataclass
class _Draft:
    """What the script has learned so far."""

    told: Told
    topic: Topic
    where: Where
    contact: Contact
    minor: bool = False
    official: bool = False
    urgent: bool = False
    extra: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])  # by name: (asked, answer)


@script("report", kept=True, aside=take_aside)
def report(
    desk: Desk, scene: str = "", begun: Answer | None = None, alarmed: bool = False
) -> Generator[Question, Any, Result]:
    """A complaint from story to number.

    `scene` is a printed code (码上行动), `begun` a word or two said already, `alarmed` whether it sounded like danger.
    """
    printed = desk.county.scene_by_code.get(scene)
    consent = yield ConsentChoice("consent", asked=desk.county.office.consent_version)
    if consent in ("decline", "minor_alone"):
        return forgotten(desk, f"report.consent.{consent}", declined=True)

    told: Told = yield Story("story", begun=begun or {})
    topic: Topic = yield _topic(told, printed)
    if topic.lane is Lane.TIP and takes_tips(desk, topic.door):
        return _to_the_tip(topic.code)
    if topic.lane is not Lane.SERVICE:
        return shown_the_door(desk, topic.door or "12388", "report.door.tip")
    official = False
    if topic.ask_official:
        official = (yield _official()) == "official:yes"
        if official and takes_tips(desk):
            return _to_the_tip("")
        if official and not (yield _go_on(desk)):
            return forgotten(desk, "report.door.bye")
    draft = _Draft(told, topic, where=Where("", ""), contact=Contact(), minor=consent == "minor", official=official)
    if topic.urgent or alarmed:
        draft.urgent = yield Danger.of("danger", Say("report.danger.ask"))
    for extra in topic.questions:
        if extra.required:
            asked = detail_question(desk, extra, told.policies)
            draft.extra[asked.name] = (spoken(desk, asked.title), (yield asked))
    draft.where = yield _place(told, printed)
    into, photos = yield JoinOffer.about(topic, "" if draft.urgent else draft.where.place)
    if into:
        return joined(desk, into, told.text, (*(file.id for file in told.files), *photos))
    draft.contact = yield ContactChoice("contact", optional=True, skipped=Contact())
    optional = [extra for extra in topic.questions if not extra.required]
    added = yield _summary(desk, draft, optional)
    return _filed(desk, draft, added, optional)


@dataclass(frozen=True)
class Danger(YesNo):
    """Is somebody in danger? Whoever says yes hears the numbers once more."""

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """Yes or no."""
        taken = super().take(desk, inbound, shown, partial)
        danger = isinstance(taken, Got) and taken.answer["token"].endswith(":yes")
        return replace(taken, thanks=(Say("report.danger.call"),)) if danger else taken


def _topic(told: Told, printed: Scene | None) -> TopicChoice:
    """The topic; what the story sounds like comes first, then what the printed code is for."""
    if printed and printed.topic:
        suggested = tuple(dict.fromkeys((printed.topic, *told.topics)))
        return TopicChoice("topic", suggested=suggested, sure=not told.topics or told.topics[0] == printed.topic)
    return TopicChoice("topic", suggested=told.topics, sure=told.sure, category=printed.category if printed else "")


def _place(told: Told, printed: Scene | None) -> PlaceChoice:
    """Where; a village that the story names, or the printed code stands for, is only to be confirmed."""
    code = printed.place if printed else ""
    return PlaceChoice("place", optional=True, skipped=Where("", ""), story=told.text, printed=code)


def _official() -> Choice:
    options = tuple(Option(f"official:{token}", Say(f"report.official.{token}")) for token in ("no", "unsure", "yes"))
    return Choice("official", Say("report.official.ask"), options=options)


def _go_on(desk: Desk) -> YesNo:
    """An official is involved: the discipline office's door is named, and the service part may go on."""
    options = (Option("go_on:yes", Say("report.door.go_on")), Option("go_on:no", Say("report.door.stop")))
    return YesNo("go_on", door_words(desk, "12388", "report.door.official"), options=options, about="go_on")


def _to_the_tip(code: str) -> Result:
    """检举控告: another script, which asks for the rank first; the story goes along, and is kept nowhere else."""
    return Result(then=Next("tip", {"topic": code}, ("story", "photos")))


def _home() -> tuple[Option, ...]:
    return (Option("menu", Say("word.menu"), "quiet"),)


def _summary(desk: Desk, draft: _Draft, optional: list[TopicQuestion]) -> Summary:
    told, where = draft.told, draft.where
    place = place_words(desk.county, where.place, where.text, desk.lang)
    story = told.text or Say("report.story.voice")
    lines = [
        Line("topic", Say("report.line.topic"), topic_path(desk.county, draft.topic.code, desk.lang)),
        Line("place", Say("report.line.place"), place or Say("report.line.none")),
        Line("story", Say("report.line.story"), story),
        *(Line(name, label, words) for name, (label, words) in draft.extra.items()),
        Line("contact", Say("report.line.contact"), _contact_words(draft.contact)),
    ]
    addable = (
        Photos("photos", title=Say("report.line.photos")),
        Text("when", Say("report.when.ask"), title=Say("report.line.when"), most=60, options=_whens()),
        *(detail_question(desk, extra) for extra in optional),
        _behalf(),
    )
    return Summary("submit", lines=tuple(lines), addable=addable)


def _contact_words(contact: Contact) -> Words:
    return f"{contact.name} {contact.phone}".strip() or Say("word.anonymous")


def _whens() -> tuple[Option, ...]:
    return tuple(Option(token, Say(f"report.when.{token}")) for token in ("today", "yesterday", "week", "earlier"))


def _behalf() -> Choice:
    options = tuple(Option(token, Say(f"report.behalf.{token}")) for token in ("self", "relative", "neighbour"))
    return Choice("behalf", Say("report.behalf.ask"), title=Say("report.line.behalf"), options=options)


def _filed(desk: Desk, draft: _Draft, added: dict[str, Any], optional: list[TopicQuestion]) -> Result:
    office = desk.county.office
    town = town_office(desk.county, draft.where.place)
    # An official of the town may be meant: such a case goes up, never to the town itself.
    meant = {town} if draft.official and town else set[str]()
    accused = tuple(dict.fromkeys((*meant, *reproached(desk.county, draft.told.text, draft.where.place))))
    never = barred(desk.county, accused)
    lead, assist = route(desk.county, draft.topic, draft.where.place, never)
    if lead in never:
        return shown_the_door(desk, desk.county.office.tips.door, "report.door.accused")
    asked = [(extra.label(desk.lang), added.get(detail_name(extra))) for extra in optional]
    photos = added.get("photos", ())
    filing = Filing(
        case_id=desk.fresh_id(),
        by=Actor("citizen", desk.citizen.id),
        kind=draft.topic.kind,
        lane=Lane.SERVICE,
        topic=draft.topic.code,
        department=lead,
        assist=assist,
        story=draft.told.text,
        place=draft.where.place,
        place_text=draft.where.text,
        when=added.get("when", ""),
        details=(*draft.extra.values(), *((label, value) for label, value in asked if value)),
        attachments=tuple(file.id for file in (*draft.told.files, *photos)),
        name=draft.contact.name,
        phone=draft.contact.phone,
        urgent=draft.urgent,
        on_behalf="" if added.get("behalf", "self") == "self" else added["behalf"],
        minor=draft.minor,
        accused=accused,
    )
    unit = desk.county.department_by_id[lead]
    by = answer_due(desk.now, desk.county, filing.kind, filing.urgent)
    more = is_within(desk.county.texts, "control.several", draft.told.text)
    several = (Say("report.filed.several"),) if more else ()
    words = {"no": CaseNo(filing.case_id), "code": QueryCode(filing.case_id)}
    reply = Reply(
        (
            Say("report.filed.number", words),
            Say("report.filed.next", {"unit": unit.label(desk.lang), "day": day_words(desk.county, by, desk.lang)}),
            Say("report.filed.keep", {"office": office.label(desk.lang)}),
            *several,
        ),
        (Option(f"case:{filing.case_id}", Say("report.filed.look")), *_home()),
        case_id=filing.case_id,
    )
    settled = {"recent": filing.case_id, "recent_at": desk.now, "scene": ""}
    return Result((reply,), (filing,), opened=filing.case_id, remember=settled)
