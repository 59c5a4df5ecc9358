"""The one place through which every call to the world outside goes; a test holds that nothing goes around it."""

from __future__ import annotations

from aiohttp import ClientSession, ClientTimeout, TCPConnector

USER_AGENT = "zhitong"


def session(connections: int = 100, timeout: ClientTimeout | None = None) -> ClientSession:
    """Connections to one platform. Redirects are the caller's to refuse."""
    connector = TCPConnector(limit=connections, keepalive_timeout=30)
    headers = {"User-Agent": USER_AGENT}
    return ClientSession(connector=connector, headers=headers, timeout=timeout or ClientTimeout())
