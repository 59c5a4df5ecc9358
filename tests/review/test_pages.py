"""The real house behind the real pages: odd input is declined, a full disk still lets people read, nothing is lost."""

from __future__ import annotations

import re
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import CookieJar, FormData
from aiohttp.test_utils import TestServer

from bot import housekeeping
from bot.citizens import SPOOL
from bot.store import files, shreds
from bot.store.attachments import Attachments
from bot.store.engine import StoreFailed, StoreFull, T, Work
from bot.store.inline import InlineStore
from cases.case import Role
from handlers.staff.card import CardQuery
from tests.review.town import Town
from tests.store.pictures import picture
from tests.web.visitor import Visitor, serve

pytestmark = pytest.mark.asyncio

FORM = {"Origin": "null", "Accept": "text/html"}


class FullStore(InlineStore):
    """A store whose disk is full once `full` is set."""

    full = False

    async def write(self, work: Work[T], start_within: float | None = None) -> T:
        """Refused when the disk is full."""
        if self.full:
            raise StoreFull("no room")
        return await super().write(work, start_within)


@pytest_asyncio.fixture
async def server(town: Town) -> AsyncGenerator[TestServer]:
    """The pages of the town's office."""
    async with serve(town.door) as running:
        yield running


@pytest_asyncio.fixture
async def visitor(server: TestServer) -> AsyncGenerator[Visitor]:
    """Somebody with a browser."""
    async with Visitor(server, cookie_jar=CookieJar(unsafe=True)) as someone:
        yield someone


# --- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["case", "supplement", "urge", "withdraw", "rate", "joined", "second", "unjoin"])
@pytest.mark.parametrize("number", ["9" * 19, "9" * 40, str(2**63), "0", "-1", "١٢٣", "1.5", ""])
async def test_no_number_behind_a_button_breaks_anything(visitor: Visitor, verb: str, number: str) -> None:
    answer = await visitor.say(choice=f"{verb}:{number}")
    assert answer["messages"][-1]["options"]


async def test_a_button_of_somebody_elses_case_opens_nothing(town: Town) -> None:
    held = await town.file("owner")
    for verb in ("case", "supplement", "urge", "withdraw", "rate", "joined", "second", "unjoin"):
        await town.say("thief", choice=f"{verb}:{held.id}")
        await town.say("thief", choice="yes")
        assert held.no not in str(await town.door.letters("web", "thief"))
    (mine,) = (await town.door.cards(await town.hire("李敏", Role.DISPATCHER, "zhiban"), CardQuery())).cards
    assert mine.rev == held.rev


@pytest.mark.parametrize(
    "cursor", ["9" * 38 + ":1", "1:" + "9" * 19, "1:" + "8" * 19, "9" * 17 + ":1", "١:٢", ":", "x"]
)
async def test_no_cursor_breaks_the_list(town: Town, cursor: str) -> None:
    await town.file("wu")
    li = await town.hire("李敏", Role.DISPATCHER, "zhiban")
    assert len((await town.door.cards(li, CardQuery(before=cursor))).cards) <= 1


async def test_a_case_put_off_to_the_end_of_time_can_still_be_opened(town: Town) -> None:
    held = await town.file("wu")
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    await town.press(clerk, "accept", held.no)
    taken = await town.press(clerk, "request", held.no, "要等配件", {"until": "9999-12-31"})
    assert taken.data["error"] == "too_far"


# --- what is not kept -----------------------------------------------------------------------------------------


async def test_the_plain_form_shows_what_is_said_once(town: Town, visitor: Visitor) -> None:
    """Without the script the page after a tip is empty: the words with the right door must stand somewhere."""
    await visitor.page()
    tips = (topic for topic in town.core.site.county.topics() if topic.lane == "upper")
    tip = next(tips)
    address = await visitor.cookie()
    await town.say(address, choice="report")
    await town.say(address, choice="agree")
    await town.say(address, "有人天天来堵门要钱没有人管")
    fields = {"form": await visitor.form_token(), "choice": tip.code, "key": uuid.uuid4().hex}
    async with await visitor.post("/", data=fields, headers=FORM, allow_redirects=False) as response:
        page = await response.text()
    assert (response.status, "市纪委监委信访室" in page) == (200, True)
    assert "市纪委监委信访室" not in await visitor.page()


async def test_files_of_a_form_are_slowed_before_they_are_stored(town: Town, visitor: Visitor) -> None:
    """More than the minute's worth cannot be sent, however slow the machine: who is slow has earned new ones."""
    limit = town.core.site.county.office.limits.messages_per_minute
    proof, began, answers = await visitor.form_token(), time.monotonic(), list[int]()
    while 429 not in answers:
        data = FormData(default_to_multipart=True)
        data.add_field("form", proof)
        data.add_field("file", picture("JPEG"), filename="a.jpg", content_type="image/jpeg")
        async with await visitor.post("/", data=data, headers=FORM, allow_redirects=False) as response:
            answers.append(response.status)
        assert len(answers) <= limit + 1 + (time.monotonic() - began) * limit / 60
    assert set(answers[:-1]) == {303} and len(answers) > limit
    assert len(list(town.core.files.ids())) == len(answers) - 1


# --- disks ----------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def full(tmp_path: Path) -> AsyncGenerator[tuple[Town, FullStore]]:
    """A town whose disk can be filled."""
    made, store = Town(tmp_path), FullStore()
    store.before_commit = made.core.store.before_commit
    await made.core.store.close()
    made.core.store = store
    yield made, store
    await made.close()


async def test_a_full_disk_keeps_nobody_from_reading(full: tuple[Town, FullStore]) -> None:
    town, store = full
    held = await town.file("wu")
    clerk = await town.hire("王芳", Role.CLERK, held.department)
    await town.press(clerk, "answer", held.no, "修好了")
    store.full = True
    assert "notice.answer" in await town.heard("wu")
    store.full = False
    assert await town.door.queue() == {"parked": 0, "waiting": 0, "keeping": 0, "away": 0, "staff_away": 0, "gap": 0}


async def test_a_file_nobody_could_own_does_not_stay(full: tuple[Town, FullStore]) -> None:
    town, store = full
    store.full = True

    async def stream() -> AsyncGenerator[bytes]:
        yield picture("JPEG")

    for channel, address in (("web", "wu"), ("staff", "1")):
        with pytest.raises(StoreFull):
            await town.door.receive_file(channel, address, stream(), "a.jpg", "image/jpeg")
    assert list(town.core.files.ids()) == []


async def test_a_full_folder_for_passing_files_is_a_full_disk(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    async def stream() -> AsyncGenerator[bytes]:
        for _ in range(3):
            yield bytes(SPOOL)

    with pytest.raises(StoreFailed):
        await town.door.receive_file("web", "wu", stream(), "a.txt", "text/plain")


class Stuck(Attachments):
    """A folder that cannot be swept."""

    def delete(self, attachment_id: str) -> None:
        """Fails like a disk."""
        raise OSError("input/output error")


async def test_a_sweep_that_is_cut_off_forgets_no_file(town: Town) -> None:
    """A row that went before its file would leave a photograph on the disk that nothing names any more."""
    photo = await town.upload("wu")
    for choice in ("report", "decline"):
        await town.say("wu", choice=choice)
    sound, town.core.files = town.core.files, Stuck(town.core.files.folder)
    with pytest.raises(OSError):
        await housekeeping.sweep(town.core)
    town.core.files = sound
    assert await housekeeping.sweep(town.core) == 1
    assert list(town.core.files.ids()) == []
    assert await town.read(lambda conn: files.by_ids(conn, town.core.vault, [photo.id])) == ()


async def test_keys_of_the_erased_go_with_the_next_sweep(town: Town) -> None:
    """The turn was committed and the key store's disk was full."""
    await town.file("wu")
    for choice in ("privacy", "erase"):
        await town.say("wu", choice=choice)
    await town.say("wu", "是")
    (person,) = [int(owner[7:]) for owner in await town.read(shreds.owed) if owner.startswith("person:")]
    assert town.core.vault.keys.get(f"person:{person}")
    await housekeeping.sweep(town.core)
    with pytest.raises(Exception, match=re.escape(f"no key for person:{person}")):
        town.core.vault.keys.get(f"person:{person}")
