"""Taking staff on from the command line, beside a running office or without one."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import open_core
from bot.store import staff
from bot.store.connect import DATABASE
from config.settings import Settings
from tests.bot import past
from tests.bot.command import zhitong

CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new office."""
    asyncio.run(open_core(Settings(data_dir=tmp_path), past.site()).close())
    return tmp_path


def owner_of(folder: Path, code: str) -> staff.StaffRow | None:
    """Whose code it is, asked of the store itself."""

    async def look() -> staff.StaffRow | None:
        core = open_core(Settings(data_dir=folder), past.site())
        try:
            return await core.store.read(lambda conn: staff.code_staff(conn, code, datetime.now(UTC)))
        finally:
            await core.close()

    return asyncio.run(look())


def test_from_the_first_code_to_the_last_day(folder: Path) -> None:
    """王芳 is taken on, loses her code, gets another one, and leaves."""
    taken = zhitong("staff", "add", "王芳", "--role", "clerk,dispatcher", "--unit", "自来水公司", "--data", folder)
    code, address = taken.stdout.splitlines()
    assert taken.returncode == 0
    assert CODE.fullmatch(code)
    assert address == f"http://127.0.0.1:8080/staff/start#{code}"
    row = owner_of(folder, code)
    assert row is not None
    assert (row.name, row.roles, row.unit) == ("王芳", ("clerk", "dispatcher"), "shuiwu")

    again = zhitong("staff", "add", "王芳", "--role", "clerk", "--unit", "shuiwu", "--data", folder)
    assert (again.returncode, again.stdout) == (2, "")
    assert "--new-code" in again.stderr

    renewed = zhitong("staff", "add", "王芳", "--new-code", "--data", folder).stdout.splitlines()[0]
    assert owner_of(folder, code) is None
    assert owner_of(folder, renewed) is not None

    assert zhitong("staff", "revoke", "王芳", "--data", folder).returncode == 0
    assert owner_of(folder, renewed) is None
    listed = zhitong("staff", "list", "--data", folder)
    assert listed.stdout.startswith("王芳\tclerk,dispatcher\tshuiwu\trevoked ")
    assert listed.stdout.count("\n") == 1


REFUSED = [
    (("--role", "boss", "--unit", "shuiwu"), "clerk, dispatcher, supervisor, custodian, admin"),
    (("--unit", "shuiwu"), "--role"),
    (("--role", "clerk"), "--unit"),
    (("--role", "clerk", "--unit", "海军"), "shuiwu (水务局)"),
    (("--new-code",), "nobody called"),
]


@pytest.mark.parametrize(("said", "told"), REFUSED)
def test_what_is_refused_names_what_is_valid(folder: Path, said: tuple[str, ...], told: str) -> None:
    found = zhitong("staff", "add", "谁", *said, "--data", folder)
    assert (found.returncode, found.stdout) == (2, "")
    assert told in found.stderr


def test_a_database_that_is_held_is_waited_for_and_then_named(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        found = zhitong("staff", "add", "王芳", "--role", "clerk", "--unit", "shuiwu", "--data", folder)
    assert found.returncode == 2
    assert "locked" in found.stderr
    assert "Traceback" not in found.stderr
    assert time.monotonic() - began >= 3
