"""`zhitong run`: what is on, what is off and why, then the server."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

import structlog
from pydantic import SecretStr

from bot.app import EVERYTHING, Part, build, open_core, serve
from bot.core import Core
from bot.failures import Mistake
from bot.store.connect import Check
from cases.clocks import published
from config.settings import Settings
from handlers.time_words import local_day

PORT_PROBLEMS = {
    errno.EADDRINUSE: "port {port} is taken: stop the program that has it, or take another with --port.",
    errno.EACCES: "port {port} may not be used by this user: take one above 1023 with --port.",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine: use --host 127.0.0.1 or --host 0.0.0.0.",
}


async def run(settings: Settings, check: Check | None = None, only: frozenset[Part] = EVERYTHING) -> None:
    """Open everything, say how things stand on stderr, serve until stopped. `check` of the store was begun before."""
    if only != EVERYTHING and settings.database_url is None:
        raise Mistake("--only is for several processes on one database: set ZHITONG_DATABASE_URL (docs/scaling.md).")
    set_up_logs()
    core = open_core(settings, check=check)
    house = build(core, settings)
    house.parts = only

    async def started(port: int) -> None:
        for line in standing(core, settings, port, only):
            print(line, file=sys.stderr)

    with port_explained(settings.host, settings.port):
        await serve(house, settings.host, settings.port, started)


@contextmanager
def port_explained(host: str, port: int) -> Generator[None]:
    """Turn a failure to listen inside the block into a Mistake that says what to do."""
    try:
        yield
    except socket.gaierror:
        raise Mistake(f"{host!r} is no address of this machine: use --host 127.0.0.1 or --host 0.0.0.0.") from None
    except OSError as error:
        problem = PORT_PROBLEMS.get(error.errno or 0)
        if problem is None:
            raise
        raise Mistake(problem.format(host=host, port=port)) from None


def standing(core: Core, settings: Settings, port: int, only: frozenset[Part] = EVERYTHING) -> list[str]:
    """The start-up report, one line a fact."""
    site, office = core.site, core.site.county.office
    root = settings.public_url or f"http://{settings.host}:{port}"
    lines = [
        f"{office.name} ({office.name_en})" if office.name_en else office.name,
        *([f"  on   citizen page   {root}/"] if only - {Part.WORK} else []),
        *([f"  on   staff room     {root}/staff"] if Part.WEB in only else []),
        *([f"  on   only           {', '.join(sorted(only))}"] if only != EVERYTHING else []),
        f"  on   files          {settings.site or 'the packaged sample county'}: "
        f"{len(site.book.entries)} answers, {sum(1 for _ in site.county.topics())} topics",
        f"  on   store          {where_kept(settings)}",
        *([f"  on   Redis          {_nameless(settings.redis_url)}"] if settings.redis_url else []),
    ]
    lines += [_telegram(settings), _wechat(settings, root), _wecom(settings)]
    return lines + [f"  !    {line}" for line in warnings(core, settings)]


def where_kept(settings: Settings) -> str:
    """Where the cases are, without a password."""
    if settings.database_url is None:
        return str(settings.data_dir)
    return f"{_nameless(settings.database_url)}, files in {settings.data_dir}"


def _nameless(address: SecretStr) -> str:
    """An address without who enters it."""
    scheme, _, rest = address.get_secret_value().partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _telegram(settings: Settings) -> str:
    if not settings.telegram_token:
        return "  off  Telegram       no settings"
    how = "webhook at /telegram/webhook" if settings.telegram_webhook_secret else "long polling"
    return f"  on   Telegram       {how}"


def _wechat(settings: Settings, root: str) -> str:
    if not settings.wechat_app_id:
        return "  off  WeChat         no settings"
    return f"  on   WeChat         {root}/wechat"


def _wecom(settings: Settings) -> str:
    if settings.wecom_bot_id:
        return f"  on   WeCom          long connection with {settings.wecom_url or 'WeCom'}"
    if settings.wecom_webhooks:
        return "  on   WeCom          webhooks: groups are written to, and not heard"
    return "  off  WeCom          no settings"


def warnings(core: Core, settings: Settings) -> list[str]:
    """What an operator should not overlook."""
    office, found = core.site.county.office, list[str]()
    if settings.wecom_bot_id and settings.wecom_webhooks:
        found.append("ZHITONG_WECOM_WEBHOOKS is not used: the bot says everything")
    if settings.database_url and not settings.redis_url:
        found.append("ZHITONG_REDIS_URL is not set: several processes hear of each other only by looking")
    if core.vault.ring.generated:
        found.append(f"keys are in {core.data_dir / 'keys'}: copy them somewhere safe, apart from the backup")
    if office.sample:
        found.append("this is the fictitious sample county: run `zhitong init DIR` and use --site DIR for a real one")
    today = local_day(core.site.county, core.clock())
    if not published(today.replace(year=today.year + 1), core.site.county.calendar):
        found.append(f"the working calendar of {today.year + 1} is not in holidays.yaml: Mon-Fri is counted there")
    if settings.wechat_app_id and not settings.public_url:
        found.append("ZHITONG_PUBLIC_URL is not set: WeChat texts that are too long end without a link to the rest")
    if not settings.public_url and settings.host not in ("127.0.0.1", "localhost", "::1"):
        found.append("ZHITONG_PUBLIC_URL is not set: without https phones offer no microphone, cookies are not Secure")
    return found


def set_up_logs(level: int = logging.INFO) -> None:
    """JSON lines on stderr, from `level` up; no record holds a name, a phone, a message or a token."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=lambda *_: _Lines(sys.stderr),
    )


class _Lines(structlog.PrintLogger):
    """A line that cannot be written is dropped: a full disk must not stop what is being logged."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with suppress(OSError):
            super().msg(message)

    debug = info = warning = error = critical = msg
