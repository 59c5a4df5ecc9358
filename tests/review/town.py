"""A house on a desk: real turns over a real store in memory, one message after another, when the test says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from bot import turn
from bot.bells import Bells
from bot.core import Core
from bot.office import StaffDoor
from bot.store import cases, files, people, staff
from bot.store.attachments import Attachments
from bot.store.inline import InlineStore
from bot.store.keys import KeyRing
from bot.store.keystore import KeyStore
from bot.store.vault import Vault
from cases.case import Actor, Case, Role
from handlers.desk import Prepared
from handlers.dialogue import Talk
from handlers.messages import Attachment, Inbound, Taken
from tests.bot.past import site

T = TypeVar("T")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STORY = "自来水黄得很，一个多星期没人来修"
TOPIC = "07.02"


def offers(taken: Taken) -> list[str]:
    """The buttons under the last thing somebody was told."""
    last = taken.letters[-1].reply if taken.letters else None
    return [option.token for option in last.options] if last else []


class Town:
    """An office with its citizens and staff. `now` is what its clock shows."""

    def __init__(self, folder: Path) -> None:
        ring = KeyRing.load(None, folder / "keys")
        keys = KeyStore(folder / "keys" / "keys.sqlite3", ring)
        store = InlineStore()
        store.before_commit.append(keys.commit)
        self.now = NOON
        vault, attachments = Vault(ring, keys), Attachments(folder / "attachments")
        self.core = Core(store, vault, site(), Bells(), attachments, folder, clock=lambda: self.now)
        self.door = StaffDoor(self.core, "")

    async def close(self) -> None:
        """Let go of the files."""
        await self.core.close()

    # --- citizens ------------------------------------------------------------------------------------

    async def say(
        self, who: str, text: str = "", choice: str = "", *sent: Attachment, source: str = "", key: str = ""
    ) -> Taken:
        """One message of a citizen's page, a second after the last one."""
        self.now += timedelta(seconds=1)
        key = key or uuid.uuid4().hex
        inbound = Inbound("web", key, who, self.now, text, choice, attachments=sent, source=source)
        return await self.take(inbound)

    async def take(self, inbound: Inbound, prepared: Prepared | None = None) -> Taken:
        """One turn without searching."""
        ready = prepared or Prepared()
        turned = await self.core.store.write(lambda conn: turn.take(conn, inbound, ready, self.core.room()))
        return turned.taken

    async def tell(self, who: str, topic: str = TOPIC, story: str = STORY) -> Taken:
        """From 反映问题 to the topic."""
        for said in ({"choice": "report"}, {"choice": "agree"}, {"text": story}, {"choice": topic}):
            taken = await self.say(who, **said)
        return taken

    async def file(self, who: str, topic: str = TOPIC, story: str = STORY, contact: str = "") -> Case:
        """A complaint in 青山村, anonymous or with a contact; whoever else says so, they go their own way."""
        await self.tell(who, topic, story)
        taken = await self.say(who, choice="place:qingshan")
        own = ("join:no",) if "join:no" in offers(taken) else ()
        for choice in own:
            await self.say(who, choice=choice)
        await self.say(who, contact, "" if contact else "anonymous")
        taken = await self.say(who, choice="submit")
        return (await self.read(lambda conn: cases.of_person(conn, self.core.vault, taken.person)))[0]

    async def upload(self, who: str, name: str = "a.jpg") -> Attachment:
        """A file that lies on the disk and belongs to nobody's case."""
        path = self.core.files.folder / "ab" / ("ab" + uuid.uuid4().hex[2:])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
        file = Attachment(path.name, "photo", name, "image/jpeg", 7)

        def work(conn: Connection) -> None:
            vault = self.core.vault
            known = people.find(conn, vault, "web", who, self.now)
            known = known or people.make(conn, vault, "web", who, self.core.fresh(), self.now)
            files.add(conn, vault, known.citizen.id, file, self.now)

        await self.core.store.write(work)
        return file

    async def talk(self, who: str) -> Talk:
        """Where a citizen's talk stands."""
        vault = self.core.vault
        known = await self.read(lambda conn: people.find(conn, vault, "web", who, self.now, touch=False))
        assert known
        return known.talk

    async def heard(self, who: str) -> list[str]:
        """Everything a citizen's talk still holds: their words, and the keys of ours."""
        found: list[str] = []
        for letter in await self.door.letters("web", who, limit=200):
            parts = letter.reply.parts if letter.reply else (letter.said,)
            found += [str(getattr(part, "key", part)) for part in parts]
        return found

    # --- staff ---------------------------------------------------------------------------------------

    async def hire(self, name: str, role: Role, unit: str) -> Actor:
        """Somebody on the staff."""
        await self.core.store.write(lambda conn: staff.add(conn, name, [role], unit, self.now))
        rows = await self.read(staff.list_staff)
        return next(staff.as_actor(row) for row in rows if row.name == name)

    async def press(
        self, who: Actor, act: str, no: str, text: str = "", fields: Mapping[str, str] | None = None
    ) -> Taken:
        """One press in the staff room, a second after the last one."""
        self.now += timedelta(seconds=1)
        inbound = Inbound(
            "staff", uuid.uuid4().hex, str(who.id), self.now, text, act, case=no, fields=dict(fields or {})
        )
        return await self.take(inbound)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """A look at the rows."""
        return await self.core.store.read(work)
