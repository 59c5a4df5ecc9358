"""The webhook: the secret before the body, COMMIT before 200, and nothing odd is a 500."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient

from bot.channels.telegram.webhook import HEADER, PATH
from bot.demo.fakes.telegram import FakeApi
from bot.store.engine import StoreBusy
from tests.channels.telegram.town import SECRET, Town, by_webhook

pytestmark = pytest.mark.asyncio

ZHANG = 601
Hook = tuple[Town, "TestClient[Any, Any]"]


@pytest_asyncio.fixture
async def hook(api: FakeApi, tmp_path: Path) -> AsyncGenerator[Hook]:
    """The office behind its webhook."""
    async with by_webhook(api, tmp_path) as both:
        yield both


def update(api: FakeApi, text: str = "你好") -> dict[str, Any]:
    return api.say(ZHANG, text)


async def post(client: TestClient[Any, Any], body: Any, headers: Any = None) -> int:
    data = BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    given = headers if headers is not None else {HEADER: SECRET}
    async with client.post(PATH, data=data, headers=given) as response:
        return response.status


async def test_it_is_registered_with_its_secret(api: FakeApi, hook: Hook) -> None:
    assert api.webhook["url"] == f"https://example.test{PATH}"
    assert api.webhook["secret_token"] == SECRET
    assert set(api.webhook["allowed_updates"]) == {"message", "edited_message", "callback_query", "my_chat_member"}


async def test_the_main_job_by_webhook(api: FakeApi, hook: Hook) -> None:
    town, client = hook
    assert await post(client, update(api)) == 200
    assert "反映问题" in str(await town.hears(ZHANG))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: "wrong"},
        {HEADER: SECRET[:-1]},
        {HEADER: SECRET + "x"},
        {HEADER: "密码"},
        [(HEADER, SECRET), (HEADER, SECRET)],
        [(HEADER, SECRET), (HEADER, "wrong")],
    ],
)
async def test_a_wrong_secret_is_refused_before_the_body_is_read(api: FakeApi, hook: Hook, headers: Any) -> None:
    town, client = hook
    assert await post(client, b"not even json", headers) == 403
    assert await post(client, update(api), headers) == 403
    assert await town.cases() == []
    assert ZHANG not in town.api.chats or town.api.told(ZHANG) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'"hello"', 400),
        (b"null", 400),
        (b"{}", 400),
        (b'{"update_id": "7"}', 400),
        (b'{"update_id": -1}', 400),
        (b'{"update_id": true}', 400),
        (b"x" * 5 * 2**20, 413),
        (b'{"update_id": 7}', 200),
        (b'{"update_id": 8, "message": 5}', 200),
        (b'{"update_id": 9, "message": {"message_id": "x"}}', 200),
        (b'{"update_id": 10, "message": {"message_id": 1, "date": 1e30, "chat": {"id": 1, "type": "private"}}}', 200),
        (b'{"update_id": 11, "something_new": {"a": 1}}', 200),
    ],
)
async def test_odd_bodies_have_a_clear_answer(hook: Hook, body: bytes, status: int) -> None:
    _, client = hook
    assert await post(client, body) == status


async def test_what_could_not_be_kept_is_asked_for_again(
    api: FakeApi, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 when the store is busy; the same update later has its effect, once."""
    town, client = hook
    said = update(api)
    core = town.house.core
    real = core.take

    async def busy(*args: Any, **more: Any) -> Any:
        raise StoreBusy("locked")

    monkeypatch.setattr(core, "take", busy)
    assert await post(client, said) == 503
    monkeypatch.setattr(core, "take", real)
    assert await post(client, said) == 200
    assert await post(client, said) == 200
    await town.hears(ZHANG)
    assert len(api.told(ZHANG)) == 1
