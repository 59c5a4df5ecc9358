"""What has been kept long enough goes, with its keys; nothing goes too early, too much at once, or half."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, insert, select, update

from bot import keeping as days
from bot.app import open_core
from bot.core import Core
from bot.store import cases, files, keeping, letters, people, shreds
from bot.store.backup import backup
from bot.store.keys import KeyGone
from bot.store.tables import address, attachment, case, erased, inbox, letter, outbox, person
from bot.store.vault import case_owner, contact_owner, file_owner
from bot.stored import Damaged, Stored
from cases.case import Act, Actor, Event, Filing, State
from cases.lifecycle import opened
from config.keeping import Retention, Term
from config.schema import Kind, Lane
from config.settings import Settings
from handlers.messages import Attachment
from tests.bot import past

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
YEARS = timedelta(days=1200)
STORY, NAME, PHONE, ANSWER, FILE = "金丝雀故事水黄", "金丝雀张三", "13800138000", "金丝雀答复", "金丝雀文件.pdf"
CANARIES = [word.encode() for word in (STORY, NAME, PHONE, ANSWER, FILE)]
PDF = b"%PDF-1.7 canary-of-the-file " * 5000
SUPERVISOR = Actor("staff", 7, "刘洋")


@pytest_asyncio.fixture
async def core(tmp_path: Path) -> AsyncGenerator[Core]:
    """A new office on the disk, whose clock stands at noon."""
    made = open_core(Settings(data_dir=tmp_path / "data"), past.site())
    made.clock = lambda: NOON
    yield made
    await made.close()


async def filed(core: Core, n: int, state: State = State.CLOSED, rest: timedelta = YEARS, person_id: int = 0) -> str:
    """A case with an answer, a contact and a file, that has been at rest for so long; the file's id."""
    at, secret = NOON - rest, bytes([n % 256]) * 32
    file = core.files.receive([PDF], FILE, "", core.site.county.office.limits, secret=secret)
    by = Actor("citizen", person_id) if person_id else Actor("staff", 3)
    filing = Filing(
        n, by, Kind.HELP, Lane.SERVICE, "07.02", "shuiwu", STORY, name=NAME, phone=PHONE, attachments=(file.id,)
    )
    held, first = opened(filing, f"MS20260101-{n:04d}", at)
    answer = Event(n, 2, Act.ANSWER, at, Actor("staff", 3, "王芳"), ANSWER)

    def work(conn: Any) -> None:
        files.add(conn, core.vault, person_id or -3, file, at, secret)
        cases.add(conn, core.vault, held)
        for event in (first, answer):
            cases.add_event(conn, core.vault, event)
        cases.save(conn, core.vault, replace(held, state=state), at)

    await core.store.write(work)
    return file.id


async def count(core: Core, table: Any, *where: Any) -> int:
    """How many rows."""
    return await core.store.read(
        lambda conn: conn.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    )


def bytes_of(folder: Path) -> bytes:
    """Everything that lies in a folder: databases, logs, files."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def term(days: int, state: Any = "closed") -> Term:
    """A term of the service lane."""
    return Term(lane="service", state=state, days=days, source="试")


def terms(**changes: Any) -> Retention:
    """A year for closed cases, and one case in a hundred at once."""
    usual = {"cases": (term(365),), "talk_days": 100, "people_days": 400, "inbox_days": 30}
    return Retention.model_validate({**usual, **changes})


@pytest.mark.parametrize(
    ("due", "of", "approved", "waits"),
    [(0, 0, 0, 0), (1, 99, 0, 1), (1, 100, 0, 0), (2, 100, 0, 2), (2, 100, 2, 0), (3, 100, 2, 3), (201, 50_000, 0, 201),
     (200, 50_000, 0, 0)],
)  # fmt: skip
def test_never_more_than_one_in_a_hundred_without_a_human(due: int, of: int, approved: int, waits: int) -> None:
    from cases.keeping import Plan

    assert Plan(due, of, 0, 0).waits(terms(), approved) == waits
    assert Plan(0, 0, due, of).waits(terms(), approved) == waits


def test_no_office_can_allow_itself_more() -> None:
    with pytest.raises(ValueError, match="most_percent"):
        terms(most_percent=2)


STAYS: list[tuple[str, State, timedelta]] = [
    ("open", State.HANDLING, YEARS),
    ("answered", State.ANSWERED, YEARS),
    ("young", State.CLOSED, timedelta(days=1094)),
    ("withdrawn lately", State.WITHDRAWN, timedelta(days=364)),
]


@pytest.mark.parametrize(("state", "rest"), [row[1:] for row in STAYS], ids=[row[0] for row in STAYS])
@pytest.mark.asyncio
async def test_stays(core: Core, state: State, rest: timedelta) -> None:
    await filed(core, 1, state, rest)
    await days.run(core, approved=9)
    assert await count(core, case) == 1


@pytest.mark.asyncio
async def test_on_hold_it_stays_and_released_it_goes(core: Core) -> None:
    await filed(core, 1)
    for seq, act, left in ((3, Act.HOLD, 1), (4, Act.UNHOLD, 0)):
        event = Event(1, seq, act, NOON, SUPERVISOR, "正在复查")
        await core.store.write(lambda conn, event=event: cases.add_event(conn, core.vault, event))
        await days.run(core, approved=9)
        assert await count(core, case) == left


@pytest.mark.asyncio
async def test_a_merged_case_waits_for_the_one_that_runs(core: Core) -> None:
    await filed(core, 1, State.MERGED)
    await filed(core, 2, State.HANDLING)
    await core.store.write(lambda conn: conn.execute(update(case).where(case.c.id == 1).values(merged_into=2)))
    await days.run(core, approved=9)
    assert await count(core, case) == 2


@pytest.mark.asyncio
async def test_too_many_stay_until_somebody_says_so(core: Core) -> None:
    for n in (1, 2, 3):
        await filed(core, n)
    done = await days.run(core)
    assert (done.cases, done.waits, await count(core, case)) == (0, 3, 3)
    assert await core.store.read(lambda conn: keeping.number(conn, keeping.WAITING)) == 3
    assert (await days.run(core, approved=2)).cases == 0
    assert (await days.run(core, approved=3)).cases == 3
    assert await core.store.read(lambda conn: keeping.number(conn, keeping.WAITING)) == 0


@pytest.mark.asyncio
async def test_once_a_day_at_its_hour(core: Core) -> None:
    assert await days.daily(core)
    assert await days.daily(core) is None
    core.clock = lambda: NOON + timedelta(hours=14)  # two at night
    assert await days.daily(core) is None
    core.clock = lambda: NOON + timedelta(hours=16)
    assert await days.daily(core)


@pytest.mark.asyncio
async def test_the_figures_stay_and_no_word(core: Core) -> None:
    await filed(core, 1)
    await days.run(core, approved=1)
    row = await core.store.read(lambda conn: dict(conn.execute(select(erased)).mappings().one()))
    assert row == {
        "id": 1, "no": "MS20260101-0001", "lane": "service", "kind": "help", "topic": "07.02", "department": "shuiwu",
        "state": "closed", "opened_at": NOON - YEARS, "ended_at": NOON - YEARS, "erased_at": NOON,
    }  # fmt: skip


@pytest.mark.asyncio
async def test_what_is_deleted_is_unreadable_everywhere(core: Core, tmp_path: Path) -> None:
    """In the file, the log, the attachments and every backup, once the last copy of the key is gone."""
    data, monday = tmp_path / "data", tmp_path / "monday"
    file_id = await filed(core, 1)
    await filed(core, 2, State.HANDLING)
    for word in (*CANARIES, b"canary-of-the-file"):
        assert word not in bytes_of(data)
    backup(data, monday)
    with closing(sqlite3.connect(monday / "zhitong.sqlite3")) as raw:
        (sealed,) = raw.execute('SELECT sealed FROM "case" WHERE id=1').fetchone()
    assert STORY in str(core.vault.get(case_owner(1), "case:1", sealed))  # until then an old backup opens
    await days.run(core, approved=1)
    for owner in (case_owner(1), contact_owner(1), file_owner(file_id)):
        with pytest.raises(KeyGone):
            core.vault.keys.get(owner)
        assert owner.encode() not in bytes_of(data / "keys")
    with pytest.raises(KeyGone):
        core.vault.get(case_owner(1), "case:1", sealed)
    with pytest.raises(Damaged):
        Stored(monday / "attachments" / file_id[:2] / file_id, files.secret_of(core.vault, file_id))
    assert file_id not in list(core.files.ids())
    assert (await count(core, attachment), await count(core, case)) == (1, 1)
    for word in (*CANARIES, b"canary-of-the-file"):
        assert word not in bytes_of(data) + bytes_of(monday)


@pytest.mark.asyncio
async def test_a_crash_between_rows_and_keys_is_made_good(core: Core) -> None:
    await filed(core, 1)
    await core.store.write(lambda conn: keeping.erase_cases(conn, [1], NOON))
    assert core.vault.keys.get(case_owner(1))
    assert await core.store.read(shreds.owed) == [case_owner(1), contact_owner(1)]
    await days.shred(core)
    assert await core.store.read(shreds.owed) == []
    with pytest.raises(KeyGone):
        core.vault.keys.get(case_owner(1))


@pytest.mark.asyncio
async def test_the_contact_of_the_erased_is_in_no_old_backup(core: Core, tmp_path: Path) -> None:
    """The case goes on and opens; the name and phone that an old backup holds of it do not."""
    known = await core.store.write(lambda conn: people.make(conn, core.vault, "web", "wu", 9, NOON))
    await filed(core, 1, State.HANDLING, person_id=known.citizen.id)
    before = await core.store.read(lambda conn: conn.execute(select(case).where(case.c.id == 1)).mappings().one())
    assert (await core.store.read(lambda conn: cases.by_id(conn, core.vault, 1))).phone == PHONE  # type: ignore[union-attr]
    await core.store.write(lambda conn: people.erase(conn, core.vault, known.citizen.id, NOON))
    await days.shred(core)
    await core.store.write(
        lambda conn: conn.execute(update(case).where(case.c.id == 1).values(sealed=before["sealed"]))
    )
    old = await core.store.read(lambda conn: cases.by_id(conn, core.vault, 1))
    assert old
    assert (old.story, old.name, old.phone) == (STORY, "", "")


@pytest.mark.asyncio
async def test_people_nobody_heard_of(core: Core) -> None:
    """Two years without a word and without a case: everything goes. Who follows a case stays."""
    long_ago = NOON - timedelta(days=800)
    for n, who in ((1, "idle"), (2, "follows"), (3, "came")):
        await core.store.write(lambda conn, n=n, who=who: people.make(conn, core.vault, "web", who, n, long_ago))
    await filed(core, 5, State.HANDLING, person_id=2)
    came = update(address).where(address.c.person_id == 3).values(seen_at=NOON)
    await core.store.write(lambda conn: conn.execute(came))
    await days.run(core, approved=1)
    assert await count(core, person, person.c.erased_at.is_(None)) == 2
    assert await count(core, address) == 2


@pytest.mark.asyncio
async def test_arrivals_are_bounded(core: Core) -> None:
    """Keys of messages go after a month, but for those of somebody to whom something is owed."""
    old = NOON - timedelta(days=31)
    rows = [{"channel": "web", "key": f"k{n}", "person_id": n, "replies": "{}", "at": old} for n in (1, 2)]
    rows += [{"channel": "web", "key": "new", "person_id": 1, "replies": "{}", "at": NOON}]
    owed = {"kind": "letter", "idem": "x", "person_id": 2, "state": "waiting", "made_at": old, "not_before": old}

    def work(conn: Any) -> None:
        conn.execute(insert(inbox), rows)
        conn.execute(insert(outbox).values(**owed, tries=1))

    await core.store.write(work)
    await days.run(core)
    left = await core.store.read(lambda conn: sorted(conn.execute(select(inbox.c.key)).scalars()))
    assert left == ["k2", "new"]


@pytest.mark.asyncio
async def test_talk_and_drafts_go_but_not_what_is_still_owed(core: Core) -> None:
    old = NOON - timedelta(days=200)
    await core.store.write(lambda conn: people.make(conn, core.vault, "web", "wu", 9, old))
    told = await core.store.write(
        lambda conn: [letters.hear(conn, core.vault, 9, f"{n}", (), old).id for n in range(3)]
    )
    await core.store.write(lambda conn: letters.owe_letter(conn, 9, 0, told[1], "owed", old))
    await days.run(core)
    assert await core.store.read(lambda conn: list(conn.execute(select(letter.c.id)).scalars())) == [told[1]]


class TestSealedFiles:
    """On the disk nothing of a file or its name can be read; whole or in part it comes out as it was."""

    @pytest.mark.asyncio
    async def test_its_name_is_sealed(self, core: Core) -> None:
        file_id = await filed(core, 1)
        (file,) = await core.store.read(lambda conn: files.by_ids(conn, core.vault, [file_id]))
        assert file.name == FILE
        assert await count(core, attachment, attachment.c.name != "") == 0

    @pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 131072, 200_000])
    @pytest.mark.asyncio
    async def test_every_part(self, core: Core, size: int) -> None:
        data = (b"%PDF-" + bytes(range(256)) * 800)[:size] if size > 5 else b"x"
        limits, secret = core.site.county.office.limits, b"s" * 32
        file = core.files.receive([data], "x", "text/plain" if size < 6 else "", limits, secret=secret)
        stored = Stored(core.files.open(file.id), secret)
        assert (stored.size, file.size, stored.read_bytes()) == (len(data), len(data), data)
        for start, stop in ((0, 1), (size - 1, size), (size // 2, size), (65530, 65540), (0, size)):
            assert b"".join(stored.chunks(start, stop)) == data[start:stop]

    @pytest.mark.asyncio
    async def test_cut_changed_or_under_another_name_it_does_not_open(self, core: Core, tmp_path: Path) -> None:
        file = core.files.receive([PDF], "x", "", core.site.county.office.limits, secret=b"s" * 32)
        path = core.files.open(file.id)
        sealed = path.read_bytes()
        for bad in (sealed[:-65552], sealed[:-1], sealed[:100] + b"\0" + sealed[101:]):
            path.write_bytes(bad)
            with pytest.raises(Damaged):
                Stored(path, b"s" * 32).read_bytes()
        other = path.with_name("0" * 32)
        other.write_bytes(sealed)
        with pytest.raises(Damaged):
            Stored(other, b"s" * 32).read_bytes()

    @pytest.mark.asyncio
    async def test_files_from_before_stay_readable(self, core: Core) -> None:
        file = core.files.receive([PDF], "x", "", core.site.county.office.limits)
        row = {"id": file.id, "person_id": 9, "kind": "file", "name": "旧.pdf", "mime": file.mime, "size": 1}
        await core.store.write(lambda conn: conn.execute(insert(attachment).values(**row, made_at=NOON)))
        found = await core.store.read(lambda conn: files.of_person(conn, core.vault, 9, file.id))
        assert found == Attachment(file.id, "file", "旧.pdf", file.mime, 1)
        assert Stored(core.files.open(file.id), files.secret_of(core.vault, file.id)).read_bytes() == PDF
