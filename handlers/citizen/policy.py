"""查政策: a question finds its answer, a choice of answers, or a person."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from faq.book import Entry
from faq.decide import Verdict, covers
from handlers.desk import Desk
from handlers.messages import Inbound, Markdown, Option, Reply, Say, Words
from handlers.questions.base import STALE, Ask, Got, Miss, More, Question, Shown, Take, Unfit
from handlers.scripts import Result, script
from handlers.talk import Answer
from handlers.time_words import local_day

PAGE = 8


@script("policy")
def policy(desk: Desk, name: str = "") -> Generator[Question, Any, Result]:
    """Ask until one answer is found; `name` is a policy that was chosen already."""
    entries: tuple[Entry, ...] = yield PolicyQuestion("question", chosen=name)
    return Result(tuple(answer_reply(desk, entry) for entry in entries))


@dataclass(frozen=True)
class PolicyQuestion(Question):
    """A question in the citizen's own words, or a policy and then what about it."""

    chosen: str = ""

    def ask(self, desk: Desk, partial: Answer | None) -> Reply:
        """The policies, a page at a time, or the questions of one."""
        page = (partial or {}).get("page", 0)
        if self.chosen:
            return self._about(desk, page)
        names = desk.policies()
        hot = [Option("hot", Say("policy.hot"))] if not page and desk.asked_most() else []
        options = hot + [Option(f"policy:{n}", names[n]) for n in range(len(names))[page * PAGE : (page + 1) * PAGE]]
        if (page + 1) * PAGE < len(names):
            options.append(Option(f"page:{page + 1}", Say("word.more"), "quiet"))
        return Reply((Say("policy.ask"),), (*options, _menu()), wants="text")

    def _about(self, desk: Desk, page: int) -> Reply:
        """The questions of the policy that was chosen."""
        entries = desk.entries_of(self.chosen)
        reply = choices_reply(
            desk, entries[page * PAGE : (page + 1) * PAGE], Say("policy.about", {"policy": self.chosen})
        )
        if len(entries) <= PAGE:
            return reply
        following = (page + 1) % -(-len(entries) // PAGE)
        more = Option(f"page:{following}", Say("word.more"), "quiet")
        return replace(reply, options=(*reply.options[:-2], more, *reply.options[-2:]))

    def take(self, desk: Desk, inbound: Inbound, shown: Shown, partial: Answer | None) -> Take:
        """A page of policies, or words to search with; the other buttons mean the same everywhere."""
        verb, _, page = inbound.choice.partition(":")
        if verb == "page" and page.isdecimal():
            many = len(desk.entries_of(self.chosen)) if self.chosen else len(desk.policies())
            return More({"page": int(page[:6]) % max(1, -(-many // PAGE))})
        if inbound.choice:
            return STALE
        verdict = desk.prepared.policy
        if verdict and verdict.band == "answer":
            return Got({"entries": [entry.id for entry in verdict.entries]})
        if verdict and verdict.band == "choices":
            return Ask(unsure_reply(desk, verdict))
        return Miss(Say("policy.unknown"))

    def value(self, desk: Desk, answer: Answer) -> tuple[Entry, ...]:
        """The entries that the files still have."""
        entries = tuple(entry for one in answer.get("entries", ()) if (entry := desk.entry(one)))
        if not entries:
            raise Unfit(Say("dialogue.option_gone"))
        return entries


def answer_reply(desk: Desk, entry: Entry) -> Reply:
    """An answer with its source, its date, and the way on when it did not help."""
    document = Say("policy.document", {"no": entry.document}) if entry.document else Say("policy.no_document")
    source = {"source": entry.basis or Say("policy.no_source"), "document": document}
    office = {"unit": entry.department, "phone": entry.phone, "day": entry.verified_on.isoformat()}
    return Reply(
        (*_caution(desk, entry), Markdown(entry.answer), Say("policy.source", {**source, **office})),
        (
            Option(f"faq:ok:{entry.id}", Say("policy.helped")),
            Option(f"faq:bad:{entry.id}", Say("policy.not_helped")),
            Option(f"faq:file:{entry.id}", Say("policy.file")),
        ),
    )


def _caution(desk: Desk, entry: Entry) -> tuple[Words, ...]:
    """What to know before reading an answer that may not be used as it stands."""
    old = entry.valid_to < local_day(desk.county, desk.now)
    here = covers(entry.region, desk.county.office.region or None)
    elsewhere = () if here else (Say("policy.elsewhere", {"region": entry.region}),)
    return (*((Say("policy.expired"),) if old else ()), *elsewhere)


def unsure_reply(desk: Desk, verdict: Verdict) -> Reply:
    """Questions to choose from: the sides of a policy when only that is clear, with a way to all of them."""
    names = desk.policies()
    if verdict.policy not in names or len(verdict.ask_aspects) < 2:
        return choices_reply(desk, verdict.entries, Say("policy.which"))
    reply = choices_reply(desk, verdict.ask_aspects, Say("policy.about", {"policy": verdict.policy}))
    every = Option(f"policy:{names.index(verdict.policy)}", Say("word.more"), "quiet")
    return replace(reply, options=(*reply.options[:-2], every, *reply.options[-2:]))


def hot_reply(desk: Desk) -> Reply:
    """What most people asked for, to choose from."""
    return choices_reply(desk, desk.asked_most(), Say("policy.hot_which"), "hot")


def choices_reply(desk: Desk, entries: Sequence[Entry], prompt: Words, verb: str = "show") -> Reply:
    """Questions to choose from, and 都不是. The log tells by `verb` how they were come by."""
    options = [Option(f"faq:{verb}:{entry.id}", entry.question) for entry in entries]
    none = Option("faq:none", Say("word.none_of_these"), "quiet")
    return Reply((prompt,), (*options, none, Option("held:report", Say("word.report"), "quiet")), wants="choice")


def _menu() -> Option:
    return Option("menu", Say("word.menu"), "quiet")
