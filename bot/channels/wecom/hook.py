"""消息推送, a group's webhook: to be read only. For an office that has no bot; each address is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from ssl import SSLContext

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from bot import outgoing
from bot.channels.wecom.draw import HOOK_MOST, Drawn, cut
from bot.channels.wecom.faults import Trouble, of_code
from bot.channels.wecom.pacer import Pacer

SECONDS = 10.0


class Hooks:
    """The webhooks, by the group each stands for. Buttons do not go there."""

    def __init__(self, addresses: Mapping[str, str], pacer: Pacer | None = None, tls: SSLContext | None = None) -> None:
        self._addresses, self.pacer, self._tls = dict(addresses), pacer or Pacer(), tls
        self._http: ClientSession | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._http:
            await self._http.close()

    async def say(self, chat: str, drawn: Drawn, *, private: bool = False, urgent: bool = True) -> None:
        """One message. Raises Held and Trouble."""
        await self.pacer.turn(chat, urgent)
        body = {"msgtype": "markdown", "markdown": {"content": cut(drawn.text, HOOK_MOST)}}
        code = await self._post(self._addresses[chat], body)
        if code:
            trouble = of_code(code)
            if trouble.kind == "wait":
                self.pacer.pause(chat, trouble.after)
            raise trouble

    async def _post(self, address: str, body: object) -> int:
        """The errcode; an error never names the address."""
        self._http = self._http or outgoing.session(timeout=ClientTimeout(total=SECONDS))
        try:
            async with self._http.post(address, json=body, ssl=self._tls or True) as answer:
                if answer.status >= 500:
                    raise Trouble("wait", str(answer.status), 5.0)
                told = await answer.json(content_type=None)
        except ClientConnectorError as error:
            raise Trouble("away", type(error).__name__) from None
        except (TimeoutError, ClientError, ValueError) as error:
            raise Trouble("maybe", type(error).__name__) from None
        code = told.get("errcode") if isinstance(told, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return code if isinstance(code, int) else 1
