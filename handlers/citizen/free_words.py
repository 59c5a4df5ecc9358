"""Words, pictures or a place at the desk, with no script running: what is meant by them.

First what people simply say (你好, 谢谢), then a case of theirs, then a policy question, then a complaint;
where that is not clear the citizen chooses, and the words wait for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from config.schema import County, Kind, Lane
from faq.decide import Verdict
from handlers.citizen.about import about
from handlers.citizen.held import hold
from handlers.citizen.menu import menu, menu_option
from handlers.citizen.own_cases import COMPLAINT, about_a_case, recent_case
from handlers.citizen.policy import answer_reply, unsure_reply
from handlers.citizen.report import located
from handlers.desk import Desk
from handlers.dialogue import Outcome, begin
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import files
from handlers.questions.story import add_to_story
from handlers.talk import Answer, Talk
from handlers.words import is_made_of, is_said, is_within, plain, plains

SHORT = 8  # up to here words without a match are met with the menu, beyond it they may be a story
FINE = ("control.fine", "control.thanks", "control.skip", "word.skip", "control.done", "word.done")
WEAK = 0.3  # below this a policy is too unlikely to stand in the way of somebody's story
QUESTION = 20  # up to here words that ask something and resemble an answer are a question, not a story
STORY = 10  # characters from which words that ask nothing tell something


def free(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """What a message at the desk causes."""
    if simple := _simple(desk, talk, inbound):
        return simple
    if about := about_a_case(desk, talk, inbound):
        return about
    if inbound.attachments or inbound.place:
        return _start_with_files(desk, talk, inbound)
    return _understood(desk, talk, inbound)


def _simple(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome | None:
    """What needs no understanding: nothing, an old button, a greeting, thanks, a curse."""
    if inbound.attachments or inbound.place:
        return None
    if inbound.choice:
        return _old_button(desk, talk, inbound.choice)
    texts, text = desk.county.texts, inbound.text[:200]
    if not plain(text):
        return menu(desk, talk, Say("desk.not_understood" if text.strip() else "desk.empty"))
    if is_made_of(texts, ("control.greeting",), text):
        return _greeted(desk, talk, text)
    if is_said(texts, "word.submit", text):
        return _old_button(desk, talk, "submit")
    if is_made_of(texts, ("control.thanks", "control.bye", "control.greeting"), text):
        return _briefly(talk, "desk.welcome")
    if is_made_of(texts, FINE, text):
        return _briefly(talk, "desk.fine")
    if said := about(desk, inbound):
        return Outcome(talk, (Reply((said,), (Option("human", Say("word.human")), menu_option())),))
    if _is_glad(desk, text):
        return _briefly(talk, "desk.welcome")
    rude = len(plain(text)) <= SHORT and is_within(texts, "control.rude", text)
    return _briefly(talk, "desk.calm") if rude and not desk.prepared.grievance >= COMPLAINT else None


def _is_glad(desk: Desk, text: str) -> bool:
    """Thanks for something that went well: 路灯修好了，谢谢你们 is no complaint about the lamp."""
    texts = desk.county.texts
    thanks = is_within(texts, "control.thanks", text) and is_within(texts, "control.glad", text)
    return thanks and not is_within(texts, "control.but", text)


def _greeted(desk: Desk, talk: Talk, text: str) -> Outcome:
    """The menu; whoever says hello in Latin letters is shown the way to English."""
    outcome = menu(desk, talk)
    if desk.lang == "en" or "en" not in desk.county.texts or not plain(text).isascii():
        return outcome
    reply = outcome.replies[0]
    english = Option("lang:en", Say("word.english"), "quiet")
    return replace(outcome, replies=(replace(reply, options=(*reply.options, english)),))


def _old_button(desk: Desk, talk: Talk, choice: str) -> Outcome:
    """A button of a talk that is over. 提交 pressed twice must not look as if nothing had been filed."""
    case = recent_case(desk, talk)
    if choice == "submit" and case:
        look = Option(f"case:{case.id}", Say("report.filed.look"))
        return Outcome(talk, (Reply((Say("report.filed.already", {"no": case.no}),), (look, menu_option())),))
    return menu(desk, talk, Say("dialogue.old_button"))


def _briefly(talk: Talk, key: str) -> Outcome:
    """A short answer, and no wall of buttons."""
    return Outcome(talk, (Reply((Say(key),), (menu_option(),)),))


# --- a question or a complaint ------------------------------------------------------------------------------


def _understood(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """A policy question, a complaint, or the citizen says which."""
    seen, text = desk.prepared, inbound.text.strip()
    verdict = seen.policy or Verdict("none", (), 0.0, None, ())
    if verdict.band == "answer" and (seen.grievance < COMPLAINT or verdict.confidence >= 1.0):
        return Outcome(hold(desk, talk, inbound), tuple(answer_reply(desk, entry) for entry in verdict.entries))
    if tells_of_trouble(desk, text, verdict.confidence if verdict.band != "none" else 0.0):
        return _complaint(desk, talk, inbound)
    if verdict.band == "choices":
        reply = unsure_reply(desk, verdict)
        file_it = Option("held:report", Say("desk.file_it"))
        return Outcome(hold(desk, talk, inbound), (replace(reply, options=(*reply.options[:-1], file_it)),))
    if len(plain(text)) <= SHORT or not any(char.isalpha() for char in text):
        return menu(desk, talk, Say("desk.not_understood"))
    return Outcome(hold(desk, talk, inbound, open_ended=True), (which(desk),))


def tells_of_trouble(desk: Desk, text: str, policy: float) -> bool:
    """Whether words are a complaint: by their tone, by a word people use for a topic, or because they tell a story.

    `policy` is how likely a policy answers them (0..1).
    """
    enough = len(text) >= desk.county.office.limits.story_min
    if desk.prepared.grievance >= COMPLAINT and enough:
        return True
    said = is_within(desk.county.texts, "control.asks", text[:500]) or text.endswith(("?", "？"))
    asks = desk.prepared.asks or said
    if policy >= WEAK or (policy and asks and len(plain(text)) <= QUESTION):
        return False
    if names_a_trouble(desk.county, text) or (enough and _plainly_a_matter(desk)):
        return True
    return len(plain(text)) >= STORY and bool(desk.prepared.topics) and not asks


def _plainly_a_matter(desk: Desk) -> bool:
    """One topic stands out that somebody is to do something about."""
    topic = desk.county.topic_by_code.get(next(iter(desk.prepared.topics), ""))
    return desk.prepared.sure and topic is not None and topic.kind in (Kind.HELP, Kind.COMPLAINT, Kind.REPORT)


def _complaint(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """Taken as a complaint, unless consent was refused just now: then it is not asked for again by itself."""
    held = hold(desk, talk, inbound)
    if talk.declined:
        options = (Option("held:report", Say("word.report")), Option("human", Say("word.human")), menu_option())
        phone = {"phone": desk.county.office.phone}
        return Outcome(held, (Reply((Say("desk.declined", phone),), options),))
    return report_with(desk, held, held.held or {})


def which(desk: Desk) -> Reply:
    """Report it, or ask about a policy?"""
    options = (
        Option("held:report", Say("desk.file_it"), "primary"),
        Option("held:policy", Say("desk.ask_policy")),
        Option("human", Say("word.human"), "quiet"),
    )
    return Reply((Say("desk.which"),), options, wants="choice")


def report_with(desk: Desk, talk: Talk, told: Answer, **given: Answer) -> Outcome:
    """A complaint whose story is told already; a word or two are only its beginning."""
    args: dict[str, Any] = fresh_args(talk)
    voice = any(file["kind"] == "voice" for file in told.get("files", ()))
    if voice or len(told.get("text", "")) >= desk.county.office.limits.story_min:
        given["story"] = told
    else:
        args["begun"] = {**told, "files": []} if told.get("text") else None
        if told.get("files"):
            given["photos"] = {"files": told["files"]}
    return begin(desk, talk, "report", args, **given)


def fresh_args(talk: Talk) -> dict[str, Any]:
    """What a new complaint begins with: the printed code that was scanned, and whether danger was heard."""
    return {"scene": talk.scene, **({"alarmed": True} if talk.warned else {})}


def _start_with_files(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """A photograph, a voice note or a location sent first begins a complaint."""
    given: dict[str, Answer] = {}
    if inbound.place:
        given["place"] = located(desk, inbound.place)
    voice = any(file.kind == "voice" for file in inbound.attachments)
    if inbound.attachments and not voice:
        given["photos"] = {"files": files(inbound)[: desk.county.office.limits.photos]}
        inbound = replace(inbound, attachments=())
    return report_with(desk, talk, add_to_story(desk, {}, inbound), **given)


def names_a_trouble(county: County, text: str) -> bool:
    """Whether a text holds one of the words people use for a topic: 停水, 路烂了."""
    typed = plain(text[:2000])
    topics = (topic for topic in county.topics() if topic.lane is not Lane.UPPER)
    return any(word in typed for topic in topics for word in plains(topic.keywords))
