"""What staff say and press. The bot hears only what is addressed to it; what goes to a citizen is shown first.

Who speaks is looked up in the staff table by the account, each time: whoever has left sees nothing any more.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque

from bot.channels.wecom.draw import Drawn
from bot.channels.wecom.frames import Came
from bot.channels.wecom.ports import CHANNEL, Known, Office
from bot.channels.wecom.previews import ASKS, Previews, Wish
from bot.channels.wecom.questions import Questions, drawn_case
from bot.channels.wecom.voice import Voice
from bot.groups import Group
from cases.case import Act, Actor
from handlers.staff.buttons import from36
from handlers.staff.orders import QUESTIONS, VERBS, Need
from handlers.staff.spoken import DROP, HERE, SEND, Spoken, spoken, unaddressed

CODE = re.compile(r"(?:[0-9A-Za-z]{4}[-\s]?){2}[0-9A-Za-z]{4}")
GUESSES, GUESS_SECONDS, GUESSERS = 5, 600.0, 10_000


class Desk:
    """Every staff group, and every private chat with a member of staff."""

    def __init__(self, office: Office, voice: Voice) -> None:
        self._office, self._voice = office, voice
        self._previews, self._questions = Previews(office, voice), Questions(office, voice)
        self._guesses: OrderedDict[str, deque[float]] = OrderedDict()

    async def take(self, came: Came) -> None:
        """One message or press. Returns after COMMIT. Raises Busy."""
        who = await self._office.staff_of(came.user)
        if came.kind == "enter":
            self._voice.say(came.chat, True, Drawn(self._text("wecom.help" if who else "group.unbound")))
        elif came.kind == "press":
            await self._pressed(came, who)
        elif came.private and CODE.fullmatch(came.text.strip()):
            await self._bound(came)
        else:
            await self._said(came, who)

    def lost(self, came: Came) -> None:
        """It could not be taken, and whoever wrote it is told so."""
        self._voice.say_no(came, "wecom.busy")

    async def catch_up(self) -> None:
        """Show what was kept while nothing could be shown."""
        for draft in await self._office.unshown():
            group = self._office.group(draft.chat)
            if group:
                await self._previews.show_again(draft, False, group)
            elif who := await self._office.actor(draft.staff_id):
                await self._previews.show_again(draft, True, self._office.alone(draft.chat, who))

    async def _bound(self, came: Came) -> None:
        """A one-time code, from anybody; a few tries in a while."""
        name = await self._office.bind(CHANNEL, came.user, came.text.strip()) if self._may_guess(came.user) else ""
        if name:
            self._voice.tell(came, self._voice.text("wecom.bound", {"name": name}))
        else:
            self._voice.say_no(came, "wecom.not_bound")

    def _may_guess(self, user: str) -> bool:
        now, tries = time.monotonic(), self._guesses.setdefault(user, deque(maxlen=GUESSES))
        self._guesses.move_to_end(user)
        if len(self._guesses) > GUESSERS:
            self._guesses.popitem(last=False)
        if len(tries) == GUESSES and tries[0] > now - GUESS_SECONDS:
            return False
        tries.append(now)
        return True

    def _group(self, came: Came, who: Actor) -> Group | None:
        return self._office.alone(came.user, who) if came.private else self._office.group(came.chat)

    # --- words --------------------------------------------------------------------------------------------------

    async def _said(self, came: Came, who: Actor | None) -> None:
        words = unaddressed(came.text, self._office.county.office.wecom.bot)
        said = spoken(words, came.quote, self._office.county)
        if said.name == HERE and not came.private:
            self._voice.tell(came, self._voice.text("wecom.here", {"chat": came.chat}))
        elif not came.private and self._office.group(came.chat) is None:
            self._voice.tell(came, self._voice.text("wecom.no_group", {"chat": came.chat}))
        elif who is None:
            self._voice.say_no(came, "group.unbound")
        elif group := self._group(came, who):
            await self._meant(group, came, who, said, words)

    async def _meant(self, group: Group, came: Came, who: Actor, said: Spoken, words: str) -> None:
        most = self._office.county.office.limits.story_max
        if said.several:
            self._voice.say_no(came, "wecom.several")
        elif len(said.words) > most:
            self._voice.say_no(came, "wecom.too_long", {"n": str(len(said.words)), "most": str(most)})
        elif said.name in (SEND, DROP):
            await self._previews.confirmed(group, came, who, said.name, said.no)
        elif said.name in QUESTIONS:
            await self._questions.asked(group, came, said, who, await self._case(group, who, said.no))
        elif came.files and not said.words and not said.name:
            self._voice.say_no(came, "wecom.only_files", {"room": self._room})
        elif came.everybody and not said.name and not said.no:
            self._voice.say_no(came, "wecom.everybody")
        else:
            await self._wished(group, came, who, said)
            if came.files:
                self._voice.say_no(came, "wecom.files", {"room": self._room})

    async def _wished(self, group: Group, came: Came, who: Actor, said: Spoken) -> None:
        held = await self._case(group, who, said.no)
        if not said.name and await self._replied(group, came, who, said, held):
            return
        if said.no and held is None:
            self._voice.say_no(came, "illegal.unknown")
            return
        if held is None:
            self._voice.say_no(came, "wecom.which" if said.words or said.name else "wecom.help")
        elif said.name or said.words:
            await self._previews.wished(Wish(group, came, *held, who, said.name or Act.ANSWER, said.words))
        else:
            self._voice.tell(came, drawn_case(self._office, group, *held))

    async def _replied(self, group: Group, came: Came, who: Actor, said: Spoken, held: Known | None) -> bool:
        """Words without an order may answer a question of ours; whether they did."""
        asked = await self._previews.question(came.chat, who, held[0] if held else 0)
        wants_case = asked is not None and asked.fields[ASKS] == Need.CASE
        words = f"{said.no} {said.words}".strip() if wants_case else said.words
        if asked is None or not words or (said.no and held is None and not wants_case):
            return False
        known = await self._office.file(group, asked.case_id)
        if known:
            await self._previews.replied(Wish(group, came, *known, who, asked.act, words), asked)
        return known is not None

    async def _case(self, group: Group, who: Actor, no: str) -> Known | None:
        """A case that both the group and whoever asks may know of."""
        held = await self._office.file(group, no=no) if no else None
        return held if held and await self._office.knows(who, held[0]) else None

    # --- presses ------------------------------------------------------------------------------------------------

    async def _pressed(self, came: Came, who: Actor | None) -> None:
        group = self._group(came, who) if who else None
        kind, _, rest = came.data.partition(":")
        if who is None:
            self._voice.say_no(came, "group.unbound")
        elif group is None:
            self._voice.say_no(came, "illegal.unknown")
        elif kind in ("p", "c"):
            await self._previews.pressed(group, came, who, kind, rest)
        elif kind in ("k", "f"):
            await self._card_pressed(group, came, who, kind, rest.split(":"))
        else:
            self._voice.say_no(came, "dialogue.old_button")

    async def _card_pressed(self, group: Group, came: Came, who: Actor, kind: str, parts: list[str]) -> None:
        """A button of a card, or of a stored answer."""
        case_id, rev = (from36(part) for part in (*parts, "", "")[:2])
        what = parts[2] if len(parts) == 3 else ""
        held = await self._office.file(group, case_id) if case_id else None
        text = self._questions.stored(what) if kind == "f" else ""
        if held is None or not await self._office.knows(who, case_id):
            self._voice.say_no(came, "illegal.unknown")
        elif (kind == "f" and not text) or (kind == "k" and what not in set(VERBS)):
            self._voice.say_no(came, "dialogue.old_button")
        else:
            act = str(Act.ANSWER) if kind == "f" else what
            await self._previews.wished(Wish(group, came, *held, who, act, text, {"rev": str(rev)}))

    @property
    def _room(self) -> str:
        return f"{self._office.public_url}/staff" if self._office.public_url else ""

    def _text(self, key: str) -> str:
        return self._voice.text(key)
