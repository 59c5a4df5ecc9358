"""What every page of the house shares: what browsers are told, who may post, and how we say no."""

from __future__ import annotations

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.store.engine import StoreError, StoreFull
from bot.web.pages import PAGES, say
from bot.web.session import read_session, secure

if TYPE_CHECKING:
    from bot.web.server import House

log = structlog.get_logger(__name__)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER_BYTES = 8 * 1024
BUCKETS = 20_000
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_STATUS_CODES = {404: "not_found", 405: "wrong_method", 408: "slow", 411: "bad_request", 413: "too_large"}


class Fault(Exception):
    """A request we decline. `key` names the text, `code` what a program may look at, `wait` seconds until a retry."""

    def __init__(
        self, status: int, code: str, *, key: str = "", args: Mapping[str, object] | None = None, wait: int = 0
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.key = key or f"error.{code}"
        self.gaps = dict(args or {})
        self.wait = wait


def guard(house: House) -> Middleware:
    """The middleware around every route: checks before it, a clear answer whatever happens in it."""

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check_headers(request)
            if request.method not in SAFE:
                check_origin(request, house.public_url)
            return await handler(request)
        except Fault as fault:
            return decline(request, house, fault)
        except web.HTTPException as error:
            return _declined_by_aiohttp(request, house, error)
        except StoreFull:
            return decline(request, house, Fault(507, "full", wait=60))
        except StoreError:
            return decline(request, house, Fault(503, "busy", wait=5))
        except web.RequestPayloadError:
            return decline(request, house, Fault(400, "bad_request"))
        except ConnectionError:
            raise
        except Exception as error:
            log.error("web.failed", route=_route(request), error=type(error).__name__, at=where(error))
            return decline(request, house, Fault(500, "broken", wait=10))

    return around


def decline(request: web.Request, house: House, fault: Fault) -> web.Response:
    """`fault` as JSON `{error: {code, text}}`, or as a small page for a browser that came to read."""
    log.info("web.declined", route=_route(request), status=fault.status, code=fault.code)
    session = read_session(request, house.public_url)
    texts = house.county.texts.get(session.lang, {})
    text = say(texts)(fault.key, **fault.gaps)
    if "text/html" in request.headers.get("Accept", ""):
        office = house.county.office
        response = request.app[PAGES].html(
            "citizen_note.html",
            texts,
            status=fault.status,
            session=session,
            title=office.label(session.lang),
            phone=office.phone,
            notes=[text],
        )
    else:
        response = web.json_response({"error": {"code": fault.code, "text": text}}, status=fault.status)
    if fault.wait:
        response.headers["Retry-After"] = str(fault.wait)
    if request.can_read_body and not request.content.is_eof():
        response.force_close()
    return response


def check_headers(request: web.Request) -> None:
    """Refuse requests that no browser sends: no or two hosts, packed bodies, headers by the kilobyte."""
    headers = request.headers
    hosts = headers.getall("Host", [])
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise Fault(400, "bad_request")
    if sum(len(name) + len(value) for name, value in headers.items()) > HEADER_BYTES:
        raise Fault(431, "bad_request")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Fault(415, "bad_request")


def check_origin(request: web.Request, public_url: str) -> None:
    """Refuse a post another site made a browser send."""
    if _origin(request, public_url) is False:
        raise Fault(403, "origin")


def origin_is_sure(request: web.Request, public_url: str) -> bool:
    """Whether the browser said that the post comes from a page of ours.

    Old browsers say nothing, and under `no-referrer` a plain form says `Origin: null`: such a post must prove
    itself with `Session.form`, or be of a kind that no foreign page can send.
    """
    return _origin(request, public_url) is True


def _origin(request: web.Request, public_url: str) -> bool | None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin", "null")
    if origin == "null":
        return None
    if public_url and origin == "{0.scheme}://{0.netloc}".format(urlsplit(public_url)):
        return True
    return origin in {f"http://{request.host}", f"https://{request.host}"}


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the browser what this response may do. A handler that set a header of these keeps it."""
    headers = response.headers
    del headers["Server"]
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
    if response.content_type in {"text/css", "text/javascript"}:
        return
    headers.setdefault("Content-Security-Policy", CSP)
    headers["Referrer-Policy"] = "no-referrer"
    headers["Permissions-Policy"] = "microphone=(self), geolocation=(self), camera=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


class Buckets:
    """Token buckets by name. The rate comes with each call, so that an office can turn it while we run."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, per_minute: float) -> float:
        """Take one token of `who`: 0 when there was one, else the seconds until there is."""
        now = self._clock()
        left, since = self._left.pop(who, (per_minute, now))
        left = min(per_minute, left + (now - since) * per_minute / 60)
        wait = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
        self._left[who] = (left if wait else left - 1, now)
        if len(self._left) > BUCKETS:
            self._left.popitem(last=False)
        return wait


def source_of(request: web.Request, public_url: str = "") -> str:
    """The network the request comes from: behind a proxy, the address the proxy names last.

    A proxy is believed on this machine, and on a private network when the site is reached by https: then
    somebody in front of us must be speaking it.
    """
    peer = request.remote or ""
    try:
        address = _address(peer)
        if address.is_loopback or (address.is_private and secure(public_url)):
            address = _address(request.headers.get("X-Forwarded-For", peer).rsplit(",", 1)[-1].strip())
    except ValueError:
        return peer[:64]
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address; an IPv4 one also where it comes in IPv6 dress, else all of them would be one network."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _declined_by_aiohttp(request: web.Request, house: House, error: web.HTTPException) -> web.StreamResponse:
    if error.status < 400:
        raise error
    response = decline(request, house, Fault(error.status, _STATUS_CODES.get(error.status, "bad_request")))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '?'}"


def where(error: BaseException) -> list[str]:
    """File and line of each step: an error's own message may quote what a citizen wrote."""
    steps: list[str] = []
    step = error.__traceback__
    while step is not None:
        steps.append(f"{Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}")
        step = step.tb_next
    return steps
