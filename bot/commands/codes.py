"""`zhitong qr`: printed codes for the web page, WeChat and Telegram. `zhitong wechat menu`: the account's menu."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands.common import SiteOption, group, settings_of
from bot.failures import Mistake

if TYPE_CHECKING:
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.faults import Trouble
    from bot.posters import Poster
    from config.schema import County, Scene
    from config.settings import Settings

app = group("wechat", "The WeChat Official Account.")


class Way(StrEnum):
    """What a code opens."""

    WEB = "web"
    WECHAT = "wechat"
    TELEGRAM = "telegram"


class Form(StrEnum):
    """What a sheet is written as."""

    SVG = "svg"
    PDF = "pdf"


def qr(codes: list[str], ways: list[Way], forms: list[Form], out: Path, site: Path | None, lang: str) -> None:
    """Write a sheet for every code, way and form; their paths go to stdout."""
    from bot import posters
    from config.load import load

    settings = settings_of(site)
    county = load(settings.site)
    scenes = _scenes(county, codes)
    out.mkdir(parents=True, exist_ok=True)
    for way in ways:
        contents = asyncio.run(_contents(way, settings, [scene.code if scene else "" for scene in scenes]))
        for scene, content in zip(scenes, contents, strict=True):
            poster = _poster(county, scene, way, content, lang)
            for form in forms:
                path = out / f"{scene.code if scene else 'office'}-{way}.{form}"
                drawn = posters.pdf(poster) if form is Form.PDF else posters.svg(poster).encode()
                path.write_bytes(drawn)
                typer.echo(path)


def _scenes(county: County, codes: list[str]) -> list[Scene | None]:
    """The scenes asked for; without any, all of the files and the office itself (None)."""
    if not codes:
        return [None, *county.scenes]
    if unknown := [code for code in codes if code not in county.scene_by_code]:
        known = ", ".join(county.scene_by_code) or "none"
        raise Mistake(f"scenes.yaml holds no code {unknown[0]!r}. It holds: {known}.")
    return [county.scene_by_code[code] for code in codes]


async def _contents(way: Way, settings: Settings, codes: list[str]) -> list[str]:
    """What each code holds. "" stands for the office itself."""
    match way:
        case Way.WEB:
            root = settings.public_url
            if not root:
                raise Mistake("a code for the web page needs ZHITONG_PUBLIC_URL.")
            return [f"{root}/s/{code}" if code else f"{root}/" for code in codes]
        case Way.TELEGRAM:
            name = await _bot_name(settings)
            return [f"https://t.me/{name}?start={code}" if code else f"https://t.me/{name}" for code in codes]
        case Way.WECHAT:
            return await _scene_codes(_api(settings), codes)


async def _scene_codes(api: Api, codes: list[str]) -> list[str]:
    from bot.channels.wechat.faults import Trouble

    try:
        return [await api.scene(code or "office") for code in codes]
    except Trouble as trouble:
        raise _refusal("gave no code", trouble) from None
    finally:
        await api.close()


def _refusal(what: str, trouble: Trouble) -> Mistake:
    """What to do about a call that failed: the way there, or what Tencent says."""
    if not trouble.code:
        return Mistake(f"Tencent {what}: no answer ({trouble.about}). May this machine call out? Then try again.")
    return Mistake(f"Tencent {what}: errcode {trouble.code}. docs/channels/wechat.md, part 5, says what to do.")


async def _bot_name(settings: Settings) -> str:
    if settings.telegram_token is None:
        raise Mistake("a code for Telegram needs ZHITONG_TELEGRAM_TOKEN.")
    from bot.channels.telegram.api import Api
    from bot.channels.telegram.faults import Trouble

    api = Api(settings.telegram_token.get_secret_value(), settings.telegram_api_url or "")
    try:
        await api.open()
    except Trouble as trouble:
        raise Mistake(f"Telegram did not say who the bot is ({trouble}).") from None
    finally:
        await api.close()
    return api.name


def _api(settings: Settings) -> Api:
    if not settings.wechat_app_id:
        raise Mistake("this needs the WeChat account: ZHITONG_WECHAT_APP_ID and its like are not set.")
    from bot.wechat import open_api

    return open_api(settings)


def _poster(county: County, scene: Scene | None, way: Way, content: str, lang: str) -> Poster:
    """The words of a sheet, out of the office's texts."""
    from bot.posters import Poster
    from handlers.wording import fill

    texts, office = county.texts.get(lang, {}), county.office

    def word(name: str) -> str:
        return fill(texts, f"poster.{name}", {"phone": office.phone})

    below = (word("scan"), word(way), word("phone"), word("urgent"))
    above = (office.label(lang), word("head"), word("what"), _where(county, scene, lang))
    return Poster(content, above, below, f"{scene.code if scene else 'office'} · {way}")


def _where(county: County, scene: Scene | None, lang: str) -> str:
    """Where the sheet hangs, or what it is about."""
    if scene is None:
        return ""
    topic = county.topic_by_code.get(scene.topic)
    category = county.category_by_code.get(scene.category)
    about = topic.label(lang) if topic else category.label(lang) if category else ""
    return " · ".join(filter(None, (county.place_path(scene.place, lang), about)))


@app.command()
def menu(site: SiteOption = None) -> None:
    """Publish the menu of the account."""
    from bot.channels.wechat.faults import Trouble
    from bot.channels.wechat.menu import buttons
    from config.load import load

    settings = settings_of(site)
    county = load(settings.site)
    made = buttons(county.texts.get("zh", {}), settings.public_url or "")

    async def publish() -> None:
        api = _api(settings)
        try:
            await api.set_menu(made)
        except Trouble as trouble:
            raise _refusal("did not take the menu", trouble) from None
        finally:
            await api.close()

    asyncio.run(publish())
    for button in made:
        typer.echo(" ".join([button["name"], *(one["name"] for one in button.get("sub_button", ()))]))
