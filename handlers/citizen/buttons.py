"""What a button means wherever it is pressed: "verb" or "verb:rest". New in every talk, old in every chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handlers.citizen.followup import addition
from handlers.citizen.free_words import fresh_args, report_with, which
from handlers.citizen.held import into_story, together
from handlers.citizen.menu import menu, menu_option, speak
from handlers.citizen.policy import answer_reply, hot_reply
from handlers.citizen.progress import status_reply
from handlers.desk import Desk
from handlers.dialogue import Outcome, begin, proceed, resume, shelve, unshelve
from handlers.messages import Inbound, Option, Reply, Say
from handlers.talk import Answer, Talk

SCORED = frozenset({"rate", "recheck"})  # scripts whose button carries the answer
Verb = Callable[[Desk, Talk, str], Outcome]


def press(desk: Desk, talk: Talk, token: str) -> Outcome | None:
    """What a button causes; None for one that only its own question understands."""
    verb, _, rest = token.partition(":")
    handler = VERBS.get(verb)
    return handler(desk, talk, rest) if handler else None


def _report(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """A new complaint; one that is being told just now goes on."""
    if talk.script == "report":
        return resume(desk, talk, (Say("dialogue.go_on"),))
    return begin(desk, talk, "report", fresh_args(talk))


def _tip(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """检举控告; one that is being told just now goes on."""
    if talk.script == "tip":
        return resume(desk, talk, (Say("dialogue.go_on"),))
    return begin(desk, talk, "tip")


def _policy(desk: Desk, talk: Talk, rest: str) -> Outcome:
    names = desk.policies()
    chosen = names[int(rest)] if _is_id(rest) and int(rest) < len(names) else ""
    return begin(desk, talk, "policy", {"name": chosen})


def _hot(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """What everybody asks; by the time it is pressed nothing of it may hold any more."""
    if not desk.asked_most():
        return _policy(desk, talk, "")
    return Outcome(shelve(talk, desk.now), (hot_reply(desk),))


def _progress(desk: Desk, talk: Talk, rest: str) -> Outcome:
    return begin(desk, talk, "progress", {"other": rest == "other"})


def _privacy(desk: Desk, talk: Talk, rest: str) -> Outcome:
    return begin(desk, talk, "privacy")


def _leave_words(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """A message for the duty desk: a complaint whose topic is the desk's own."""
    office = desk.county.office
    topics = [topic.code for topic in desk.county.topics() if topic.department == office.duty_department]
    given: dict[str, Answer] = {"topic": {"code": topics[-1]}} if topics else {}
    return begin(desk, talk, "report", fresh_args(talk), **given)


def _resume(desk: Desk, talk: Talk, rest: str) -> Outcome:
    if not talk.drafts:
        return menu(desk, talk, Say("dialogue.old_button"))
    back = unshelve(shelve(talk, desk.now), talk.drafts[0])
    agreed = desk.citizen.consent >= desk.county.office.consent_version
    answers = {name: answer for name, answer in back.answers.items() if agreed or name != "consent"}
    return resume(desk, replace(back, answers=answers))


def _discard(desk: Desk, talk: Talk, rest: str) -> Outcome:
    if not talk.drafts:
        return menu(desk, talk, Say("dialogue.old_button"))
    return menu(desk, replace(talk, drafts=talk.drafts[1:]), Say("desk.discarded"))


def _held(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """The words that waited: a complaint, more of a case, a question, or no emergency after all."""
    verb, _, case_id = rest.partition(":")
    told = talk.held
    if verb == "report" and told is None:
        return _report(desk, talk, "")
    if verb == "policy":
        return begin(desk, talk, "policy", {"name": next(iter((told or {}).get("policies", ())), "")})
    if told is None:
        return resume(desk, talk) if talk.script else menu(desk, talk, Say("dialogue.old_button"))
    freed = replace(talk, held=None)
    if verb == "add":
        return _added(desk, freed, case_id, told)
    if verb == "rate":
        return _sent_back(desk, freed, case_id, told)
    return _go_on(desk, freed, told) if talk.script else report_with(desk, freed, told)


def _go_on(desk: Desk, talk: Talk, told: Answer) -> Outcome:
    """No emergency: the words belong to the story of the complaint, or answer the open question."""
    if talk.script == "report":
        return resume(desk, into_story(desk, talk, told), (Say("report.story.added"),))
    return proceed(desk, talk, together(told, Inbound("", "", "", desk.now)))


def _added(desk: Desk, talk: Talk, case_id: str, told: Answer) -> Outcome:
    """The words go to a case, and the talk stays with it for what else there is."""
    case = desk.case(int(case_id)) if _may(desk, talk, case_id) else None
    if case is None or not case.open:
        return menu(desk, talk, Say("progress.no_match"))
    deed = addition(desk, case, {"text": told["text"], "files": [item["id"] for item in told["files"]]})
    begun = begin(desk, talk, "supplement", {"case": case.id}, words={"text": "", "files": []})
    return replace(begun, deeds=(deed, *begun.deeds))


def _sent_back(desk: Desk, talk: Talk, case_id: str, told: Answer) -> Outcome:
    """It is not solved: the worst rating, with what was just said as the reason."""
    if not _may(desk, talk, case_id):
        return menu(desk, talk, Say("progress.no_match"))
    return begin(desk, talk, "rate", {"case": int(case_id), "score": "1"}, why={"text": told["text"][:500]})


def _faq(desk: Desk, talk: Talk, rest: str) -> Outcome:
    """faq:show|hot|ok|bad|file:ID, and faq:none."""
    verb, _, entry_id = rest.partition(":")
    if verb == "file":
        return _held(desk, talk, "report") if not talk.script else _report(desk, talk, "")
    if verb == "none":
        return _none_of_these(desk, talk)
    entry = desk.entry(entry_id)
    if entry is None:
        return menu(desk, talk, Say("dialogue.option_gone"))
    if verb in ("show", "hot"):
        return Outcome(shelve(talk, desk.now), (answer_reply(desk, entry),))
    if verb == "ok":
        return _in_passing(desk, talk, Say("policy.glad"))
    options = (Option(f"faq:file:{entry.id}", Say("policy.file")), Option("human", Say("word.human")))
    return _in_passing(desk, talk, Say("policy.sorry", {"unit": entry.department, "phone": entry.phone}), *options)


def _none_of_these(desk: Desk, talk: Talk) -> Outcome:
    if talk.script == "policy":
        return resume(desk, replace(talk, args={}, pending=None), (Say("policy.rephrase"),))
    return (
        Outcome(talk, (which(desk),))
        if talk.held and not talk.script
        else _in_passing(desk, talk, Say("policy.rephrase"))
    )


def _in_passing(desk: Desk, talk: Talk, words: Say, *options: Option) -> Outcome:
    """An answer to what may be an old button; a script that is running goes on below it."""
    if talk.script:
        return resume(desk, talk, (words,))
    return Outcome(talk, (Reply((words,), (*options, menu_option())),))


def _case(desk: Desk, talk: Talk, rest: str) -> Outcome:
    case = desk.case(int(rest)) if _may(desk, talk, rest) else None
    if case is None:
        return menu(desk, talk, Say("progress.no_match"))
    talk = replace(shelve(talk, desk.now), recent=case.id, recent_at=desk.now)
    return Outcome(talk, (status_reply(desk, case),))


def _on_joined(name: str) -> Verb:
    """What may be done to a case that was joined: by whoever joined it, and nobody else."""

    def start(desk: Desk, talk: Talk, rest: str) -> Outcome:
        if not (_is_id(rest) and desk.joined(int(rest))):
            return menu(desk, talk, Say("progress.no_match"))
        return begin(desk, talk, name, {"case": int(rest)})

    return start


def _on_case(name: str) -> Verb:
    def start(desk: Desk, talk: Talk, rest: str) -> Outcome:
        case_id, _, score = rest.partition(":")
        if not _may(desk, talk, case_id):
            return menu(desk, talk, Say("progress.no_match"))
        args: dict[str, int | str] = {"case": int(case_id)}
        return begin(desk, talk, name, {**args, "score": score} if name in SCORED else args)

    return start


def _may(desk: Desk, talk: Talk, case_id: str) -> bool:
    """A case may be handled by its followers and by whoever opened it with the code in this talk."""
    return _is_id(case_id) and (int(case_id) in talk.opened or desk.follows(int(case_id)))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63


VERBS: dict[str, Verb] = {
    "report": _report,
    "tip": _tip,
    "policy": _policy,
    "hot": _hot,
    "progress": _progress,
    "privacy": _privacy,
    "leave": _leave_words,
    "resume": _resume,
    "discard": _discard,
    "lang": speak,
    "held": _held,
    "faq": _faq,
    "case": _case,
    "supplement": _on_case("supplement"),
    "urge": _on_case("urge"),
    "withdraw": _on_case("withdraw"),
    "rate": _on_case("rate"),
    "recheck": _on_case("recheck"),
    "joined": _on_joined("joined"),
    "second": _on_joined("second"),
    "unjoin": _on_joined("unjoin"),
}
