"""Who may do what over HTTP: every route, with nobody, the wrong person, the wrong case, and a forged post."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cases.case import Actor, State
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import CAST, CHEN, HE, LI, LIU, SUN, WANG, ZHAO, ZHOU
from tests.web.fake_office_client import Hand, at_desk, at_door, find

pytestmark = pytest.mark.asyncio

GETS = ("/staff/cards", "/staff/case/{no}", "/staff/file/{no}/{file}", "/staff/events")
POSTS = ("/staff/preview", "/staff/do", "/staff/upload")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


@pytest.fixture
def no(office: Office) -> str:
    """A case of the water bureau, with photos."""
    return find(office, State.HANDLING, claimed_by=WANG.id)


def places(office: Office, no: str) -> list[str]:
    """Every route that reads, for this case."""
    return [path.format(no=no, file=office.held[no].case.attachments[0]) for path in GETS]


async def test_nobody_gets_in(office: Office, no: str):
    async with at_door(office) as hand:
        for path in places(office, no):
            assert (await hand.ask(path, 401))["error"]["code"] == "login"
        for path in POSTS:
            async with await hand.post_json(
                path, {"key": "k" * 16, "act": "note", "case": no, "text": "x"}
            ) as response:
                assert response.status == 401
        async with await hand.get("/staff", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/staff/login")
    assert office.orders == []


async def test_session_that_was_ended_is_nobody(office: Office, no: str):
    async with at_desk(office, WANG) as (hand,):
        office.sessions.clear()
        for path in places(office, no):
            await hand.ask(path, 401)


@pytest.mark.parametrize("proof", ["", "0" * 32, "é", "x" * 4000])
@pytest.mark.parametrize("path", POSTS)
async def test_post_without_the_proof_does_nothing(office: Office, no: str, path: str, proof: str):
    async with at_desk(office, WANG) as (hand,):
        body = json.dumps({"key": "k" * 16, "act": "note", "case": no, "text": "x"})
        headers = {"X-Zhitong-Form": proof, "Content-Type": "application/json"}
        async with await hand.post(path, data=body, headers=headers) as response:
            assert response.status == 403
    assert office.orders == []


async def test_proof_of_another_session_does_nothing(office: Office, no: str):
    async with at_desk(office, WANG, LI) as (wang, li):
        li.proof = wang.proof
        assert (await li.do(no, "note", "x", status=403))["error"]["code"] == "proof"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost"},
    ],
)
@pytest.mark.parametrize("path", [*POSTS, "/staff/login", "/staff/start", "/staff/logout"])
async def test_post_from_another_origin_does_nothing(office: Office, no: str, path: str, headers: dict[str, str]):
    async with at_desk(office, WANG) as (hand,):
        data = {"key": "k" * 16, "act": "note", "case": no, "text": "x"}
        async with await hand.post_json(path, data, **headers) as response:
            assert response.status == 403
    assert office.orders == []
    assert len(office.sessions) == 1


SEES: list[tuple[Actor, bool, bool]] = [
    (WANG, True, True),  # her own
    (LI, True, True),  # the same department
    (CHEN, True, True),  # dispatcher
    (LIU, True, True),  # supervisor
    (SUN, True, False),  # the unit above: to read
    (ZHAO, False, False),  # another department
    (ZHOU, False, False),  # custodian
    (HE, False, False),  # admin
]


@pytest.mark.parametrize(("who", "sees", "works"), SEES, ids=[who.name for who, *_ in SEES])
async def test_who_sees_a_case(office: Office, no: str, who: Actor, sees: bool, works: bool):
    async with at_desk(office, who) as (hand,):
        assert (no in await hand.numbers()) is sees
        assert (no in await hand.numbers(text=no)) is sees
        for path in places(office, no)[1:3]:
            async with await hand.get(path) as response:
                assert response.status == (200 if sees else 404)
        status = 200 if works else 403 if sees else 404
        await hand.do(no, "note", "看一眼", status=status)
    assert len(office.orders) == int(sees)
    assert (office.held[no].events[-1].text == "看一眼") is works


async def test_every_actor_is_in_the_matrix():
    assert {who.id for who, *_ in SEES} == {who.id for who in CAST}


async def test_case_out_of_sight_is_a_case_that_does_not_exist(office: Office, no: str):
    """Byte for byte: a stranger cannot tell a number in use from one that is not."""
    other = no[:-4] + "9999"
    file = office.held[no].case.attachments[0]
    async with at_desk(office, ZHAO) as (hand,):
        for path in ("/staff/case/{}", f"/staff/file/{{}}/{file}", "/staff/file/{}/unknown"):
            assert await read(hand, path.format(no)) == await read(hand, path.format(other))
        for path in ("/staff/do", "/staff/preview"):
            there, nowhere = [await posted(hand, path, one) for one in (no, other)]
            assert there == nowhere
    assert office.orders == []


async def read(hand: Hand, path: str) -> tuple[int, bytes]:
    """Status and body."""
    async with await hand.get(path) as response:
        return response.status, await response.read()


async def posted(hand: Hand, path: str, no: str) -> tuple[int, bytes]:
    """Status and body of an attempt."""
    order: dict[str, Any] = {"key": "k" * 16, "act": "note", "case": no, "text": "x"}
    async with await hand.post_json(path, order) as response:
        return response.status, await response.read()


async def test_file_of_another_case_does_not_open_by_this_one(office: Office, no: str):
    file = office.held[no].case.attachments[0]
    mine = find(office, State.WAITING)
    async with at_desk(office, WANG) as (hand,):
        await hand.ask(f"/staff/file/{mine}/{file}", 404)


async def test_only_who_works_may_file_and_upload(office: Office):
    async with at_desk(office, LIU, HE) as (supervisor, admin):
        order: dict[str, Any] = {
            "text": "水管坏了三天",
            "fields": {"topic": "07.01", "source": "visit", "consent": "yes"},
        }
        for hand in (supervisor, admin):
            await hand.do("", "file", status=403, **order)
        await admin.upload(b"x", status=403)
        await supervisor.upload(b"x")
    assert office.orders == []


async def test_upload_of_another_cannot_be_sent(office: Office, no: str):
    async with at_desk(office, WANG, LI) as (wang, li):
        file = await li.upload(b"picture")
        got = await wang.do(no, "note", "看附件", attachments=[file["id"]], status=422)
    assert got["error"]["code"] == "attachment"


async def test_contact_shows_only_to_who_revealed_it(office: Office, no: str):
    async with at_desk(office, WANG, CHEN) as (wang, chen):
        assert "13812345678" not in json.dumps(await wang.ask(f"/staff/case/{no}"))
        await wang.do(no, "reveal", "要打电话约时间")
        seen, other = await wang.ask(f"/staff/case/{no}"), await chen.ask(f"/staff/case/{no}")
    assert (seen["name"], seen["phone"]) == ("罗大勇", "13812345678")
    assert "13812345678" in seen["story"]
    assert "13812345678" not in json.dumps(other)
    assert [step["act"] for step in other["steps"]][-1] == "reveal"
