"""A Tencent of our own, over real HTTP: pushes like it (encrypted, three tries of five seconds), and answers calls.

It keeps what may be sent by its own count, lets tokens expire and media vanish, and can be told to fail.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from xml.etree import ElementTree

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.demo.fakes.tencent import APP_ID, TencentCipher

Json = dict[str, Any]
SECRET = "fake-secret-for-tests"
OFFICIAL = "gh_10f6c3c3ac5a"
TRIES, TRY_SECONDS = 3, 5.0
OUT_OF_SERVICE = "[WeChat] the account is out of service"  # in its own words, which are not ours to print
TWO_DAYS, MINUTE, THREE_DAYS = 48 * 3600.0, 60.0, 3 * 86400.0


@dataclass
class Fan:
    """Somebody as Tencent knows them: what is on their screen, and what may be sent."""

    follows: bool = True
    screen: list[str] = field(default_factory=list[str])
    windows: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    notices: int = 0


@dataclass
class Fault:
    """What a call meets instead of its effect, or after it."""

    errcode: int = 0
    status: int = 200
    hang: float = 0.0
    done: bool = False


class FakeWeChat:
    """Both directions. `house` is where pushes go; `meets` may put a fault in the way of a call."""

    def __init__(self, house: str = "") -> None:
        self.house = house
        self.cipher = TencentCipher()
        self.clock: Callable[[], float] = time.time
        self.fans: dict[str, Fan] = {}
        self.calls: list[tuple[str, Json]] = []
        self.media: dict[str, tuple[str, bytes, float]] = {}
        self.videos: dict[str, bytes] = {}
        self.menu: Json = {}
        self.tokens: dict[str, float] = {}
        self.refreshes: list[bool] = []
        self.early = 300.0  # before the end, the next token is given; both are good
        self.may_serve = True
        self.templates = {"TMPL"}
        self.meets: Callable[[str, Json], Fault | None] = lambda path, body: None
        self.tries: list[tuple[int | str, float]] = []
        self.count_quota = True
        self.url = ""
        self.numbers = count(23000000000000001)
        self._token_numbers = count(1)
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None

    async def open(self) -> FakeWeChat:
        """Listen on a free port of this machine."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self._call)
        app.router.add_get("/cgi-bin/media/get", self._media)
        app.router.add_get("/video/{name}", self._video)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = ClientSession(timeout=ClientTimeout(total=TRY_SECONDS))
        return self

    async def close(self) -> None:
        """Stop."""
        if self._session:
            await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    def fan(self, openid: str) -> Fan:
        """Somebody."""
        return self.fans.setdefault(openid, Fan())

    # --- pushes -----------------------------------------------------------------------------------------------

    def message(self, openid: str, kind: str, **fields: Any) -> Json:
        """A message as it is pushed; it opens two days, or a minute when a link of a menu was tapped."""
        pressed = "bizmsgmenuid" in fields
        self._grant(openid, *(("press", 3, MINUTE) if pressed else ("message", 5, TWO_DAYS)))
        return {"MsgType": kind, "MsgId": str(next(self.numbers)), **self._from(openid), **fields}

    def event(self, openid: str, name: str, **fields: Any) -> Json:
        """An event as it is pushed."""
        fan = self.fan(openid)
        if name == "unsubscribe":
            fan.follows, fan.windows = False, {}
        if name in ("subscribe", "SCAN", "CLICK"):
            fan.follows = True
            self._grant(openid, "press", 3, MINUTE)
        if name == "subscribe_msg_popup_event":
            fan.notices += 1
        return {"MsgType": "event", "Event": name, **self._from(openid), **fields}

    def _from(self, openid: str) -> Json:
        return {"ToUserName": OFFICIAL, "FromUserName": openid, "CreateTime": str(int(self.clock()))}

    def _grant(self, openid: str, name: str, left: int, seconds: float) -> None:
        self.fan(openid).windows[name] = (left, self.clock() + seconds)

    async def push(self, fields: Json) -> str:
        """Push it as Tencent does, until it is answered; what the person reads at once, "" for nothing."""
        self.tries = []
        for _ in range(TRIES):
            began = time.monotonic()
            try:
                status, body = await self.post(*self.sealed(fields))
            except (TimeoutError, ClientError) as error:
                self.tries.append((type(error).__name__, time.monotonic() - began))
                continue
            self.tries.append((status, time.monotonic() - began))
            if status == 200 and body in ("", "success"):
                return ""
            if status == 200 and (shown := self._reply(body, fields)):
                self.fan(fields["FromUserName"]).screen.append(shown)
                return shown
        return OUT_OF_SERVICE

    def sealed(self, fields: Json, stamp: int | None = None) -> tuple[dict[str, str], str]:
        """The query and the body of a push."""
        encrypt = self.cipher.encrypt(xml(fields))
        when, nonce = str(stamp or int(self.clock())), str(next(self.numbers) % 10**10)
        query = {
            "signature": self.cipher.sign(when, nonce),
            "timestamp": when,
            "nonce": nonce,
            "openid": str(fields.get("FromUserName", "")),
            "encrypt_type": "aes",
            "msg_signature": self.cipher.sign(when, nonce, encrypt),
        }
        body = f"<xml><ToUserName><![CDATA[{OFFICIAL}]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
        return query, body

    async def post(self, query: dict[str, str], body: str | bytes) -> tuple[int, str]:
        """One try."""
        assert self._session
        headers = {"Content-Type": "text/xml"}
        data = body.encode() if isinstance(body, str) else body
        async with self._session.post(f"{self.house}/wechat", params=query, data=data, headers=headers) as answer:
            return answer.status, await answer.text()

    def _reply(self, body: str, fields: Json) -> str:
        root = ElementTree.fromstring(self.cipher.open_reply(body))
        said = {one.tag: one.text or "" for one in root}
        assert said["MsgType"] == "text" and said["ToUserName"] == fields["FromUserName"], said
        assert said["FromUserName"] == fields["ToUserName"], said
        assert 0 < len(said["Content"].encode()) <= 2048, len(said["Content"].encode())
        return said["Content"]

    # --- calls ------------------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        path, body = request.path, json.loads(await request.text())
        self.calls.append((path, body))
        fault = self.meets(path, body)
        if fault and not fault.done:
            return await _failed(fault)
        if path == "/cgi-bin/stable_token":
            answer = self._stable_token(body)
        elif request.query.get("access_token", "") not in self.tokens:
            answer = {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid or not latest"}
        elif self.tokens[request.query["access_token"]] < self.clock():
            answer = {"errcode": 42001, "errmsg": "access_token expired"}
        else:
            answer = self._do(path, body)
        return await _failed(fault) if fault else web.json_response(answer)

    def _stable_token(self, body: Json) -> Json:
        if body.get("secret") != SECRET or body.get("appid") != APP_ID:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        force = bool(body.get("force_refresh"))
        now = self.clock()
        good = [token for token, until in self.tokens.items() if until > now + self.early]
        if good and not force:
            return {"access_token": good[-1], "expires_in": int(self.tokens[good[-1]] - now)}
        self.refreshes.append(force)
        token = f"token-{next(self._token_numbers)}"
        self.tokens[token] = now + 7200
        return {"access_token": token, "expires_in": 7200}

    def revoke(self) -> None:
        """No token is good any more."""
        self.tokens.clear()

    def _do(self, path: str, body: Json) -> Json:
        match path:
            case "/cgi-bin/message/custom/send":
                return {"errcode": self._serve(body), "errmsg": ""}
            case "/cgi-bin/message/template/send":
                return self._template(body)
            case "/cgi-bin/message/subscribe/bizsend":
                return {"errcode": self._notice(body), "errmsg": ""}
            case "/cgi-bin/menu/create":
                self.menu = body
                return {"errcode": 0, "errmsg": "ok"}
            case "/cgi-bin/qrcode/create":
                scene = body["action_info"]["scene"]["scene_str"]
                assert 1 <= len(scene) <= 64
                return {"ticket": "t", "url": f"http://weixin.qq.com/q/{scene}"}
            case _:
                return {"errcode": 40066, "errmsg": "invalid url"}

    def _serve(self, body: Json) -> int:
        """A customer-service message: refused as Tencent refuses."""
        fan, text = self.fan(body["touser"]), str(body["text"]["content"])
        if not self.may_serve:
            return 48001
        if len(text.encode()) > 2048:
            return 45002
        if not fan.follows:
            return 45015
        if self.count_quota:
            now = self.clock()
            known = {name: (left, until) for name, (left, until) in fan.windows.items() if until > now}
            if not known:
                return 45015
            if not any(left for left, _ in known.values()):
                return 45047
            name, (left, until) = min(((n, w) for n, w in known.items() if w[0]), key=lambda one: one[1][1])
            fan.windows[name] = (left - 1, until)
        fan.screen.append(text)
        return 0

    def _template(self, body: Json) -> Json:
        fan = self.fan(body["touser"])
        if body["template_id"] not in self.templates:
            return {"errcode": 40037, "errmsg": "invalid template_id"}
        if not fan.follows:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        fan.screen.append(f"[模板] {_values(body)} {body.get('url', '')}")
        return {"errcode": 0, "errmsg": "ok", "msgid": next(self.numbers)}

    def _notice(self, body: Json) -> int:
        fan = self.fan(body["touser"])
        if fan.notices < 1:
            return 43101
        fan.notices -= 1
        fan.screen.append(f"[通知] {_values(body)} {body.get('page', '')}")
        return 0

    # --- media ------------------------------------------------------------------------------------------------

    def keep(self, data: bytes, mime: str = "image/jpeg") -> str:
        """A file somebody sends; its media id."""
        media_id = f"media-{next(self.numbers)}"
        self.media[media_id] = (mime, data, self.clock() + THREE_DAYS)
        return media_id

    async def _media(self, request: web.Request) -> web.StreamResponse:
        media_id = request.query["media_id"]
        self.calls.append(("/cgi-bin/media/get", {"media_id": media_id}))
        fault = self.meets("/cgi-bin/media/get", {"media_id": media_id})
        if fault:
            return await _failed(fault)
        if self.tokens.get(request.query["access_token"], 0.0) < self.clock():
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        mime, data, until = self.media.get(media_id, ("", b"", 0.0))
        if until < self.clock():
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        if mime == "video/mp4":
            self.videos[media_id] = data
            return web.json_response({"video_url": f"{self.url}/video/{media_id}"})
        return web.Response(body=data, content_type=mime)

    async def _video(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.videos[request.match_info["name"]], content_type="video/mp4")


async def _failed(fault: Fault) -> web.StreamResponse:
    if fault.hang:
        await asyncio.sleep(fault.hang)
    if fault.status != 200:
        return web.Response(status=fault.status)
    return web.json_response({"errcode": fault.errcode, "errmsg": "fault"})


def _values(body: Json) -> str:
    for value in body["data"].values():
        assert len(value["value"]) <= 20, value
    return " ".join(value["value"] for value in body["data"].values())


def xml(fields: Json) -> str:
    """A message as Tencent writes it."""
    return f"<xml>{''.join(_element(name, value) for name, value in fields.items())}</xml>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inside = "".join(_element(str(key), one) for key, one in value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return f"<{name}>{inside}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)  # pyright: ignore[reportUnknownVariableType]
    safe = str(value).replace("]]>", "]]]]><![CDATA[>")
    plain = name in ("CreateTime", "MsgId", "Location_X", "Location_Y", "Scale")
    return f"<{name}>{safe}</{name}>" if plain else f"<{name}><![CDATA[{safe}]]></{name}>"
