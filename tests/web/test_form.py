"""The plain form: the whole job without a script, and nothing lost on the way."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import FormData

from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor

pytestmark = pytest.mark.asyncio

SURE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


class Plain:
    """A browser that only knows forms: it sends every hidden field, and one button."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = ""

    async def open(self, path: str = "/") -> str:
        """Load the page."""
        self.page = await self.visitor.page(path)
        return self.page

    def hidden(self) -> dict[str, str]:
        """The form's own fields."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.page))

    def buttons(self) -> dict[str, tuple[str, str]]:
        """Choices by label: the name and value each sends."""
        found = re.findall(
            r'<button type="submit" name="(\w+)" value="([^"]*)" class="option[^>]*>(.*?)</button>', self.page
        )
        return {re.sub(r"<span class=\"no\".*?</span>|<.*?>", "", label): (name, value) for name, value, label in found}

    async def press(self, label: str) -> str:
        """Press a choice and follow to the page."""
        name, value = self.buttons()[label]
        return await self.send({name: value})

    async def send(self, fields: dict[str, str], files: list[tuple[str, bytes]] | None = None) -> str:
        """Send the form as browsers do under `no-referrer`: `Origin: null`."""
        data = FormData(default_to_multipart=True)
        for name, value in {**self.hidden(), "text": "", **fields}.items():
            data.add_field(name, value)
        for name, body in files or [("", b"")]:
            mime = "image/jpeg" if name else "application/octet-stream"
            data.add_field("file", io.BytesIO(body), filename=name, content_type=mime)
        async with await self.visitor.post(
            "/", data=data, headers={"Origin": "null", "Accept": "text/html"}, allow_redirects=False
        ) as response:
            text = await response.text()
            if response.status != 303:
                return text
            assert response.headers["Location"] == "/#now"
        return await self.open()


async def test_the_whole_job_by_form(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    await plain.press("反映问题")
    await plain.press("农村道路")
    await plain.send({"text": "村口的路塌了一半，三轮车过不去"})
    await plain.press("河口镇青山村")
    await plain.send({}, [("路.jpg", b"jpeg"), ("桥.jpg", b"jpeg")])
    await plain.press("匿名")
    page = await plain.press("提交")
    assert "MS20261122-0007" in page and "207-5550-1234" in page
    assert [len(turn.attachments) for turn in house.turns] == [0, 0, 0, 0, 2, 0, 0]
    assert "村口的路塌了一半" in page
    assert page.count('class="photo"') == 2


async def test_pressing_twice_is_once(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    first = plain.page
    await plain.send({"text": "路坏了"})
    plain.page = first
    await plain.send({"text": "路坏了"})
    assert len(house.turns) == 1


async def test_a_form_without_a_key_gets_one(visitor: Visitor, house: FakeHouse) -> None:
    for _ in range(2):
        async with await visitor.post("/", data={"text": "路坏了"}, headers=SURE, allow_redirects=False) as response:
            assert response.status == 303
    assert len(house.turns) == 2


async def test_a_scanned_code_rides_on_the_first_form(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open("/s/qs-bridge")
    await plain.send({"text": ""})
    assert house.turns[0].scene == "qs-bridge"


async def test_large_text_is_remembered_without_a_script(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    assert 'class="large"' in await plain.send({"view": "large"})
    assert 'class="large"' not in await plain.send({"view": "normal"})
    assert house.turns == []


async def test_an_empty_form_changes_nothing(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    await plain.send({"text": " \u200b "})
    assert house.turns == []


async def test_refused_and_surplus_files_are_named_and_the_rest_is_taken(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    limit = house.county.office.limits.photos
    note = await plain.send({"text": "照片很多"}, [(f"{n}.jpg", b"x") for n in range(limit + 3)])
    assert f"一次最多 {limit} 个文件" in note
    assert len(house.turns[0].attachments) == limit
    assert house.turns[0].text == "照片很多"


@pytest.mark.filterwarnings("ignore:unread_data")  # aiohttp's own multipart reader still calls it
async def test_a_large_file_is_named_and_the_words_are_taken(visitor: Visitor, house: FakeHouse) -> None:
    plain = Plain(visitor)
    await plain.open()
    note = await plain.send({"text": "录像太大"}, [("a.jpg", b"x" * (20 * 2**20 + 1))])
    assert "最大 20 MB" in note
    assert house.turns[0].text == "录像太大"


async def test_a_browser_without_cookies_is_told(visitor: Visitor) -> None:
    async with await visitor.post("/", data={"text": "路坏了"}, headers=SURE, allow_redirects=False) as response:
        where = response.headers["Location"]
    visitor.session.cookie_jar.clear()
    assert "允许 Cookie" in await visitor.page(where)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ],
)
async def test_another_site_cannot_send_our_form(
    visitor: Visitor, house: FakeHouse, headers: dict[str, str], status: int
) -> None:
    await visitor.cookie()
    async with await visitor.post("/", data={"text": "坏人"}, headers=headers, allow_redirects=False) as response:
        assert response.status == status
    assert len(house.turns) == (status == 303)


MULTI = "multipart/form-data; boundary=xx"
PART = b'--xx\r\nContent-Disposition: form-data; name="text"\r\n\r\n'


@pytest.mark.parametrize(
    ("mime", "body", "status"),
    [
        ("text/plain", b"text=x", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(100)), 400),
        ("application/x-www-form-urlencoded", b"text=" + quote("字" * 20_001).encode(), 413),
        ("application/x-www-form-urlencoded", b"text=%ff%fe%00%zz", 303),
        ("application/x-www-form-urlencoded", b"\xff\xfe\x00", 303),
        ("multipart/form-data", b"--xx--", 400),
        (MULTI, b"", 400),
        (MULTI, b"nothing at all", 400),
        (MULTI, PART + b"x" * 1_200_000 + b"\r\n--xx--\r\n", 413),
        (MULTI, b"--xx\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xx--\r\n", 400),
        (
            MULTI,
            b"--xx\r\nContent-Type: multipart/mixed; boundary=yy\r\n\r\n--yy\r\n\r\nx\r\n--yy--\r\n--xx--\r\n",
            400,
        ),
        (MULTI, PART + b"a\r\n" + (PART + b"a\r\n") * 200 + b"--xx--\r\n", 413),
        (MULTI, b"--xx\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx\r\n--xx--\r\n", 400),
    ],
)
async def test_forms_no_browser_makes(visitor: Visitor, mime: str, body: Any, status: int) -> None:
    await visitor.cookie()
    async with await visitor.post(
        "/", data=iter_body(body), headers={**SURE, "Content-Type": mime}, allow_redirects=False
    ) as response:
        assert response.status == status
        if status >= 400:
            assert "返回对话" in await response.text()


async def iter_body(body: bytes) -> Any:
    """A body of unknown length."""
    yield body
