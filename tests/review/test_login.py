"""Passwords are tried a few times, however the tries are dressed up; and one office is not one source."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import Connection

from bot.office import LOGIN_TRIES
from bot.store import passwords, staff
from bot.store.staff import StaffRow
from bot.web.security import source_of
from bot.web.staff_house import TooMany
from cases.case import Role
from tests.review.town import Town

NAME, PASSWORD = "Wang Fang", "a long password"
HTTPS = "https://zt.example.gov.cn"


async def hired(town: Town) -> None:
    """A clerk with a password."""
    hashed = await asyncio.to_thread(passwords.hash_password, PASSWORD)

    def work(conn: Connection, now: datetime = town.now) -> StaffRow:
        code = staff.add(conn, NAME, [Role.CLERK], "shuiwu", now)
        return staff.redeem(conn, code, hashed, now)

    await town.core.store.write(work)


async def tried(town: Town, name: str, password: str, source: str) -> str:
    """What became of one try."""
    try:
        return "in" if await town.door.log_in(name, password, source) else "wrong"
    except TooMany:
        return "slowed"


@pytest.mark.asyncio
async def test_many_tries_at_once_are_many_tries(town: Town) -> None:
    await hired(town)
    became = await asyncio.gather(*(tried(town, NAME, f"guess {n}", f"10.0.0.{n}") for n in range(4 * LOGIN_TRIES)))
    assert became.count("wrong") == LOGIN_TRIES


@pytest.mark.asyncio
async def test_one_name_however_it_is_written(town: Town) -> None:
    """ＷANG is the same account as wang, and so are two spaces."""
    await hired(town)
    spellings = [NAME, "Ｗang Fang", "Wang  Fang", " Wang Fang", "Ｗａng Fang", "Wａng Fang"]
    became = [await tried(town, name, "guess", f"10.0.0.{n}") for n, name in enumerate(spellings)]
    assert became == ["wrong"] * LOGIN_TRIES + ["slowed"]


@pytest.mark.asyncio
async def test_a_whole_office_logs_in_at_eight(town: Town) -> None:
    """Whoever is right uses nothing up, neither their own tries nor those of all."""
    await hired(town)
    assert {await tried(town, NAME, PASSWORD, "office") for _ in range(3 * LOGIN_TRIES)} == {"in"}
    assert not town.door._logins.recent()  # pyright: ignore[reportPrivateUsage]


@pytest.mark.asyncio
async def test_strangers_guesses_lock_nobody_out_at_their_own_desk(town: Town) -> None:
    await hired(town)
    assert await tried(town, NAME, PASSWORD, "office") == "in"
    for n in range(30 * LOGIN_TRIES):
        await tried(town, f"name {n}" if n % 2 else NAME, "guess", f"10.0.{n}.1")
    assert await tried(town, NAME, PASSWORD, "a new place") == "slowed"
    assert await tried(town, NAME, PASSWORD, "office") == "in"
    became = [await tried(town, NAME, "guess", "office") for _ in range(LOGIN_TRIES + 1)]
    assert became == ["wrong"] * LOGIN_TRIES + ["slowed"], "and the desk itself is no way to guess"


@pytest.mark.parametrize(
    ("peer", "forwarded", "public_url", "source"),
    [
        ("8.8.8.8", "", "", "8.8.8.8"),
        ("8.8.8.8", "198.51.100.7", HTTPS, "8.8.8.8"),
        ("127.0.0.1", "198.51.100.7", "", "198.51.100.7"),
        ("172.18.0.2", "198.51.100.7", "", "172.18.0.2"),
        ("172.18.0.2", "198.51.100.7", HTTPS, "198.51.100.7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "", "198.51.100.7"),
        ("::ffff:203.0.113.9", "", "", "203.0.113.9"),
        ("127.0.0.1", "::ffff:198.51.100.7", "", "198.51.100.7"),
        ("2001:db8:1:2:3::4", "", "", "2001:db8:1:2::/64"),
    ],
)
def test_where_a_request_comes_from(peer: str, forwarded: str, public_url: str, source: str) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("POST", "/", headers=headers).clone(remote=peer)
    assert source_of(request, public_url) == source
