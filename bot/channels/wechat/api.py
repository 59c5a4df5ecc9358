"""The only module that calls Tencent: JSON over HTTPS, five seconds a call, one retry with another token.

The token stands in every address, so no address and no library's message about one is ever logged or raised.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp

from bot.channels.wechat.faults import Trouble, sorted_out
from bot.channels.wechat.tokens import Shelf, Tokens
from bot.outgoing import session

ROOT = "https://api.weixin.qq.com"
CALL_SECONDS = 5.0
MEDIA_SECONDS = 60.0
CHUNK = 2**16
MEDIA_HOSTS = (".qq.com", ".qpic.cn")  # where the address of a video may point to

Json = dict[str, Any]


class TooLarge(Exception):
    """A file that is larger than we take."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calls these are."""

    app_id: str
    secret: str
    root: str = ROOT

    def __repr__(self) -> str:
        return f"Account({self.app_id!r})"


class Api:
    """Calls of one account."""

    def __init__(self, account: Account, shelf: Shelf, clock: Callable[[], datetime]) -> None:
        self._account = account
        self.tokens = Tokens(self._stable_token, shelf, clock)
        self._session: aiohttp.ClientSession | None = None

    # --- what can be sent -----------------------------------------------------------------------------------

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message. Raises Trouble."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        await self._call("/cgi-bin/message/custom/send", body)

    async def send_template(self, openid: str, template: str, fields: Mapping[str, str], url: str) -> str:
        """A template message; the job's id. Raises Trouble."""
        data = {name: {"value": value} for name, value in fields.items()}
        body = {"touser": openid, "template_id": template, "data": data, **({"url": url} if url else {})}
        return str((await self._call("/cgi-bin/message/template/send", body)).get("msgid", ""))

    async def send_notice(self, openid: str, template: str, fields: Mapping[str, str], url: str) -> None:
        """A subscription notice the person agreed to. Raises Trouble."""
        data = {name: {"value": value} for name, value in fields.items()}
        body = {"touser": openid, "template_id": template, "data": data, **({"page": url} if url else {})}
        await self._call("/cgi-bin/message/subscribe/bizsend", body)

    async def set_menu(self, buttons: list[Json]) -> None:
        """Publish the menu. Raises Trouble."""
        await self._call("/cgi-bin/menu/create", {"button": buttons})

    async def scene(self, code: str, days: int = 0) -> str:
        """What a QR code of this account holds to say `code`; for ever, or for at most 30 days. Raises Trouble."""
        body: Json = {"action_info": {"scene": {"scene_str": code}}}
        if days:
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": min(days, 30) * 86400}
        else:
            body |= {"action_name": "QR_LIMIT_STR_SCENE"}
        return str((await self._call("/cgi-bin/qrcode/create", body))["url"])

    # --- media ----------------------------------------------------------------------------------------------

    async def media(self, media_id: str, most: int) -> bytes:
        """A file that somebody sent, at most `most` bytes. Raises Trouble, TooLarge."""
        token = await self.tokens.token()
        try:
            return await self._media(media_id, token, most)
        except Trouble as trouble:
            if trouble.kind != "token":
                raise
        return await self._media(media_id, await self.tokens.other_than(token), most)

    async def _media(self, media_id: str, token: str, most: int) -> bytes:
        address = f"{self._account.root}/cgi-bin/media/get"
        kind, data = await self._get(address, {"access_token": token, "media_id": media_id}, most)
        if kind not in ("application/json", "text/plain"):
            return data
        said = _said(data)
        if video := said.get("video_url"):
            return (await self._get(self._allowed(str(video)), {}, most))[1]
        raise sorted_out(int(said.get("errcode", -1)))

    def _allowed(self, address: str) -> str:
        """An address that Tencent names is called only when it is Tencent's."""
        host = urlsplit(address).hostname or ""
        if host != urlsplit(self._account.root).hostname and not host.endswith(MEDIA_HOSTS):
            raise Trouble("permanent", about="video_url")
        return address

    async def _get(self, address: str, query: Mapping[str, str], most: int) -> tuple[str, bytes]:
        limit = aiohttp.ClientTimeout(total=MEDIA_SECONDS, connect=CALL_SECONDS)
        data = bytearray()
        try:
            async with self._open().get(address, params=query, timeout=limit, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise Trouble("passing", about=f"HTTP {answer.status}")
                async for chunk in answer.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > most:
                        raise TooLarge
                return answer.content_type, bytes(data)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Trouble("passing", about=type(error).__name__) from None

    # --- calls ----------------------------------------------------------------------------------------------

    async def _call(self, path: str, body: Json) -> Json:
        token = await self.tokens.token()
        try:
            return await self._post(path, body, token)
        except Trouble as trouble:
            if trouble.kind != "token":
                raise
        return await self._post(path, body, await self.tokens.other_than(token))

    async def _stable_token(self, force: bool) -> tuple[str, int]:
        body = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        try:
            said = await self._post("/cgi-bin/stable_token", body, "")
            return str(said["access_token"]), int(said["expires_in"])
        except (KeyError, ValueError, TypeError):
            raise Trouble("passing", about="stable_token") from None
        except Trouble as trouble:  # 40001 to this call means the secret is wrong: no other token helps
            kind = "config" if trouble.kind == "token" else "passing" if trouble.kind == "maybe" else trouble.kind
            raise Trouble(kind, trouble.code, trouble.about) from None

    async def _post(self, path: str, body: Json, token: str) -> Json:
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        query = {"access_token": token} if token else {}
        headers = {"Content-Type": "application/json"}
        try:
            async with self._open().post(self._account.root + path, params=query, data=data, headers=headers) as answer:
                status, said = answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Trouble("passing", about=type(error).__name__) from None  # nothing had left this machine
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Trouble("maybe", about=type(error).__name__) from None
        if status != 200:
            raise Trouble("maybe" if status >= 500 else "passing", about=f"HTTP {status}")
        answered = _said(said)
        if code := int(answered.get("errcode") or 0):
            raise sorted_out(code)
        return answered

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CALL_SECONDS / 2)
            self._session = session(timeout=timeout)
        return self._session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session:
            await self._session.close()
            await asyncio.sleep(0)


def _said(data: bytes) -> Json:
    try:
        said: Any = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Trouble("maybe", about="no JSON")
    return cast(Json, said)
