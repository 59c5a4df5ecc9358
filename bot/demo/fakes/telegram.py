"""A Bot API server of our own: chats, topics, media, edits, presses, flood limits and faults, over real HTTP.

`say`, `press` and their like are what people do; what the bot does stands in `chats`, in the order it was done.
The shapes are checked against Telegram's own specification in `spec.py`, and read by PTB's own parser.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from aiohttp import ClientSession, web
from telegram.constants import ReactionEmoji

Json = dict[str, Any]
TOKEN = "123456:fake-token-for-tests"
BOT: Json = {
    "id": 123456, "is_bot": True, "first_name": "Zhitong", "username": "zhitong_bot",
    "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False,
}  # fmt: skip
REACTIONS = {one.value for one in ReactionEmoji}
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


@dataclass
class Fault:
    """What a call meets: an answer, or silence after (or before) its effect."""

    code: int = 0
    description: str = ""
    retry_after: int = 0
    hang: bool = False  # no answer at all
    done: bool = False  # its effect takes place all the same
    migrate_to: int = 0


@dataclass
class FakeChat:
    """A chat as Telegram keeps it."""

    about: Json
    messages: dict[int, Json] = field(default_factory=dict[int, Json])
    topics: dict[int, Json] = field(default_factory=dict[int, Json])
    blocked: bool = False
    limit: int = 0  # messages a minute; 0 is none
    reactions: bool = True  # whether its owner allows them
    signs: dict[int, str] = field(default_factory=dict[int, str])  # the bot's, by message
    times: deque[float] = field(default_factory=deque[float])
    ids: Any = field(default_factory=lambda: count(1))


Meets = Callable[[str, Json], Fault | None]


class FakeApi:
    """The server. `meets` may put a fault in the way of any call."""

    def __init__(self) -> None:
        self.chats: dict[int, FakeChat] = {}
        self.updates: list[Json] = []
        self.calls: list[tuple[str, Json]] = []
        self.answered: list[Json] = []
        self.files: dict[str, bytes] = {}
        self.webhook: Json = {"url": ""}
        self.commands: list[Json] = []
        self.meets: Meets = lambda method, asked: None
        self.url = ""
        self.judge: Callable[[str, Json, Any], None] = lambda method, asked, result: None
        self._numbers = count(1000)
        self._callbacks = count(1)
        self._news = asyncio.Event()
        self._polls = 0
        self._runner: web.AppRunner | None = None

    # --- the server -------------------------------------------------------------------------------------------

    async def open(self) -> FakeApi:
        """Listen on a free port of this machine."""
        app = web.Application(client_max_size=60 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def close(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        data = self.files.get(request.match_info["path"])
        return web.Response(body=data) if data is not None else web.Response(status=404)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return _no(401, "Unauthorized")
        method = request.match_info["method"]
        asked = await _asked(request)
        self.calls.append((method, asked))
        fault = self.meets(method, asked)
        if fault and not fault.done:
            return await self._fault(fault)
        do: Callable[[Json], Awaitable[Any]] | None = getattr(self, f"do_{method}", None)
        if do is None:
            return _no(404, "Not Found: method not found")
        try:
            result = await do(asked)
        except Refused as refused:
            return _no(refused.code, refused.description, refused.parameters)
        self.judge(method, asked, result)
        if fault:
            return await self._fault(fault)
        return web.json_response({"ok": True, "result": result})

    async def _fault(self, fault: Fault) -> web.StreamResponse:
        if fault.hang:
            await asyncio.sleep(60)
        parameters: Json = {"retry_after": fault.retry_after} if fault.retry_after else {}
        if fault.migrate_to:
            parameters["migrate_to_chat_id"] = fault.migrate_to
        return _no(fault.code or 429, fault.description or "Too Many Requests: retry after 1", parameters)

    async def answer(self, method: str, asked: Mapping[str, str]) -> tuple[int, Json]:
        """The same without http: status and body."""
        values = {name: _value(value) for name, value in asked.items()}
        if fault := self.meets(method, values):
            return fault.code, {
                "ok": False, "error_code": fault.code, "description": fault.description,
                "parameters": {"retry_after": fault.retry_after},
            }  # fmt: skip
        try:
            return 200, {"ok": True, "result": await getattr(self, f"do_{method}")(values)}
        except Refused as refused:
            return refused.code, {"ok": False, "error_code": refused.code, "description": refused.description}

    # --- what people do ---------------------------------------------------------------------------------------

    def private(self, user: int, name: str = "张三") -> FakeChat:
        """A citizen's chat with the bot."""
        about = {"id": user, "type": "private", "first_name": name}
        return self.chats.setdefault(user, FakeChat(about))

    def group(self, chat: int, *, forum: bool = True, kind: str = "supergroup", limit: int = 0) -> FakeChat:
        """A group the bot is in."""
        about: Json = {"id": chat, "type": kind, "title": "单位群"}
        if forum:
            about["is_forum"] = True
        return self.chats.setdefault(chat, FakeChat(about, limit=limit))

    def push(self, what: str, body: Json, number: int = 0) -> Json:
        """An update that waits to be fetched."""
        update = {"update_id": number or next(self._numbers), what: body}
        self.updates.append(update)
        self._news.set()
        return update

    def say(self, user: int, text: str = "", chat: int = 0, **more: Any) -> Json:
        """Somebody sends a message; the update."""
        return self.push("message", self.message(user, text, chat, **more))

    def message(self, user: int, text: str = "", chat: int = 0, **more: Any) -> Json:
        """A message of somebody's, as it stands in the chat."""
        place = self.chats[chat] if chat else self.private(user)
        number = next(place.ids)
        body: Json = {"message_id": number, "date": int(time.time()), "chat": place.about, "from": person(user)}
        if text:
            body["text"] = text
        body |= more
        if "reply_to_message" in more and isinstance(more["reply_to_message"], int):
            body["reply_to_message"] = place.messages[more["reply_to_message"]]
        place.messages[number] = body
        return body

    def edit(self, chat: int, message: int, text: str) -> Json:
        """Somebody changes a message of theirs."""
        body = self.chats[chat].messages[message]
        body["text"] = text
        body["edit_date"] = int(time.time())
        return self.push("edited_message", dict(body))

    def press(self, user: int, message: Json, data: str) -> Json:
        """Somebody presses a button under a message of the bot's."""
        query: Json = {"id": str(next(self._callbacks)), "from": person(user), "message": message, "data": data}
        return self.push("callback_query", {**query, "chat_instance": "1"})

    def photo(self, data: bytes) -> list[Json]:
        """A picture that waits to be fetched, in two sizes as Telegram keeps them."""
        small, large = self.keep(data[:100]), self.keep(data)
        one = {"width": 90, "height": 90, "file_size": 100, **small}
        return [one, {"width": 900, "height": 900, "file_size": len(data), **large}]

    def keep(self, data: bytes) -> Json:
        """A file at Telegram."""
        name = f"f{len(self.files)}"
        self.files[f"files/{name}"] = data
        return {"file_id": name, "file_unique_id": name}

    def member(self, user: int, status: str, chat: int = 0) -> Json:
        """The bot's own standing in a chat changes: blocked is "kicked", back is "member"."""
        place = self.chats[chat] if chat else self.private(user)
        place.blocked = status in ("kicked", "left")
        before: Json = {"user": {k: BOT[k] for k in ("id", "is_bot", "first_name", "username")}, "status": "member"}
        after = {**before, "status": status, **({"until_date": 0} if status == "kicked" else {})}
        body = {"chat": place.about, "from": person(user), "date": int(time.time())}
        return self.push("my_chat_member", {**body, "old_chat_member": before, "new_chat_member": after})

    def told(self, chat: int) -> list[Json]:
        """What the bot said in a chat, oldest first."""
        return [one for one in self.chats[chat].messages.values() if one["from"]["id"] == BOT["id"]]

    async def deliver(self, http: ClientSession, url: str, update: Json, secret: str) -> int:
        """Push one update to a webhook; the status."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        async with http.post(url, json=update, headers=headers) as response:
            return response.status

    # --- what the bot asks ------------------------------------------------------------------------------------

    async def do_getMe(self, asked: Json) -> Json:
        return BOT

    async def do_getUpdates(self, asked: Json) -> list[Json]:
        if self.webhook["url"]:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        self._news.set()
        offset = int(asked.get("offset") or 0)
        self.updates = [one for one in self.updates if one["update_id"] >= offset]
        until = asyncio.get_running_loop().time() + float(asked.get("timeout") or 0)
        while not self.updates and (left := until - asyncio.get_running_loop().time()) > 0:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
            if mine != self._polls:
                raise Refused(409, "Conflict: terminated by other getUpdates request; make sure that only one runs")
        return self.updates[: int(asked.get("limit") or 100)]

    async def do_setWebhook(self, asked: Json) -> bool:
        self.webhook = dict(asked)
        return True

    async def do_deleteWebhook(self, asked: Json) -> bool:
        self.webhook = {"url": ""}
        return True

    async def do_getWebhookInfo(self, asked: Json) -> Json:
        waiting = len(self.updates)
        went = {name: self.webhook[name] for name in ("last_error_date", "last_error_message") if name in self.webhook}
        return {"url": self.webhook["url"], "has_custom_certificate": False, "pending_update_count": waiting, **went}

    async def do_setMyCommands(self, asked: Json) -> bool:
        self.commands.append(asked)
        return True

    async def do_answerCallbackQuery(self, asked: Json) -> bool:
        self.answered.append(asked)
        return True

    async def do_sendMessage(self, asked: Json) -> Json:
        place = self._place(asked)
        text = str(asked.get("text", ""))
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise Refused(400, "Bad Request: message is too long")
        if "parse_mode" in asked:
            raise Refused(400, "Bad Request: tests allow no parse mode")
        return self._sent(place, asked, {"text": text, **_marks(asked)})

    async def do_editMessageText(self, asked: Json) -> Json:
        place = self._place(asked)
        message = place.messages.get(int(asked["message_id"]))
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        changed = {"text": asked["text"], **_marks(asked)}
        shown = {name: message.get(name) for name in ("text", "entities", "reply_markup")}
        if shown == {name: changed.get(name) for name in shown}:
            raise Refused(400, "Bad Request: message is not modified: specified new message content is the same")
        for name in ("entities", "reply_markup"):
            message.pop(name, None)
        message |= {**changed, "edit_date": int(time.time())}
        return message

    async def do_sendPhoto(self, asked: Json) -> Json:
        return self._sent(self._place(asked), asked, {"photo": self.photo(asked["photo"])})

    async def do_sendDocument(self, asked: Json) -> Json:
        return self._sent(self._place(asked), asked, {"document": self.keep(asked["document"])})

    async def do_setMessageReaction(self, asked: Json) -> bool:
        place = self._place(asked)
        signs = [one["emoji"] for one in asked.get("reaction", [])]
        message = place.messages.get(int(asked["message_id"]))
        if message is None:
            raise Refused(400, "Bad Request: message to react not found")
        if set(signs) - REACTIONS or not place.reactions:
            raise Refused(400, "Bad Request: REACTION_INVALID")
        place.signs[message["message_id"]] = "".join(signs)
        return True

    async def do_getFile(self, asked: Json) -> Json:
        path = f"files/{asked['file_id']}"
        if path not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        size = len(self.files[path])
        if size > 20 * 2**20:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": asked["file_id"], "file_unique_id": asked["file_id"], "file_size": size, "file_path": path}

    async def do_createForumTopic(self, asked: Json) -> Json:
        place = self._place(asked)
        if not place.about.get("is_forum"):
            raise Refused(400, "Bad Request: the chat is not a forum")
        thread = next(place.ids)
        place.topics[thread] = {"name": asked["name"], "closed": False}
        return {"message_thread_id": thread, "name": asked["name"], "icon_color": 7322096}

    async def do_editForumTopic(self, asked: Json) -> bool:
        topic = self._topic(asked)
        if topic["name"] == asked["name"]:
            raise Refused(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic["name"] = asked["name"]
        return True

    async def do_closeForumTopic(self, asked: Json) -> bool:
        topic = self._topic(asked)
        if topic["closed"]:
            raise Refused(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic["closed"] = True
        return True

    async def do_reopenForumTopic(self, asked: Json) -> bool:
        topic = self._topic(asked)
        if not topic["closed"]:
            raise Refused(400, "Bad Request: TOPIC_NOT_MODIFIED")
        topic["closed"] = False
        return True

    def _place(self, asked: Json) -> FakeChat:
        chat = int(asked["chat_id"])
        place = self.chats.get(chat)
        if place is None:
            raise Refused(400, "Bad Request: chat not found")
        if place.blocked:
            where = "by the user" if chat > 0 else "from the supergroup chat"
            raise Refused(403, f"Forbidden: bot was {'blocked' if chat > 0 else 'kicked'} {where}")
        self._flood(place)
        return place

    def _flood(self, place: FakeChat) -> None:
        now = time.monotonic()
        while place.times and place.times[0] < now - 60:
            place.times.popleft()
        if place.limit and len(place.times) >= place.limit:
            wait = int(60 - (now - place.times[0])) + 1
            raise Refused(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        place.times.append(now)

    def _topic(self, asked: Json) -> Json:
        topic = self._place(asked).topics.get(int(asked["message_thread_id"]))
        if topic is None:
            raise Refused(400, "Bad Request: message thread not found")
        return topic

    def _sent(self, place: FakeChat, asked: Json, content: Json) -> Json:
        thread = int(asked.get("message_thread_id") or 0)
        if thread:
            topic = place.topics.get(thread)
            if topic is None:
                raise Refused(400, "Bad Request: message thread not found")
            if topic["closed"]:
                raise Refused(400, "Bad Request: TOPIC_CLOSED")
        number = next(place.ids)
        bot = {name: BOT[name] for name in ("id", "is_bot", "first_name", "username")}
        body: Json = {"message_id": number, "date": int(time.time()), "chat": place.about, "from": bot, **content}
        if thread:
            body |= {"message_thread_id": thread, "is_topic_message": True}
        if replied := asked.get("reply_parameters"):
            original = place.messages.get(int(replied["message_id"]))
            if original is not None:
                body["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
        place.messages[number] = body
        return {k: v for k, v in body.items() if k != "reply_markup" or "inline_keyboard" in v}


class Refused(Exception):
    """The server's own no."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters or {}


def person(user: int) -> Json:
    """Somebody with an account."""
    return ANONYMOUS if user == ANONYMOUS["id"] else {"id": user, "is_bot": False, "first_name": f"P{user}"}


def buttons(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, data or address) under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [(one["text"], one.get("callback_data") or one.get("url", "")) for row in rows for one in row]


def _marks(asked: Json) -> Json:
    marks: Json = {}
    if asked.get("entities"):
        marks["entities"] = asked["entities"]
    if markup := asked.get("reply_markup"):
        for row in markup.get("inline_keyboard", []):
            for button in row:
                if len(button.get("callback_data", "").encode()) > 64:
                    raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        marks["reply_markup"] = markup
    return marks


async def _asked(request: web.Request) -> Json:
    """What is asked, as PTB sends it: a form whose values are JSON where they are no plain text."""
    if request.content_type == "application/json":
        return dict(await request.json())
    asked: Json = {name: _value(value) for name, value in request.query.items()}
    for name, value in (await request.post()).items():
        asked[name] = _value(value) if isinstance(value, str) else cast(Any, value).file.read()
    for name in ("photo", "document"):
        if isinstance(asked.get(name), str):
            asked[name] = asked[asked[name].removeprefix("attach://")]
    return asked


def _value(text: str) -> Any:
    if text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _no(code: int, description: str, parameters: Json | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=code)
