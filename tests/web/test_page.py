"""The page as the server draws it: cookies, headers, bytes, addresses."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from aiohttp import CookieJar

from bot.web.pages import HERE
from handlers.messages import Reply
from tests.web.fake_house import FakeHouse
from tests.web.visitor import Visitor, serve

pytestmark = pytest.mark.asyncio

FIRST_LOAD_LIMIT = 60 * 1024
FIRST_LOAD_AIM = 28 * 1024  # response headers included; 24 KB without
GZIP = {"Accept-Encoding": "gzip"}


async def test_the_cookie_over_http(visitor: Visitor) -> None:
    async with await visitor.get("/") as response:
        cookie = response.headers["Set-Cookie"]
    assert re.match(r"zt=[\w-]{43}\.zh;", cookie)
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie and "Domain" not in cookie


async def test_the_cookie_over_https(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path, public_url="https://zt.example.gov.cn")
    async with serve(house) as server, Visitor(server, cookie_jar=CookieJar()) as visitor:
        async with await visitor.get("/") as response:
            cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-zt=")
        assert "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
        plain = {"Cookie": "zt=" + "A" * 43}
        async with await visitor.get("/", headers=plain) as response:
            assert "A" * 43 not in response.headers["Set-Cookie"]
        message = {"key": "abcdefgh", "text": "路坏了"}
        for origin, status in (("https://zt.example.gov.cn", 200), ("https://evil.example", 403)):
            assert (await visitor.post_talk(message, Origin=origin)).status == status


async def test_the_session_stays_and_a_bent_cookie_is_replaced(visitor: Visitor) -> None:
    first = await visitor.cookie()
    assert await visitor.cookie() == first
    for bent in ("", "x", "A" * 42, "A" * 44, "A" * 43 + ".fr", "A" * 42 + "!", "../../x"):
        async with await visitor.get("/", headers={"Cookie": f"zt={bent}"}, cookies={}) as response:
            assert response.status == 200


async def test_two_browsers_with_one_session_see_one_talk(
    visitor: Visitor, neighbour: Visitor, house: FakeHouse
) -> None:
    cookie = await visitor.cookie()
    neighbour.session.cookie_jar.update_cookies({"zt": cookie}, neighbour.make_url("/"))
    await visitor.say("从手机说的")
    await neighbour.say("从电脑说的")
    page = await visitor.page()
    assert "从手机说的" in page and "从电脑说的" in page


async def test_every_answer_carries_the_rules(visitor: Visitor) -> None:
    for path in ("/", "/talk/history", "/nothing", "/healthz", "/manifest.webmanifest"):
        async with await visitor.get(path) as response:
            headers = response.headers
            assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'"), path
            assert "'unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "microphone=(self), geolocation=(self)" in headers["Permissions-Policy"]
            assert headers["Cache-Control"] == "no-store"
            assert "Server" not in headers


async def test_the_page_holds_no_script_of_its_own(visitor: Visitor, house: FakeHouse) -> None:
    address = await visitor.cookie()
    house.hear(address, "</script><script>alert(1)</script>")
    house.write(address, Reply(("<img src=x onerror=alert(1)>",)))
    page = await visitor.page()
    assert re.findall(r"<script(?![^>]* src=)[^>]*>", page) == ['<script type="application/json" id="data">']
    assert not re.search(r"<[^>]+\s(on\w+|style)=", page)


async def test_the_first_load_is_small(visitor: Visitor) -> None:
    sizes: dict[str, int] = {}
    queue = ["/"]
    while queue:
        path = queue.pop()
        async with await visitor.get(path, headers=GZIP) as response:
            body = await response.text()
            assert response.status == 200, path
            head = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
            sizes[path] = int(response.headers["Content-Length"]) + head
        if path == "/":
            queue += re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"', body)
    print(f"first load {sum(sizes.values())} bytes in {len(sizes)} requests: {json.dumps(sizes, indent=1)}")
    assert sum(sizes.values()) <= FIRST_LOAD_AIM <= FIRST_LOAD_LIMIT
    assert len([path for path in sizes if path.endswith(".js")]) == len(list(HERE.glob("static/citizen*.js")))


async def test_static_files_are_kept_for_ever_and_change_their_address(visitor: Visitor) -> None:
    page = await visitor.page()
    for url in set(re.findall(r"/static/[^\"]+", page)):
        async with await visitor.get(url, headers=GZIP) as response:
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            if url.endswith((".js", ".css")):
                assert response.headers["Content-Encoding"] == "gzip"
        async with visitor.session.get(visitor.make_url(url), headers={"Accept-Encoding": "identity"}) as response:
            assert "Content-Encoding" not in response.headers
        async with await visitor.get(re.sub(r"/static/\w+/", "/static/0ld/".replace("ld", "1d"), url)) as response:
            assert response.headers["Cache-Control"] == "no-cache"


async def test_modules_import_by_fingerprint(visitor: Visitor) -> None:
    page = await visitor.page()
    (url,) = re.findall(r'<script type="module" src="([^"]+)"', page)
    async with await visitor.get(url) as response:
        imports = re.findall(r'from "([^"]+)"', await response.text())
    assert imports and set(imports) <= set(re.findall(r'modulepreload" href="([^"]+)"', page))


async def test_health(visitor: Visitor, house: FakeHouse) -> None:
    assert (await visitor.get("/healthz")).status == 200
    assert (await visitor.get("/readyz")).status == 200
    house.wrong = {"store": "being checked"}
    async with await visitor.get("/readyz") as response:
        assert response.status == 503
        assert (await response.json())["wrong"] == house.wrong
    assert (await visitor.get("/healthz")).status == 200


async def test_the_manifest_names_the_office(visitor: Visitor, house: FakeHouse) -> None:
    async with await visitor.get("/manifest.webmanifest") as response:
        manifest = await response.json(content_type=None)
    assert manifest["name"] == house.county.office.name
    for icon in manifest["icons"]:
        assert (await visitor.get(icon["src"])).status == 200


async def test_texts_are_all_there(house: FakeHouse) -> None:
    used = set[str]()
    for path in [*HERE.glob("templates/citizen*.html"), *HERE.glob("static/citizen*.js")]:
        source = path.read_text()
        prefix = "web.js." if path.suffix == ".js" else "web."
        used |= {prefix + key for key in re.findall(r"""\bt\(["']([\w.]+)["']""", source)}
        used |= {"web.js." + key for key in re.findall(r'"(hint_\w+)"', source)}
    for path in HERE.glob("*.py"):
        if not path.name.startswith("staff"):
            used |= {"web.error." + key for key in re.findall(r'Fault\(\d+, "(\w+)"', path.read_text())}
    for lang in ("zh", "en"):
        assert used <= set(house.county.texts[lang]), used - set(house.county.texts[lang])


# Floor of design §9: ES2017 and the CSS of 2018. What is newer would leave old phones with a dead page.
NEWER = {
    ".js": r"""\?\.[\w(\[] | \?\? | \{\s*\.\.\. | catch\s*\{ | \.flat(Map)?\( | fromEntries | matchAll | replaceAll
        | \(\?< | \#\w+\s*= | for\ await | \.at\( | randomUUID | structuredClone | allSettled | globalThis
        | replaceChildren | \.finally\(""",
    ".css": r"(?<![-\w])gap: | \binset: | :is\( | :where\( | :has\( | aspect-ratio | \bclamp\( | \bmin\( | \ddvh\b",
}


@pytest.mark.parametrize("path", sorted(HERE.glob("static/citizen*.[jc]s*")), ids=lambda path: path.name)
async def test_nothing_newer_than_the_floor(path: Path) -> None:
    source = re.sub(r"(?m)//.*$|/\*.*?\*/", "", path.read_text())
    assert re.findall(f"(?x){NEWER[path.suffix]}", source) == []
    assert not re.search(r"[\u4e00-\u9fff]", source.replace("PingFang", "")), "words belong in config/texts"
    assert len(gzip.compress(path.read_bytes())) < 5000
