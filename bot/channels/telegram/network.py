"""PTB's network, on the http library the house has anyway: half the work a call, and errors that say what left us."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
)
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.outgoing import session

CONNECT_SECONDS = 5.0
UPLOAD_SECONDS = 60.0
UNSENT = (ClientConnectorError, ConnectionTimeoutError)  # nothing had left this machine: a repeat repeats nothing


class Network(BaseRequest):
    """Requests to one Bot API server."""

    def __init__(self, read_seconds: float, connections: int) -> None:
        self._seconds, self._connections = read_seconds, connections
        self._http: ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds until an answer is given up."""
        return self._seconds

    async def initialize(self) -> None:
        """Get ready to connect."""
        if self._http is None:
            self._http = session(self._connections)

    async def shutdown(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request: status and body. Raises TimedOut and NetworkError, with the cause that tells them apart."""
        if self._http is None:
            raise NetworkError("the channel is closed")
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._seconds
        upload = bool(request_data and request_data.multipart_data)
        timeout = ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=UPLOAD_SECONDS if upload else seconds)
        try:
            async with self._http.request(
                method, url, data=_body(request_data), timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error


def _body(asked: RequestData | None) -> FormData | dict[str, str] | None:
    if asked is None:
        return None
    if not asked.multipart_data:
        return asked.json_parameters
    form = FormData(asked.json_parameters)
    for name, (file_name, content, mime) in asked.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=mime)
    return form


class Asked:
    """Parameters that are plain already: what PTB would first make objects of, and then plain.

    It stands in for PTB's RequestData, which is made of PTB's objects only.
    """

    multipart_data = None

    def __init__(self, values: dict[str, Any]) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        self._plain = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in given.items()
        }

    @property
    def json_parameters(self) -> dict[str, str]:
        """As they travel."""
        return self._plain

    @property
    def parameters(self) -> dict[str, Any]:
        """As they travel, too."""
        return dict(self._plain)
