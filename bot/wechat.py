"""WeChat, put together: the line over the doors of the house. Imported only when there is an app id."""

from __future__ import annotations

from bot.channels import ChannelStopped
from bot.channels.wechat.api import ROOT, Account, Api
from bot.channels.wechat.channel import WeChat
from bot.channels.wechat.crypto import BadKey, Crypto
from bot.channels.wechat.tokens import Held
from bot.citizens import CitizenDoor
from bot.core import utc_now
from bot.post import PostOffice
from bot.wechat_door import WeChatDoor
from config.settings import Settings

NEEDED = ("wechat_app_secret", "wechat_token", "wechat_aes_key")


def open_line(settings: Settings, door: CitizenDoor, post: PostOffice) -> WeChat:
    """The channel, known to the post office. Raises ChannelStopped naming the setting that is missing or wrong."""
    house = WeChatDoor(door)
    line = WeChat(_crypto(settings), Api(_account(settings), house, house.clock), house)
    post.channels["wechat"] = line
    return line


def open_api(settings: Settings) -> Api:
    """The account's calls alone, for commands beside a running house. Raises ChannelStopped."""
    _crypto(settings)
    return Api(_account(settings), _Alone(), utc_now)


class _Alone:
    """No shelf: `stable_token` gives a command the same token as everybody."""

    async def held_token(self) -> Held | None:
        return None

    async def claim_token(self, seconds: float) -> bool:
        return True

    async def keep_token(self, held: Held) -> None:
        return None


def _account(settings: Settings) -> Account:
    assert settings.wechat_app_id
    assert settings.wechat_app_secret
    secret = settings.wechat_app_secret.get_secret_value()
    return Account(settings.wechat_app_id, secret, settings.wechat_api_url or ROOT)


def _crypto(settings: Settings) -> Crypto:
    missing = [f"ZHITONG_{name.upper()}" for name in NEEDED if getattr(settings, name) is None]
    if missing or not settings.wechat_app_id:
        raise ChannelStopped(f"WeChat needs {', '.join(missing) or 'ZHITONG_WECHAT_APP_ID'} as well")
    assert settings.wechat_token
    assert settings.wechat_aes_key
    try:
        key = settings.wechat_aes_key.get_secret_value()
        return Crypto(settings.wechat_app_id, settings.wechat_token.get_secret_value(), key)
    except BadKey as bad:
        raise ChannelStopped(f"ZHITONG_WECHAT_AES_KEY is no EncodingAESKey: {bad}") from None
