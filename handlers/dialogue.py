"""Runs a script: ask, check, back, edit, skip, resume.

A script is a generator that yields questions and returns a Result. It keeps no state: on every message the
engine runs it again from the top over the answers given so far, until it meets a question without one. So
*back* drops the last answer, *edit* drops one, *resume* runs it again, and answers to questions that are no
longer asked fall away. A dropped answer is kept aside until another is given, and offered again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers.desk import Deed, Desk, ForgetTalk
from handlers.messages import Inbound, Option, Parts, Reply, Say, Words
from handlers.questions.base import Ask, Drop, Got, Miss, More, Question, Sure, Unfit, spoken
from handlers.questions.choice import yes_or_no
from handlers.scripts import ASIDES, KEPT, SCRIPTS, WIPED, Next, Outcome, Result
from handlers.talk import Answer, Args, Draft, Pending, Talk
from handlers.words import control_word

__all__ = [
    "Outcome", "Talk", "begin", "cleared", "forgetting", "open_question", "proceed", "resume", "shelve", "unshelve",
]  # fmt: skip

MISSES = 3  # in a row, then a person is offered
OVERTAKEN = timedelta(minutes=1)  # two messages sent together may be taken the other way round
OPENED = 20  # cases a talk remembers to have opened
DRAFTS = 5  # unfinished complaints that are kept


def begin(desk: Desk, talk: Talk, name: str, args: Args | None = None, **answers: Answer) -> Outcome:
    """Start a script, with some answers already given. A kept script that is running becomes the draft."""
    talk = replace(shelve(talk, desk.now), script=name, args=args or {}, answers=dict(answers), held=None)
    return resume(desk, talk)


def resume(desk: Desk, talk: Talk, before: Parts = (), deeds: tuple[Deed, ...] = ()) -> Outcome:
    """Run the script over its answers and ask what is open, after the words `before`."""
    found = _replay(desk, talk)
    if isinstance(found, Result):
        return _finish(desk, talk, found, before, deeds)
    question, _, reason = found
    return _ask(desk, talk, question, (*before, reason) if reason else before, deeds)


def shelve(talk: Talk, now: datetime) -> Talk:
    """The talk back at the front desk; a kept script with answers is put aside as the newest draft, and of a wiped
    one, and of what was left unfinished in the same sitting, nothing is offered any more."""
    if talk.script in WIPED:
        return replace(cleared(talk), drafts=_before(talk.drafts, (talk.since or now) - OVERTAKEN))
    partial = talk.pending.partial if talk.pending else None
    said = (partial, talk.args.get("begun"))
    told = any(part is not None and (part.get("text") or part.get("files")) for part in said)
    drafts = talk.drafts
    if talk.script in KEPT and (told or any(name != "consent" for name in talk.answers)):
        answers = {**talk.aside, **talk.answers}
        name = talk.pending.name if talk.pending else ""
        draft = Draft(talk.script, talk.args, answers, now, talk.adding, name, partial, talk.since)
        drafts = (draft, *drafts)[:DRAFTS]
    return replace(cleared(talk), drafts=drafts)


def cleared(talk: Talk) -> Talk:
    """The talk with no script running."""
    return replace(talk, script="", args={}, answers={}, adding="", editing="", aside={}, pending=None)


def unshelve(talk: Talk, draft: Draft) -> Talk:
    """The talk with a draft running again where it was left."""
    pending = Pending(draft.open, partial=draft.partial) if draft.open and draft.partial else None
    drafts = tuple(one for one in talk.drafts if one is not draft)
    running = {"script": draft.script, "args": draft.args, "answers": draft.answers, "adding": draft.adding}
    since = min((at for at in (talk.since, draft.since) if at), default=None)
    return replace(talk, **running, pending=pending, drafts=drafts, aside={}, editing="", since=since)


def proceed(desk: Desk, talk: Talk, inbound: Inbound) -> Outcome:
    """One message in a running script. A typed number or label has been made a `choice` by then."""
    found = _replay(desk, talk)
    if isinstance(found, Result):  # the files changed under it and nothing is left to ask
        return _finish(desk, talk, found, (), ())
    question, asked, reason = found
    pending = talk.pending or Pending(question.name)
    if reason or pending.name != question.name:
        talk = replace(talk, pending=None)
        return _aside(desk, talk, question, inbound) or _ask(desk, talk, question, (reason,) if reason else (), ())
    if inbound.choice == "keep" and question.name in talk.aside:
        return resume(desk, _answered(talk, question.name, talk.aside[question.name]))
    if pending.guess and (settled := _guessed(desk, pending, inbound)):
        inbound = replace(inbound, choice=settled)
    word = _word(desk, question, inbound)
    if word in ("back", "restart", "skip"):
        return replace(_control(desk, talk, question, asked, word), said=inbound.text or spoken(desk, word))
    return _take(desk, talk, question, asked, pending, inbound)


def _guessed(desk: Desk, pending: Pending, inbound: Inbound) -> str:
    """Yes or no to "did you mean": the one option it named, or back to the question."""
    if inbound.choice:
        return ""
    said = yes_or_no(desk, inbound.text, ("yes", "no"))
    options = [token for token, _ in pending.shown if token not in ("back", "skip", "keep")]
    if said == "yes":
        return options[0] if len(options) == 1 else ""
    return "back" if said == "no" else ""


def _word(desk: Desk, question: Question, inbound: Inbound) -> str:
    """The control word a message is: 没有 skips a question, unless it answers it."""
    word = control_word(desk.county.texts, inbound)
    answers = word == "skip" and not inbound.choice and question.takes_no
    return "" if answers and yes_or_no(desk, inbound.text, ("no",)) else word


def open_question(desk: Desk, talk: Talk) -> Question | None:
    """The question a running script waits at; None when nothing is left to ask."""
    found = _replay(desk, talk)
    return None if isinstance(found, Result) else found[0]


def _control(desk: Desk, talk: Talk, question: Question, asked: list[str], word: str) -> Outcome:
    if word == "back":
        return _back(desk, talk, question, asked)
    if word == "restart":
        fresh = replace(talk, answers={}, aside={**talk.aside, **talk.answers}, pending=None, adding="", editing="")
        return resume(desk, fresh, (Say("dialogue.restarted"),))
    if question.optional:
        return resume(desk, _answered(talk, question.name, {"skip": True}))
    return _ask(desk, talk, question, (question.needed,), ())


def _back(desk: Desk, talk: Talk, question: Question, asked: list[str]) -> Outcome:
    partial = (talk.pending.partial if talk.pending else None) or {}
    worth = question.kept(partial)
    if talk.pending and talk.pending.guess:
        return resume(desk, replace(talk, pending=replace(talk.pending, guess=False)))
    if talk.adding or talk.editing == question.name:
        worth = worth or talk.aside.get(question.name)
        given = {**talk.answers, question.name: worth} if worth else talk.answers
        return resume(desk, replace(talk, answers=given, adding="", editing="", pending=None))
    if partial and not worth and not partial.get("text"):
        return resume(desk, replace(talk, pending=None))
    if not asked:
        menu = Option("menu", Say("word.menu"), "quiet")
        return Outcome(shelve(talk, desk.now), (Reply((Say("dialogue.left"),), (menu,)),))
    aside = {**talk.aside, asked[-1]: talk.answers[asked[-1]], **({question.name: worth} if worth else {})}
    answers = {name: answer for name, answer in talk.answers.items() if name != asked[-1]}
    return resume(desk, replace(talk, answers=answers, aside=aside, pending=None))


def _take(desk: Desk, talk: Talk, question: Question, asked: list[str], pending: Pending, inbound: Inbound) -> Outcome:
    taken = question.take(desk, inbound, pending.shown, pending.partial)
    if isinstance(taken, Miss) and (outcome := _aside(desk, talk, question, inbound)):
        return outcome
    match taken:
        case Got(answer, thanks):
            return resume(desk, _answered(talk, question.name, answer), thanks, question.effect(desk, answer))
        case More(partial, before):
            again = replace(pending, partial=partial, misses=0, guess=False)
            return _ask(desk, replace(talk, pending=again), question, before, ())
        case Drop(question.name):
            return _back(desk, talk, question, asked)
        case Drop(name, add):
            return resume(desk, _without(talk, name, add))
        case Ask(reply):
            return _shown(desk, talk, replace(pending, misses=0), question, reply)
        case Sure(options, partial):
            back = Option("back", Say("word.back"), "quiet")
            reply = Reply((Say("dialogue.did_you_mean"),), (*options, back), wants="choice")
            guess = replace(pending, partial=partial or pending.partial, guess=True)
            return _shown(desk, talk, guess, question, reply)
        case Miss(why, counts):
            return _missed(desk, talk, question, replace(pending, misses=pending.misses + counts), why)


def _aside(desk: Desk, talk: Talk, question: Question, inbound: Inbound) -> Outcome | None:
    """What does not answer the question may belong to another answer; then the question is asked again."""
    aside = ASIDES.get(talk.script)
    added = aside(desk, question, inbound, talk.answers) if aside else None
    if added is None:
        return None
    name, answer, thanks = added
    talk = replace(talk, answers={**talk.answers, name: answer})
    found = _replay(desk, talk)
    if isinstance(found, Result):
        return _finish(desk, talk, found, (thanks,), ())
    question = found[0]
    same = talk.pending if talk.pending and talk.pending.name == question.name else Pending(question.name)
    reply = question.briefly(desk, same.partial)
    return _shown(
        desk, talk, replace(same, misses=0, guess=False), question, _dressed(desk, talk, question, reply, (thanks,))
    )


def _without(talk: Talk, name: str, add: bool) -> Talk:
    """The talk in which one answer is given anew."""
    aside = {**talk.aside, name: talk.answers[name]} if name in talk.answers else talk.aside
    kept = {key: answer for key, answer in talk.answers.items() if key != name}
    return replace(
        talk, answers=kept, aside=aside, pending=None, adding=name if add else "", editing="" if add else name
    )


def _missed(desk: Desk, talk: Talk, question: Question, pending: Pending, why: Words) -> Outcome:
    """Ask again with the reason; the third miss in a row offers a person."""
    pending = replace(pending, guess=False)
    tired = pending.misses >= MISSES
    before = (why, Say("dialogue.offer_human")) if tired else (why,)
    reply = _dressed(desk, talk, question, question.ask(desk, pending.partial), before)
    if tired:
        reply = replace(reply, options=(*reply.options, Option("human", Say("word.human"), "quiet")))
    return _shown(desk, talk, pending, question, reply)


def _answered(talk: Talk, name: str, answer: Answer) -> Talk:
    return replace(
        talk,
        answers={**talk.answers, name: answer},
        aside={key: old for key, old in talk.aside.items() if key != name},
        pending=None,
        adding="" if talk.adding == name else talk.adding,
        editing="" if talk.editing == name else talk.editing,
    )


def _replay(desk: Desk, talk: Talk) -> Result | tuple[Question, list[str], Words | None]:
    """Run the script over the answers: its result, or (open question, answered before it, why it is open)."""
    run = SCRIPTS[talk.script](desk, **talk.args)
    asked: list[str] = []
    try:
        question = next(run)
        while True:
            question = question.with_answers(talk.answers)
            if talk.adding and (added := question.addition(talk.adding)):
                return added, asked, None
            preset = question.preset(desk)
            answer = talk.answers.get(question.name, preset)
            if answer is None:
                return question, asked, None
            try:
                value = _value(desk, question, answer)
            except Unfit as unfit:
                return question, asked, unfit.reason
            if preset is None:
                asked.append(question.name)
            question = run.send(value)
    except StopIteration as stop:
        return stop.value


def _value(desk: Desk, question: Question, answer: Answer) -> Any:
    if not answer.get("skip"):
        return question.value(desk, answer)
    if not question.optional:
        raise Unfit(Say("dialogue.cannot_skip"))
    return question.skipped


def _ask(desk: Desk, talk: Talk, question: Question, before: Parts, deeds: tuple[Deed, ...]) -> Outcome:
    kept = talk.pending if talk.pending and talk.pending.name == question.name else Pending(question.name)
    reply = _dressed(desk, talk, question, question.ask(desk, kept.partial), before)
    return replace(_shown(desk, talk, replace(kept, guess=False), question, reply), deeds=deeds)


def _dressed(desk: Desk, talk: Talk, question: Question, reply: Reply, before: Parts) -> Reply:
    """The question with what every question may have: words before it, 跳过, and the answer it had."""
    extra: list[Option] = []
    if old := talk.aside.get(question.name):
        text = str(old.get("text", ""))
        before = (*before, Say("dialogue.was", {"text": text[:40]})) if text else before
        extra.append(Option("keep", Say("dialogue.keep")))
    if question.optional and question.offers_skip:
        extra.append(Option("skip", Say("word.skip"), "quiet"))
    known = {option.token for option in reply.options}
    options = (*reply.options, *(option for option in extra if option.token not in known))
    return replace(reply, parts=(*before, *reply.parts), options=options)


def _shown(desk: Desk, talk: Talk, pending: Pending, question: Question, reply: Reply) -> Outcome:
    shown = tuple((option.token, spoken(desk, option.label)) for option in reply.options)
    pending = replace(pending, shown=shown, numbers=question.counted)
    return Outcome(replace(talk, pending=pending), (reply,))


def _goes_on(desk: Desk, talk: Talk, then: Next, deeds: tuple[Deed, ...]) -> Outcome:
    """The next script, with the answers it takes along. Nothing of this one becomes a draft."""
    taken = {name: talk.answers[name] for name in then.keep if name in talk.answers}
    begun = begin(desk, cleared(talk), then.script, then.args, **taken)
    return replace(begun, deeds=(*deeds, *begun.deeds))


def _finish(desk: Desk, talk: Talk, result: Result, before: Parts, deeds: tuple[Deed, ...]) -> Outcome:
    if result.then:
        return _goes_on(desk, talk, result.then, deeds)
    opened = tuple(dict.fromkeys((*talk.opened, result.opened)))[-OPENED:] if result.opened else talk.opened
    done = replace(cleared(talk), held=None, opened=opened)
    replies = result.replies
    if before and replies:
        replies = (replace(replies[0], parts=(*before, *replies[0].parts)), *replies[1:])
    return forgetting(Outcome(replace(done, **result.remember), replies, (*deeds, *result.deeds)))


def forgetting(outcome: Outcome) -> Outcome:
    """What is to be forgotten is the whole sitting: its letters, its files, and what was left unfinished in it."""
    asked = next((deed for deed in outcome.deeds if isinstance(deed, ForgetTalk)), None)
    if asked is None:
        return outcome
    since = (outcome.talk.since or asked.since) - OVERTAKEN
    kept = _before(outcome.talk.drafts, since)
    deeds = tuple(replace(deed, since=since) if deed is asked else deed for deed in outcome.deeds)
    return replace(outcome, talk=replace(outcome.talk, drafts=kept, since=None, warned="", asked=None), deeds=deeds)


def _before(drafts: tuple[Draft, ...], since: datetime) -> tuple[Draft, ...]:
    return tuple(draft for draft in drafts if (draft.since or draft.at) < since)
