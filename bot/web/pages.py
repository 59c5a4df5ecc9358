"""What every page is made of: templates, and static files that browsers may keep for ever.

A static file's address carries the hash of its content, so a new release is a new address. Module imports and
`url(…)` inside the files are rewritten to such addresses when the files are read, once, at start.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from handlers.wording import fill

HERE = Path(__file__).parent
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
FOREVER = "public, max-age=31536000, immutable"
_REFERENCE = re.compile(rb"""(from\s*|import\s*\(?\s*|url\(\s*)(["']?)\./([\w.-]+)\2""")


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file as it is sent. `packed` is empty where gzip does not help."""

    mime: str
    digest: str
    body: bytes
    packed: bytes


class Assets:
    """Every file of a folder, read once; `url` gives the address a page must use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Asset] = {}
        for path in sorted(folder.iterdir()):
            if path.suffix in TYPES:
                self._load(path.name)

    def url(self, name: str) -> str:
        """The address of `name`; KeyError when there is no such file, which is a mistake of ours."""
        return f"/static/{self._files[name].digest}/{name}"

    def get(self, name: str) -> Asset | None:
        """The file called `name`, or None."""
        return self._files.get(name)

    def _load(self, name: str) -> Asset:
        known = self._files.get(name)
        if known is not None:
            return known
        path = self._folder / name
        body = path.read_bytes()
        if path.suffix in {".css", ".js"}:
            body = _REFERENCE.sub(self._point, body)
        packed = gzip.compress(body, 9, mtime=0)
        digest = hashlib.sha256(body).hexdigest()[:12]
        asset = Asset(TYPES[path.suffix], digest, body, packed if len(packed) < len(body) * 0.9 else b"")
        self._files[name] = asset
        return asset

    def _point(self, found: re.Match[bytes]) -> bytes:
        lead, quote, name = found.groups()
        self._load(name.decode())
        return lead + quote + self.url(name.decode()).encode() + quote


class Pages:
    """Templates over the assets.

    A template says `t("page.text")` for a text under `web`, `words("word.menu")` for any other, and
    `asset("citizen.css")` for an address.
    """

    def __init__(self, folder: Path = HERE) -> None:
        self.assets = Assets(folder / "static")
        self._env = Environment(
            loader=FileSystemLoader(folder / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        cast(dict[str, Any], self._env.globals)["asset"] = self.assets.url

    def html(self, template: str, texts: Mapping[str, str], *, status: int = 200, **context: object) -> web.Response:
        """`template` filled in, as a response that browsers do not keep."""
        body = self._env.get_template(template).render(t=say(texts), words=say(texts, ""), **context)
        return web.Response(text=body, status=status, content_type="text/html")


PAGES = web.AppKey("pages", Pages)


def say(texts: Mapping[str, str], under: str = "web.") -> Callable[..., str]:
    """A function giving the text at `under` + KEY, or else at KEY, with its gaps filled."""

    def word(key: str, **args: object) -> str:
        whole = under + key
        gaps = {name: str(value) for name, value in args.items()}
        return fill(texts, whole if whole in texts else key, gaps)

    return word


def add_static(app: web.Application, assets: Assets) -> None:
    """Serve `/static/HASH/NAME`. A page of the release before gets today's file, kept by nobody."""

    async def serve(request: web.Request) -> web.Response:
        asset = assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        packed = bool(asset.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
        response = web.Response(body=asset.packed if packed else asset.body)
        response.headers["Content-Type"] = asset.mime
        response.headers["Vary"] = "Accept-Encoding"
        current = request.match_info["digest"] == asset.digest
        response.headers["Cache-Control"] = FOREVER if current else "no-cache"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response

    app.router.add_get(r"/static/{digest:[0-9a-f]{1,64}}/{name:[\w.-]{1,80}}", serve)
