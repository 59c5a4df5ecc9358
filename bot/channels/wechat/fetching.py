"""Files that citizens sent are fetched from Tencent in the background, within the three days it keeps them."""

from __future__ import annotations

import asyncio

import structlog

from bot.channels.wechat.api import Api, TooLarge
from bot.channels.wechat.faults import Trouble
from bot.channels.wechat.ports import Busy, House, Waits
from bot.web.uploads import Refused

log = structlog.get_logger(__name__)

AT_ONCE = 4
SWEEP_SECONDS = 5.0
LAST = frozenset({"permanent"})  # what will not be otherwise the next time


class Fetcher:
    """Fetches what is due, a few files at a time."""

    def __init__(self, api: Api, house: House, bell: asyncio.Event) -> None:
        self._api, self._house, self._bell = api, house, bell

    async def run(self) -> None:
        """Fetch for ever."""
        while True:
            try:
                while await self.sweep():
                    pass
            except Busy as error:
                log.warning("wechat.fetch.store", error=str(error))
            self._bell.clear()
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> int:
        """Fetch what is due, once; how many files were tried."""
        due = await self._house.due(AT_ONCE)
        await asyncio.gather(*(self._fetch(one) for one in due))
        return len(due)

    async def _fetch(self, file: Waits) -> None:
        limits = self._house.county.office.limits
        most = (limits.photo_mb if file.kind == "photo" else limits.file_mb) * 2**20
        try:
            await self._house.keep(file, await self._api.media(file.media, most))
        except TooLarge:
            await self._house.lose(file, "attachment.too_large", {"mb": str(most // 2**20)})
        except Refused as refused:
            await self._house.lose(file, refused.key, {name: str(gap) for name, gap in refused.gaps.items()})
        except Trouble as trouble:
            log.warning("wechat.fetch", error=str(trouble))
            if trouble.kind in LAST or not await self._house.later(file):
                await self._house.lose(file, "wechat.file_lost", {})
