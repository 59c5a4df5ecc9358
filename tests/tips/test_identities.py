"""2 000 canaries of informants' identities, dressed up as people write them: not one where it must not be."""

from __future__ import annotations

import io
import logging
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PIL import Image
from sqlalchemy import Connection

from bot.core import Core
from bot.export import history, line_of, row_of
from bot.reading import OPERATOR
from bot.store import audit, cases, files, people, tips
from bot.store.connect import bare
from bot.web.staff_shown import Sheet, shown_case, shown_page
from cases.visibility import Sight, sight
from config.schema import Limits
from handlers.messages import Attachment
from handlers.staff.card import VIEWS, CardQuery
from tests.tips.stage import TipTown, word

pytestmark = pytest.mark.asyncio

INFORMANTS = 100
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
DRESSES: tuple[Callable[[str], str], ...] = (
    lambda number: number,
    lambda number: number.translate(WIDE),
    lambda number: f"{number[:3]} {number[3:7]} {number[7:]}",
    lambda number: f"{number[:3]}-{number[3:7]}-{number[7:]}",
    lambda number: number.translate(CHINESE),
)


LOOKS = re.compile(
    "柯[\u4e00-\u8dff]{2}|13[0-9](?:[0-9]{8}| [0-9]{4} [0-9]{4}|-[0-9]{4}-[0-9]{4})"
    "|１３[０-９]{9}|一三[零一二三四五六七八九]{9}"
)


class Informant:
    """Somebody with a name and numbers that are nobody else's, and the twenty-two ways they give themselves away."""

    def __init__(self, dice: random.Random, serial: int) -> None:
        self.id = f"informant-{serial}"
        self.name = "柯" + "".join(chr(0x4E00 + dice.randrange(0x4000)) for _ in range(2))
        self.numbers = [f"13{dice.randrange(10**9):09d}" for _ in range(12)]
        dress = [dice.choice(DRESSES) for _ in self.numbers]
        self.phone = dress[0](self.numbers[0])
        self.spoken = dress[1](self.numbers[1])
        self.file_names = [
            f"{self.name}{one(number)}{n}.jpg"
            for n, (one, number) in enumerate(zip(dress[2:11], self.numbers[2:11], strict=True))
        ]
        self.exif = f"{self.name} {self.numbers[11]}"

    @property
    def canaries(self) -> Iterator[str]:
        """What is looked for: the name, every number as written and as digits."""
        yield from (self.name, *self.numbers, self.phone, self.spoken)


def told(text: str) -> set[str]:
    """Everything in a text that looks like one of the canaries."""
    return set(LOOKS.findall(text))


def photo(exif: str) -> bytes:
    """A picture whose maker wrote their name into it."""
    image, tags, out = Image.new("RGB", (8, 8), "red"), Image.Exif(), io.BytesIO()
    tags[0x013B], tags[0x9C9D] = exif, exif.encode("utf-16-le")
    image.save(out, "JPEG", exif=tags.tobytes())
    return out.getvalue()


async def upload(town: TipTown, who: Informant, name: str) -> Attachment:
    """A photo under the name the phone gave it."""
    core: Core = town.core
    file = core.files.receive([photo(who.exif)], name, "image/jpeg", Limits())

    def work(conn: Connection) -> None:
        known = people.find(conn, core.vault, "web", who.id, town.now)
        known = known or people.make(conn, core.vault, "web", who.id, core.fresh(), town.now)
        files.add(conn, core.vault, known.citizen.id, file, town.now)

    await core.store.write(work)
    return file


async def tell(town: TipTown, who: Informant) -> None:
    """The whole talk, in which they name themselves wherever one can."""
    for choice in ("tip", "agree", "rank:unsure"):
        await town.say(who.id, choice=choice)
    await town.say(who.id, "乡上管低保的")
    await town.say(who.id, f"他收了我的钱，我的电话是{who.spoken}，找我就行")
    sent = [await upload(town, who, who.file_names[0])]
    await town.say(who.id, choice="named")
    await town.say(who.id, f"{who.name} {who.phone}")
    for name in who.file_names[1:]:
        sent.append(await town.upload(who.id, name))
    await town.say(who.id, "", "", *sent)
    await town.say(who.id, choice="submit")


async def test_two_thousand_identities(
    town: TipTown, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in the database file, the key store, the files, any card, search, export, letter, log or audit."""
    caplog.set_level(logging.INFO)  # as the house does
    dice = random.Random(20261122)
    everybody = [Informant(dice, serial) for serial in range(INFORMANTS)]
    for who in everybody:
        await tell(town, who)
    known = {canary for who in everybody for canary in who.canaries}
    assert told(" ".join(sorted(known))) == known  # the search finds what there is to find
    held = await town.tips()
    assert len(held) == INFORMANTS
    assert all(one.named and not one.name for one in held)

    await town.press(town.zhou, "accept", held[0].no)
    out: dict[str, str] = {
        "store": await stored(town),
        "folder": folder(town),
        "logs": caplog.text + "".join(capsys.readouterr()),
    }
    out["staff"] = await shown(town)
    out["export"] = await exported(town)
    out["audit"] = repr(await town.read(audit.head)) + await town.rows()
    for where, text in out.items():
        assert told(text) & known == set(), where
    given = sum(len(who.numbers) + 1 + len(who.file_names) for who in everybody)
    assert given >= 2000
    name = await town.read(lambda conn: tips.identity_of(conn, town.core.vault, held[0].id))
    assert name["name"] in {who.name for who in everybody}  # and yet it is there, for two


async def stored(town: TipTown) -> str:
    """The database file with its free pages, as any backup copies it."""
    raw = await town.read(lambda conn: bare(conn).serialize())
    return raw.decode("utf-8", "replace") + raw.decode("utf-16-le", "replace")


def folder(town: TipTown) -> str:
    """Every other file of the data folder, its name and its bytes."""
    paths = [path for path in town.core.data_dir.rglob("*") if path.is_file()]
    return "".join(f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}" for path in paths)


async def shown(town: TipTown) -> str:
    """What the room shows to everybody: lists, searches, the custodians' open files. Nobody has a lease."""
    parts: list[str] = []
    for viewer in (*town.others, town.zhou, town.wu):
        sheet = Sheet(town.core.site.county, viewer, "zh", word, datetime.now(UTC))
        for view in VIEWS if viewer in town.others else ("all",):
            parts.append(repr(shown_page(await town.door.cards(viewer, CardQuery(view, limit=100)), {}, sheet)))
        page = await town.door.cards(viewer, CardQuery(limit=100))
        for front in page.cards[:20]:
            file = await town.door.case(viewer, front.no)
            parts.append(repr(shown_case(file, sheet)) if file else "")
    assert len(parts) > 50
    return "\n".join(parts)


async def exported(town: TipTown) -> str:
    """What the command line lists, shows and exports: no tip at all; and if it did, not this."""
    county, parts = town.core.site.county, list[str]()
    for one in await town.tips():
        assert sight(OPERATOR, one, county) is Sight.NONE
        said = await town.read(lambda conn, one=one: cases.events(conn, town.core.vault, one.id))
        parts += [
            repr(row_of(one, county, town.now, contact=True)),
            line_of(one, county, town.now),
            repr(history(said)),
        ]
    return "\n".join(parts)
