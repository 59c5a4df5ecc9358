"""The people of a simulation: citizens with phones at three front doors, and clerks at a fourth."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import yaml

import config
from bot.demo.fakes.telegram import FakeApi, buttons
from bot.demo.fakes.wechat import FakeWeChat
from bot.demo.gauge import Gauge
from bot.web.staff_session import PROOF, proof_of

Json = dict[str, Any]
NUMBER = re.compile(r"[A-Z]{1,4}\d{8}-\d{4,}")
LONGEST = 14  # messages until a complaint is filed
ANSWER_SECONDS = 20.0  # then a message counts as lost
REPEATS = 40  # of a page, half a second apart and under the same key: a house may be starting anew


@cache
def words() -> Json:
    """What everybody says."""
    with (Path(config.__file__).parent / "simulate.yaml").open(encoding="utf-8") as file:
        return dict(yaml.safe_load(file))


class NoAnswer(Exception):
    """A message that got none."""


class Phone(Protocol):
    """A citizen's way in."""

    channel: str

    async def say(self, text: str) -> str:
        """Type; what is on the screen then, labels of choices and all. Raises NoAnswer."""
        ...

    async def screen(self) -> str:
        """Everything that was ever shown."""
        ...


@dataclass
class WebPhone:
    """A browser. Everybody comes from a network of their own: slowing a source down is not what is measured."""

    http: aiohttp.ClientSession
    url: str
    channel: str = "web"
    cookie: str = field(default_factory=lambda: f"zt={secrets.token_urlsafe(32)}.zh")
    source: str = field(default_factory=lambda: ".".join(str(secrets.randbelow(250) + 1) for _ in range(3)))

    async def say(self, text: str) -> str:
        """Post one message; a house that is full for a moment is asked again under the same key."""
        message = {"key": uuid.uuid4().hex, "text": text}
        status = 0
        for _ in range(REPEATS):
            status, answer = await self._ask("POST", "/talk", json=message)
            if status == 200:
                return _shown(answer)
            await asyncio.sleep(0.5)
        raise NoAnswer(str(status))

    async def screen(self) -> str:
        """The page as it is when it is opened."""
        _, answer = await self._ask("GET", "/talk/history")
        return _shown(answer)

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, Json]:
        headers = {"Cookie": self.cookie, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"10.{self.source}"}
        try:
            async with self.http.request(method, self.url + path, headers=headers, **more) as response:
                return response.status, await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            return 0, {"error": type(error).__name__}


def _shown(answer: Json) -> str:
    """What the office says in an answer, labels of choices and all."""
    lines = list[str]()
    for message in answer.get("messages", []):
        if message["from"] == "office":
            lines += [part.get("text", "") for part in message["paragraphs"]]
            lines += [option["label"] for option in message["options"]]
    return "\n".join(lines)


@dataclass
class WeChatPhone:
    """Somebody who follows the account: encrypted pushes, passive replies, customer-service messages."""

    api: FakeWeChat
    channel: str = "wechat"
    openid: str = field(default_factory=lambda: "o" + secrets.token_hex(13))

    async def say(self, text: str) -> str:
        """Push one message as Tencent does."""
        seen = len(self.api.fan(self.openid).screen)
        await self.api.push(self.api.message(self.openid, "text", Content=text))
        return await _until(lambda: "\n".join(self.api.fan(self.openid).screen[seen:]))

    async def screen(self) -> str:
        """The chat."""
        return "\n".join(self.api.fan(self.openid).screen)


@dataclass
class TelegramPhone:
    """Somebody with Telegram: an update, and whatever the bot sends."""

    api: FakeApi
    channel: str = "telegram"
    user: int = field(default_factory=lambda: secrets.randbelow(10**9) + 10**9)

    async def say(self, text: str) -> str:
        """Send one message; the answer is what comes next, questions that ask for a keyboard aside."""
        self.api.private(self.user)
        seen = len(self._told())
        self.api.say(self.user, text)
        return await _until(lambda: self._said(seen))

    def _said(self, since: int) -> str:
        lines = [[one.get("text", ""), *(label for label, _ in buttons(one))] for one in self._told()[since:]]
        return "\n".join(line for one in lines for line in one)

    def _told(self) -> list[Json]:
        return [one for one in self.api.told(self.user) if "keyboard" not in one.get("reply_markup", {})]

    async def screen(self) -> str:
        """The chat."""
        return self._said(0)


async def _until(look: Callable[[], str]) -> str:
    end = time.monotonic() + ANSWER_SECONDS
    while not (found := look()):
        if time.monotonic() > end:
            raise NoAnswer("silence")
        await asyncio.sleep(0.005)
    return found


@dataclass
class Citizen:
    """One person's day: a complaint with its number and answer, or a question about a policy."""

    phone: Phone
    gauge: Gauge
    dice: random.Random
    thinking: float  # seconds between messages, at most

    async def live(self, files: bool) -> str:
        """File, and hear a number; or ask. A message that gets no answer ends it, and counts."""
        try:
            return await (self._file() if files else self._ask())
        except NoAnswer as none:
            self.gauge.failed[f"{self.phone.channel}: {none}"] += 1
            return ""

    async def rates(self) -> None:
        """Say how it was."""
        with suppress(NoAnswer):
            await self._say(words()["rating"])

    async def _say(self, text: str) -> str:
        await asyncio.sleep(self.dice.uniform(0.1, 1.0) * self.thinking)
        began = time.monotonic()
        shown = await self.phone.say(text)
        self.gauge.took(self.phone.channel, time.monotonic() - began)
        return shown

    async def _ask(self) -> str:
        for question in self.dice.sample(words()["questions"], 2):
            await self._say(question)
        return ""

    async def _file(self) -> str:
        place = self.dice.choice(words()["places"])
        shown = await self._say(self.dice.choice(words()["stories"]))
        for _ in range(LONGEST):
            if found := NUMBER.search(shown):
                self.gauge.spoken[found[0]] = self.phone.channel
                return found[0]
            shown = await self._say(_next(shown).format(place=place))
        raise NoAnswer(f"no number after: {shown[:60]!r}")

    async def hears(self, no: str) -> bool:
        """Whether the answer to their case is on the screen by now."""
        answer = words()["answer"].format(no=no)
        if answer not in await self.phone.screen():
            return False
        self.gauge.heard.add(no)
        return True

    async def looks_up(self, no: str) -> None:
        """查进度: the number must be there."""
        try:
            if no in await self._say(words()["progress"]):
                self.gauge.found.add(no)
        except NoAnswer as none:
            self.gauge.failed[f"{self.phone.channel}: {none}"] += 1


def _next(shown: str) -> str:
    for step in words()["steps"]:
        if step["see"] in shown:
            return str(step["say"])
    raise NoAnswer(f"no words for: {shown[:60]!r}")


@dataclass
class Clerk:
    """Answers whatever stands in a department's list."""

    http: aiohttp.ClientSession
    url: str
    gauge: Gauge
    session: str = ""

    async def enter(self, code: str) -> None:
        """Through the door for new staff, with the code and a password."""
        path, password = f"{self.url}/staff/start", secrets.token_urlsafe(16)
        async with self.http.get(path) as page:
            form = re.search(r'name="form" value="([^"]+)"', await page.text())
            cookie = page.cookies["zt_staff_form"].value
        assert form
        fields = {"code": code, "password": password, "again": password, "form": form[1]}
        headers = {"Cookie": f"zt_staff_form={cookie}", "Sec-Fetch-Site": "same-origin"}
        async with self.http.post(path, data=fields, headers=headers, allow_redirects=False) as page:
            self.session = page.cookies["zt_staff"].value

    async def work(self) -> None:
        """For ever: what is in the list and not answered yet."""
        while True:
            try:
                await self._round()
            except (aiohttp.ClientError, TimeoutError):
                self.gauge.failed["staff"] += 1
            await asyncio.sleep(0.5)

    async def _round(self) -> None:
        page = await self._ask("GET", "/staff/cards?view=unclaimed&limit=50")
        for card in page.get("cards", []):
            if (no := str(card["no"])) not in self.gauge.answered:
                text = words()["answer"].format(no=no)
                began = time.monotonic()
                done = await self._ask(
                    "POST", "/staff/do", json={"key": uuid.uuid4().hex, "case": no, "act": "answer", "text": text}
                )
                if "error" not in done:
                    self.gauge.took("staff", time.monotonic() - began)
                    self.gauge.answered.add(no)

    async def _ask(self, method: str, path: str, **more: Any) -> Json:
        headers = {"Cookie": f"zt_staff={self.session}", "Sec-Fetch-Site": "same-origin", PROOF: proof_of(self.session)}
        async with self.http.request(method, self.url + path, headers=headers, **more) as response:
            return dict(await response.json())
