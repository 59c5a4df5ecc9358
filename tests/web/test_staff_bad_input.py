"""What the room's own page never sends: each answered with a status and words, nothing done, never a 500."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cases.case import State
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import WANG
from tests.web.fake_office_client import answer, at_desk, find

pytestmark = pytest.mark.asyncio

KEY = "0123456789abcdef"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


@pytest.fixture
def no(office: Office) -> str:
    """A case on her desk."""
    return find(office, State.HANDLING, claimed_by=WANG.id)


ORDERS: list[tuple[dict[str, Any], int, str]] = [
    ({"key": ""}, 422, "key"),
    ({"key": "short"}, 422, "key"),
    ({"key": "x" * 65}, 422, "key"),
    ({"key": 5}, 422, "key"),
    ({"key": KEY + "\n"}, 422, "key"),
    ({"act": ""}, 422, "act"),
    ({"act": "destroy"}, 422, "act"),
    ({"act": "withdraw"}, 422, "act"),
    ({"act": "rate_well"}, 422, "act"),
    ({"act": "lapse"}, 422, "act"),
    ({"act": ["note"]}, 422, "act"),
    ({"case": ""}, 404, "not_found"),
    ({"case": "x' OR 1=1"}, 404, "not_found"),
    ({"case": "MS20261122-0001\x00"}, 404, "not_found"),
    ({"case": 7}, 404, "not_found"),
    ({"case": None}, 404, "not_found"),
    ({"text": "字" * 2001}, 413, "too_long"),
    ({"text": 5}, 422, "text"),
    ({"text": ""}, 409, "empty"),
    ({"text": "\x00\u200b\u202e"}, 409, "empty"),
    ({"rev": "1"}, 422, "rev"),
    ({"rev": -1}, 422, "rev"),
    ({"rev": True}, 422, "rev"),
    ({"rev": 2**40}, 422, "rev"),
    ({"rev": 1.5}, 422, "rev"),
    ({"fields": []}, 422, "field"),
    ({"fields": {"evidence": 5}}, 422, "field"),
    ({"fields": {"department": "../x"}}, 422, "field"),
    ({"fields": {"departments": "a,b,A"}}, 422, "field"),
    ({"fields": {"evidence": "x" * 501}}, 413, "too_long"),
    ({"fields": {"until": "明天"}}, 422, "until"),
    ({"fields": {"until": "2026-13-40"}}, 422, "until"),
    ({"fields": {"until": "20261201"}}, 422, "until"),
    ({"fields": {"into": "那件"}}, 404, "not_found"),
    ({"attachments": "abc"}, 422, "attachment"),
    ({"attachments": ["../../etc/passwd"]}, 422, "attachment"),
    ({"attachments": ["unknown"]}, 422, "attachment"),
    ({"attachments": [f"file{n}" for n in range(500)]}, 422, "attachment"),
    ({"attachments": [{}]}, 422, "attachment"),
]


@pytest.mark.parametrize(("change", "status", "code"), ORDERS)
async def test_order(office: Office, no: str, change: dict[str, Any], status: int, code: str):
    order = {"key": KEY, "case": no, "act": "note", "text": "记一笔", **change}
    events = len(office.held[no].events)
    async with at_desk(office, WANG) as (hand,), await hand.post_json("/staff/do", order) as response:
        assert (await answer(response, status))["error"]["code"] == code
    assert len(office.held[no].events) == events


BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"NaN", b'{"key": "\\ud800"}']


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", ["/staff/do", "/staff/preview"])
async def test_body(office: Office, path: str, body: bytes):
    async with at_desk(office, WANG) as (hand,):
        headers = {**JSON, "X-Zhitong-Form": hand.proof}
        async with await hand.post(path, data=body, headers=headers) as response:
            assert 400 <= response.status < 500
            assert (await response.json())["error"]["text"]


@pytest.mark.parametrize("path", ["/staff/do", "/staff/preview"])
async def test_body_of_a_megabyte(office: Office, no: str, path: str):
    async with at_desk(office, WANG) as (hand,):
        body = io.BytesIO(json.dumps({"key": KEY, "case": no, "act": "note", "text": "字" * 1_000_000}).encode())
        async with await hand.post(path, data=body, headers={**JSON, "X-Zhitong-Form": hand.proof}) as response:
            assert response.status == 413


async def test_unseen_characters_are_left_out(office: Office, no: str):
    async with at_desk(office, WANG) as (hand,):
        await hand.do(no, "note", "  e\u0301正\x00常\u202e的\u200b话👨\u200d👩\u200d👧\r\n第二行\ud800 ")
    assert office.held[no].events[-1].text == "é正常的话👨\u200d👩\u200d👧\n第二行\ufffd"


QUERIES = ["view=x", "department=../", "limit=-1", "limit=x", "limit=9999", "view=", "department=" + "x" * 500]


@pytest.mark.parametrize("query", QUERIES)
async def test_query(office: Office, query: str):
    async with at_desk(office, WANG) as (hand,):
        assert (await hand.ask(f"/staff/cards?{query}", 422))["error"]["code"] == "query"


async def test_search_for_anything(office: Office):
    async with at_desk(office, WANG) as (hand,):
        for text in ("%", "_", "'", '"', "\x00", "\ud83d", "x" * 5000, "<script>", "\u202e", "100%"):
            await hand.cards(text=text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


@pytest.mark.parametrize("no", ["x", "MS2026", "..%2f..", "MS20261122-0001%00", "%F0%9F%98%80", "x" * 300])
async def test_number(office: Office, no: str):
    async with at_desk(office, WANG) as (hand,), await hand.get(f"/staff/case/{no}") as response:
        assert response.status == 404


async def test_methods(office: Office):
    async with at_desk(office, WANG) as (hand,):
        for path in ("/staff/do", "/staff/preview", "/staff/upload", "/staff/logout"):
            async with await hand.get(path) as response:
                assert response.status == 405
        async with await hand.post("/staff/cards") as response:
            assert response.status == 405


async def test_stray_markup_is_text(office: Office, no: str):
    """What staff or citizens write never becomes part of the page: it travels as JSON only."""
    async with at_desk(office, WANG) as (hand,):
        await hand.do(no, "note", "</script><script>alert(1)</script>")
        assert "alert(1)" not in await hand.text("/staff")
