"""A house without doors: the real turn over the real files and a store without threads; clock and ids are fixed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from bot import turn
from bot.docket import Room
from bot.limits import Guesses
from bot.site import Site, load_site
from bot.store import cases as case_rows
from bot.store import files, letters, people, staff
from bot.store.engine import Store
from bot.store.inline import InlineStore
from bot.store.keys import KeyRing
from bot.store.keystore import Keys, KeyStore
from bot.store.tables import case as case_table
from bot.store.tables import metadata
from bot.store.vault import Vault
from bot.timers import Timers
from cases.case import Case, is_tip
from handlers.desk import Prepared
from handlers.dialogue import Talk
from handlers.messages import Attachment, GeoPoint, Inbound, Letter, Taken
from handlers.wording import render
from tests.conversations.player import Heard

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # a Monday, nine o'clock in Shili County
RING = "t1:" + base64.b64encode(bytes(range(32))).decode()
T = TypeVar("T")


@cache
def sample() -> Site:
    """The packaged files, read once for all tests."""
    return load_site(None)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing, such as everything over an InlineStore."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited for something")


class TalkHouse:
    """Takes turns one after the other. `folder` keeps the database and the keys."""

    def __init__(self, folder: Path, site: Site | None = None) -> None:
        self.now = MORNING
        self.site = site or sample()
        self.path = folder / "talk.sqlite3"
        ring = KeyRing.load(RING, folder)
        self.store, self.keys = self._opened(folder, ring)
        self.store.before_commit.append(self.keys.commit)
        self.vault = Vault(ring, self.keys)
        self.texts = self.site.county.texts
        self.hot: tuple[str, ...] = ()  # ids of what everybody asks
        self.has_group: Callable[[str], bool] = lambda department: False
        self._keys = count(1)
        self._ids = count(7_000_000_000_000_001, 1_000_003)
        guesses = self.site.county.office.limits.code_guesses_per_minute
        self._guesses = Guesses(guesses, lambda: self.now.timestamp())
        self.timers = Timers(self.store, self.take, lambda: self.now)

    def _opened(self, folder: Path, ring: KeyRing) -> tuple[Store, Keys]:
        return InlineStore(self.path), KeyStore(folder / "keys.sqlite3", ring)

    def fresh(self) -> int:
        """The next id."""
        return next(self._ids)

    def key(self) -> str:
        """The next key of a message."""
        return f"k{next(self._keys)}"

    async def take(self, inbound: Inbound) -> Taken:
        """What the core does with a message, without threads: prepare, one transaction, drop what is erased."""
        told = inbound.text and not inbound.choice and inbound.channel not in (turn.STAFF, turn.TIMER)
        prepared = self.site.prepare(inbound.text, inbound.at) if told else Prepared()
        room = Room(self.site, self.vault, self.fresh, self._guesses.allow, self.has_group, self.hot)
        turned = await self.store.write(lambda conn: turn.take(conn, inbound, prepared, room))
        self.keys.drop(*turned.ripples.dropped)
        return turned.taken

    def read(self, work: Callable[[Connection], T]) -> T:
        """Look into the store."""
        return at_once(self.store.read(work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Change the store as a command of the office would."""
        return at_once(self.store.write(work))

    async def wait(self, span: timedelta) -> None:
        """Time passes, an hour at a time where duties may wake; what is due happens."""
        until = self.now + span
        while self.now < until:
            self.now = min(until, self.now + timedelta(hours=12))
            while await self.timers.sweep():
                pass

    def heard(self, letter: Letter, lang: str) -> Heard:
        """A letter of ours as the person reads it."""
        assert letter.reply is not None
        shown = render(letter.reply, self.texts[lang], lambda id: self.vault.ring.query_code(id, 1, is_tip(id)))
        return Heard(shown.paragraphs, tuple((token, label) for token, label, _ in shown.options), shown.wants)

    # --- what tests look at ----------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        one = {table.name: select(func.count()).select_from(table) for table in metadata.sorted_tables}
        return {
            name: self.read(lambda conn, query=query: conn.execute(query).scalar_one()) for name, query in one.items()
        }

    def cases(self) -> list[Case]:
        """Every case, oldest first."""
        return self.read(lambda conn: case_rows.many(conn, self.vault, select(case_table).order_by(case_table.c.id)))

    def code(self, no: str) -> str:
        """The query code of a case."""
        found = next(case.id for case in self.cases() if case.no == no)
        return self.vault.ring.query_code(found, 1, is_tip(found))


class TurnPlayer:
    """A Player on a TalkHouse, straight at the turn: no channel in between."""

    def __init__(self, house: TalkHouse, name: str, channel: str = "web") -> None:
        self.house, self.name, self.channel = house, name, channel
        self.lang = "zh"
        self.last: Inbound | None = None
        self._told: set[int] = set()
        self._files = count(1)

    async def say(self, text: str) -> list[Heard]:
        """Type words."""
        return await self._take(text=text)

    async def press(self, token: str) -> list[Heard]:
        """Press a button."""
        return await self._take(choice=token)

    async def send(self, *kinds: str, text: str = "") -> list[Heard]:
        """Send files that were uploaded before, as the channels do."""
        await self._known()
        return await self._take(text=text, attachments=tuple(self._file(kind) for kind in kinds))

    async def share(self, lat: float, lon: float) -> list[Heard]:
        """Share a location."""
        return await self._take(place=GeoPoint(lat, lon))

    async def scan(self, code: str) -> list[Heard]:
        """Scan a printed code."""
        return await self._take(scene=code)

    async def again(self) -> list[Heard]:
        """The last message once more."""
        assert self.last is not None
        taken = await self.house.take(self.last)
        assert taken.duplicate
        return self._heard(taken)

    async def mail(self) -> list[Heard]:
        """Letters that are not answers to a message of theirs."""
        found = [letter for letter in self.letters() if letter.reply and letter.id not in self._told]
        self._told |= {letter.id for letter in found}
        return [self.house.heard(letter, self.lang) for letter in found]

    # --- what tests look at ----------------------------------------------------------------------------

    def letters(self) -> tuple[Letter, ...]:
        """The whole talk as stored; () for somebody the house does not know."""
        known = self.known()
        if known is None:
            return ()
        return self.house.read(lambda conn: letters.of_person(conn, self.house.vault, known.citizen.id, limit=10_000))

    def known(self) -> people.Known | None:
        """The person as the house knows them."""
        house = self.house
        return house.read(lambda conn: people.find(conn, house.vault, self.channel, self.name, house.now, touch=False))

    @property
    def talk(self) -> Talk:
        """Where they stand in the dialogue."""
        known = self.known()
        return known.talk if known else Talk()

    async def _take(self, **said: Any) -> list[Heard]:
        house = self.house
        self.last = Inbound(self.channel, house.key(), self.name, house.now, **said)
        house.now += timedelta(seconds=7)
        taken = await house.take(self.last)
        self.lang = taken.lang
        self._told |= {letter.id for letter in taken.letters}
        return self._heard(taken)

    def _heard(self, taken: Taken) -> list[Heard]:
        return [self.house.heard(letter, taken.lang) for letter in taken.letters if letter.reply]

    async def _known(self) -> None:
        if self.known() is None:
            house = self.house
            house.write(lambda conn: people.make(conn, house.vault, self.channel, self.name, house.fresh(), house.now))

    def _file(self, kind: str) -> Attachment:
        number = next(self._files)
        ending, mime = _TYPES[kind]
        file = Attachment(f"{self.name}-{number}", kind, f"{kind}-{number}.{ending}", mime, 1000 + number)  # pyright: ignore[reportArgumentType]
        known = self.known()
        assert known is not None
        self.house.write(lambda conn: files.add(conn, self.house.vault, known.citizen.id, file, self.house.now))
        return file


_TYPES = {
    "photo": ("jpg", "image/jpeg"),
    "voice": ("mp3", "audio/mpeg"),
    "video": ("mp4", "video/mp4"),
    "file": ("pdf", "application/pdf"),
}


class StaffMember:
    """Somebody in the office who presses acts on cases."""

    def __init__(self, house: TalkHouse, name: str, roles: tuple[str, ...], unit: str) -> None:
        self.house = house
        house.write(lambda conn: staff.add(conn, name, roles, unit, house.now))
        self.id = house.read(lambda conn: next(row.id for row in staff.list_staff(conn) if row.name == name))

    async def do(self, act: str, no: str, text: str = "", **fields: str) -> dict[str, str]:
        """One press; what the page hears."""
        house = self.house
        inbound = Inbound("staff", house.key(), str(self.id), house.now, text=text, choice=act, case=no, fields=fields)
        house.now += timedelta(seconds=11)
        return dict((await house.take(inbound)).data)


__all__ = ["MORNING", "StaffMember", "TalkHouse", "TurnPlayer", "at_once", "sample"]
