"""Telegram, put together: the line over the doors of the house. Imported only when there is a token."""

from __future__ import annotations

import re

from bot.channels import ChannelStopped
from bot.channels.telegram.api import Api
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.ports import CHANNEL
from bot.office import StaffDoor
from bot.post import PostOffice
from bot.staff_chats import GroupDoor
from config.settings import Settings

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def open_line(settings: Settings, door: StaffDoor, post: PostOffice) -> Telegram:
    """The channel, known to the post office and not yet running."""
    assert settings.telegram_token is not None
    api = Api(settings.telegram_token.get_secret_value(), settings.telegram_api_url or "")
    secret = settings.telegram_webhook_secret.get_secret_value() if settings.telegram_webhook_secret else ""
    if secret and not SECRET.fullmatch(secret):
        raise ChannelStopped("ZHITONG_TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of A-Z a-z 0-9 _ -")
    if secret and not settings.public_url:
        raise ChannelStopped("a Telegram webhook needs ZHITONG_PUBLIC_URL; without a webhook secret Telegram is polled")
    office = GroupDoor(door, post)
    office.default = settings.telegram_staff_group or ""
    office.take_seats()
    office.core.lines.expect(CHANNEL, office.now())
    line = Telegram(api, office, secret, settings.public_url or "")
    post.channels[CHANNEL] = line
    return line
