"""`/metrics`: for whoever has the token, or, where none is set and no proxy stands in front, for this machine."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def add_routes(app: web.Application, page: Callable[[], Awaitable[bytes]], token: str, public_url: str) -> None:
    """Answer `GET /metrics`; for anybody else there is no such page."""

    async def metrics(request: web.Request) -> web.Response:
        if not _may_read(request, token, public_url):
            raise web.HTTPNotFound
        return web.Response(body=await page(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app.router.add_get("/metrics", metrics)


def _may_read(request: web.Request, token: str, public_url: str) -> bool:
    if token:
        shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(shown, f"Bearer {token}".encode())
    # Behind a proxy everybody comes from this machine, and not every proxy says for whom.
    return not public_url and _is_here(request) and not any(name in request.headers for name in FORWARDED)


def _is_here(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
