"""A stored file as an answer over http: opened on the way out, in parts for players that ask for parts."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from bot.stored import Stored
from bot.web.bodies import clean_text

FILE_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; frame-ancestors 'none'"
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4"})


async def hand_out(
    request: web.Request, stored: Stored, name: str, mime: str, cache: str = "no-store"
) -> web.StreamResponse:
    """A file that somebody sent: photos, films and voices open in the page, everything else is saved."""
    shown = mime in SHOWN or mime.startswith("audio/")
    headers = {
        "Content-Type": mime if shown else "application/octet-stream",
        "Content-Disposition": disposition(name, inline=shown),
        "Content-Security-Policy": FILE_CSP,
        "Cache-Control": cache,
    }
    return await served(request, stored, headers)


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition that carries any name, and that no name breaks out of."""
    kind = "inline" if inline else "attachment"
    name = clean_text(name).replace("/", "_").replace("\\", "_")[:80] or "file"
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"


async def served(request: web.Request, stored: Stored, headers: dict[str, str]) -> web.StreamResponse:
    """The file, or the part of it that `Range` names. What a file holds never changes, so its id is its ETag."""
    tag = f'"{stored.path.name}"'
    headers = {**headers, "Accept-Ranges": "bytes", "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    size = stored.size
    try:
        start, stop = _part(request, size)
    except ValueError:
        headers["Content-Range"] = f"bytes */{size}"
        return web.Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    status = HTTPStatus.OK if "Range" not in request.headers else HTTPStatus.PARTIAL_CONTENT
    if status is HTTPStatus.PARTIAL_CONTENT:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    chunks = stored.chunks(start, stop) if request.method != "HEAD" else iter(())
    while chunk := await asyncio.to_thread(next, chunks, b""):
        await response.write(chunk)
    await response.write_eof()
    return response


def _part(request: web.Request, size: int) -> tuple[int, int]:
    """From where to where. Raises ValueError for a part that is not there."""
    start, stop, _ = request.http_range.indices(size)
    if start >= stop and "Range" in request.headers:
        raise ValueError
    return start, stop
