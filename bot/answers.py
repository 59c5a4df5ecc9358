"""The answers as clerks and admins work on them: suggested from cases and clicks, accepted into the files.

Nothing reaches a file but what an admin accepted, one change at a time; the reload picks it up like any edit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

from bot import asking
from bot.amending import PACKAGED, amend
from bot.core import Core
from bot.site import Site, faq_folder, problems, reload_site
from bot.store import cases, questions, suggestions
from bot.store.suggestions import Suggestion, Wording
from bot.web.answers_desk import Acceptance, Board, Ending, Found, Kind, OpenGap, Proposal, Tried, Unwilling
from cases.case import Act, Actor, Case, Role
from cases.redaction import mask
from cases.visibility import Sight, sight
from faq.amend import CannotAmend, NewEntry, with_alias, with_entry
from faq.book import Book, Entry, load_vocabulary
from faq.learn import Learned, Logged, gaps, learned
from faq.site import SiteFileError
from handlers.time_words import local_day

SOON = timedelta(days=60)
LIKELY = 5
GAPS_SHOWN = 30
LONGEST = 60  # characters of a story that are suggested as somebody's way of asking
MAY_SUGGEST = frozenset({Role.CLERK, Role.DISPATCHER})
Change = Callable[..., bytes]
_ID = re.compile(r"\{#([^\s{}]+)")
_SENTENCE = re.compile(r"[。！？!?；;\n]+")


class Answers:
    """Implements `bot.web.answers_desk.AnswersDesk`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._writing = asyncio.Lock()

    # --- looking -------------------------------------------------------------------------------------

    async def board(self) -> Board:
        """Everything as it is now; what has to be worked out is, in a thread."""
        core, site = self._core, self._core.site
        rows = await core.store.read(lambda conn: list(questions.logged(conn, core.vault)))
        open_ones = await core.store.read(lambda conn: suggestions.waiting(conn, core.vault))
        taught = await asyncio.to_thread(learned, rows, site.book, site.lists.normaliser)
        wordings = {Wording("alias", one.entry_id, one.form): one for one in taught}
        settled = await core.store.read(lambda conn: suggestions.known(conn, core.vault, wordings))
        clicks = [one for wording, one in wordings.items() if wording not in settled]
        return await asyncio.to_thread(self._board, site, rows, open_ones, clicks)

    def _board(self, site: Site, rows: list[Logged], open_ones: list[Suggestion], clicks: list[Learned]) -> Board:
        book, folder = site.book, self._core.folder
        found = gaps(rows, site.lists.normaliser, book)[:GAPS_SHOWN]
        return Board(
            version=book.version,
            entries=len(book.entries),
            questions=len(rows),
            editable=faq_folder(folder).resolve() != PACKAGED.resolve(),
            problems=tuple(problems(folder, site)),
            proposals=(*map(self._suggested, open_ones), *map(self._clicked, clicks)),
            gaps=tuple(OpenGap(one, self._likely(one.examples[0], *one.shown)) for one in found),
            ending=tuple(self._ending(book)),
            policies=tuple(dict.fromkeys(entry.policy for entry in book.entries if entry.policy)),
            aspects=self._aspects(book),
        )

    def _aspects(self, book: Book) -> tuple[str, ...]:
        """The aspects an entry may have; while that list is broken, those that are in use."""
        try:
            return load_vocabulary(faq_folder(self._core.folder)).aspects
        except SiteFileError:
            return tuple(dict.fromkeys(entry.aspect for entry in book.entries))

    def _clicked(self, one: Learned) -> Proposal:
        likely = self._likely(one.text, one.entry_id)
        return Proposal(0, "alias", one.entry_id, one.text, "", "", one.people, None, likely)

    def _suggested(self, one: Suggestion) -> Proposal:
        likely = self._likely(one.question, one.entry_id)
        return Proposal(one.id, one.kind, one.entry_id, one.question, one.answer, one.staff, 0, one.made_at, likely)

    def _likely(self, text: str, *first: str) -> tuple[Entry, ...]:
        """Entries that words may belong to: those that were meant before, then those the search finds."""
        site = self._core.site
        hits = (hit.entry_id for hit in site.indexes()[0].search(text, LIKELY, explained=False))
        found = (site.book.get(entry_id) for entry_id in dict.fromkeys((*first, *hits)))
        return tuple(entry for entry in found if entry)

    def _ending(self, book: Book) -> Iterable[Ending]:
        today = local_day(self._core.site.county, self._core.clock())
        by_file: dict[str, list[Entry]] = {}
        for entry in book.entries:
            if entry.valid_to <= today + SOON:
                by_file.setdefault(entry.file, []).append(entry)
        for file, entries in sorted(by_file.items(), key=lambda item: item[1][0].valid_to):
            one = entries[0]
            yield Ending(Path(file).name, one.policy, one.valid_to, len(entries), one.valid_to < today)

    async def ask(self, text: str) -> Tried:
        """What a question would get."""
        asked = await asyncio.to_thread(asking.ask, self._core.site, text, self._core.clock())
        found = tuple(Found(entry, hit.score, hit.exact, hit.why) for hit, entry in asked.found)
        return Tried(text, asked.route, asked.confidence, found)

    # --- a clerk suggests ----------------------------------------------------------------------------

    async def suggest(self, viewer: Actor, no: str, kind: Kind) -> bool:
        """Suggest the question of an answered case, with its answer for a new entry; redacted. Raises Unwilling."""
        core, site = self._core, self._core.site
        held, answer = await core.store.read(lambda conn: self._answered(conn, viewer, no))
        question = await asyncio.to_thread(self._in_short, site, mask(held.story))
        entry_id = next((entry.id for entry in await asyncio.to_thread(self._likely, question)), "")
        wording = Wording(kind, entry_id, site.lists.normaliser(question))
        given = mask(answer) if kind == "entry" else ""

        def work(conn: Connection) -> bool:
            return suggestions.make(conn, core.vault, wording, held.id, viewer.id, question, given, core.clock())

        return await core.store.write(work)

    def _answered(self, conn: Connection, viewer: Actor, no: str) -> tuple[Case, str]:
        """The case and what was last answered."""
        held = cases.by_no(conn, self._core.vault, no)
        if held is None or held.minor or sight(viewer, held, self._core.site.county) is not Sight.WORK:
            raise Unwilling("not_found")
        if not viewer.roles & MAY_SUGGEST:
            raise Unwilling("role")
        said = [one.text for one in cases.events(conn, self._core.vault, held.id) if one.act is Act.ANSWER and one.text]
        if not said:
            raise Unwilling("unanswered")
        return held, said[-1]

    def _in_short(self, site: Site, story: str) -> str:
        """The sentence of a story that is most like a question somebody asks; an admin will go over it."""
        index = site.indexes()[0]
        sentences = [part.strip() for part in _SENTENCE.split(story)[:12] if part.strip()] or [story]
        found = {part: index.search(part, 1, explained=False) for part in reversed(sentences)}
        scores = {part: hits[0].score if hits else 0.0 for part, hits in found.items()}
        return max(reversed(scores), key=lambda part: scores[part])[:LONGEST]

    # --- an admin decides ----------------------------------------------------------------------------

    async def accept(self, viewer: Actor, what: Acceptance) -> str:
        """Write it into the file; the file's name. Of two who accept at once one is told so. Raises Unwilling."""
        async with self._writing:
            await self._still_open(what)
            path = await asyncio.to_thread(self._write, viewer, what)
            await self._decide(viewer, what, "accepted")
            self._core.site = await asyncio.to_thread(reload_site, self._core.folder, self._core.site)
        return path.name

    async def reject(self, viewer: Actor, what: Acceptance) -> None:
        """Say no. Raises Unwilling."""
        async with self._writing:
            await self._still_open(what)
            await self._decide(viewer, what, "rejected")

    async def _still_open(self, what: Acceptance) -> None:
        """Raise Unwilling when somebody has decided already."""
        core = self._core
        if not what.suggestion:
            return
        if await core.store.read(lambda conn: suggestions.waiting(conn, core.vault, what.suggestion)):
            return
        who = await core.store.read(lambda conn: suggestions.who_decided(conn, what.suggestion))
        raise Unwilling("taken", who)

    async def _decide(self, viewer: Actor, what: Acceptance, state: suggestions.State) -> None:
        core = self._core

        def work(conn: Connection) -> None:
            now = core.clock()
            if what.suggestion:
                suggestions.decide(conn, what.suggestion, state, viewer.id, what.entry_id, now)
            else:
                wording = Wording(what.kind, what.entry_id, core.site.lists.normaliser(what.said))
                suggestions.settle(conn, core.vault, wording, state, viewer.id, now)

        await core.store.write(work)

    def _write(self, viewer: Actor, what: Acceptance) -> Path:
        """Change the file on the disk as it is now, which may be newer than the book that serves."""
        day = local_day(self._core.site.county, self._core.clock())
        path, change = self._alias(what) if what.kind == "alias" else self._entry(what)
        try:
            amend(path, partial(change, who=viewer.name, day=day))
        except CannotAmend as refused:
            raise Unwilling(refused.reason, str(refused) if refused.reason in ("broken", "shape") else "") from refused
        except OSError as error:
            raise Unwilling("disk", error.strerror or "") from error
        return path

    def _alias(self, what: Acceptance) -> tuple[Path, Change]:
        site = self._core.site
        entry = site.book.get(what.entry_id)
        if entry is None:
            raise Unwilling("gone")
        form = site.lists.normaliser(what.text)
        other = next((one for one in site.book.entries if one is not entry and _has(site, one, form)), None)
        if other:
            raise Unwilling("known", other.question)
        return Path(entry.file), partial(with_alias, entry_id=entry.id, alias=what.text)

    def _entry(self, what: Acceptance) -> tuple[Path, Change]:
        site = self._core.site
        of_policy = site.book.of_policy(what.policy)
        if not of_policy or what.aspect not in self._aspects(site.book):
            raise Unwilling("policy")
        form = site.lists.normaliser(what.text)
        other = next((one for one in site.book.entries if _has(site, one, form)), None)
        if other:
            raise Unwilling("known", other.question)
        path = Path(of_policy[0].file)

        def change(raw: bytes, who: str, day: date) -> bytes:
            made = NewEntry(_fresh_id(site.book, path, raw), what.text, what.aspect, what.answer, what.said)
            return with_entry(raw, made, who, day)

        return path, change


def _has(site: Site, entry: Entry, form: str) -> bool:
    return any(site.lists.normaliser(text) == form for text in (entry.question, *entry.aliases))


def _fresh_id(book: Book, path: Path, raw: bytes) -> str:
    """An id after the file's name that no entry has, nor one that was added to the file just now."""
    stem = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "faq"
    taken = set(_ID.findall(raw.decode("utf-8", "replace"))) | {entry.id for entry in book.entries}
    return next(name for n in count(1) if (name := f"{stem}-{n}") not in taken)
