"""Citizens and a clerk who do not give up: what got no answer is sent again under the same key."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import ClientError, ClientSession

from bot.web.staff_session import PROOF, proof_of
from tests.faults.promises import Promises
from tests.store.pictures import picture

Json = dict[str, Any]
STORY = "村口的路灯坏了三个多月了，晚上老人出门看不见路"
NUMBER = re.compile(r"[A-Z]{1,4}\d{8}-\d{4,}")
TOPIC = re.compile(r"\d\d\.\d\d")
SUBMIT: Json = {"choice": "submit"}
PRESSED = ("submit", "agree", "anonymous", "no", "self")
CONTROL = {"cancel", "back", "menu", "human", "skip"}
RETRY = 0.02  # seconds before a request that got no answer is sent again
TIRED = 8  # refusals after which somebody stops asking
LONGEST = 20  # messages in one talk


class GivenUp(Exception):
    """The house answers nonsense, again and again."""


class Home(Protocol):
    """Where a house is to be found, now."""

    @property
    def life(self) -> int:
        """Which house it is, from 1."""
        ...

    @property
    def url(self) -> str:
        """Where it answers."""
        ...

    async def up(self) -> None:
        """Return when there is a house to talk to."""
        ...


@dataclass
class Town:
    """Where everybody lives: which house to talk to, and what was promised."""

    nursery: Home
    http: ClientSession
    promises: Promises

    async def ask(self, method: str, path: str, cookie: str, filing: str = "", **request: Any) -> Json:
        """One request, sent until it is answered. `filing` is the citizen whose submission it is."""
        cut: list[int] = []
        broken = 0
        while True:
            await self.nursery.up()
            life = self.nursery.life
            try:
                status, answer = await self.once(method, path, cookie, **request)
            except (ClientError, OSError, TimeoutError):
                cut.append(life)
                await asyncio.sleep(RETRY)
                continue
            if status == 200:
                self._note(cut, answer, filing)
                return answer
            broken += status not in (429, 503)
            if broken > TIRED:
                self.promises.broken("refused", f"{method} {path}: {status} {answer}", life)
                raise GivenUp(path)
            await asyncio.sleep(RETRY)

    async def once(self, method: str, path: str, cookie: str, **request: Any) -> tuple[int, Json]:
        """One request, sent once: the status and what came back."""
        # A network of their own for everybody: what is slowed down by source is not what is tested here.
        network = ".".join(map(str, hashlib.sha256(cookie.encode()).digest()[:3]))
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"10.{network}"}
        headers |= request.pop("headers", {})
        async with self.http.request(method, self.nursery.url + path, headers=headers, **request) as response:
            return response.status, await response.json()

    def _note(self, cut: list[int], answer: Json, filing: str) -> None:
        self.promises.cut.update(set(cut))
        if cut:
            (self.promises.again if answer.get("duplicate") else self.promises.anew)[cut[-1]] += 1
        if filing:
            self.promises.filed[filing] += 1
            self.promises.doubtful.setdefault(filing, set()).update(cut)


class Citizen:
    """Files one complaint from 反映问题 to its number."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._address = secrets.token_urlsafe(32)
        self.cookie = f"zt={self._address}.zh"
        self._last: tuple[int, Json, Json] | None = None  # (life, what was said, what came back)

    async def file(self) -> None:
        """From the first word to the number."""
        await self.prepare()
        await self.submit()

    async def prepare(self) -> None:
        """Everything up to the summary."""
        said: Json = {"choice": "report"}
        for _ in range(LONGEST):
            answer = await self._say(said)
            said = next_words(answer["messages"][-1])
            if said == SUBMIT:
                return
        raise AssertionError(f"no summary after {LONGEST} messages")

    async def submit(self, key: str = "") -> None:
        """提交, and the number is heard."""
        answer = await self._say(SUBMIT, key)
        text = " ".join(part.get("text", "") for message in answer["messages"] for part in message["paragraphs"])
        if found := NUMBER.search(text):
            self._town.promises.numbers[found.group()] = self._address
        else:
            self._town.promises.broken("unheard", f"submitted, and no number: {text}")

    async def _say(self, said: Json, key: str = "") -> Json:
        message = {"key": key or uuid.uuid4().hex, **said}
        filing = self._address if said == SUBMIT else ""
        answer = await self._town.ask("POST", "/talk", self.cookie, filing, json=message)
        before, self._last = self._last, (self._town.nursery.life, message, answer)
        if before and before[0] != self._town.nursery.life:
            await self._ask_again(*before)
        return answer

    async def _ask_again(self, life: int, message: Json, answer: Json) -> None:
        """A house died since this answer: the same message to the next one must bring the same words."""
        again = await self._town.ask("POST", "/talk", self.cookie, json=message)
        self._town.promises.repeated += 1
        if not again["duplicate"] or again["messages"] != answer["messages"]:
            what = f"life {life}: {message} gave {answer['messages']}, then {again['messages']}"
            self._town.promises.broken("differing", what, life)

    async def read(self) -> None:
        """Open the page: letters that waited for this are delivered."""
        await self._town.ask("GET", "/talk/history", self.cookie)

    async def upload(self) -> None:
        """Send a photo; what is accepted is there afterwards."""
        stored = await self._town.ask(
            "POST",
            "/talk/upload?name=light.png",
            self.cookie,
            data=picture("PNG"),
            headers={"Content-Type": "image/png"},
        )
        self._town.promises.files[stored["id"]] = self._address


def next_words(message: Json) -> Json:
    """What a citizen who wants to get on says to a message of the office."""
    tokens = [option["token"] for option in message["options"]]
    for token in (*PRESSED, *filter(TOPIC.fullmatch, tokens)):
        if token in tokens:
            return {"choice": token}
    if message["wants"] == "place":
        return {"text": "河口镇青山村"}
    return {"text": STORY} if message["wants"] == "text" else {"choice": next(t for t in tokens if t not in CONTROL)}


class Clerk:
    """Answers every case once, and writes notes when there is nothing to answer."""

    def __init__(self, town: Town, session: str, pause: float = RETRY) -> None:
        self._town, self._pause = town, pause
        self._cookie = f"zt_staff={session}"
        self._proof = proof_of(session)

    async def work(self) -> None:
        """For ever."""
        while True:
            promises = self._town.promises
            owed = [no for no in promises.numbers if no not in promises.answered]
            if owed:
                await self._do(owed[0], "answer", "路灯已经修好，请您看看还有没有问题。")
                promises.answered.add(owed[0])
            elif promises.numbers:
                await self._do(next(reversed(promises.numbers)), "note", "已电话核实")
            await asyncio.sleep(self._pause)

    async def _do(self, no: str, act: str, text: str) -> None:
        order = {"key": uuid.uuid4().hex, "case": no, "act": act, "text": text}
        await self._town.ask("POST", "/staff/do", self._cookie, json=order, headers={PROOF: self._proof})
