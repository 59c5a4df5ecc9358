"""What stands at the front desk: the menu, a person to speak to, help, and the language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cases.redaction import mask
from handlers.desk import Desk, Speak
from handlers.dialogue import Outcome, resume, shelve
from handlers.messages import Option, Reply, Say, Words
from handlers.scripts import WIPED
from handlers.talk import Draft, Talk

DRAFT_SHOWN = 20  # characters of an unfinished story


def menu(desk: Desk, talk: Talk, first: Words = "") -> Outcome:
    """The menu, after a greeting or the words `first`; what was left unfinished stands above it."""
    parts: tuple[Words, ...] = (first or Say("desk.greeting", {"office": desk.county.office.label(desk.lang)}),)
    options = [
        Option("report", Say("word.report"), "primary"),
        Option("policy", Say("word.policy")),
        Option("progress", Say("word.progress")),
        Option("privacy", Say("word.privacy"), "quiet"),
    ]
    if desk.county.office.tip_lane:
        options.append(Option("tip", Say("word.tip"), "quiet"))
    if talk.drafts:
        parts = (*parts, draft_words(talk))
        options[:0] = [Option("resume", Say("desk.resume"), "primary"), Option("discard", Say("desk.discard"))]
    else:
        parts = (*parts, Say("desk.how"))
    return Outcome(replace(talk, held=None), (Reply(parts, tuple(options)),))


def draft_words(talk: Talk) -> Say:
    """What was left unfinished last, in the citizen's own words where there are any."""
    story = talk.drafts[0].story
    more = Say("desk.drafts_more", {"n": len(talk.drafts) - 1}) if len(talk.drafts) > 1 else ""
    if not story:
        return Say("desk.draft_nameless", {"more": more})
    shown = mask(story)[:DRAFT_SHOWN] + ("…" if len(story) > DRAFT_SHOWN else "")
    return Say("desk.draft", {"story": " ".join(shown.split()), "more": more})


def fresh_drafts(desk: Desk, talk: Talk) -> tuple[Draft, ...]:
    """The drafts that are not too old to be offered."""
    oldest = desk.now - timedelta(days=desk.county.office.limits.draft_days)
    return tuple(draft for draft in talk.drafts if draft.at >= oldest)


def to_menu(desk: Desk, talk: Talk) -> Outcome:
    """菜单."""
    return menu(desk, shelve(talk, desk.now))


def cancel(desk: Desk, talk: Talk) -> Outcome:
    """取消: out of the script; a complaint is kept, and can be thrown away."""
    if not talk.script:
        return menu(desk, talk)
    words = "report.door.bye" if talk.script in WIPED else "dialogue.left"
    words = "desk.cancelled" if talk.script == "report" else words
    return menu(desk, shelve(talk, desk.now), Say(words))


def human(desk: Desk, talk: Talk) -> Outcome:
    """A person: the phone, or words left for the duty desk."""
    office = desk.county.office
    leave = Option("leave", Say("desk.leave_words"), "primary")
    reply = Reply((Say("desk.human", {"phone": office.phone, "address": office.address}),), (leave, menu_option()))
    return Outcome(shelve(talk, desk.now), (reply,))


def show_help(desk: Desk, talk: Talk) -> Outcome:
    """帮助: said, and the open question again."""
    if talk.script:
        return resume(desk, talk, (Say("dialogue.help"),))
    return menu(desk, talk, Say("dialogue.help"))


def speak(desk: Desk, talk: Talk, lang: str) -> Outcome:
    """Go on in another language."""
    if lang not in desk.county.texts:
        return menu(desk, talk, Say("dialogue.old_button"))
    desk, talk = desk.speaking(lang), replace(talk, lang=lang)
    if talk.script:
        return resume(desk, talk, deeds=(Speak(lang),))
    return replace(menu(desk, talk), deeds=(Speak(lang),))


def scanned(desk: Desk, talk: Talk, code: str) -> Outcome:
    """A printed code was scanned: it will fill in what it stands for."""
    scene = desk.county.scene_by_code.get(code)
    talk = shelve(talk, desk.now)
    if scene is None:
        return menu(desk, talk, Say("desk.unknown_scene"))
    place = desk.county.place_path(scene.place, desk.lang)
    words = Say("desk.scene", {"place": place}) if place else Say("desk.scene_anywhere")
    return menu(desk, replace(talk, scene=code), words)


def menu_option() -> Option:
    """The quiet way back to the menu."""
    return Option("menu", Say("word.menu"), "quiet")
