"""The front desk: every citizen's message arrives here, and either goes on in its script or starts one.

What is looked at, in this order: is the person muted, is it a control word, a printed code, a button, an
emergency; then the running script, and at the desk the words themselves (`free_words`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from handlers.citizen import (  # the scripts register
    emergencies,
    followup,
    joining,
    policy,
    privacy,
    progress,
    report,
    tip,
)
from handlers.citizen.asked import noted
from handlers.citizen.buttons import VERBS, press
from handlers.citizen.edits import changed
from handlers.citizen.free_words import SHORT, free, tells_of_trouble
from handlers.citizen.held import into_story, together
from handlers.citizen.menu import cancel, fresh_drafts, human, scanned, show_help, speak, to_menu
from handlers.citizen.own_cases import case_verb
from handlers.citizen.passing import in_passing
from handlers.desk import Desk, EraseMe, ForgetTalk, Speak
from handlers.dialogue import Outcome, forgetting, open_question, proceed, resume, shelve
from handlers.messages import Inbound, Option, Reply, Say
from handlers.questions.base import spoken
from handlers.questions.choice import yes_or_no
from handlers.scripts import KEPT, SCRIPTS, WIPED
from handlers.talk import Pending, Shown, Talk
from handlers.words import SHORT as LABEL
from handlers.words import control_word, is_made_of, is_said, is_within, meant, plain

__all__ = ["answer", "followup", "joining", "policy", "privacy", "progress", "report", "tip"]

IDLE = timedelta(hours=2)  # after this a half-finished complaint is offered back instead of going on
GIVING_UP = 16  # characters in which somebody says that they have had enough
RECENT_LETTERS = 20
LATEST_LETTERS = 3
_LATIN = re.compile(r"[A-Za-z]{2,}")
_OTHER = re.compile(r"[^\W\d_a-zA-Z]")


def answer(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """What one message of a citizen causes. Pure: the same desk, talk and message give the same outcome."""
    muted = desk.citizen.muted_until
    if muted and desk.now < muted:
        return Outcome(talk, (Reply((Say("desk.muted", {"phone": desk.county.office.phone}),)),))
    stranger = talk.at is None
    talk = _arrived(desk, talk)
    if inbound.edits and (outcome := changed(desk, talk, inbound)):
        return _settled(desk, talk, outcome, inbound) if outcome.replies else outcome
    if stranger and _writes_english(inbound.text) and "en" in desk.county.texts:
        desk, talk = desk.speaking("en"), replace(talk, lang="en")
        outcome = _answer(desk, talk, inbound)
        return _settled(desk, talk, replace(outcome, deeds=(Speak("en"), *outcome.deeds)), inbound)
    return _settled(desk, talk, _answer(desk, talk, inbound), inbound)


def _arrived(desk: Desk, talk: Talk) -> Talk:
    """The talk as somebody comes back to it: what has grown old falls away."""
    if talk.at is None or desk.now - talk.at >= IDLE:
        talk = replace(talk, warned="", declined=False)
        talk = talk if talk.script else replace(talk, held=None, scene="", since=None, asked=None)
    known = tuple(draft for draft in fresh_drafts(desk, talk) if draft.script in SCRIPTS)
    script = talk.script if talk.script in SCRIPTS else ""
    if talk.since and known == talk.drafts and script == talk.script:
        return talk
    return replace(talk, since=talk.since or desk.now, drafts=known, script=script)


def _writes_english(text: str) -> bool:
    """Three words or more and not one in another script."""
    return len(_LATIN.findall(text[:500])) >= 3 and not _OTHER.search(text)


# --- where a message goes -----------------------------------------------------------------------------------


def _answer(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    inbound = _pressed(desk, talk, inbound)
    return noted(desk, talk, inbound, _routed(desk, talk, inbound))


def _routed(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    if _idle(desk, talk, inbound):
        talk = shelve(talk, desk.now)
    if outcome := _everywhere(desk, talk, inbound):
        return outcome
    if warning := emergencies.warning(desk, talk, inbound):
        return warning
    if talk.held and talk.open_ended and _more_words(desk, inbound):
        return _with_held_words(desk, talk, inbound)
    outcome = _in_script(desk, talk, inbound) if talk.script else free(desk, talk, inbound)
    return _numbers_first(outcome) if emergencies.repeated(desk, talk, inbound) else outcome


def _in_script(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    if _gives_up(desk, talk, inbound):
        return replace(cancel(desk, talk), said=inbound.text)
    if said := in_passing(desk, talk, inbound):
        return resume(desk, talk, said)
    if _leaves_policy(desk, talk, inbound):
        return free(desk, shelve(talk, desk.now), inbound)
    return proceed(desk, talk, inbound)


def _gives_up(desk: Desk, talk: Talk, inbound: Inbound) -> bool:
    """算了，我不反映了: said to any question of a complaint but that for the story, whose words it may be."""
    open_words = talk.script not in ("report", "tip") or (talk.pending and talk.pending.name == "story")
    if inbound.choice or open_words or len(plain(inbound.text)) > GIVING_UP:
        return False
    return is_within(desk.county.texts, "control.gives_up", inbound.text)


def _pressed(desk: Desk, talk: Talk, inbound: Inbound) -> Inbound:
    """A typed number or label is a press of the button the person saw last, in our reply or under a later letter."""
    if inbound.choice or not inbound.text or len(inbound.text) > 4 * LABEL:
        return inbound
    shown, numbers = _seen_last(desk, talk)
    token = meant(inbound.text, shown, numbers)
    if not token and talk.script:
        token = yes_or_no(desk, inbound.text, (one for one, _ in shown))
    return replace(inbound, choice=token) if token else inbound


def _seen_last(desk: Desk, talk: Talk) -> tuple[Shown, bool]:
    last = next(iter(desk.letters(1)), None)
    if last and last.reply and last.reply.options and talk.at and last.at > talk.at:
        return tuple((option.token, spoken(desk, option.label)) for option in last.reply.options), True
    return (talk.pending.shown, talk.pending.numbers) if talk.pending else ((), True)


def _idle(desk: Desk, talk: Talk, inbound: Inbound) -> bool:
    """Whether a running script is left, because hours have passed and this is not clearly its answer."""
    if not talk.script or talk.at is None or desk.now - talk.at < IDLE:
        return False
    pending = talk.pending or Pending("")
    if inbound.choice in dict(pending.shown):
        return False
    question = open_question(desk, talk) if talk.script in KEPT else None
    same = question is not None and question.name == pending.name
    return not (same and question and question.knows(desk, inbound, pending.shown, pending.partial))


def _everywhere(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome | None:
    """What means the same wherever the person stands: control words, languages, printed codes, buttons."""
    word = control_word(desk.county.texts, inbound)
    if word in WORDS or (word in ("back", "restart") and not talk.script):
        return replace(WORDS.get(word, to_menu)(desk, talk), said=inbound.text or spoken(desk, Say(f"word.{word}")))
    if inbound.scene:
        return scanned(desk, talk, inbound.scene)
    if inbound.choice and (outcome := press(desk, talk, inbound.choice)):
        return outcome
    if inbound.choice or not inbound.text:
        return None
    for lang in desk.county.texts:
        if is_said(desk.county.texts, f"control.lang_{lang}", inbound.text):
            return speak(desk, talk, lang)
    return _desk_word(desk, talk, inbound.text)


def _desk_word(desk: Desk, talk: Talk, text: str) -> Outcome | None:
    """查政策 and its like, typed anywhere; in a script the short ones might be an answer."""
    if talk.script and len(plain(text)) < 3:
        return None
    for verb in ("report", "tip", "policy", "progress", "privacy"):
        if is_said(desk.county.texts, f"word.{verb}", text) or is_said(desk.county.texts, f"control.{verb}", text):
            return VERBS[verb](desk, talk, "")
    return None


def _more_words(desk: Desk, inbound: Inbound) -> bool:
    """Whether a message goes on telling, and is no button, thanks or 好的."""
    keys = ("control.thanks", "control.greeting", "control.fine", "control.bye")
    words = bool(inbound.text) and not is_made_of(desk.county.texts, keys, inbound.text)
    words = words and not case_verb(desk, inbound.text)
    return not inbound.choice and (words or bool(inbound.attachments))


def _with_held_words(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """Words that met a warning or a question of ours, and were followed by more words, go together."""
    told, talk = talk.held or {}, replace(talk, held=None)
    if talk.script:
        talk = into_story(desk, talk, told)
        outcome = _in_script(desk, talk, inbound if talk.script == "report" else together(told, inbound))
    else:
        outcome = free(desk, talk, together(told, inbound))
    return _numbers_first(outcome) if talk.warned else outcome


def _numbers_first(outcome: Outcome) -> Outcome:
    """The outcome that begins with whom to call."""
    if not outcome.replies:
        return outcome
    first = replace(outcome.replies[0], parts=(Say("emergency.first"), *outcome.replies[0].parts))
    return replace(outcome, replies=(first, *outcome.replies[1:]))


def _leaves_policy(desk: Desk, talk: Talk, inbound: Inbound) -> bool:
    """Somebody who was to ask about a policy tells of their trouble instead."""
    if talk.script != "policy" or inbound.choice:
        return False
    if inbound.attachments or inbound.place:
        return True
    verdict = desk.prepared.policy
    if verdict is None or verdict.band == "none":
        return len(plain(inbound.text)) > SHORT
    return verdict.band == "choices" and tells_of_trouble(desk, inbound.text, verdict.confidence)


# --- what every answer has ----------------------------------------------------------------------------------


def _settled(desk: Desk, before: Talk, outcome: Outcome, inbound: Inbound) -> Outcome:
    """The outcome with what was said, drafts spoken of, and the buttons remembered as they were shown."""
    desk = desk.speaking(outcome.talk.lang)
    outcome = _leaving_nothing(desk, before, outcome)
    if not any(isinstance(deed, ForgetTalk | EraseMe) for deed in outcome.deeds):
        outcome = _with_draft(desk, before, outcome)
    shown = dict(before.pending.shown) if before.pending else {}
    said = outcome.said or inbound.text or shown.get(inbound.choice, "") or _on_a_letter(desk, inbound.choice)
    return replace(outcome, talk=_remember(desk, outcome), said=said)


def _leaving_nothing(desk: Desk, before: Talk, outcome: Outcome) -> Outcome:
    """A tip that was broken off leaves as little behind as one that was handed in."""
    left = before.script in WIPED and outcome.talk.script != before.script
    if not left or any(isinstance(deed, ForgetTalk | EraseMe) for deed in outcome.deeds):
        return outcome
    return forgetting(replace(outcome, deeds=(*outcome.deeds, ForgetTalk(desk.now))))


def _on_a_letter(desk: Desk, token: str) -> str:
    """The label of a button under an earlier letter: a notice offers some that no question knows of."""
    for many in (LATEST_LETTERS, RECENT_LETTERS) if token else ():  # nearly always under one of the latest
        options = [option for letter in desk.letters(many) if letter.reply for option in letter.reply.options]
        if found := next((option for option in reversed(options) if option.token == token), None):
            return spoken(desk, found.label)
    return ""


def _with_draft(desk: Desk, before: Talk, outcome: Outcome) -> Outcome:
    """What was put aside just now is spoken of, and can be taken up again; what no longer has room is, too."""
    drafts = outcome.talk.drafts
    new = bool(drafts) and all(draft is not drafts[0] for draft in before.drafts)
    near = bool(drafts) and desk.now - drafts[0].at < IDLE and not outcome.talk.script
    reply = outcome.replies[-1] if outcome.replies else None
    if reply is None or not (new or near) or any(option.token == "resume" for option in reply.options):
        return outcome
    lost = new and len(before.drafts) == len(drafts)
    words = (Say("dialogue.kept_instead" if lost else "dialogue.kept"),) if new else ()
    options = (*reply.options, Option("resume", Say("desk.resume"), "quiet"))
    return replace(
        outcome, replies=(*outcome.replies[:-1], replace(reply, parts=(*reply.parts, *words), options=options))
    )


def _remember(desk: Desk, outcome: Outcome) -> Talk:
    """What the last reply offered can be taken by number or label."""
    options = outcome.replies[-1].options if outcome.replies else ()
    shown = tuple((option.token, spoken(desk, option.label)) for option in options)
    pending = outcome.talk.pending if outcome.talk.script else None
    return replace(outcome.talk, pending=replace(pending or Pending("desk"), shown=shown), at=desk.now)


WORDS: dict[str, Callable[[Desk, Talk], Outcome]] = {
    "menu": to_menu,
    "cancel": cancel,
    "human": human,
    "help": show_help,
}
