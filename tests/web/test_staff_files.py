"""Files of the room: uploaded by staff, opened by whoever may see the case, and by nobody else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cases.case import State
from tests.web.fake_office import Office, open_office
from tests.web.fake_office_cases import CHEN, WANG, ZHAO
from tests.web.fake_office_client import at_desk, find

pytestmark = pytest.mark.asyncio


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office at work."""
    return open_office(tmp_path)


async def test_upload_goes_out_with_a_note(office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with at_desk(office, WANG, CHEN, ZHAO) as (wang, chen, zhao):
        file = await wang.upload(b"%PDF-1.7 ...", "派工单.pdf", "application/pdf")
        assert file["url"] == ""
        got = await wang.do(no, "note", "派工单见附件", attachments=[file["id"]])
        (shown,) = got["file"]["steps"][-1]["attachments"]
        async with await chen.get(shown["url"]) as response:
            assert await response.read() == b"%PDF-1.7 ..."
            assert response.headers["Content-Type"] == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
            assert response.headers["Content-Security-Policy"].startswith("sandbox")
            assert response.headers["Cache-Control"] == "no-store"
        await zhao.ask(shown["url"], 404)


async def test_photo_opens_in_the_page(office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with at_desk(office, WANG) as (wang,):
        url = (await wang.ask(f"/staff/case/{no}"))["attachments"][0]["url"]
        async with await wang.get(url) as response:
            assert response.headers["Content-Type"] == "image/png"
            assert response.headers["Content-Disposition"].startswith("inline")
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_files_we_do_not_take(office: Office):
    async with at_desk(office, WANG) as (wang,):
        for mime in ("text/html", "image/svg+xml", "application/x-msdownload"):
            await wang.upload(b"<svg onload=alert(1)>", "x.svg", mime, status=422)


async def test_file_over_the_cap(office: Office):
    async with at_desk(office, WANG) as (wang,):
        got = await wang.upload(io.BytesIO(b"x" * (20 * 2**20 + 1)), status=413)
    assert "20 MB" in got["error"]["text"]


async def test_names_are_cleaned(office: Office):
    no = find(office, State.HANDLING, claimed_by=WANG.id)
    async with at_desk(office, WANG) as (wang,):
        file = await wang.upload(b"x", "../../\u202egnp.exe\x00\r\nX: y")
        got = await wang.do(no, "note", "看", attachments=[file["id"]])
        url = got["file"]["steps"][-1]["attachments"][0]["url"]
        async with await wang.get(url) as response:
            kept = response.headers["Content-Disposition"]
    assert "/" not in kept.split("''")[1]
    assert "\n" not in kept


async def test_too_many_uploads_are_slowed(office: Office):
    async with at_desk(office, WANG) as (wang,):
        for _ in range(60):
            await wang.upload(b"x")
        await wang.upload(b"x", status=429)
