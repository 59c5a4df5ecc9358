"""WeCom, put together: the line over the doors of the house. Imported only when it has its settings."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from bot.channels import ChannelStopped
from bot.channels.wecom.channel import WeCom, WeComHooks
from bot.channels.wecom.hook import Hooks
from bot.channels.wecom.line import Bot
from bot.channels.wecom.ports import CHANNEL
from bot.office import StaffDoor
from bot.post import PostOffice
from bot.wecom_door import WeComDoor
from config.settings import Settings

GATEWAY = "wss://openws.work.weixin.qq.com"
HERE = frozenset({"127.0.0.1", "localhost", "::1"})
CLEAR = "{name} must begin with {scheme}:// : the secret would go over the net in the clear"


def open_line(settings: Settings, door: StaffDoor, post: PostOffice) -> WeCom | WeComHooks:
    """The channel, not yet running. Raises ChannelStopped naming the setting that is missing or wrong."""
    if not settings.wecom_bot_id:
        return _hooks(settings, door, post)
    if not settings.wecom_bot_secret:
        raise ChannelStopped("WeCom needs ZHITONG_WECOM_BOT_SECRET as well")
    url = settings.wecom_url or GATEWAY
    tls = roots(settings.wecom_ca_file) if _encrypted(url, "wss", "ZHITONG_WECOM_URL") else None
    office = WeComDoor(door, post, settings.wecom_bot_id)
    office.default = settings.wecom_staff_group or ""
    office.take_seats()
    office.core.lines.expect(CHANNEL, office.now())
    secret = settings.wecom_bot_secret.get_secret_value()
    return WeCom(Bot(url, settings.wecom_bot_id, secret, tls), office)


def _hooks(settings: Settings, door: StaffDoor, post: PostOffice) -> WeComHooks:
    assert settings.wecom_webhooks
    addresses = webhooks(settings.wecom_webhooks.get_secret_value())
    tls = None
    for address in addresses.values():
        tls = roots(settings.wecom_ca_file) if _encrypted(address, "https", "ZHITONG_WECOM_WEBHOOKS") else tls
    office = WeComDoor(door, post, "webhooks", addresses)
    office.take_seats()
    return WeComHooks(Hooks(addresses, tls=tls), office)


def webhooks(given: str) -> dict[str, str]:
    """ "https://…" for all departments, or "department=https://…" for one, several apart by spaces or lines."""
    found: dict[str, str] = {}
    for part in given.split():
        department, sign, address = part.partition("=") if not part.startswith("http") else ("*", "=", part)
        if not sign or "://" not in address:
            raise ChannelStopped("ZHITONG_WECOM_WEBHOOKS must be one address, or department=address for each")
        found[department] = address
    if not found:
        raise ChannelStopped("ZHITONG_WECOM_WEBHOOKS is empty")
    return found


def roots(file: Path | None) -> ssl.SSLContext:
    """Whom we believe: the system's roots, or those of a private deployment. Raises ChannelStopped."""
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except (OSError, ssl.SSLError) as error:
        raise ChannelStopped(f"ZHITONG_WECOM_CA_FILE cannot be read: {type(error).__name__}") from None


def _encrypted(url: str, scheme: str, name: str) -> bool:
    """Whether an address is; one that is not must be on this machine."""
    parts = urlsplit(url)
    if parts.scheme == scheme:
        return True
    if parts.scheme == scheme.removesuffix("s") and parts.hostname in HERE:
        return False
    raise ChannelStopped(CLEAR.format(name=name, scheme=scheme))
