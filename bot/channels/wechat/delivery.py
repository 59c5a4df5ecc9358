"""The ladder by which a letter reaches somebody who has not just written: customer-service message, subscription
notice, template message; else it waits until they come back, and is then the first thing they are told.

What we may send is counted in the ledger; Tencent's errcode is the truth (channels.md §2, §6).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.channels.wechat.api import Api
from bot.channels.wechat.citizens import Citizens, link_to
from bot.channels.wechat.faults import Trouble
from bot.channels.wechat.ports import House
from bot.outbox import Sent
from config.schema import WeChatNotice
from handlers.messages import Letter, Say
from handlers.notices import is_result
from handlers.time_words import day_words
from handlers.wording import fill

log = structlog.get_logger(__name__)

KEPT_FOR_ANSWER = 1  # of what may be sent: the last one is the answer's
OLD = timedelta(minutes=10)  # numbers under a letter this old would be taken for those of a later question
FIELD_MOST = 20  # characters of a template's field
CONFIG_SECONDS = 900.0
DAY_SECONDS = 7200.0  # how long to hold when the day's calls are used up, at most
TENCENT = ZoneInfo("Asia/Shanghai")


class _Way(Protocol):
    async def __call__(self) -> None: ...


class Delivery:
    """Sends letters that are owed."""

    def __init__(self, api: Api, house: House, citizens: Citizens) -> None:
        self._api, self._house, self._citizens = api, house, citizens

    async def send(self, address: str, letter: Letter, lang: str, maybe: bool) -> Sent:
        """A letter by the first step of the ladder that bears it. Raises Busy."""
        if letter.reply is None:
            return Sent("delivered")
        answer = is_result(letter.reply)
        sent = await self._by_service(address, letter, lang, maybe, 0 if answer else KEPT_FOR_ANSWER)
        if sent.result == "waiting" and answer:
            by_notice = await self._by_notice(address, letter, lang)
            sent = by_notice or await self._by_template(address, letter, lang) or sent
        return sent

    async def say(self, openid: str, text: str) -> None:
        """A note outside of the talk, if there is room for it."""
        if grant := await self._house.spend(openid, KEPT_FOR_ANSWER):
            await self._tried(openid, grant, lambda: self._api.send_text(openid, text))

    async def _by_service(self, address: str, letter: Letter, lang: str, maybe: bool, keep: int) -> Sent:
        grant = await self._house.spend(address, keep)
        if not grant:
            return Sent("waiting", "no quota")
        fresh = self._house.clock() - letter.at < OLD
        text = self._citizens.text_of(letter, lang, numbered=fresh, maybe=maybe)
        return await self._tried(address, grant, lambda: self._api.send_text(address, text))

    async def _tried(self, address: str, grant: str, way: _Way) -> Sent:
        try:
            await way()
        except Trouble as trouble:
            return await self._became(address, grant, trouble)
        return Sent("delivered")

    async def _became(self, address: str, grant: str, trouble: Trouble) -> Sent:
        """What a refusal means for the letter, and for the ledger."""
        if trouble.kind == "maybe":
            return Sent("failed", str(trouble), maybe=True)
        if trouble.kind == "window":
            await self._house.shut(address)
            return Sent("waiting", str(trouble))
        await self._house.give_back(address, grant)
        match trouble.kind:
            case "day":
                return Sent("held", str(trouble), after=_until_midnight(self._house.clock()))
            case "config" | "token":
                log.error("wechat.config", code=trouble.code)  # the office has to do something: docs/channels/wechat.md
                return Sent("waiting", str(trouble))
            case "permanent":
                return Sent("failed", str(trouble), permanent=True)
            case _:
                return Sent("failed", str(trouble))

    async def _by_notice(self, address: str, letter: Letter, lang: str) -> Sent | None:
        notice = self._house.county.office.wechat.notice
        if notice is None or not (grant := await self._house.spend_notice(address)):
            return None
        fields, link = self._fields(notice, letter, lang), link_to(self._house, letter.id)
        sent = await self._tried(address, grant, lambda: self._api.send_notice(address, notice.id, fields, link))
        return sent if sent.result != "waiting" else None

    async def _by_template(self, address: str, letter: Letter, lang: str) -> Sent | None:
        notice = self._house.county.office.wechat.template
        if notice is None:
            return None
        fields, link = self._fields(notice, letter, lang), link_to(self._house, letter.id)
        try:
            job = await self._api.send_template(address, notice.id, fields, link)
        except Trouble as trouble:
            if trouble.kind == "maybe":
                return Sent("failed", str(trouble), maybe=True)
            log.warning("wechat.template", code=trouble.code)
            return None
        if job and letter.case_id:
            await self._house.sent_job(job, letter.case_id)
        return Sent("delivered")

    def _fields(self, notice: WeChatNotice, letter: Letter, lang: str) -> dict[str, str]:
        """Short facts only: what is said itself stands behind the link."""
        county = self._house.county
        says = [part for part in letter.reply.parts if isinstance(part, Say)] if letter.reply else []
        no = next((str(part.args["no"]) for part in says if "no" in part.args), "")
        facts = {
            "no": no,
            "office": county.office.label(lang),
            "state": fill(county.texts.get(lang, {}), "wechat.answered", {}),
            "day": day_words(county, letter.at, lang),
        }
        return {name: facts[fact][:FIELD_MOST] for name, fact in notice.fields.items()}


def _until_midnight(now: datetime) -> float:
    """Seconds until the day of Tencent's counters is over; a held row is looked at again before."""
    local = now.astimezone(TENCENT)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0)
    return min((midnight - local).total_seconds(), DAY_SECONDS)
