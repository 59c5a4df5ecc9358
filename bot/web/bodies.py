"""What comes in a request, read with a limit on size and on patience, and cleaned."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar, cast

from aiohttp import web

from bot.web.security import Fault

BODY_BYTES = 2**20
BODY_SECONDS = 10.0
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 64 * 1024
CHUNK = 64 * 1024

Json = dict[str, Any]
T = TypeVar("T")

_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n?|[\u2028\u2029\u0085]")
# Controls, zero-width characters, bidi marks, tags: nothing a reader sees, everything a forger needs.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_PICTURE = "\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_PICTURE}])\u200d|\u200d(?![{_PICTURE}])")


def clean_text(text: str) -> str:
    """`text` as we keep it: NFC, without characters nobody sees, lone surrogates replaced, edges trimmed."""
    text = _BREAK.sub("\n", _SURROGATE.sub("\ufffd", text))
    text = _LONE_JOINER.sub("", _HIDDEN.sub("", text))
    return unicodedata.normalize("NFC", text).strip()


async def read_body(request: web.Request, cap: int = BODY_BYTES) -> bytes:
    """The whole body. Raises Fault 413 above `cap` bytes and 408 after BODY_SECONDS."""
    if (request.content_length or 0) > cap:
        raise Fault(413, "too_large")
    if request.content.is_eof():  # it came with its head, as the small ones do
        body = await request.content.read()
        if len(body) > cap:
            raise Fault(413, "too_large")
        return body
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > cap:
                    raise Fault(413, "too_large")
    except TimeoutError as slow:
        raise Fault(408, "slow") from slow
    return bytes(body)


async def read_json(request: web.Request, cap: int = BODY_BYTES) -> Json:
    """The body as a JSON object. Raises Fault 415 for another type, 400 for anything that is not an object."""
    if request.content_type != "application/json":
        raise Fault(415, "bad_request")
    body = await read_body(request, cap)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise Fault(400, "bad_request") from broken
    if not isinstance(data, dict):
        raise Fault(400, "bad_request")
    return cast(Json, data)


class Pace:
    """Patience with a long body: every minute must bring 64 KB, or it is not coming (Fault 408)."""

    def __init__(self) -> None:
        self._until = asyncio.get_running_loop().time() + WINDOW_SECONDS
        self._seen = 0

    async def wait(self, coming: Awaitable[T]) -> T:
        """What is awaited, if it comes in time."""
        try:
            async with asyncio.timeout_at(self._until):
                return await coming
        except TimeoutError as slow:
            raise Fault(408, "slow") from slow

    async def chunks(
        self, read: Callable[[int], Awaitable[bytes]], cap: int, code: str = "upload_large"
    ) -> AsyncIterator[bytes]:
        """What `read` gives until it gives nothing. Raises Fault 413 with `code` above `cap` bytes."""
        size = 0
        while chunk := await self.wait(read(CHUNK)):
            size += len(chunk)
            if size > cap:
                raise Fault(413, code, args={"mb": cap // 2**20})
            self._progress(len(chunk))
            yield chunk

    def _progress(self, size: int) -> None:
        self._seen += size
        if self._seen >= WINDOW_BYTES:
            self._seen = 0
            self._until = asyncio.get_running_loop().time() + WINDOW_SECONDS
